"""Tensors in, predictions out: what the inference modules of PyTorch's programs share.

`signature.json` beside this file says the inputs. A model of one input [rows, columns] reads CSV, JSON and NPY as
`tabular` does; any other reads JSON `{"inputs": {NAME: nested lists}}` (a list alone where there is one input), or NPY
where it has one input. What does not fit is refused with 400, an unknown content type with 415.
"""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

_SIGNATURE = json.loads(Path(__file__).with_name("signature.json").read_text(encoding="utf-8"))
INPUTS: list[dict[str, Any]] = _SIGNATURE["inputs"]
OUTPUTS: list[str] = [one["name"] for one in _SIGNATURE["outputs"]]


def read_inputs(body: str | bytes, content_type: str) -> list[np.ndarray]:
    """The inputs of a request, in the program's order."""
    if len(INPUTS) == 1 and len(INPUTS[0]["shape"]) == 2 and INPUTS[0]["shape"][1] is not None:
        rows = tabular.read_rows(body, content_type, tabular.read_columns())
        return [_fitting(tabular.numbers(rows, missing_allowed=False), INPUTS[0])]
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type == "application/x-npy" and len(INPUTS) == 1:
        return [_fitting(_npy(body), INPUTS[0])]
    if media_type != "application/json":
        raise tabular.RequestError(415, f"content type {content_type!r}: send application/json, by the inputs' names")
    given = _named(body)
    return [_fitting(given[one["name"]], one) for one in INPUTS]


def predictions(outputs: list[np.ndarray]) -> list[Any]:
    """One prediction a row: the only output's value, or the outputs' by name."""
    columns = [tabular.plain(one) for one in outputs]
    if len(columns) == 1:
        return columns[0]
    names = OUTPUTS if len(OUTPUTS) == len(columns) else [f"output_{place}" for place in range(len(columns))]
    if len({len(one) for one in columns}) > 1:
        return [dict(zip(names, columns, strict=True))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _named(body: str | bytes) -> dict[str, Any]:
    names = [one["name"] for one in INPUTS]
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise tabular.RequestError(400, f"the body is not JSON: {error}") from error
    if isinstance(content, dict):
        content = content.get("inputs", content.get("instances"))
    if len(names) == 1 and isinstance(content, list):
        return {names[0]: content}
    if not isinstance(content, dict) or {*content} != {*names}:
        raise tabular.RequestError(400, f'the body must be {{"inputs": {{NAME: …}}}} with the names {", ".join(names)}')
    return content


def _npy(body: str | bytes) -> Any:
    try:
        return np.load(io.BytesIO(body if isinstance(body, bytes) else body.encode()), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise tabular.RequestError(400, f"the body is not NPY: {error}") from error


def _numbers(value: Any) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"it is {array.dtype}")
    return array


def _fitting(value: Any, spec: dict[str, Any]) -> np.ndarray:
    name, wanted = spec["name"], spec["shape"]
    try:
        array = _numbers(value)
        cast = array.astype(spec["dtype"])
    except (TypeError, ValueError, OverflowError) as error:
        raise tabular.RequestError(400, f"input {name!r} is no {spec['dtype']}: {error}") from error
    if np.issubdtype(cast.dtype, np.integer) and array.dtype.kind == "f" and (cast != array).any():
        raise tabular.RequestError(400, f"input {name!r} is {spec['dtype']}: send whole numbers")
    fits = cast.ndim == len(wanted) and all(one in (None, size) for one, size in zip(wanted, cast.shape, strict=True))
    if not fits:
        told = [-1 if one is None else one for one in wanted]
        raise tabular.RequestError(400, f"input {name!r} has shape {list(cast.shape)}; the model wants {told}")
    return cast
