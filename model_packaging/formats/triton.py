"""Triton model repositories, and one model's folder of such a repository, for NVIDIA's Triton container on SageMaker.

The repository is checked whole. A model without `config.pbtxt`, or with one that Triton would complete, gets one that
is written from its file where that can be read here (ONNX).

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/deploy-models-frameworks-triton.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.containers import refuse_inferentia
from model_packaging.formats.errors import AmbiguousModelError, UnservableModelError
from model_packaging.formats.folder_files import files_under
from model_packaging.formats.model_format import Processor, RecognisedModel, SampleFile, ServingPlan
from model_packaging.formats.triton_completion import completed, generated_config
from model_packaging.formats.triton_config import CONFIG_FILE
from model_packaging.formats.triton_model import ENSEMBLE, TritonModel, is_version
from model_packaging.formats.triton_repository import is_model_folder, model_folders, read_model, read_repository
from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import Framework, Signature

CONTAINER_VERSION = "26.05"
"""The newest of AWS's Triton containers (the SageMaker SDK's image URI configuration)."""

DEFAULT_MODEL = "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME"
BINARY = "application/vnd.sagemaker-triton.binary+json"
ON_GPU_ONLY = frozenset({"tensorrt", "tensorrtllm", "vllm"})


@dataclass(frozen=True)
class TritonFacts:
    """The repository's models."""

    models: tuple[TritonModel, ...]

    def default(self, path: Path) -> TritonModel:
        """The model that answers: the only one, or the only ensemble of several.

        Raises:
            AmbiguousModelError: there are several, and not one ensemble.
        """
        ensembles = [one for one in self.models if one.backend == ENSEMBLE]
        candidates = self.models if len(self.models) == 1 else tuple(ensembles)
        if len(candidates) != 1:
            raise AmbiguousModelError(path, [f"{one.name} ({one.backend})" for one in self.models])
        return candidates[0]


class TritonFormat:
    """Triton model repositories."""

    name = "triton"
    title = "Triton model repository"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By folders with `config.pbtxt`, or with a version's folder that has a file Triton knows."""
        if not path.is_dir():
            return None
        if is_model_folder(path) and any(is_version(one.name) for one in path.iterdir() if one.is_dir()):
            models: tuple[TritonModel, ...] = (read_model(path, path.as_posix()),)
            files = files_under(path, f"{path.name}/")
        elif model_folders(path):
            models = read_repository(path, path.as_posix())
            _refuse_strays(path, models)
            files = {place: file for one in models for place, file in files_under(one.folder, f"{one.name}/").items()}
        else:
            return None
        told = ", ".join(f"{one.name} ({one.backend})" for one in models)
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="triton", version=CONTAINER_VERSION),
            told=f"a Triton model repository of {told}, by its config.pbtxt and versions",
            path=path,
            files=files,
            facts=TritonFacts(models),
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """Inputs and outputs of the model that answers, from its `config.pbtxt`, or from its file."""
        del samples  # they are the protocol's bodies, which the container judges
        config = completed(model.facts_as(TritonFacts).default(model.path))
        if not config.inputs or not config.outputs:
            told = "has no input or no output"
            raise InvalidPackageError([Violation(config.file, None, "input", None, told, fix="write them")])
        return config.signature()

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by NVIDIA's Triton container."""
        facts = model.facts_as(TritonFacts)
        refuse_inferentia(model.path, self.title, processor)
        needs_gpu = sorted(one.name for one in facts.models if one.backend in ON_GPU_ONLY)
        if needs_gpu and processor != "gpu":
            message = f"{', '.join(needs_gpu)} runs on a GPU, and the processor is {processor}"
            raise UnservableModelError(model.path, self.title, message, allowed="gpu", fix="set processor: gpu")
        generated: dict[str, bytes] = {}
        for one in facts.models:
            written = generated_config(one) if one.config is None else None
            if written is not None:
                generated[f"{one.name}/{CONFIG_FILE}"] = written.encode()
        return triton_plan(processor, facts.default(model.path).name, files=model.files, generated=generated)


def triton_plan(
    processor: Processor,
    default_model: str,
    *,
    files: Mapping[str, Path],
    generated: Mapping[str, bytes],
    note: str | None = None,
    content_types: tuple[str, ...] = ("application/json", BINARY),
) -> ServingPlan:
    """NVIDIA's Triton container with that model as the one that answers; it runs no module of ours."""
    image = ServingImageRequest(
        framework="sagemaker-tritonserver",
        version=CONTAINER_VERSION,
        py_version="py3",
        processor=processor,
    )
    return ServingPlan(
        image=image,
        image_note=note,
        files=files,
        generated=generated,
        entry_point=None,
        environment={DEFAULT_MODEL: default_model},
        content_types=content_types,
    )


def _refuse_strays(path: Path, models: Sequence[TritonModel]) -> None:
    """A folder that is no model would be one to Triton, which then does not start."""
    names = {one.name for one in models}
    strays = [one for one in path.iterdir() if one.is_dir() and one.name not in names and not one.name.startswith(".")]
    if strays:
        told = (
            "is a folder of the repository, and no model: it has neither config.pbtxt nor a version with a model's file"
        )
        fix = "complete it, or move it out of the repository"
        raise InvalidPackageError([Violation(one.as_posix(), None, "", None, told, fix=fix) for one in strays])
