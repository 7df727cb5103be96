"""AWS's Hugging Face container for a model: that of the transformers that wrote it, or the nearest that serves it."""

from __future__ import annotations

from collections.abc import Mapping

from model_packaging.formats.containers import nearest_version, release_of
from model_packaging.formats.model_format import REQUIREMENTS, Processor
from model_packaging.package_spec import ServingImageRequest

CONTAINERS: Mapping[str, tuple[str, str]] = {
    "4.37.0": ("py310", "pytorch2.1.0"),
    "4.48.0": ("py311", "pytorch2.3.0"),
    "4.49.0": ("py312", "pytorch2.6.0"),
    "4.51.3": ("py312", "pytorch2.6.0"),
    "5.5.3": ("py312", "pytorch2.6.0"),
}
"""Transformers releases that AWS's Hugging Face inference container has, to their Python and PyTorch (the SageMaker
SDK's image URI configuration)."""

NOT_IN_TRANSFORMERS_5 = frozenset({"question-answering", "text2text-generation"})
"""Pipelines that release 5 gave up (https://github.com/huggingface/transformers/blob/main/MIGRATION_GUIDE_V5.md)."""


def huggingface_container(
    wrote: str, task: str | None, processor: Processor
) -> tuple[ServingImageRequest, str | None, dict[str, bytes]]:
    """The container, what to say of it, and a requirement where the model was written by a newer transformers.

    Args:
        wrote: The transformers that wrote the model; empty where it does not say.
        task: What the model does; None where an inference module of its own serves it.
        processor: What it runs on.
    """
    wants_4 = task in NOT_IN_TRANSFORMERS_5
    versions = tuple(one for one in CONTAINERS if not wants_4 or release_of(one) < (5, 0))
    version, same = nearest_version(versions, wrote) if wrote else (versions[-1], True)
    python, pytorch = CONTAINERS[version]
    image = ServingImageRequest(
        framework="huggingface",
        version=version,
        py_version=python,
        processor=processor,
        base_framework=pytorch,
    )
    if same or release_of(wrote) < release_of(version):
        told = f"AWS has no transformers {wrote} container; the {version} one is the nearest newer, which reads it"
        return image, None if same else told, {}
    if wants_4 and release_of(wrote) >= (5, 0):
        note = (
            f"transformers 5 has no pipeline {task}; the {version} container is the newest with one: it reads what "
            f"transformers {wrote} wrote as a rule, not by promise"
        )
        return image, note, {}
    note = (
        f"AWS has no transformers {wrote} container; the {version} one is the nearest: it installs transformers "
        f"{wrote} from code/requirements.txt when it starts (which needs the network)"
    )
    return image, note, {REQUIREMENTS: f"transformers=={wrote}\n".encode()}
