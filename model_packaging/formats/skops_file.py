"""skops files: a zip of `schema.json`, which says what the object is made of, and its arrays.

Read into the same stand-ins as a pickle. https://skops.readthedocs.io/en/stable/persistence.html
"""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

from model_packaging.formats.npy_header import read_npy_header
from model_packaging.formats.pickled import KEPT_BYTES, PickleContent, PickledClass, PickledObject
from model_packaging.formats.pickled_arrays import array_object
from model_packaging.formats.zips import UNREADABLE_ZIP, first_member

SCHEMA = "schema.json"
MAXIMUM_SCHEMA_BYTES = 256 << 20

_OWN_NAME = re.compile(r"\d+\.npy|schema\.json")


class NotASkopsFileError(ValueError):
    """A zip that is no skops file, or is damaged."""


def is_skops(path: Path) -> bool:
    """Whether the file is a zip with a skops schema in it.

    Raises:
        NotASkopsFileError: it begins as a skops file does and is damaged.
    """
    first = first_member(path)
    if first is None:
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return SCHEMA in archive.namelist()
    except UNREADABLE_ZIP as error:
        if _OWN_NAME.match(first):
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
            reader = _Schema(archive)
            return PickleContent(reader.node(schema), frozenset(reader.classes), by_joblib=False)
    except (*UNREADABLE_ZIP, TypeError, AttributeError) as error:
        raise NotASkopsFileError(f"cut short or damaged: {error}") from error


class _Schema:
    """The nodes of a schema, made into stand-ins."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.seen: dict[int, Any] = {}
        self.classes: set[PickledClass] = set()

    def node(self, node: Any) -> Any:
        if not isinstance(node, dict) or "__loader__" not in node:
            return node
        if node["__loader__"] == "CachedNode":
            return self.seen.get(node["__id__"])
        made = PickledClass(str(node.get("__module__")), str(node.get("__class__")))
        self.classes.add(made)
        value = self._value(node, made)
        if isinstance(node.get("__id__"), int):
            self.seen[node["__id__"]] = value
        return value

    def _value(self, node: dict[str, Any], made: PickledClass) -> Any:
        content = node.get("content")
        match node["__loader__"]:
            case "JsonNode":
                return json.loads(content) if isinstance(content, str) else content
            case "DictNode" | "DefaultDictNode" | "OrderedDictNode":
                return {key: self.node(one) for key, one in (content or {}).items()}
            case "ListNode" | "SetNode":
                return [self.node(one) for one in content or []]
            case "TupleNode":
                return tuple(self.node(one) for one in content or [])
            case "NdArrayNode":
                return self._array(node)
            case _:
                found = PickledObject(made)
                found.state = self.node(node.get("attrs", content))
                return found

    def _array(self, node: dict[str, Any]) -> Any:
        if isinstance(node.get("content"), list):  # an array of objects
            return [self.node(one) for one in node["content"]]
        name = str(node["file"])
        if self.archive.getinfo(name).file_size > KEPT_BYTES:
            return array_object("", (), None)
        stream = io.BytesIO(self.archive.read(name))
        header = read_npy_header(stream)
        return array_object(header.code, header.shape, stream.read())
