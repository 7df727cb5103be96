"""Protocol buffers' text format, read with the line of every field, so that a violation can say where it is.

It is what Triton's `config.pbtxt` is written in. Only what the format itself says is read here: names, scalars, lists
and messages; which fields there are is the reader's business (`triton_config`).

Source: https://protobuf.dev/reference/protobuf/textformat-spec/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<skip>[\s]+|\#[^\n]*)
    |(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')
    |(?P<number>-?\s*(?:0[xX][0-9a-fA-F]+|(?:\d+\.\d*|\.\d+|\d+)(?:[eE][+-]?\d+)?)[fF]?(?![\w.]))
    |(?P<word>-?\s*[A-Za-z_]\w*(?:\.\w+)*)
    |(?P<mark>[{}<>\[\]:,;])""",
    re.VERBOSE,
)

_CLOSING = {"{": "}", "<": ">"}
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:([0-7]{1,3})|[xX]([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
MAXIMUM_DEPTH = 100


class TextProtoError(Exception):
    """The text is not in the format."""

    def __init__(self, line: int, message: str) -> None:
        self.line, self.message = line, message
        super().__init__(f"line {line}: {message}")


class Word(str):
    """A bare word: an enumeration's value, `true`, `false`, `inf`."""

    __slots__ = ()


@dataclass(frozen=True)
class Message:
    """Fields in the order in which they are written; a list's items are one field each."""

    fields: tuple[Field, ...]
    line: int

    def all(self, name: str) -> tuple[Field, ...]:
        """Every field of that name."""
        return tuple(field for field in self.fields if field.name == name)

    def last(self, name: str) -> Field | None:
        """The last field of that name, which is the one that counts for a field that is no list."""
        return next((field for field in reversed(self.fields) if field.name == name), None)


Value = str | int | float | Message
"""A text, a `Word`, a number, or a message."""


@dataclass(frozen=True)
class Field:
    """One `name: value`, with the line of its name, or of its value in a list."""

    name: str
    value: Value
    line: int
    empty_list: bool = False
    """Whether it stands for `name: []`, which holds nothing."""


def read_text_proto(text: str) -> Message:
    """The message that the text is.

    Raises:
        TextProtoError: with the line.
    """
    return _Reader(text).message()


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    line: int


class _Reader:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0

    def message(self) -> Message:
        fields = tuple(self._fields(until="", depth=0))
        return Message(fields, 1)

    def _fields(self, until: str, depth: int) -> Iterator[Field]:
        if depth > MAXIMUM_DEPTH:
            raise TextProtoError(self._next().line, f"more than {MAXIMUM_DEPTH} messages inside one another")
        while self._next().text != until:
            name = self._take()
            if name.kind != "word":
                raise TextProtoError(name.line, f"{_told(name)} stands where a field's name belongs")
            yield from self._values(name, depth)
            if self._is_mark(",", ";"):
                self._take()
        self._take()

    def _values(self, name: _Token, depth: int) -> Iterator[Field]:
        if self._is_mark(":"):
            self._take()
        elif not self._is_mark("{", "<", "["):
            raise TextProtoError(name.line, f"after {name.text!r} there is {_told(self._next())}, not ':' or a message")
        if not self._is_mark("["):
            yield Field(name.text, self._value(depth), name.line)
            return
        opening = self._take()
        if self._is_mark("]"):
            yield Field(name.text, "", opening.line, empty_list=True)
        while not self._is_mark("]"):
            line = self._next().line
            yield Field(name.text, self._value(depth), line)
            if self._is_mark(","):
                self._take()
            elif not self._is_mark("]"):
                raise TextProtoError(self._next().line, f"{_told(self._next())} stands in a list without a comma")
        self._take()

    def _value(self, depth: int) -> Value:
        token = self._take()
        match token.kind:
            case "text":
                return self._joined_text(token)
            case "number":
                return _number(token)
            case "word":
                return Word(token.text.replace(" ", ""))
            case "mark" if token.text in _CLOSING:
                return Message(tuple(self._fields(_CLOSING[token.text], depth + 1)), token.line)
            case _:
                raise TextProtoError(token.line, f"{_told(token)} stands where a value belongs")

    def _joined_text(self, token: _Token) -> str:
        parts = [_unescaped(token)]
        while self._next().kind == "text":
            parts.append(_unescaped(self._take()))
        return "".join(parts)

    def _is_mark(self, *marks: str) -> bool:
        token = self._next()
        return token.kind == "mark" and token.text in marks

    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._tokens[self._at]
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token


def _tokens(text: str) -> Iterator[_Token]:
    position, line = 0, 1
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None:
            rest = text[position:].split("\n", maxsplit=1)[0]
            raise TextProtoError(line, f"cannot be read from {rest[:40]!r} on")
        kind = str(found.lastgroup)
        if kind != "skip":
            yield _Token(kind, found.group(), line)
        line += found.group().count("\n")
        position = found.end()
    yield _Token("end", "", line)


def _told(token: _Token) -> str:
    return "the file's end" if token.kind == "end" else repr(token.text)


def _number(token: _Token) -> int | float:
    text = re.sub(r"\s", "", token.text).lower()
    sign, digits = (-1, text[1:]) if text.startswith("-") else (1, text)
    if digits.startswith("0x"):
        return sign * int(digits, 16)
    if digits.isdigit():
        if len(digits) > 1 and digits.startswith("0"):
            if not re.fullmatch("[0-7]+", digits):
                raise TextProtoError(token.line, f"{token.text!r} is no number: a leading 0 says that it is octal")
            return sign * int(digits, 8)
        return sign * int(digits)
    return sign * float(digits.removesuffix("f"))


def _unescaped(token: _Token) -> str:
    """The text between the quotes; a byte that is escaped by its number is the character of that number."""

    def character(found: re.Match[str]) -> str:
        octal, hexadecimal, short, long, letter = found.groups()
        if octal is not None or hexadecimal is not None:
            return chr((int(octal, 8) if octal is not None else int(hexadecimal, 16)) & 0xFF)
        if short is not None or long is not None:
            return chr(int(short or long, 16))
        return _ESCAPES.get(letter, letter)

    return _ESCAPE.sub(character, token.text[1:-1])
