"""What an XGBoost model file says of itself: JSON, UBJSON, or the binary format that XGBoost 3.1 gave up.

JSON and UBJSON hold the same document (https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html); the
binary one begins with the struct `LearnerModelParamLegacy` of
https://github.com/dmlc/xgboost/blob/v1.7.6/src/learner.cc.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.formats.json_opening import MAXIMUM_JSON_BYTES, first_json_key
from model_packaging.formats.ubjson import UbjsonError, read_ubjson

BINARY_PARAMETER_BYTES = 136
BINARY_MAGIC = b"binf"
_BINARY_LAYOUT = "<fIiiiII"
"""base_score, num_feature, num_class, two flags, major and minor version."""

BOOSTERS = ("gbtree", "gblinear", "dart")


class XgboostFileError(ValueError):
    """It begins as an XGBoost model, and is cut short or damaged."""


@dataclass(frozen=True)
class XgboostFile:
    """The parts of a model that packaging needs."""

    encoding: str
    """`json`, `ubj` or `binary`."""
    version: str | None
    """The XGBoost that wrote it; None where a binary file is older than 1.0 and does not say."""
    objective: str
    width: int
    classes: int
    names: tuple[str, ...]


def read_xgboost(path: Path) -> XgboostFile | None:
    """Reads the file; None where it is of another kind.

    Raises:
        XgboostFileError: it is cut short or damaged.
    """
    with path.open("rb") as stream:
        head = stream.read(BINARY_PARAMETER_BYTES + 256)
    if head[:2] == b"{L" and b"learner" in head[:32]:
        try:
            with path.open("rb") as stream:
                return _of_document(read_ubjson(stream), "ubj")
        except UbjsonError as error:
            raise XgboostFileError(f"the UBJSON is cut short or damaged: {error}") from error
    if head[:1] in {b"{", b" ", b"\n", b"\xef"} and first_json_key(path) == "learner":
        if path.stat().st_size > MAXIMUM_JSON_BYTES:
            raise XgboostFileError(
                "the JSON has more than 1 GiB, which takes many times that to read: save it as UBJSON"
            )
        try:
            return _of_document(json.loads(path.read_bytes()), "json")
        except (ValueError, RecursionError) as error:
            raise XgboostFileError(f"the JSON is cut short or damaged: {error}") from error
    return _of_binary(head)


def _of_document(document: Any, encoding: str) -> XgboostFile:
    try:
        learner = document["learner"]
        parameters = learner["learner_model_param"]
        version = document.get("version") or []
        return XgboostFile(
            encoding=encoding,
            version=".".join(map(str, version)) or None,
            objective=str(learner["objective"]["name"]),
            width=int(parameters["num_feature"]),
            classes=int(parameters["num_class"]),
            names=tuple(map(str, learner.get("feature_names") or ())),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise XgboostFileError(f"a part of the learner is missing: {error}") from error


def _of_binary(head: bytes) -> XgboostFile | None:
    offset = len(BINARY_MAGIC) if head.startswith(BINARY_MAGIC) else 0
    after = offset + BINARY_PARAMETER_BYTES
    objective, after = _text(head, after)
    booster, _ = _text(head, after)
    if booster not in BOOSTERS:
        if offset:
            raise XgboostFileError("the binary model is cut short or damaged")
        return None
    _, width, classes, _, _, major, minor = struct.unpack_from(_BINARY_LAYOUT, head, offset)
    version = f"{major}.{minor}.0" if 0 < major < 4 else None
    return XgboostFile("binary", version, objective, width, classes, ())


def _text(head: bytes, at: int) -> tuple[str, int]:
    if len(head) < at + 8:
        return "", at
    (length,) = struct.unpack_from("<Q", head, at)
    if not 0 < length <= 100:
        return "", at
    return head[at + 8 : at + 8 + length].decode("latin-1"), at + 8 + length
