"""YAML files, read so that every value can be pointed at.

PyYAML's composer gives nodes with their marks; values are made from the nodes here, and a position is looked up only
when something is wrong with the value. Stricter than YAML: a key given twice is refused (YAML keeps the last and says
nothing), and so are keys that are no text, tags, and several documents in one file. Two kinder readings: a number with
leading zeros or colons stays the text that was written, for account ids and times are no octal or base-60 numbers.

Anchors, aliases and `<<` merge keys work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from components.specs.violations import SpecPath, Violation, dotted, quote

_LOADER: type[yaml.SafeLoader | yaml.CSafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_TAG = "tag:yaml.org,2002:"
_MERGE = f"{_TAG}merge"
_KNOWN_TAGS = frozenset(
    f"{_TAG}{kind}" for kind in ("null", "bool", "int", "float", "str", "timestamp", "value", "seq", "map")
)
_MAX_DEPTH = 100
_SUSPICIOUS_OPENINGS = 5000
_TRUE = frozenset({"yes", "true", "on"})
_INTEGER = re.compile(r"[-+]?(?:0|[1-9][0-9_]*|0x[0-9a-fA-F_]+|0b[01_]+)")


@dataclass(frozen=True)
class Document:
    """One YAML file that could be read."""

    file: str
    """Relative to the project's root, with forward slashes."""
    value: Any
    """What it says: dicts, tuples, text, numbers, booleans and `None`."""
    root: yaml.Node = field(repr=False)

    def position(self, path: SpecPath, *, at_key: bool = False) -> tuple[int, int]:
        """Line and column, from 1, of the value at `path`; of its key where it is a mapping or list, or with `at_key`.

        What does not stand in the file is where it is missing: at the key of the nearest mapping that does.
        """
        node, mark = self.root, self.root.start_mark
        for part in path:
            found = _child(node, part)
            if found is None:
                return mark.line + 1, mark.column + 1
            key, node = found
            mark = key.start_mark
        if isinstance(node, yaml.ScalarNode) and not at_key:
            mark = node.start_mark
        return mark.line + 1, mark.column + 1


def read_document(root: Path, path: Path) -> Document | list[Violation]:
    """The YAML file at `path` of the project at `root`, or everything that keeps it from being read."""
    file = path.relative_to(root).as_posix()
    try:
        text = path.read_bytes().decode("utf-8")
        _refuse_depth(text)
        node = yaml.compose(text, Loader=_LOADER)
        if node is None:
            return [_unreadable(file, 1, 1, "the file is empty", "write the keys that its schema asks for")]
        construction = _Construction(file)
        value = construction.value(node, ())
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError, OSError) as error:
        return [_why_unreadable(file, error)]
    return construction.violations or Document(file, value, node)


def _refuse_depth(text: str) -> None:
    """PyYAML's composer in C recurses without a bound, and ends the process; its parser does not recurse."""
    if sum(text.count(opening) for opening in "[{-?") < _SUSPICIOUS_OPENINGS:
        return
    depth = 0
    for event in yaml.parse(text, Loader=_LOADER):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _MAX_DEPTH:
            raise RecursionError


def _why_unreadable(file: str, error: Exception) -> Violation:
    match error:
        case yaml.MarkedYAMLError():
            mark = error.problem_mark or error.context_mark
            line, column = (mark.line + 1, mark.column + 1) if mark is not None else (1, 1)
            said = " ".join(part for part in (error.context, error.problem) if part)
            return _unreadable(file, line, column, f"this is not YAML: {said}", "mend the file at this place")
        case UnicodeDecodeError():
            return _unreadable(file, 1, 1, f"this is not UTF-8 text: byte {error.start} is wrong", "save it as UTF-8")
        case RecursionError():
            return _unreadable(file, 1, 1, "this is nested too deep", "write it flatter")
        case OSError():
            return _unreadable(file, None, None, f"cannot be read: {error.strerror}", "make it readable")
        case _:
            return _unreadable(file, 1, 1, f"this is not YAML: {' '.join(str(error).split())}", "mend the file")


