"""A trained model from wherever it is becomes `models/NAME`, ready to be packaged: a file, a folder, what MLflow had.

The folder is written beside its place and renamed into it: nobody finds half of it. `package.yaml` is the short form,
`version` and `model`, and whatever is known besides: metrics, samples, lineage.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import yaml

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.lineage import Lineage
from model_packaging.package_spec import PACKAGE_FILE
from model_packaging.registry.errors import ImportRefusedError
from model_packaging.release import NAME_PATTERN, VERSION_PATTERN

MAXIMUM_NAME_CHARACTERS = 63
METRICS_FILE = "metrics.json"
SAMPLES_FOLDER = "samples"
MODEL_FOLDER = "model"

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")

MEASURED_OF_THE_FORMER = ("load_test.json", "optimisation.json")
"""Locks that packaging would refuse: they were measured of the files that an import takes away."""


@dataclass(frozen=True)
class ModelSource:
    """A trained model, and what is known of it."""

    files: Path
    """A file or a folder."""
    name: str | None = None
    """What it is called where it comes from; None where it has no name but its file's."""
    version: str = "1.0.0"
    """The version for people."""
    metrics: Mapping[str, float] = field(default_factory=dict)
    """Measured on held-out data."""
    lineage: Lineage | None = None
    """What it came from."""
    samples: Mapping[str, bytes] = field(default_factory=dict)
    """Requests that it answers, by file name."""
    said: str = ""
    """Where it came from, for the head of package.yaml."""


def model_name(wanted: str) -> str:
    """A model's name of what something is called: `Fraud_Detector v2.joblib` becomes `fraud-detector-v2-joblib`.

    Raises:
        ImportRefusedError: nothing of it can be a name.
    """
    plain = unicodedata.normalize("NFKD", wanted).encode("ascii", "ignore").decode().casefold()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:MAXIMUM_NAME_CHARACTERS].rstrip("-")
    if not name:
        raise ImportRefusedError(f"{wanted!r} cannot be made a model's name; give one: --name NAME")
    return name


def local_source(path: Path) -> ModelSource:
    """A file or a folder on this machine.

    Raises:
        ImportRefusedError: it is not there, holds nothing, is a model's folder already, or has a link out of itself.
    """
    if not path.exists():
        # Of an address the path keeps no doubled slash; there is no such thing as a file `s3:`.
        is_address = _ADDRESS.match(str(path)) is not None and not path.is_symlink()
        more = "; only MLflow's addresses are fetched (runs:/…, models:/…): bring the files here first"
        raise ImportRefusedError(f"{path}: there is no such file or folder{more if is_address else ''}")
    if path.is_dir():
        _check_folder(path)
    elif not path.is_file():
        raise ImportRefusedError(f"{path} is neither a file nor a folder")
    return ModelSource(files=path, name=path.stem if path.is_file() else path.resolve().name, said=path.name)


def _check_folder(folder: Path) -> None:
    if (folder / PACKAGE_FILE).is_file():
        raise ImportRefusedError(
            f"{folder} has a {PACKAGE_FILE}: it is a model's folder already; copy it to models/NAME and package it"
        )
    empty, root = True, folder.resolve()
    for path in folder.rglob("*"):
        empty = empty and not path.is_file()
        if not path.is_symlink():
            continue
        if not path.is_file() or not path.resolve().is_relative_to(root):
            target = path.readlink()
            raise ImportRefusedError(
                f"{path} is a link to {target}, and only a link to a file of the same folder is followed; "
                f"copy what is meant: cp -rL {folder} COPY"
            )
    if empty:
        raise ImportRefusedError(f"{folder} holds no file")


def write_model_folder(
    source: ModelSource, models: Path, *, name: str | None = None, version: str | None = None, replace: bool = False
) -> Path:
    """Writes `models/NAME`.

    Args:
        source: The trained model.
        models: The project's folder of models.
        name: The model's name; without it, of what the source is called.
        version: The version for people; without it, the source's.
        replace: Write over a folder that is there. What an import does not write stays: `model.yaml`, `gate.yaml`, a
            baseline.

    Returns:
        The folder.

    Raises:
        ImportRefusedError: the folder is there, or nothing gives a name.
        InvalidPackageError: the name or version is none.
    """
    if name is None:
        if source.name is None:
            raise ImportRefusedError(f"{source.said} has no name of its own; give one: --name NAME")
        name = model_name(source.name)
    wanted = source.version if version is None else version
    place = models / name
    _check_words(place, name, wanted)
    if place.exists() and not replace:
        raise ImportRefusedError(f"{place} is there already; import under another name (--name), or --replace it")
    with _staged(models) as folder:
        if place.exists():
            _copy_the_rest(place, folder, source)
        _write(source, folder, name, wanted)
        _put_in_place(folder, place)
    return place


