"""One model of a Triton repository: its configuration, its versions, and the backend that runs it.

Source: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from model_packaging.formats.text_proto import Field, Message
from model_packaging.formats.triton_config import TritonConfig

ENSEMBLE = "ensemble"

DEFAULT_FILES: Mapping[str, str] = {
    "onnxruntime": "model.onnx",
    "tensorrt": "model.plan",
    "pytorch": "model.pt",
    "python": "model.py",
    "openvino": "model.xml",
    "dali": "model.dali",
    "tensorflow": "model.savedmodel",
}
"""Backend to the file that it reads in a version's folder, where `default_model_filename` names no other.

https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md#model-files
"""

OTHER_BACKENDS = ("fil", "vllm", "tensorrtllm", "identity", "repeat", "square")
"""Backends of Triton's own whose files have no fixed name.

https://github.com/triton-inference-server/backend#where-can-i-find-all-the-backends-that-are-available-for-triton
"""

PLATFORMS: Mapping[str, str] = {
    "onnxruntime_onnx": "onnxruntime",
    "tensorrt_plan": "tensorrt",
    "pytorch_libtorch": "pytorch",
    "torch_aoti": "pytorch",
    "tensorflow_savedmodel": "tensorflow",
    "tensorflow_graphdef": "tensorflow",
}
"""Platform, the older word, to backend."""

_VERSION = re.compile(r"[1-9]\d*")


@dataclass(frozen=True)
class TritonModel:
    """One model of a repository."""

    name: str
    folder: Path
    config: TritonConfig | None
    """None where there is no `config.pbtxt`."""
    versions: tuple[int, ...]
    """Ascending."""
    backend: str
    """What runs it; `ensemble` for one made of others."""

    @property
    def model_file(self) -> str:
        """The file, or folder, in a version's folder that the backend reads; empty where it is not fixed."""
        named = "" if self.config is None else self.config.default_model_filename
        return named or DEFAULT_FILES.get(self.backend, "")

    @property
    def served_version(self) -> int:
        """The version that answers: the greatest, of those that the policy names."""
        specific = specific_versions(self.config)
        return max((one for one in self.versions if not specific or one in specific), default=1)


def is_version(name: str) -> bool:
    """Whether a folder of that name is a version: a number that does not begin with 0; Triton ignores others."""
    return _VERSION.fullmatch(name) is not None


def folders_in(folder: Path) -> list[Path]:
    """By name."""
    return sorted((one for one in folder.iterdir() if one.is_dir()), key=lambda one: one.name)


def specific_versions(config: TritonConfig | None) -> tuple[int, ...]:
    """The versions that the policy names; empty where it names none."""
    policy = None if config is None else config.message.last("version_policy")
    if policy is None or not isinstance(policy.value, Message):
        return ()
    specific = policy.value.last("specific")
    if specific is None or not isinstance(specific.value, Message):
        return ()
    return tuple(whole_number(one) for one in specific.value.all("versions") if not one.empty_list)


def whole_number(field: Field) -> int:
    """The number that a field holds, which keeps to the schema."""
    return field.value if isinstance(field.value, int) else 0
