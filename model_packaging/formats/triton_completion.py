"""What Triton completes of a `config.pbtxt` by the model's file, completed here by the same rules.

Of ONNX models it takes inputs and outputs from the graph, and batches where every tensor's first dimension is free. A
release has the completed configuration written down: what runs in AWS is then what was checked here.

Source: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#auto-generated-model-configuration
"""

from __future__ import annotations

from dataclasses import replace

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.onnx_format import read_onnx_signature
from model_packaging.formats.text_proto import read_text_proto
from model_packaging.formats.triton_config import (
    CONFIG_FILE,
    TritonConfig,
    batch_size_for,
    triton_config,
    write_triton_config,
)
from model_packaging.formats.triton_model import TritonModel
from model_packaging.release import Signature

DEFAULT_MAX_BATCH_SIZE = 4
"""What Triton sets where nobody says another.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#default-max-batch-size-and-dynamic-batcher
"""


def completed(model: TritonModel) -> TritonConfig:
    """The model's configuration with its inputs and outputs, those of an ONNX file where it names none.

    Raises:
        InvalidPackageError: it names none, and they cannot be read from the model's file.
    """
    config = model.config
    if config is not None and config.inputs and config.outputs:
        return config
    written = generated_config(model)
    if written is None:
        shown = f"{model.folder.as_posix()}/{CONFIG_FILE}"
        told = f"inputs and outputs of a {model.backend or 'model without backend'} cannot be read from its file"
        raise InvalidPackageError([Violation(shown, None, "input", None, told, fix="write them into config.pbtxt")])
    whole = triton_config(read_text_proto(written), f"{model.folder.as_posix()}/{CONFIG_FILE}")
    if config is None:
        return whole
    return replace(
        config,
        inputs=config.inputs or whole.inputs,
        outputs=config.outputs or whole.outputs,
        max_batch_size=config.max_batch_size or whole.max_batch_size,
    )


def generated_config(model: TritonModel) -> str | None:
    """A `config.pbtxt` of what the model's file says; None where it says nothing without its framework."""
    signature = onnx_signature(model)
    if signature is None:
        return None
    size = batch_size_for(signature, DEFAULT_MAX_BATCH_SIZE)
    return write_triton_config(model.name, "onnxruntime", signature, max_batch_size=size)


def onnx_signature(model: TritonModel) -> Signature | None:
    """Inputs and outputs of an ONNX model's file; None for any other.

    Raises:
        InvalidPackageError: the file is no ONNX model, or has an input or output that is no tensor.
    """
    if model.backend != "onnxruntime":
        return None
    path = model.folder / str(model.served_version) / model.model_file
    file = path / "model.onnx" if path.is_dir() else path
    return read_onnx_signature(file)
