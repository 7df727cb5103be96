"""Serves an ONNX model with onnxruntime: `model_fn` and `transform_fn` of AWS's framework containers.

A model of one input [rows, columns] reads CSV, JSON and NPY; one of an input a column reads rows of those columns; any
other reads JSON `{"inputs": {NAME: nested lists}}`, or NPY where it has one input. The answer has one prediction a row,
by the outputs' names where there are several.

`tensorrt.json` beside the model, which `greenroom optimise` writes, has onnxruntime build a TensorRT engine when it
starts; where that cannot be, the log says so, and the model runs on CUDA or the CPU.
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

DTYPES = {
    "tensor(bool)": "bool", "tensor(double)": "float64", "tensor(float)": "float32", "tensor(float16)": "float16",
    "tensor(int16)": "int16", "tensor(int32)": "int32", "tensor(int64)": "int64", "tensor(int8)": "int8",
    "tensor(string)": "object", "tensor(uint16)": "uint16", "tensor(uint32)": "uint32", "tensor(uint64)": "uint64",
    "tensor(uint8)": "uint8",
}  # fmt: skip

MISSING_ALLOWED = os.environ.get("MISSING_VALUES", "refused") == "allowed"
"""Whether a missing value goes to the model as NaN; a model without an operator for it would answer nonsense."""


def model_fn(model_dir: str) -> onnxruntime.InferenceSession:
    """The ONNX session; one thread, for a container's workers already fill the processors."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    wanted = _providers(Path(model_dir) / "tensorrt.json")
    there = [(name, said) for name, said in wanted if name in onnxruntime.get_available_providers()]
    session = onnxruntime.InferenceSession(str(Path(model_dir) / "model.onnx"), options, providers=there)
    if wanted[0][0].startswith("Tensorrt"):
        runs = session.get_providers()
        told = "TensorRT builds its engine" if wanted[0][0] in runs else f"TensorRT is not here: {runs[0]} is used"
        sys.stderr.write(f"tensorrt.json: {told}\n")
    return session


def transform_fn(session: onnxruntime.InferenceSession, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(
        lambda: tabular.answer(predictions_of(inputs_of(body, content_type, session), session), accept)
    )


def inputs_of(body: str | bytes, content_type: str, session: onnxruntime.InferenceSession) -> dict[str, np.ndarray]:
    """The inputs by name."""
    inputs = session.get_inputs()
    if len(inputs) == 1 and len(inputs[0].shape) == 2 and isinstance(inputs[0].shape[1], int):
        return {inputs[0].name: _matrix(body, content_type, inputs[0])}
    if len(inputs) > 1 and all(_is_column(one) for one in inputs):
        return _columns(body, content_type, inputs)
    return _tensors(body, content_type, inputs)


def predictions_of(inputs: dict[str, np.ndarray], session: onnxruntime.InferenceSession) -> list[Any]:
    """One prediction a row: the only output's value, or the outputs' by name."""
    names = [one.name for one in session.get_outputs()]
    try:
        outputs = session.run(names, inputs)
    except onnxruntime.capi.onnxruntime_pybind11_state.InvalidArgument as error:
        raise tabular.RequestError(400, f"the inputs do not fit the model: {str(error).splitlines()[0]}") from error
    columns = [tabular.plain(one) for one in outputs]
    if len(columns) == 1:
        return [_single(one) for one in columns[0]]
    if len({len(one) for one in columns}) > 1:
        return [dict(zip(names, columns, strict=True))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _providers(tensorrt: Path) -> list[tuple[str, dict[str, Any]]]:
    """Execution providers and their options, the best first."""
    if not tensorrt.is_file():
        return [("CUDAExecutionProvider", {}), ("CPUExecutionProvider", {})]
    if importlib.util.find_spec("tensorrt") is not None:
        importlib.import_module("tensorrt")  # loads its libraries, which pip puts where no loader looks
    return [(name, said) for name, said in json.loads(tensorrt.read_text(encoding="utf-8"))["providers"]]


def _single(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _is_column(part: Any) -> bool:
    return len(part.shape) in {1, 2} and part.shape[1:] in ([], [1])


def _matrix(body: str | bytes, content_type: str, part: Any) -> np.ndarray:
    dtype = DTYPES[part.type]
    columns = tabular.Columns((), ("str" if dtype == "object" else dtype,) * part.shape[1])
    rows = tabular.read_rows(body, content_type, columns)
    return _array(rows, part.name, dtype)


def _columns(body: str | bytes, content_type: str, inputs: list[Any]) -> dict[str, np.ndarray]:
    dtypes = tuple(DTYPES[one.type] for one in inputs)
    columns = tabular.Columns(
        tuple(one.name for one in inputs), tuple("str" if one == "object" else one for one in dtypes)
    )
    rows = tabular.read_rows(body, content_type, columns)
    arrays = {}
    for index, (part, dtype) in enumerate(zip(inputs, dtypes, strict=True)):
        arrays[part.name] = _array([[row[index]] for row in rows], part.name, dtype).reshape(-1, *part.shape[1:])
    return arrays


def _array(rows: list[list[Any]], name: str, dtype: str) -> np.ndarray:
    if dtype == "object":
        return np.array([[str(one) for one in row] for row in rows], dtype=object)
    numbers = tabular.numbers(rows, missing_allowed=MISSING_ALLOWED and dtype.startswith("float"))
    if dtype.startswith("float"):
        return numbers.astype(dtype)
    if (numbers != np.trunc(numbers)).any():
        raise tabular.RequestError(400, f"input {name!r} is {dtype}: send whole numbers")
    return numbers.astype(dtype)


def _tensors(body: str | bytes, content_type: str, inputs: list[Any]) -> dict[str, np.ndarray]:
    media_type = content_type.split(";", maxsplit=1)[0].strip().lower()
    if media_type == "application/x-npy" and len(inputs) == 1:
        return {inputs[0].name: _fitting(_npy(body), inputs[0])}
    if media_type != "application/json":
        raise tabular.RequestError(415, f"content type {content_type!r}: send application/json, by the inputs' names")
    given = _named_tensors(body, [one.name for one in inputs])
    return {part.name: _fitting(given[part.name], part) for part in inputs}


def _named_tensors(body: str | bytes, names: list[str]) -> dict[str, Any]:
    try:
        content = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise tabular.RequestError(400, f"the body is not JSON: {error}") from error
    if isinstance(content, dict):
        content = content.get("inputs", content.get("instances"))
    if len(names) == 1 and isinstance(content, list):
        content = {names[0]: content}
    if not isinstance(content, dict) or {*content} != {*names}:
        raise tabular.RequestError(400, f'the body must be {{"inputs": {{NAME: …}}}} with the names {", ".join(names)}')
    return content


def _npy(body: str | bytes) -> Any:
    try:
        return np.load(io.BytesIO(body if isinstance(body, bytes) else body.encode()), allow_pickle=False)
    except (ValueError, EOFError, OSError) as error:
        raise tabular.RequestError(400, f"the body is not NPY: {error}") from error


def _fitting(value: Any, part: Any) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=DTYPES[part.type])
    except (TypeError, ValueError, OverflowError) as error:
        raise tabular.RequestError(400, f"input {part.name!r} is no {part.type}: {error}") from error
    fits = len(array.shape) == len(part.shape) and all(
        not isinstance(wanted, int) or wanted == found for wanted, found in zip(part.shape, array.shape, strict=True)
    )
    if not fits:
        raise tabular.RequestError(
            400, f"input {part.name!r} has shape {list(array.shape)}; the model wants {part.shape}"
        )
    return array
