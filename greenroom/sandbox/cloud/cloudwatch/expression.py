"""Metric math, parsed: `IF(errors / FILL(calls, 1) > 0.05, 1, 0)` as a tree.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<word>[A-Za-z_]\w*)|(?P<text>\"[^\"]*\"|'[^']*')"
    r"|(?P<sign>&&|\|\||==|!=|<=|>=|[-+*/^<>(),\[\]]))"
)
_SAME = {"&&": "AND", "||": "OR"}
_LEVELS: tuple[frozenset[str], ...] = (
    frozenset({"OR"}),
    frozenset({"AND"}),
    frozenset({"==", "!=", "<", "<=", ">", ">="}),
    frozenset({"+", "-"}),
    frozenset({"*", "/"}),
)
"""Operators that bind alike, the loosest first; `^` and the unary minus bind more tightly."""
KEYWORDS = frozenset({"REPEAT", "LINEAR", "ASC", "DESC"})
"""Words that some functions take in place of a value."""


class ExpressionError(ValueError):
    """The expression is none; the message says where."""


@dataclass(frozen=True)
class Number:
    """A scalar."""

    value: float


@dataclass(frozen=True)
class Reference:
    """Another query's Id."""

    id: str


@dataclass(frozen=True)
class Keyword:
    """REPEAT, LINEAR, ASC, DESC, or a function's bare name, as SORT takes it."""

    word: str


@dataclass(frozen=True)
class Text:
    """A quoted string, as METRICS takes it."""

    value: str


@dataclass(frozen=True)
class Array:
    """`[m1, m2]`."""

    items: tuple[Node, ...]


@dataclass(frozen=True)
class Negation:
    """`-m1`."""

    operand: Node


@dataclass(frozen=True)
class Operation:
    """`left operator right`."""

    operator: str
    left: Node
    right: Node


@dataclass(frozen=True)
class Call:
    """`FUNCTION(arguments)`."""

    function: str
    arguments: tuple[Node, ...]


Node = Number | Reference | Keyword | Text | Array | Negation | Operation | Call


def parse(text: str) -> Node:
    """The expression's tree.

    Raises:
        ExpressionError: It is no expression.
    """
    parser = _Parser(tuple(_tokens(text)), text)
    node = parser.level(0)
    parser.expect_end()
    return node


def parts(node: Node) -> Iterator[Node]:
    """The node and everything under it."""
    yield node
    match node:
        case Array(items) | Call(_, items):
            children: tuple[Node, ...] = items
        case Negation(operand):
            children = (operand,)
        case Operation(_, left, right):
            children = (left, right)
        case _:
            children = ()
    for child in children:
        yield from parts(child)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int


def _tokens(text: str) -> Iterator[_Token]:
    position = 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise ExpressionError(
                f"{text[position:].split(maxsplit=1)[0]!r} at character {position} is nothing that is known"
            )
        kind = match.lastgroup or ""
        found = match.group(kind)
        yield _Token("sign" if found in {"AND", "OR"} else kind, _SAME.get(found, found), match.start(kind))
        position = match.end()


class _Parser:
    """Descends by how tightly operators bind."""

    def __init__(self, tokens: tuple[_Token, ...], text: str) -> None:
        self._tokens = tokens
        self._text = text
        self._position = 0

    def level(self, level: int) -> Node:
        if level == len(_LEVELS):
            return self._power()
        node = self.level(level + 1)
        while (operator := self._take(_LEVELS[level])) is not None:
            node = Operation(operator, node, self.level(level + 1))
        return node

    def _power(self) -> Node:
        if self._take(frozenset({"-"})) is not None:
            return Negation(self._power())
        base = self._value()
        if self._take(frozenset({"^"})) is not None:
            return Operation("^", base, self._power())
        return base

    def _value(self) -> Node:
        token = self._next()
        if token.kind == "number":
            return Number(float(token.text))
        if token.kind == "text":
            return Text(token.text[1:-1])
        if token.kind == "word":
            return self._word(token)
        if token.text == "(":
            node = self.level(0)
            self._expect(")")
            return node
        if token.text == "[":
            return Array(self._list("]"))
        raise ExpressionError(f"{token.text!r} at character {token.at} of {self._text!r}, where a value should be")

    def _word(self, token: _Token) -> Node:
        if self._take(frozenset({"("})) is not None:
            return Call(token.text, self._list(")"))
        if token.text in KEYWORDS or token.text.isupper():
            return Keyword(token.text)
        return Reference(token.text)

    def _list(self, end: str) -> tuple[Node, ...]:
        items: list[Node] = []
        if self._take(frozenset({end})) is not None:
            return ()
        while True:
            items.append(self.level(0))
            if self._take(frozenset({","})) is None:
                self._expect(end)
                return tuple(items)

    def _take(self, signs: frozenset[str]) -> str | None:
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            if token.kind == "sign" and token.text in signs:
                self._position += 1
                return token.text
        return None

    def _next(self) -> _Token:
        if self._position == len(self._tokens):
            raise ExpressionError(f"{self._text!r} ends where a value should be")
        self._position += 1
        return self._tokens[self._position - 1]

    def _expect(self, sign: str) -> None:
        if self._take(frozenset({sign})) is None:
            rest = self._tokens[self._position] if self._position < len(self._tokens) else None
            where = "at the end" if rest is None else f"before {rest.text!r} at character {rest.at}"
            raise ExpressionError(f"{sign!r} is missing {where} of {self._text!r}")

    def expect_end(self) -> None:
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            raise ExpressionError(f"{token.text!r} at character {token.at} of {self._text!r}, after the expression")
