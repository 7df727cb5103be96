"""ONNX: one protobuf file, with its weights in it or in files beside it.

AWS has no container for onnxruntime; the nearest one installs it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError
from model_packaging.formats.inference_code import tabular_code
from model_packaging.formats.model_format import (
    CSV,
    JSON,
    NPY,
    REQUIREMENTS,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.formats.onnx_file import OnnxFile, OnnxValue, looks_like_onnx, read_onnx_file
from model_packaging.formats.protobuf_wire import WireError
from model_packaging.formats.samples import check_samples
from model_packaging.release import Framework, Signature, TensorSpec, checked_path

MODEL_FILE = "model.onnx"

READS_MISSING_VALUES = frozenset({"Imputer", "TreeEnsemble", "TreeEnsembleClassifier", "TreeEnsembleRegressor"})
"""Operators that have an answer to NaN (https://onnx.ai/onnx/operators/index_ai_onnx_ml.html)."""

RUNTIME_FOR_OPSET = ((20, "1.17"), (21, "1.18"), (22, "1.21"), (10**6, "1.23"))
"""Newest opset to the first onnxruntime that runs it; https://onnxruntime.ai/docs/reference/compatibility.html."""


class OnnxFormat:
    """ONNX files."""

    name = "onnx"
    title = "ONNX"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By its protobuf: an IR version, a graph, and opsets, to the last byte."""
        if not path.is_file() or not looks_like_onnx(path):
            return None
        try:
            file = read_onnx_file(path)
        except WireError as error:
            raise BrokenModelError(path, self.title, f"the protobuf is cut short or damaged: {error}") from error
        opset = file.opset
        told_opset = f"opset {opset}" if opset is not None else "no opset of its own"
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="onnx", version=told_opset),
            told=f"ONNX, {told_opset}, by its protobuf",
            path=path,
            files={MODEL_FILE: path, **_external_data(path, file)},
            facts=file,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """The graph's inputs and outputs."""
        signature = onnx_signature(model.path, model.facts_as(OnnxFile))
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by onnxruntime in the nearest container."""
        file = model.facts_as(OnnxFile)
        image, note = python_container(model.path, self.title, processor)
        runtime = "onnxruntime" if processor == "cpu" else "onnxruntime-gpu"
        oldest = next(version for opset, version in RUNTIME_FOR_OPSET if (file.opset or 0) <= opset)
        matrix = len(file.inputs) == 1 and len(file.inputs[0].shape) == 2
        columns = len(file.inputs) > 1 and all(one.shape[1:] in {(), (1,)} for one in file.inputs)
        missing = "allowed" if file.operators & READS_MISSING_VALUES else "refused"
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={
                **tabular_code("onnx_inference.py"),
                REQUIREMENTS: f"{runtime}>={oldest},<2\n".encode(),
            },
            environment={"MISSING_VALUES": missing},
            content_types=(CSV, JSON, NPY) if matrix or columns else (JSON, NPY) if len(file.inputs) == 1 else (JSON,),
        )


def read_onnx_signature(path: Path) -> Signature:
    """Inputs and outputs of the file at `path`, with free dimensions as None; nothing need be installed.

    Raises:
        InvalidPackageError: the file is not an ONNX model, or has an input or output that is not a tensor.
    """
    try:
        file = read_onnx_file(path)
    except WireError as error:
        message = f"is not a readable ONNX model: {error}"
        raise InvalidPackageError([Violation(path.as_posix(), None, "", None, message)]) from error
    return onnx_signature(path, file)


def onnx_signature(path: Path, file: OnnxFile) -> Signature:
    """Inputs and outputs, with free dimensions as None.

    Raises:
        InvalidPackageError: one of them is not a tensor.
    """
    shown = path.as_posix()
    parts = (*file.inputs, *file.outputs)
    wrong = [
        Violation(shown, None, one.name, one.kind, f"is a {one.kind}, not a tensor", fix="convert with zipmap=False")
        for one in parts
        if one.dtype is None
    ]
    if wrong:
        raise InvalidPackageError(wrong)
    if not file.inputs or not file.outputs:
        raise BrokenModelError(path, OnnxFormat.title, "the graph has no input or no output")
    return Signature(inputs=_tensors(file.inputs), outputs=_tensors(file.outputs))


def _tensors(values: Sequence[OnnxValue]) -> tuple[TensorSpec, ...]:
    return tuple(TensorSpec(name=one.name, dtype=str(one.dtype), shape=one.shape) for one in values)


def _external_data(path: Path, file: OnnxFile) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for location in file.external_data:
        try:
            found[checked_path(location)] = path.parent / location
        except ValueError as error:
            raise BrokenModelError(path, OnnxFormat.title, f"it names a file for its weights: {error}") from error
        if not (path.parent / location).is_file():
            message = f"its weights are in {location!r}, which is not beside it"
            raise BrokenModelError(path, OnnxFormat.title, message, fix="put it there")
    return found
