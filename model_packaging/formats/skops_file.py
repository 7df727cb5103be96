"""skops files: a zip of `schema.json`, which says what the object is made of, and its arrays.

Read into the same stand-ins as a pickle. https://skops.readthedocs.io/en/stable/persistence.html
"""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from model_packaging.formats.pickled import PickleContent, PickledClass, PickledObject

SCHEMA = "schema.json"
MAXIMUM_SCHEMA_BYTES = 256 << 20


class NotASkopsFileError(ValueError):
    """A zip that is no skops file, or is damaged."""


def is_skops(path: Path) -> bool:
    """Whether the file is a zip with a skops schema in it.

    Raises:
        NotASkopsFileError: it begins as a zip and is damaged.
    """
    with path.open("rb") as stream:
        if stream.read(4) != b"PK\x03\x04":
            return False
        begins_as_skops = SCHEMA.encode() in stream.read(64)
    try:
        with zipfile.ZipFile(path) as archive:
            return SCHEMA in archive.namelist()
    except (zipfile.BadZipFile, OSError) as error:
        if begins_as_skops:
            raise NotASkopsFileError(f"the zip is cut short or damaged: {error}") from error
        return False


def read_skops(path: Path) -> PickleContent:
    """The object in the file.

    Raises:
        NotASkopsFileError: it is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(SCHEMA).file_size > MAXIMUM_SCHEMA_BYTES:
                raise NotASkopsFileError(f"{SCHEMA} is larger than {MAXIMUM_SCHEMA_BYTES} bytes")
            schema = json.loads(archive.read(SCHEMA))
        if not isinstance(schema, dict) or "__loader__" not in schema:
            raise NotASkopsFileError(f"{SCHEMA} is not skops'")
        return _content(schema)
    except (zipfile.BadZipFile, OSError, KeyError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise NotASkopsFileError(f"cut short or damaged: {error}") from error


def _content(schema: dict[str, Any]) -> PickleContent:
    classes: set[PickledClass] = set()
    return PickleContent(_node(schema, {}, classes), frozenset(classes), by_joblib=False)


def _node(node: Any, seen: dict[int, Any], classes: set[PickledClass]) -> Any:
    if not isinstance(node, dict) or "__loader__" not in node:
        return node
    if node["__loader__"] == "CachedNode":
        return seen.get(node["__id__"])
    made = PickledClass(str(node.get("__module__")), str(node.get("__class__")))
    classes.add(made)
    value = _value(node, made, seen, classes)
    if isinstance(node.get("__id__"), int):
        seen[node["__id__"]] = value
    return value


def _value(node: dict[str, Any], made: PickledClass, seen: dict[int, Any], classes: set[PickledClass]) -> Any:
    content = node.get("content")
    match node["__loader__"]:
        case "JsonNode":
            return json.loads(content) if isinstance(content, str) else content
        case "DictNode" | "DefaultDictNode" | "OrderedDictNode":
            return {key: _node(one, seen, classes) for key, one in (content or {}).items()}
        case "ListNode" | "SetNode":
            return [_node(one, seen, classes) for one in content or []]
        case "TupleNode":
            return tuple(_node(one, seen, classes) for one in content or [])
        case "NdArrayNode" if isinstance(content, list):
            return [_node(one, seen, classes) for one in content]
        case _:
            attributes = node.get("attrs", content)
            found = PickledObject(made)
            found.state = _node(attributes, seen, classes)
            return found
