"""A model of a Triton repository, checked as Triton checks it before it loads it.

What Triton would refuse in AWS is told here, with file and line.

Source: https://github.com/triton-inference-server/core (`src/model_config_utils.cc`)
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from model_packaging.errors import Violation
from model_packaging.formats.text_proto import Message
from model_packaging.formats.triton_config import VARIABLE, TritonConfig, TritonTensor, element_count
from model_packaging.formats.triton_model import (
    DEFAULT_FILES,
    ENSEMBLE,
    OTHER_BACKENDS,
    PLATFORMS,
    TritonModel,
    folders_in,
    specific_versions,
    whole_number,
)


def folder_violations(model: TritonModel, shown: str) -> Iterator[Violation]:
    """What is wrong with its versions and their files."""
    if model.backend == ENSEMBLE:
        if not model.versions:
            told = "has no version, and an ensemble needs one, if an empty one"
            yield Violation(shown, None, "", None, told, fix=f"make the folder {shown}/1")
        return
    if not model.versions:
        there = ", ".join(one.name for one in folders_in(model.folder)) or "none"
        told = f"has no version; folders in it: {there}"
        yield Violation(shown, None, "", None, told, allowed="a folder named by a number that does not begin with 0")
        return
    if model.model_file:
        for version in model.versions:
            path = model.folder / str(version) / model.model_file
            if not path.exists():
                there = ", ".join(sorted(one.name for one in path.parent.iterdir())) or "nothing"
                told = f"version {version} has no {model.model_file}, which {model.backend} reads; it has: {there}"
                fix = "rename the file, or name it in config.pbtxt as default_model_filename"
                yield Violation(f"{shown}/{version}", None, "", None, told, fix=fix)


def config_violations(model: TritonModel, config: TritonConfig) -> Iterator[Violation]:
    """What its `config.pbtxt` says that the schema allows and Triton does not."""
    yield from _name_violations(model, config)
    yield from _backend_violations(model, config)
    yield from _batch_violations(config)
    yield from _tensors_violations(model, config)
    yield from _instance_violations(config)
    yield from _version_policy_violations(model, config)


def _line(config: TritonConfig, name: str) -> int | None:
    field = config.message.last(name)
    return None if field is None else field.line


def _name_violations(model: TritonModel, config: TritonConfig) -> Iterator[Violation]:
    if config.name and config.name != model.name:
        told = f"is {config.name!r}, and the model's folder is {model.name!r}"
        line = _line(config, "name")
        yield Violation(config.file, line, "name", config.name, told, fix="give both one name, or leave it out")


def _backend_violations(model: TritonModel, config: TritonConfig) -> Iterator[Violation]:
    if not model.backend:
        allowed = ", ".join((*DEFAULT_FILES, *OTHER_BACKENDS))
        yield Violation(config.file, None, "backend", None, "neither backend nor platform is given", allowed=allowed)
        return
    of_platform = PLATFORMS.get(config.platform, config.platform)
    if config.backend and config.platform and of_platform not in {config.backend, ""}:
        told = f"platform {config.platform!r} is not run by backend {config.backend!r}"
        yield Violation(config.file, _line(config, "platform"), "platform", config.platform, told, fix="keep one")
    if model.backend not in {*DEFAULT_FILES, *OTHER_BACKENDS, ENSEMBLE} and not _has_library(model):
        named = "backend" if config.backend else "platform"
        allowed = ", ".join((*DEFAULT_FILES, *OTHER_BACKENDS, *PLATFORMS, ENSEMBLE))
        fix = f"or put libtriton_{model.backend}.so beside the model"
        told = f"Triton has no {model.backend!r}"
        yield Violation(config.file, _line(config, named), named, model.backend, told, allowed=allowed, fix=fix)


def _has_library(model: TritonModel) -> bool:
    library = f"libtriton_{model.backend}.so"
    return (model.folder / library).is_file() or any(
        (model.folder / str(version) / library).is_file() for version in model.versions
    )


def _batch_violations(config: TritonConfig) -> Iterator[Violation]:
    if config.max_batch_size < 0:
        line = _line(config, "max_batch_size")
        told = f"is {config.max_batch_size}"
        yield Violation(config.file, line, "max_batch_size", config.max_batch_size, told, allowed="0 or more")
    batching = config.message.last("dynamic_batching")
    if batching is None or not isinstance(batching.value, Message):
        return
    if config.max_batch_size <= 0:
        told = "is given, and max_batch_size is 0: there is nothing to batch"
        fix = "set max_batch_size, or leave dynamic_batching out"
        yield Violation(config.file, batching.line, "dynamic_batching", None, told, fix=fix)
        return
    for size in batching.value.all("preferred_batch_size"):
        if not size.empty_list and not 1 <= whole_number(size) <= config.max_batch_size:
            where = "dynamic_batching.preferred_batch_size"
            allowed = f"1 to max_batch_size, which is {config.max_batch_size}"
            yield Violation(config.file, size.line, where, size.value, f"is {size.value}", allowed=allowed)


def _tensors_violations(model: TritonModel, config: TritonConfig) -> Iterator[Violation]:
    completed = model.backend in {"onnxruntime", "tensorrt", "openvino", "python"}
    for kind, tensors in (("input", config.inputs), ("output", config.outputs)):
        if not tensors and not completed:
            told = f"there is no {kind}, and Triton cannot complete it for {model.backend}"
            yield Violation(config.file, None, kind, None, told, allowed="at least one, with name, data_type and dims")
        seen: dict[str, TritonTensor] = {}
        for tensor in tensors:
            if tensor.name in seen:
                told = f"{tensor.name!r} is there twice, first on line {seen[tensor.name].line}"
                yield Violation(config.file, tensor.line, kind, tensor.name, told, fix="rename one")
            seen[tensor.name] = tensor
            yield from _tensor_violations(model, config, kind, tensor)
    if model.backend == "pytorch":
        yield from _torch_name_violations(config)


def _tensor_violations(model: TritonModel, config: TritonConfig, kind: str, one: TritonTensor) -> Iterator[Violation]:
    where = f"{kind}.{one.name}" if one.name else kind
    if not one.name:
        yield Violation(config.file, one.line, f"{kind}.name", None, "is not given", allowed="the model's name for it")
    if one.data_type in {"", "TYPE_INVALID"}:
        told = "is not given"
        yield Violation(config.file, one.line, f"{where}.data_type", None, told, allowed="TYPE_FP32, TYPE_INT64, …")
    if not one.dims:
        told = "is empty"
        fix = "a tensor that is only a batch has dims: [ 1 ] and reshape: { shape: [ ] }"
        yield Violation(config.file, one.line, f"{where}.dims", None, told, allowed="at least one", fix=fix)
    for size in one.dims:
        if size < 1 and size != VARIABLE:
            yield Violation(config.file, one.line, f"{where}.dims", size, f"has {size}", allowed="1 or more, or -1")
    if one.reshape is not None and element_count(one.reshape) != element_count(one.dims):
        told = f"has {element_count(one.reshape)} elements, and dims have {element_count(one.dims)}"
        yield Violation(config.file, one.line, f"{where}.reshape", list(one.reshape), told, allowed="as many as dims")
    if one.label_filename and not (model.folder / one.label_filename).is_file():
        told = f"there is no file {one.label_filename!r} beside config.pbtxt"
        yield Violation(config.file, one.line, f"{where}.label_filename", one.label_filename, told, fix="put it there")


def _torch_name_violations(config: TritonConfig) -> Iterator[Violation]:
    """Names of the form `NAME__INDEX` say the place of an input or output, so each place is to be named once.

    https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#special-conventions-for-pytorch-backend
    """
    for kind, tensors in (("input", config.inputs), ("output", config.outputs)):
        places: dict[int, list[TritonTensor]] = defaultdict(list)
        for tensor in tensors:
            found = re.fullmatch(r".*__(\d+)", tensor.name)
            if found is not None:
                places[int(found.group(1))].append(tensor)
        if places and sorted(places) != list(range(len(tensors))):
            names = ", ".join(one.name for one in tensors)
            told = f"the names' places are not 0 to {len(tensors) - 1}: {names}"
            yield Violation(config.file, tensors[0].line, kind, None, told, fix="number them NAME__0, NAME__1, …")


def _instance_violations(config: TritonConfig) -> Iterator[Violation]:
    for group in config.message.all("instance_group"):
        if not isinstance(group.value, Message):
            continue
        kind, count = group.value.last("kind"), group.value.last("count")
        gpus = [one for one in group.value.all("gpus") if not one.empty_list]
        if kind is not None and kind.value in {"KIND_CPU", "KIND_MODEL"} and gpus:
            told = f"names GPUs, and its kind is {kind.value}"
            yield Violation(config.file, group.line, "instance_group.gpus", None, told, fix="leave gpus out")
        if count is not None and whole_number(count) < 1:
            told = f"is {count.value}"
            yield Violation(config.file, count.line, "instance_group.count", count.value, told, allowed="1 or more")


def _version_policy_violations(model: TritonModel, config: TritonConfig) -> Iterator[Violation]:
    policy = config.message.last("version_policy")
    if policy is None or not isinstance(policy.value, Message):
        return
    there = ", ".join(map(str, model.versions)) or "none"
    for version in specific_versions(config):
        if version not in model.versions:
            where = "version_policy.specific.versions"
            told = f"version {version} is not there"
            yield Violation(config.file, policy.line, where, version, told, allowed=there)
    latest = policy.value.last("latest")
    if latest is not None and isinstance(latest.value, Message):
        number = latest.value.last("num_versions")
        if number is not None and whole_number(number) < 1:
            where = "version_policy.latest.num_versions"
            yield Violation(config.file, number.line, where, number.value, "is 0", allowed="1 or more")


def ensemble_violations(model: TritonModel, names: Sequence[str]) -> Iterator[Violation]:
    """What is wrong with its steps, each of which is one of the repository's models, by their names."""
    if model.config is None or model.backend != ENSEMBLE:
        return
    ensemble = model.config.message.last("ensemble_scheduling")
    steps = () if ensemble is None or not isinstance(ensemble.value, Message) else ensemble.value.all("step")
    if not steps:
        told = "an ensemble has steps"
        yield Violation(model.config.file, None, "ensemble_scheduling.step", None, told, allowed="at least one")
    for step in steps:
        named = step.value.last("model_name") if isinstance(step.value, Message) else None
        if named is None or named.value not in names:
            value = None if named is None else named.value
            where = "ensemble_scheduling.step.model_name"
            told = f"there is no model {value!r} in the repository"
            yield Violation(model.config.file, step.line, where, str(value), told, allowed=", ".join(names))
