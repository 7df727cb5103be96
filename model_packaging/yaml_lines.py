"""YAML read with the line of every key, so that a violation can say where it is.

A document may be hostile: one that grows by aliases, holds itself, or is nested without end is refused before anything
is built of it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from pathlib import Path

import yaml

from model_packaging.beside import read_beside
from model_packaging.errors import InvalidPackageError, Violation

KeyPath = tuple[str | int, ...]

MAXIMUM_BYTES = 4 * 1024 * 1024
"""A file of ours has some kilobytes."""

MAXIMUM_BY_ALIASES = 10_000
"""Values that a document may repeat by `*alias`."""


@dataclass(frozen=True)
class Rule:
    """A broken rule of a document, before its line is known."""

    path: KeyPath
    value: object
    message: str
    allowed: str = ""
    fix: str = ""


@dataclass(frozen=True)
class YamlDocument:
    """A document's content, and the line (from 1) of each of its keys and items."""

    content: object
    lines: dict[KeyPath, int]

    def line(self, path: KeyPath) -> int | None:
        """The line of `path`, or of the nearest key around it that is written down."""
        while path and path not in self.lines:
            path = path[:-1]
        return self.lines.get(path)

    def violations(self, broken: Iterable[Rule], shown: str) -> list[Violation]:
        """Broken rules with their lines; `shown` is how messages name the file."""
        return [
            Violation(shown, self.line(one.path), dotted(one.path), one.value, one.message, one.allowed, one.fix)
            for one in broken
        ]


def read_yaml(path: Path, shown: str, *, or_empty: bool = False) -> YamlDocument:
    """Reads one YAML document.

    Args:
        path: The file.
        shown: How a message names it.
        or_empty: Whether it may say nothing; its content is None then.

    Raises:
        InvalidPackageError: it is not there, is not YAML, is not keys with values, or has a key twice.
    """
    text = _text(path, shown)
    try:
        loader = yaml.SafeLoader(text)
    except yaml.YAMLError as error:
        raise InvalidPackageError([Violation(shown, None, "", None, f"is not UTF-8 text: {error}")]) from error
    try:
        node = loader.get_single_node()
        walk = _Walk(loader, shown)
        if node is not None:
            walk.visit(node, ())
        if not isinstance(node, yaml.MappingNode) and not (node is None and or_empty):
            message = "says nothing" if node is None else "is not keys with values"
            walk.violations.append(
                Violation(shown, walk.lines.get(()), "", None, message, fix="write `key: value` lines")
            )
        if walk.violations:
            raise InvalidPackageError(walk.violations)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise InvalidPackageError([Violation(shown, line, "", None, f"is not YAML: {error.problem}")]) from error
    except RecursionError as error:
        told = Violation(shown, None, "", None, "is nested too deep", fix="no key needs more than a few levels")
        raise InvalidPackageError([told]) from error
    finally:
        loader.dispose()
    return YamlDocument(content, walk.lines)


def _text(path: Path, shown: str) -> str:
    content = read_beside(path, limit_bytes=MAXIMUM_BYTES, fix="write it")
    if content is None:
        message = "cannot be read: No such file or directory"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix="write it")])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"is not UTF-8 text: byte 0x{content[error.start]:02x} is none of it"
        told = Violation(shown, line, "", None, message, fix="save the file as UTF-8")
        raise InvalidPackageError([told]) from error


class _Walk:
    """Every place of a document, with its line and what is wrong there, before anything is built of it."""

    def __init__(self, loader: yaml.SafeLoader, shown: str) -> None:
        self.lines: dict[KeyPath, int] = {}
        self.violations: list[Violation] = []
        self._loader, self._shown = loader, shown
        self._known: set[int] = set()
        self._around: set[int] = set()
        self._by_aliases = 0

    def visit(self, node: yaml.Node, path: KeyPath) -> None:
        line = node.start_mark.line + 1
        self.lines.setdefault(path, line)
        if isinstance(node, yaml.ScalarNode):
            self._scalar(node, path, line)
            return
        self._by_aliases += id(node) in self._known
        if id(node) in self._around or self._by_aliases > MAXIMUM_BY_ALIASES:
            what = "holds itself" if id(node) in self._around else "grows without end by its aliases"
            told = Violation(self._shown, line, dotted(path), None, what, fix="write the values out, without aliases")
            raise InvalidPackageError([told])
        self._known.add(id(node))
        self._around.add(id(node))
        if isinstance(node, yaml.SequenceNode):
            for index, item in enumerate(node.value):
                self.visit(item, (*path, index))
        elif isinstance(node, yaml.MappingNode):
            self._mapping(node, path)
        self._around.discard(id(node))

    def _mapping(self, node: yaml.MappingNode, path: KeyPath) -> None:
        seen: dict[Hashable, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if name in seen:
                where = dotted((*path, name))
                message = f"is there twice, first on line {seen[name]}"
                self.violations.append(Violation(self._shown, line, where, None, message, fix="keep one"))
            seen[name] = line
            self.lines[*path, name] = line
            self.visit(value, (*path, name))

    def _scalar(self, node: yaml.ScalarNode, path: KeyPath, line: int) -> None:
        try:
            self._loader.construct_object(node)
        except ValueError:  # a date in a 13th month, a number of 5,000 digits
            kind = node.tag.rpartition(":")[2]
            shown = node.value if len(node.value) <= 40 else f"{node.value[:40]}…"
            message = f"{shown!r} is no {kind}, which is what YAML takes it for"
            told = Violation(self._shown, line, dotted(path), node.value, message, fix="put it in quotes")
            self.violations.append(told)


def dotted(path: KeyPath) -> str:
    """`a.b[0].c`, as messages name a place."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
