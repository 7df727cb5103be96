"""The signature of an ONNX model: what its graph says of its own inputs and outputs."""

from __future__ import annotations

from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.onnx_file import read_onnx_file
from model_packaging.formats.onnx_format import onnx_signature
from model_packaging.formats.protobuf_wire import WireError
from model_packaging.release import Signature


def read_onnx_signature(path: Path) -> Signature:
    """Inputs and outputs of the model at `path`, with free dimensions as None; nothing need be installed.

    Raises:
        InvalidPackageError: the file is not an ONNX model, or has an input or output that is not a tensor.
    """
    try:
        file = read_onnx_file(path)
    except WireError as error:
        message = f"is not a readable ONNX model: {error}"
        raise InvalidPackageError([Violation(path.as_posix(), None, "", None, message)]) from error
    return onnx_signature(path, file)
