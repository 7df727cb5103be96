"""Whether an answer is one: of the type that it says, and made of finite numbers.

A model that gives NaN has lost its way (a missing value that nothing filled in, weights that overflowed), answers 200
all the same, and nobody notices.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Callable, Mapping
from typing import Any

from model_packaging.media_types import CSV, JSON, JSON_LINES, NPY, media_type

_NOT_FINITE = re.compile(rb"(?:^|[\s,])[-+]?(nan|inf|infinity)(?=$|[\s,])", re.IGNORECASE)


def answer_problem(body: bytes, content_type: str) -> str | None:
    """What is wrong with an answer's body; None where nothing is, or where its type is not known here."""
    if not body:
        return "the answer is empty"
    kind = media_type(content_type)
    problem = _PROBLEMS.get(kind)
    try:
        return None if problem is None else problem(body)
    except (ValueError, EOFError, RecursionError) as error:
        return f"the answer says it is {kind}, and is not: {error}"


def _json_problem(body: bytes) -> str | None:
    # NaN and Infinity are no JSON (RFC 8259), but Python's json writes them.
    found: list[str] = []
    content = json.loads(body, parse_constant=lambda name: found.append(name) or math.nan)  # type: ignore[func-returns-value]
    if not found:
        found = [text for text in _texts(content) if text.strip().lower() in {"nan", "inf", "-inf", "infinity"}]
    return f"the answer holds {found[0]}" if found else None


def _texts(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for part in parts for text in _texts(part)]


def _lines_problem(body: bytes) -> str | None:
    return next((problem for line in body.splitlines() if line and (problem := _json_problem(line))), None)


def _table_problem(body: bytes) -> str | None:
    found = _NOT_FINITE.search(body)
    return None if found is None else f"the answer holds {found.group(1).decode()}"


def _array_problem(body: bytes) -> str | None:
    import numpy as np

    array = np.load(io.BytesIO(body), allow_pickle=False)
    if array.size == 0:
        return "the answer is an empty array"
    if np.issubdtype(array.dtype, np.inexact) and not np.isfinite(array).all():
        return "the answer holds nan" if np.isnan(array).any() else "the answer holds inf"
    return None


_PROBLEMS: Mapping[str, Callable[[bytes], str | None]] = {
    JSON: _json_problem,
    JSON_LINES: _lines_problem,
    CSV: _table_problem,
    NPY: _array_problem,
}
"""The types that are known here; nothing is found wrong with an answer of another."""
