"""The signature of an ONNX model: what it says of its own inputs and outputs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.release import Signature, TensorSpec

_DTYPES = {
    "bool": "bool",
    "double": "float64",
    "float": "float32",
    "float16": "float16",
    "int16": "int16",
    "int32": "int32",
    "int64": "int64",
    "int8": "int8",
    "string": "str",
    "uint16": "uint16",
    "uint32": "uint32",
    "uint64": "uint64",
    "uint8": "uint8",
}
"""onnxruntime's element types in numpy's words."""


def read_onnx_signature(path: Path) -> Signature:
    """Inputs and outputs of the model at `path`, with free dimensions as None.

    Raises:
        InvalidPackageError: onnxruntime is not installed, the file is not an ONNX model, or it has an input or
            output that is not a tensor.
    """
    shown = path.as_posix()
    try:
        import onnxruntime
    except ImportError as error:
        message = "onnxruntime, which reads the signature, is not installed"
        fix = "pip install 'greenroom[sandbox]', or write the signature's inputs and outputs into package.yaml"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix=fix)]) from error
    try:
        session = onnxruntime.InferenceSession(os.fspath(path), providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no public base but Exception
        message = f"is not a readable ONNX model: {str(error).splitlines()[0]}"
        raise InvalidPackageError([Violation(shown, None, "", None, message)]) from error
    parts = (*session.get_inputs(), *session.get_outputs())
    wrong = [
        Violation(shown, None, one.name, one.type, f"is a {one.type}, not a tensor", fix="convert with zipmap=False")
        for one in parts
        if _dtype(one) is None
    ]
    if wrong:
        raise InvalidPackageError(wrong)
    return Signature(
        inputs=tuple(_tensor(one) for one in session.get_inputs()),
        outputs=tuple(_tensor(one) for one in session.get_outputs()),
    )


def _tensor(part: Any) -> TensorSpec:
    shape = tuple(one if isinstance(one, int) else None for one in part.shape)
    return TensorSpec(name=part.name, dtype=str(_dtype(part)), shape=shape)


def _dtype(part: Any) -> str | None:
    return _DTYPES.get(part.type.removeprefix("tensor(").removesuffix(")")) if part.type.startswith("tensor(") else None
