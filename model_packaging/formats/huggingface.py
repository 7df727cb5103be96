"""Hugging Face directories: `config.json` with an architecture, and the weights beside it.

Weights in safetensors can run nothing. `pytorch_model*.bin` are pickles: they are told, left out where safetensors are
there too, and otherwise looked at by the scan and loaded as weights only. `model.neuron` is what optimum-neuron
compiled for Inferentia, where nothing else runs. Code that a repository brings (`auto_map`) is
left out and never run: `trust_remote_code` is never set.

Sources: https://huggingface.co/docs/transformers/main_classes/configuration,
https://huggingface.co/docs/sagemaker/inference, https://huggingface.co/docs/optimum-neuron/guides/export_model
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from model_packaging.formats.errors import BrokenModelError, UnservableModelError
from model_packaging.formats.folder_files import files_under
from model_packaging.formats.huggingface_containers import huggingface_container
from model_packaging.formats.huggingface_tasks import TASKS, task_of
from model_packaging.formats.inference_code import tabular_code
from model_packaging.formats.model_format import (
    CSV,
    ENTRY_POINT,
    JSON,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.formats.neuron_containers import compiled_for_neuron, neuron_container
from model_packaging.formats.safetensors_file import SafetensorsError, SafetensorsFile, read_safetensors
from model_packaging.formats.torch_archive import read_torch_archive
from model_packaging.release import Framework, Signature

CONFIG = "config.json"
SAFETENSORS, SAFETENSORS_INDEX = "model.safetensors", "model.safetensors.index.json"
COMPILED = "model.neuron"
"""What `optimum-cli export neuron` makes: TorchScript that was compiled for Neuron, beside its `config.json`."""
PICKLED, PICKLED_INDEX = "pytorch_model.bin", "pytorch_model.bin.index.json"

OTHER_WEIGHTS = frozenset({".bin", ".h5", ".msgpack", ".ot", ".pt", ".pth", ".ckpt", ".onnx", ".gguf"})
"""The same weights once more, for other frameworks; left out where safetensors are there."""

PREPROCESSORS = ("preprocessor_config.json", "processor_config.json")
"""Beside a model that reads images or sounds."""

TASK = "HF_TASK"


@dataclass(frozen=True)
class HuggingfaceFacts:
    """What the directory says."""

    architecture: str
    task: str | None
    transformers_version: str
    """Empty where `config.json` says none."""
    weights: Literal["safetensors", "pickled", "compiled for Neuron"]


class HuggingfaceFormat:
    """Directories of transformers."""

    name = "huggingface"
    title = "Hugging Face directory"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By `config.json` and weights that are whole."""
        if not path.is_dir() or not (path / CONFIG).is_file():
            return None
        config = _json(path / CONFIG, self.title)
        if not isinstance(config, dict) or not ("architectures" in config or "model_type" in config):
            return None
        weights = self._weights(path)
        if weights is None:
            return None
        architecture = self._architecture(path / CONFIG, config)
        version = str(config.get("transformers_version") or "")
        kind = _kind(weights)
        facts = HuggingfaceFacts(architecture, self._task_in(path, architecture), version, kind)
        told = [f"a Hugging Face directory ({architecture}), by its {CONFIG} and {_told(weights)}"]
        if "auto_map" in config:
            told.append("the code that it brings (auto_map) is left out and never run")
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="transformers", version=version or "unknown"),
            told="; ".join(told),
            path=path,
            files=_files(path, is_pickled=kind == "pickled"),
            facts=facts,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """By the task: texts, images or sounds in, what the pipeline says of each out."""
        del samples  # a text fits whatever it is
        task = model.facts_as(HuggingfaceFacts).task
        if task is None:
            raise self._no_task(model)
        return TASKS[task].signature()

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's Hugging Face container, with a pipeline of the task; on Inferentia by its Neuron one."""
        facts = model.facts_as(HuggingfaceFacts)
        if facts.task is None and ENTRY_POINT not in model.files:
            raise self._no_task(model)
        compiled = facts.weights == "compiled for Neuron"
        note: str | None
        requirements: dict[str, bytes] = {}
        if processor == "inferentia":
            how = "optimum-cli export neuron"
            image, note = neuron_container(model.path, self.title, compiled=compiled, compile_with=how)
        elif compiled:
            raise compiled_for_neuron(model.path, self.title, processor)
        else:
            image, note, requirements = huggingface_container(facts.transformers_version, facts.task, processor)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={**tabular_code("huggingface_inference.py"), **requirements},
            environment={} if facts.task is None else {TASK: facts.task},
            content_types=(JSON,) if facts.task is None else _content_types(facts.task),
        )

    def _no_task(self, model: RecognisedModel) -> UnservableModelError:
        message = f"no pipeline is known for the architecture {model.facts_as(HuggingfaceFacts).architecture}"
        fix = (
            "write an inference module of your own, name it in package.yaml as files: {code/inference.py: …}, and "
            "write the signature there"
        )
        return UnservableModelError(model.path, self.title, message, allowed=", ".join(TASKS), fix=fix)

    def _task_in(self, path: Path, architecture: str) -> str | None:
        """A model that has a file for what it reads beside texts is of no task that reads texts alone."""
        task = task_of(architecture)
        if task is None or TASKS[task].reads_bytes:
            return task
        return None if any((path / name).is_file() for name in PREPROCESSORS) else task

    def _architecture(self, path: Path, config: Mapping[str, Any]) -> str:
        """The first that is named; the kind of model where none is."""
        named = config.get("architectures") or [config.get("model_type")]
        if not isinstance(named, list) or not isinstance(named[0], str):
            raise BrokenModelError(path, self.title, f"its architectures are no list of names: {named!r}")
        return named[0]

    def _weights(self, path: Path) -> SafetensorsFile | str | None:
        """The safetensors' headers together, or the name of other weights; None where there are none."""
        if (path / COMPILED).is_file():
            return self._compiled(path / COMPILED)
        if (path / SAFETENSORS_INDEX).is_file():
            return self._safetensors(path, _shards(path, SAFETENSORS_INDEX, self.title))
        if (path / SAFETENSORS).is_file():
            return self._safetensors(path, [SAFETENSORS])
        if (path / PICKLED_INDEX).is_file():
            return _shards(path, PICKLED_INDEX, self.title)[0]
        return PICKLED if (path / PICKLED).is_file() else None

    def _compiled(self, path: Path) -> str:
        archive = read_torch_archive(path)
        if archive is None or archive.content != "torchscript":
            raise BrokenModelError(path, self.title, "it is no TorchScript, which the Neuron compiler makes")
        return COMPILED

    def _safetensors(self, path: Path, names: Sequence[str]) -> SafetensorsFile:
        found = []
        for name in names:
            try:
                found.append(read_safetensors(path / name))
            except SafetensorsError as error:
                raise BrokenModelError(path / name, "safetensors", str(error)) from error
        return SafetensorsFile(
            sum(one.parameters for one in found),
            tuple(sorted({dtype for one in found for dtype in one.dtypes})),
        )


