"""What a CatBoost model says of itself: its binary file (cbm) or its JSON.

A cbm file is `CBM1`, the length of its core, the core as a FlatBuffer, and parts that the core names
(https://github.com/catboost/catboost, `catboost/libs/model/flatbuffers/model.fbs` and `features.fbs`).
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.formats.flatbuffer import FlatbufferError, Table
from model_packaging.formats.json_opening import MAXIMUM_JSON_BYTES, first_json_key

MAGIC = b"CBM1"
JSON_KEYS = frozenset({"ctr_data", "features_info", "model_info", "oblivious_trees", "scale_and_bias", "trees"})

CORE_TREES, CORE_INFO = 1, 2
TREES_CATEGORIES, TREES_FLOATS, TREES_TEXTS, TREES_EMBEDDINGS = 4, 5, 12, 18
FLOAT_FLAT_INDEX, FLOAT_NAME = 2, 4
OTHER_FLAT_INDEX, OTHER_NAME = 1, 2

_VERSION = re.compile(r"(?:tags/v|CatBoost release )(\d+\.\d+(?:\.\d+)*)")


class CatboostFileError(ValueError):
    """It begins as a CatBoost model, and is cut short or damaged."""


@dataclass(frozen=True)
class Column:
    """A column, by its place in a row."""

    index: int
    name: str
    kind: str
    """`float`, `categorical`, `text` or `embedding`."""


@dataclass(frozen=True)
class CatboostFile:
    """The parts of a model that packaging needs."""

    encoding: str
    """`cbm` or `json`."""
    version: str | None
    loss: str
    labels: tuple[Any, ...]
    """A classifier's; empty for any other model."""
    columns: tuple[Column, ...]
    """Those that the model knows of, ordered by place; a column of numbers that no tree uses may be missing."""


def read_catboost(path: Path) -> CatboostFile | None:
    """Reads the file; None where it is of another kind.

    Raises:
        CatboostFileError: it is cut short or damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
        if head[:4] == MAGIC:
            return _of_core(stream.read(_core_length(head, path)))
    if head[:1] != b"{" or first_json_key(path) not in JSON_KEYS:
        return None
    if path.stat().st_size > MAXIMUM_JSON_BYTES:
        raise CatboostFileError("the JSON has more than 1 GiB, which takes many times that to read: save it as cbm")
    try:
        return _of_json(json.loads(path.read_bytes()))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise CatboostFileError(f"the JSON is cut short or damaged: {error}") from error


def _core_length(head: bytes, path: Path) -> int:
    length = struct.unpack_from("<I", head, 4)[0] if len(head) == 8 else 0
    there = path.stat().st_size - 8
    if not 0 < length <= there:
        raise CatboostFileError(f"the core is cut short: {there} bytes of {length}")
    return int(length)


def _of_core(core: bytes) -> CatboostFile:
    try:
        root = Table.root(core)
        info = {one.text(0): one.text(1) for one in root.tables(CORE_INFO)}
        trees = root.table(CORE_TREES)
        columns = [] if trees is None else list(_columns(trees))
        parsed: dict[str, Any] = {key: json.loads(info[key]) for key in ("params", "class_params") if key in info}
    except (FlatbufferError, ValueError) as error:
        raise CatboostFileError(f"the core is damaged: {error}") from error
    if trees is None:
        raise CatboostFileError("the core has no trees")
    return _file("cbm", info.get("catboost_version_info", ""), parsed, columns)


def _columns(trees: Table) -> Iterator[Column]:
    for one in trees.tables(TREES_FLOATS):
        yield Column(one.number(FLOAT_FLAT_INDEX, -1), one.text(FLOAT_NAME), "float")
    kinds = {TREES_CATEGORIES: "categorical", TREES_TEXTS: "text", TREES_EMBEDDINGS: "embedding"}
    for field, kind in kinds.items():
        for one in trees.tables(field):
            yield Column(one.number(OTHER_FLAT_INDEX, -1), one.text(OTHER_NAME), kind)


def _of_json(document: Mapping[str, Any]) -> CatboostFile:
    info = document["model_info"]
    kinds = {"float": "float", "categorical": "categorical", "text": "text", "embedding": "embedding"}
    columns = [
        Column(int(one["flat_feature_index"]), str(one.get("feature_id") or ""), kind)
        for kind, key in kinds.items()
        for one in document["features_info"].get(f"{key}_features") or ()
    ]
    return _file("json", str(info.get("catboost_version_info", "")), info, columns)


def _file(encoding: str, version: str, parameters: Mapping[str, Any], columns: list[Column]) -> CatboostFile:
    found = _VERSION.search(version)
    loss = (parameters.get("params") or {}).get("loss_function") or {}
    return CatboostFile(
        encoding=encoding,
        version=None if found is None else found[1],
        loss=str(loss.get("type", "")),
        labels=tuple((parameters.get("class_params") or {}).get("class_names") or ()),
        columns=tuple(sorted(columns, key=lambda one: one.index)),
    )