def _check_words(place: Path, name: str, version: str) -> None:
    violations = []
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > MAXIMUM_NAME_CHARACTERS:
        allowed = "lower-case letters, digits and single hyphens between them, at most 63"
        violations.append(Violation(str(place), None, "name", name, f"{name!r} is no model's name", allowed))
    if not re.fullmatch(VERSION_PATTERN, version):
        message = f"{version!r} is no semantic version such as 1.0.0 (https://semver.org)"
        violations.append(Violation(str(place), None, "version", version, message))
    if violations:
        raise InvalidPackageError(violations)


def _write(source: ModelSource, folder: Path, name: str, version: str) -> None:
    model = MODEL_FOLDER if source.files.is_dir() else source.files.name
    if source.files.is_dir():
        shutil.copytree(source.files, folder / model)
    else:
        shutil.copyfile(source.files, folder / model)
    spec: dict[str, object] = {"version": version, "model": model}
    if source.metrics:
        spec["metrics"] = METRICS_FILE
        content = json.dumps(dict(source.metrics), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (folder / METRICS_FILE).write_text(f"{content}\n", encoding="utf-8", newline="\n")
    if source.samples:
        spec["samples"] = SAMPLES_FOLDER
        (folder / SAMPLES_FOLDER).mkdir()
        for file, content_bytes in source.samples.items():
            (folder / SAMPLES_FOLDER / file).write_bytes(content_bytes)
    if (folder / "baseline").is_dir():
        spec["baseline"] = "baseline"
    lineage = None if source.lineage is None else source.lineage.model_dump(mode="json", exclude_none=True)
    if lineage and (lineage := {key: value for key, value in lineage.items() if value}):
        spec["lineage"] = lineage
    text = yaml.safe_dump(spec, sort_keys=False, allow_unicode=True, width=118)
    head = f"# Imported from {_one_line(source.said)}. `greenroom package models/{name}` makes a release of it.\n"
    (folder / PACKAGE_FILE).write_text(f"{head}{text}", encoding="utf-8", newline="\n")


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _given_way(place: Path, source: ModelSource) -> frozenset[str]:
    """What of the former folder an import takes the place of: the model, and what was said or measured of it."""
    former = yaml.safe_load((place / PACKAGE_FILE).read_text(encoding="utf-8")) if _has_spec(place) else None
    model = former.get("model") if isinstance(former, dict) else None
    gone = {PACKAGE_FILE, METRICS_FILE, MODEL_FOLDER, *MEASURED_OF_THE_FORMER}
    gone |= {SAMPLES_FOLDER} if source.samples else set()
    return frozenset(gone | ({PurePosixPath(model).parts[0]} if isinstance(model, str) and model else set()))


def _has_spec(place: Path) -> bool:
    return (place / PACKAGE_FILE).is_file()


def _copy_the_rest(place: Path, folder: Path, source: ModelSource) -> None:
    """Into the staged folder, whatever of the former one an import does not write."""
    gone = _given_way(place, source)
    for path in place.iterdir():
        if path.name in gone:
            continue
        if path.is_dir() and not path.is_symlink():
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            shutil.copy2(path, folder / path.name, follow_symlinks=False)


@contextmanager
def _staged(models: Path) -> Iterator[Path]:
    models.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".importing-", dir=models))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, place: Path) -> None:
    """Renames the staged folder into its place; a former one gives way, and comes back where that fails."""
    folder.chmod(0o755)  # mkdtemp makes it private
    if not place.exists():
        folder.rename(place)
        return
    aside = Path(tempfile.mkdtemp(prefix=".former-", dir=place.parent))
    place.rename(aside / place.name)
    try:
        folder.rename(place)
    except BaseException:
        (aside / place.name).rename(place)
        aside.rmdir()
        raise
    shutil.rmtree(aside, ignore_errors=True)
