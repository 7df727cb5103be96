"""Rows and answers in the Open Inference Protocol (KServe's v2), which Triton speaks on SageMaker.

A request's one tensor holds all features; where the model has several inputs, each takes the feature of its name. An
answer's tensors become one object a row, by the outputs' names; that of a single output is the prediction itself.

Source: https://github.com/kserve/open-inference-protocol
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import polars as pl

from model_packaging.gate.data_sets import Features
from model_packaging.gate.errors import AnswerError
from model_packaging.release import TensorSpec
from model_packaging.serving.inference_protocol import NUMPY_TYPES

DATATYPES = {numpy_type: datatype for datatype, numpy_type in NUMPY_TYPES.items()} | {"str": "BYTES"}


def request(rows: Features, inputs: Sequence[TensorSpec]) -> dict[str, Any]:
    """The request's content for these rows.

    Raises:
        AnswerError: the model's inputs are not the features.
    """
    if len(inputs) == 1:
        array = rows.to_numpy() if isinstance(rows, pl.DataFrame) else rows
        return {"inputs": [_tensor(inputs[0], array)]}
    names = [one.name for one in inputs]
    if not isinstance(rows, pl.DataFrame) or not set(names) <= set(rows.columns):
        there = ", ".join(rows.columns) if isinstance(rows, pl.DataFrame) else "those of an array, which have no names"
        raise AnswerError(f"the model's inputs are {', '.join(names)}, and the features are {there}")
    return {"inputs": [_tensor(one, rows[one.name].to_numpy().reshape(-1, 1)) for one in inputs]}


def _tensor(spec: TensorSpec, array: np.ndarray[Any, Any]) -> dict[str, Any]:
    datatype = DATATYPES.get(spec.dtype, "FP32")
    if datatype != "BYTES" and not np.issubdtype(array.dtype, np.integer):
        array = array.astype(np.float64)
    flat = [None if one is None or one != one else one for one in array.ravel().tolist()]  # noqa: PLR0124 - NaN
    if datatype.startswith(("INT", "UINT")):
        flat = [one if one is None else int(one) for one in flat]
    return {"name": spec.name, "shape": list(array.shape), "datatype": datatype, "data": flat}


def is_answer(content: object) -> bool:
    """Whether it is an answer of the protocol."""
    outputs = content.get("outputs") if isinstance(content, Mapping) else None
    return (
        isinstance(outputs, list)
        and bool(outputs)
        and all(isinstance(one, Mapping) and {"name", "shape", "data"} <= one.keys() for one in outputs)
    )


def predictions(content: Mapping[str, Any]) -> list[Any]:
    """A value a row, or an object a row where there are several outputs.

    Raises:
        ValueError: the outputs' data does not fit their shapes, or they have unequal numbers of rows.
    """
    outputs = {str(one["name"]): _rows(one) for one in content["outputs"]}
    if len(outputs) == 1:
        return next(iter(outputs.values()))
    return [dict(zip(outputs, row, strict=True)) for row in zip(*outputs.values(), strict=True)]


def _rows(output: Mapping[str, Any]) -> list[Any]:
    array = np.array(output["data"], dtype=object).reshape(output["shape"])
    return list(array.tolist())