def _kind(weights: SafetensorsFile | str) -> Literal["safetensors", "pickled", "compiled for Neuron"]:
    if isinstance(weights, SafetensorsFile):
        return "safetensors"
    return "compiled for Neuron" if weights == COMPILED else "pickled"


def _told(weights: SafetensorsFile | str) -> str:
    if weights == COMPILED:
        return f"{COMPILED}, compiled for Neuron"
    if isinstance(weights, str):
        return f"pickled weights ({weights}), which safetensors would be safer than"
    return f"safetensors of {weights.parameters:,} parameters ({', '.join(weights.dtypes)})"


def _shards(path: Path, index: str, title: str) -> list[str]:
    content = _json(path / index, title)
    listed = content.get("weight_map") if isinstance(content, dict) else None
    if not isinstance(listed, dict) or not listed:
        raise BrokenModelError(path / index, title, "it has no weight_map")
    names = sorted(set(map(str, listed.values())))
    missing = [name for name in names if "/" in name or not (path / name).is_file()]
    if missing:
        raise BrokenModelError(path, title, f"weights that {index} names are missing: {', '.join(missing)}")
    return names


def _json(path: Path, title: str) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise BrokenModelError(path, title, f"is not JSON: {error}") from error


def _files(path: Path, *, is_pickled: bool) -> dict[str, Path]:
    """Without other frameworks' weights, and without code, which is never run."""
    left_out = (OTHER_WEIGHTS - {".bin"} if is_pickled else OTHER_WEIGHTS) | {".py"}
    found = files_under(path)
    return {
        place: file
        for place, file in found.items()
        if place.startswith("code/") or (file.suffix not in left_out and not _is_index(place, is_pickled=is_pickled))
    }


def _is_index(place: str, *, is_pickled: bool) -> bool:
    return place == PICKLED_INDEX and not is_pickled


def _content_types(task: str) -> tuple[str, ...]:
    inputs = TASKS[task].inputs
    if inputs == ("image",):
        return ("image/png", "image/jpeg", "application/x-image")
    if inputs == ("audio",):
        return ("audio/wav", "audio/flac", "audio/mpeg")
    return (JSON, CSV) if inputs == ("inputs",) else (JSON,)
