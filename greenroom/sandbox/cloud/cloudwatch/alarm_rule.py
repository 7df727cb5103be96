"""Composite alarms' rules: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA("c"))`, parsed and evaluated.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

STATES = ("OK", "ALARM", "INSUFFICIENT_DATA")
_TOKEN = re.compile(r'\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|([^\s()"]+))')

StateOf = Callable[[str], str]
"""An alarm's current state, by its name."""


class AlarmRuleError(Exception):
    """The rule is not one; the message says where."""


@dataclass(frozen=True)
class Constant:
    """TRUE or FALSE."""

    value: bool


@dataclass(frozen=True)
class InState:
    """ALARM(name), OK(name) or INSUFFICIENT_DATA(name)."""

    state: str
    alarm_name: str


@dataclass(frozen=True)
class Not:
    """NOT rule."""

    rule: Rule


@dataclass(frozen=True)
class Both:
    """left AND right."""

    left: Rule
    right: Rule


@dataclass(frozen=True)
class Either:
    """left OR right."""

    left: Rule
    right: Rule


Rule = Constant | InState | Not | Both | Either


def evaluate(rule: Rule, state_of: StateOf) -> bool:
    """Whether the composite alarm is in ALARM."""
    match rule:
        case Constant(value):
            return value
        case InState(state, name):
            return state_of(name) == state
        case Not(inner):
            return not evaluate(inner, state_of)
        case Both(left, right):
            return evaluate(left, state_of) and evaluate(right, state_of)
        case Either(left, right):
            return evaluate(left, state_of) or evaluate(right, state_of)


def alarm_names(rule: Rule) -> frozenset[str]:
    """Every alarm that the rule names."""
    match rule:
        case Constant():
            return frozenset()
        case InState(_, name):
            return frozenset({name})
        case Not(inner):
            return alarm_names(inner)
        case Both(left, right) | Either(left, right):
            return alarm_names(left) | alarm_names(right)


def parse(text: str) -> Rule:
    """The rule that `text` is. NOT binds closest, then AND, then OR.

    An alarm is named by its name or its ARN, in quotes where it has spaces or parentheses.

    Raises:
        AlarmRuleError: It is none.
    """
    parser = _Parser(_tokens(text))
    rule = parser.either()
    parser.expect_end()
    return rule


@dataclass(frozen=True)
class _Token:
    kind: str  # "(", ")", "name" or "word"
    text: str
    at: int


def _tokens(text: str) -> list[_Token]:
    tokens, position = [], 0
    while text[position:].strip():
        match = _TOKEN.match(text, position)
        if match is None:
            raise AlarmRuleError(f"a quotation mark without its end at character {position + 1}")
        opening, closing, quoted, word = match.groups()
        kind = "(" if opening else ")" if closing else "name" if quoted is not None else "word"
        tokens.append(_Token(kind, opening or closing or quoted or word or "", match.start() + 1))
        position = match.end()
    return tokens


class _Parser:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._position = 0

    def either(self) -> Rule:
        rule = self._both()
        while self._take_word("OR"):
            rule = Either(rule, self._both())
        return rule

    def _both(self) -> Rule:
        rule = self._single()
        while self._take_word("AND"):
            rule = Both(rule, self._single())
        return rule

    def _single(self) -> Rule:
        if self._take_word("NOT"):
            return Not(self._single())
        token = self._next("an alarm state")
        if token.kind == "(":
            rule = self.either()
            self._expect(")")
            return rule
        if token.text in {"TRUE", "FALSE"} and token.kind == "word":
            return Constant(token.text == "TRUE")
        if token.text in STATES and token.kind == "word":
            self._expect("(")
            name = self._next("an alarm's name")
            self._expect(")")
            return InState(token.text, name_of(name.text))
        raise AlarmRuleError(f"{token.text!r} at character {token.at}, where {', '.join(STATES)}, TRUE or FALSE may be")

    def _take_word(self, word: str) -> bool:
        token = self._tokens[self._position] if self._position < len(self._tokens) else None
        if token is None or token.kind != "word" or token.text != word:
            return False
        self._position += 1
        return True

    def _next(self, what: str) -> _Token:
        if self._position == len(self._tokens):
            raise AlarmRuleError(f"the end, where {what} should be")
        self._position += 1
        return self._tokens[self._position - 1]

    def _expect(self, kind: str) -> None:
        token = self._next(f"{kind!r}")
        if token.kind != kind:
            raise AlarmRuleError(f"{token.text!r} at character {token.at}, where {kind!r} should be")

    def expect_end(self) -> None:
        if self._position < len(self._tokens):
            token = self._tokens[self._position]
            raise AlarmRuleError(f"{token.text!r} at character {token.at}, after the rule's end")


def name_of(name_or_arn: str) -> str:
    """An alarm's name, of its name or its ARN."""
    return name_or_arn.split(":alarm:", maxsplit=1)[1] if name_or_arn.startswith("arn:") else name_or_arn
