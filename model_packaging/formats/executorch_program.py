"""ExecuTorch programs: `.pte`, a flatbuffer for devices, told by its identifier `ET12` in bytes 4 to 8.

AWS has no container for ExecuTorch: it is made for phones and microcontrollers. Its runtime for Python runs in the
nearest container. The first method of the program, `forward`, is what is served.

Sources: https://github.com/pytorch/executorch/blob/main/schema/program.fbs,
https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError
from model_packaging.formats.flatbuffer import FlatbufferError, Table
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
from model_packaging.formats.samples import check_samples
from model_packaging.formats.torch_containers import tensor_code
from model_packaging.release import Framework, Signature, TensorSpec

MODEL_FILE = "model.pte"
_IDENTIFIER = re.compile(rb"ET\d\d")

SCALAR_TYPES: Mapping[int, str] = {
    0: "uint8", 1: "int8", 2: "int16", 3: "int32", 4: "int64", 5: "float16", 6: "float32", 7: "float64", 11: "bool",
    15: "bfloat16", 27: "uint16", 28: "uint32", 29: "uint64",
}  # fmt: skip
"""ExecuTorch's ScalarType in numpy's words (`schema/scalar_type.fbs`)."""

TENSOR = 5
"""A tensor's place in the union of values, `KernelTypes`."""

_READ_BYTES = 64 * 1024 * 1024
"""How much of a file is read for its graph; weights that lie behind it are not."""


@dataclass(frozen=True)
class ExecutorchFacts:
    """What the program says of its first method."""

    method: str
    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class ExecutorchFormat:
    """ExecuTorch programs."""

    name = "executorch"
    title = "ExecuTorch"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the flatbuffer's identifier."""
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            head = stream.read(8)
            if len(head) < 8 or not _IDENTIFIER.fullmatch(head[4:8]):
                return None
            stream.seek(0)
            data = stream.read(_READ_BYTES)
        identifier = head[4:8].decode()
        try:
            facts = _facts(data)
        except (FlatbufferError, IndexError, KeyError) as error:
            message = f"the flatbuffer {identifier} is cut short or damaged"
            raise BrokenModelError(path, self.title, message) from error
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="executorch", version=identifier),
            told=f"an ExecuTorch program, by its flatbuffer's identifier {identifier}",
            path=path,
            files={MODEL_FILE: path},
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """The method's inputs and outputs; a program's shapes are fixed, or bounds of those it takes."""
        facts = model.facts_as(ExecutorchFacts)
        if not facts.inputs or not facts.outputs:
            raise BrokenModelError(model.path, self.title, f"the method {facts.method!r} reads or gives no tensor")
        signature = Signature(inputs=facts.inputs, outputs=facts.outputs)
        check_samples(samples, signature)
        return signature

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by ExecuTorch's runtime for Python in the nearest container."""
        image, note = python_container(model.path, self.title, processor)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={**tensor_code("executorch_inference.py"), REQUIREMENTS: b"executorch>=0.6\n"},
            content_types=(JSON, CSV, NPY),
            reads_signature=True,
        )


def _facts(data: bytes) -> ExecutorchFacts:
    plan = Table.root(data).tables(1)[0]
    values = plan.tables(2)
    inputs = [values[place] for place in plan.numbers(3)]
    outputs = [values[place] for place in plan.numbers(4)]
    return ExecutorchFacts(plan.text(0), _tensors("input", inputs), _tensors("output", outputs))


def _tensors(kind: str, values: Sequence[Table]) -> tuple[TensorSpec, ...]:
    tensors = [one for value in values if value.byte(0) == TENSOR and (one := value.table(1)) is not None]
    names = [kind] if len(tensors) == 1 else [f"{kind}_{place}" for place in range(len(tensors))]
    return tuple(_spec(name, tensor) for name, tensor in zip(names, tensors, strict=True))


def _spec(name: str, tensor: Table) -> TensorSpec:
    sizes, is_dynamic = tensor.numbers(2), tensor.byte(8) != 0
    shape: tuple[int | None, ...] = (None, *sizes[1:]) if is_dynamic and sizes else sizes
    return TensorSpec(name=name, dtype=SCALAR_TYPES[tensor.byte(0)], shape=shape)