def _unreadable(file: str, line: int | None, column: int | None, message: str, fix: str) -> Violation:
    return Violation(file, line, column, "", None, message, "", fix)


def _child(node: yaml.Node, part: str | int) -> tuple[yaml.Node, yaml.Node] | None:
    """The key's (or item's) node and the value's."""
    if isinstance(node, yaml.SequenceNode):
        if isinstance(part, int) and part < len(node.value):
            return node.value[part], node.value[part]
        return None
    if isinstance(node, yaml.MappingNode):
        own = [(key, value) for key, value in node.value if key.tag != _MERGE]
        for key, value in own:
            if key.value == part:
                return key, value
        for _, merged in ((key, value) for key, value in node.value if key.tag == _MERGE):
            for source in merged.value if isinstance(merged, yaml.SequenceNode) else [merged]:
                found = _child(source, part)
                if found is not None:
                    return found
    return None


class _Construction:
    """Values from nodes, and what is wrong with them."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.violations: list[Violation] = []
        self._done: dict[int, Any] = {}
        self._open: set[int] = set()

    def value(self, node: yaml.Node, path: SpecPath) -> Any:
        """The value of `node`; an alias's is made once."""
        if id(node) in self._done:
            return self._done[id(node)]
        if id(node) in self._open:
            return self._refuse(node, path, "an anchor that contains itself", fix="write the value out")
        self._open.add(id(node))
        made = self._make(node, path)
        self._open.discard(id(node))
        self._done[id(node)] = made
        return made

    def _make(self, node: yaml.Node, path: SpecPath) -> Any:
        if node.tag not in _KNOWN_TAGS:
            return self._refuse(
                node, path, f"the tag {node.tag.replace(_TAG, '!!')} means nothing here", fix="leave the tag out"
            )
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, path)
        if isinstance(node, yaml.SequenceNode):
            return tuple(self.value(item, (*path, index)) for index, item in enumerate(node.value))
        return _scalar(node.tag.removeprefix(_TAG), node.value)

    def _mapping(self, node: yaml.MappingNode, path: SpecPath) -> dict[str, Any]:
        merged: dict[str, Any] = {}
        own: dict[str, Any] = {}
        lines: dict[str, int] = {}
        for key, value in node.value:
            if key.tag == _MERGE:
                merged = {**self._merged(value, path), **merged}
                continue
            if not isinstance(key, yaml.ScalarNode) or key.tag != f"{_TAG}str":
                shown = key.value if isinstance(key, yaml.ScalarNode) else "a list or mapping"
                self._refuse(key, path, f"the key {shown} is not text", fix="write the key in quotes")
                continue
            if key.value in own:
                self._refuse(
                    key,
                    (*path, key.value),
                    f"{quote(key.value)} is given twice, first on line {lines[key.value]}",
                    fix="keep one of them",
                )
                continue
            lines[key.value] = key.start_mark.line + 1
            own[key.value] = self.value(value, (*path, key.value))
        return {**merged, **own}

    def _merged(self, node: yaml.Node, path: SpecPath) -> dict[str, Any]:
        """What `<<` brings in: of several mappings, an earlier one wins."""
        made: dict[str, Any] = {}
        for source in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(source, path)
            if isinstance(value, dict):
                made = {**value, **made}
            else:
                self._refuse(source, path, "`<<` merges a mapping", fix="point it at an anchor on a mapping")
        return made

    def _refuse(self, node: yaml.Node, path: SpecPath, message: str, *, fix: str) -> None:
        mark = node.start_mark
        self.violations.append(
            Violation(self.file, mark.line + 1, mark.column + 1, dotted(path), None, message, "", fix)
        )


def _scalar(kind: str, text: str) -> Any:
    match kind:
        case "null":
            return None
        case "bool":
            return text.lower() in _TRUE
        case "int" if _INTEGER.fullmatch(text):
            return int(text.replace("_", ""), 0)
        case "float":
            return _float(text)
        case _:
            return text


def _float(text: str) -> float | str:
    try:
        return float(text.replace("_", "").lower().replace(".inf", "inf").replace(".nan", "nan"))
    except ValueError:
        return text
