"""TensorRT plans: an engine that TensorRT built for one kind of GPU, told by `ftrt` in its first bytes.

A plan does not tell its inputs without TensorRT and the GPU it was built for, so the signature is to be written down.
Triton serves it: it reads the inputs from the plan when it loads it. It cannot be run, and is not rehearsed, on a
machine without such a GPU.

Source: https://github.com/NVIDIA/TensorRT/blob/main/samples/common/sampleEngines.cpp (the plan's tag and version)
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.model_format import Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.triton import BINARY, triton_plan
from model_packaging.formats.triton_config import CONFIG_FILE
from model_packaging.release import Framework, Signature

MAGIC = b"ftrt"
HEADER_BYTES = 28
VERSION_BYTES = slice(24, 28)
"""Major, minor, patch and build of the TensorRT that wrote a plan of serialization version 0."""

MODEL_NAME = "model"


class TensorrtFormat:
    """TensorRT plans."""

    name = "tensorrt"
    title = "TensorRT plan"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the plan's tag."""
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            head = stream.read(HEADER_BYTES)
        if not head.startswith(MAGIC):
            return None
        if len(head) < HEADER_BYTES:
            raise BrokenModelError(path, self.title, "the header is cut short")
        version = _version(head)
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="tensorrt", version=version),
            told=f"a plan of TensorRT {version}, by its tag; it runs on the kind of GPU it was built for",
            path=path,
            files={f"{MODEL_NAME}/1/model.plan": path},
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """A plan says nothing here."""
        del samples
        told = f"{self.title}: it does not tell its inputs and outputs without TensorRT and its GPU"
        fix = "write the signature's inputs and outputs into package.yaml"
        raise InvalidPackageError([Violation(model.path.as_posix(), None, "signature", None, told, fix=fix)])

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by Triton, on a GPU."""
        if processor != "gpu":
            message = f"runs on a GPU, and the processor is {processor}"
            raise UnservableModelError(model.path, self.title, message, allowed="gpu", fix="set processor: gpu")
        comment = "# Written by Greenroom; Triton reads inputs and outputs from the plan."
        config = f'{comment}\nname: "{MODEL_NAME}"\nbackend: "tensorrt"\n'
        note = (
            "a plan is read by the TensorRT release that built it: compare it with the one in Triton's container "
            "(https://docs.nvidia.com/deeplearning/frameworks/support-matrix/)"
        )
        return triton_plan(
            processor,
            MODEL_NAME,
            files=model.files,
            generated={f"{MODEL_NAME}/{CONFIG_FILE}": config.encode()},
            note=note,
            content_types=("application/json", BINARY),
        )


def _version(head: bytes) -> str:
    serialization = int.from_bytes(head[4:8], "little")
    return ".".join(str(one) for one in head[VERSION_BYTES]) if serialization == 0 else "unknown"
