"""YAML read with the line of every key, so that a violation can say where it is."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path

import yaml

from model_packaging.errors import InvalidPackageError, Violation

KeyPath = tuple[str | int, ...]


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


def read_yaml(path: Path, shown: str) -> YamlDocument:
    """Reads one YAML document.

    Args:
        path: The file.
        shown: How a message names it.

    Raises:
        InvalidPackageError: it is not there, is not YAML, or has a key twice.
    """
    try:
        text = path.read_text(encoding="utf-8")
        loader = yaml.SafeLoader(text)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix="write it")]) from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise InvalidPackageError([Violation(shown, None, "", None, f"is not UTF-8 text: {error}")]) from error
    try:
        node = loader.get_single_node()
        lines: dict[KeyPath, int] = {}
        twice: list[Violation] = []
        if node is not None:
            _walk(node, (), lines, twice, shown)
        if twice:
            raise InvalidPackageError(twice)
        content = None if node is None else loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        line = None if error.problem_mark is None else error.problem_mark.line + 1
        raise InvalidPackageError([Violation(shown, line, "", None, f"is not YAML: {error.problem}")]) from error
    finally:
        loader.dispose()
    return YamlDocument(content, lines)


def _walk(node: yaml.Node, path: KeyPath, lines: dict[KeyPath, int], twice: list[Violation], shown: str) -> None:
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            _walk(item, (*path, index), lines, twice, shown)
    elif isinstance(node, yaml.MappingNode):
        seen: dict[Hashable, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            name = str(key.value)
            if name in seen:
                where = dotted((*path, name))
                message = f"is there twice, first on line {seen[name]}"
                twice.append(Violation(shown, line, where, None, message, fix="keep one"))
            seen[name] = line
            lines[*path, name] = line
            _walk(value, (*path, name), lines, twice, shown)


def dotted(path: KeyPath) -> str:
    """`a.b[0].c`, as messages name a place."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text
