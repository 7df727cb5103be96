"""Triton's model repository: a folder a model, in it `config.pbtxt` and a numbered folder a version.

    <repository>/<model name>/config.pbtxt
    <repository>/<model name>/<version>/<the model's file>

Each model is checked as Triton checks it before it loads it (`triton_checks`). A model without `config.pbtxt` is fine
where Triton can complete it, and where it cannot, one is written from the model's signature (`triton`).

Source: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_repository.md
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.triton_checks import config_violations, ensemble_violations, folder_violations
from model_packaging.formats.triton_config import CONFIG_FILE, TritonConfig, read_triton_config
from model_packaging.formats.triton_model import DEFAULT_FILES, PLATFORMS, TritonModel, folders_in, is_version


def is_model_folder(folder: Path) -> bool:
    """Whether a folder is a model of a repository: it has a `config.pbtxt`, or a version with a file Triton knows."""
    if (folder / CONFIG_FILE).is_file():
        return True
    versions = [one for one in folders_in(folder) if is_version(one.name)]
    return any((version / name).exists() for version in versions for name in DEFAULT_FILES.values())


def model_folders(repository: Path) -> tuple[Path, ...]:
    """The folders that are models, by name."""
    return tuple(folder for folder in folders_in(repository) if is_model_folder(folder))


def read_repository(repository: Path, shown: str) -> tuple[TritonModel, ...]:
    """Every model of a repository, checked.

    Args:
        repository: The folder of the models' folders.
        shown: How messages name it.

    Raises:
        InvalidPackageError: with everything that Triton would refuse.
    """
    models: list[TritonModel] = []
    violations: list[Violation] = []
    for folder in model_folders(repository):
        try:
            models.append(read_model(folder, f"{shown}/{folder.name}"))
        except InvalidPackageError as error:
            violations += error.violations
    names = [folder.name for folder in model_folders(repository)]
    for model in models:
        violations += ensemble_violations(model, names)
    if violations:
        raise InvalidPackageError(violations)
    return tuple(models)


def read_model(folder: Path, shown: str) -> TritonModel:
    """One model's folder, checked.

    Raises:
        InvalidPackageError: with everything that Triton would refuse.
    """
    path = folder / CONFIG_FILE
    config = read_triton_config(path, f"{shown}/{CONFIG_FILE}") if path.is_file() else None
    versions = tuple(sorted(int(one.name) for one in folders_in(folder) if is_version(one.name)))
    model = TritonModel(folder.name, folder, config, versions, _backend(config, folder, versions))
    violations = [*folder_violations(model, shown)]
    if config is not None:
        violations += config_violations(model, config)
    if violations:
        raise InvalidPackageError(violations)
    return model


def _backend(config: TritonConfig | None, folder: Path, versions: Sequence[int]) -> str:
    """As Triton: the backend, or the platform's, or what the files in a version say."""
    if config is not None and (config.backend or config.platform):
        return config.backend or PLATFORMS.get(config.platform, config.platform)
    for backend, name in DEFAULT_FILES.items():
        if any((folder / str(version) / name).exists() for version in versions):
            return backend
    return ""
