"""`FORMATS`, and `recognise`, which asks each of them.

A file is of one format or of none. A folder is asked as a whole first (a SavedModel, an `MLmodel`, a Triton repository,
a Hugging Face directory); where no format takes it, the files directly in it are, and one of them must be a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from model_packaging.errors import InvalidPackageError
from model_packaging.formats.errors import AmbiguousModelError, UnrecognisedFormatError
from model_packaging.formats.model_format import Format, RecognisedModel
from model_packaging.formats.onnx_format import OnnxFormat
from model_packaging.formats.sklearn_format import SklearnFormat

FORMATS: Mapping[str, Format] = {one.name: one for one in (OnnxFormat(), SklearnFormat())}
"""Every format, by name. Order counts: a format that is made of others (MLflow) is asked before them."""


def recognise(path: Path) -> RecognisedModel:
    """The model in a file or folder, recognised from its bytes; nothing of it is run.

    Raises:
        UnrecognisedFormatError: it is of no known format, or is empty, or is not there.
        AmbiguousModelError: a folder holds more than one model.
        BrokenModelError: it begins as a known format does, and is cut short or damaged.
    """
    if path.is_dir():
        return _recognise_folder(path)
    if not path.is_file():
        raise UnrecognisedFormatError(path, "there is no such file or folder", _titles())
    if path.stat().st_size == 0:
        raise UnrecognisedFormatError(path, "the file is empty", _titles())
    found = _ask(path)
    if found is None:
        with path.open("rb") as stream:
            head = stream.read(8).hex(" ")
        raise UnrecognisedFormatError(path, f"is of no known model format; its first bytes are {head}", _titles())
    return found


def _recognise_folder(folder: Path) -> RecognisedModel:
    whole = _ask(folder)
    if whole is not None:
        return whole
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    found = list(_models_among(entries))
    if len(found) == 1:
        return found[0]
    if not found:
        there = ", ".join(path.name for path in entries[:8]) or "nothing"
        raise UnrecognisedFormatError(folder, f"holds no model of a known format (there: {there})", _titles())
    raise AmbiguousModelError(folder, [f"{one.path.name} ({one.told})" for one in found])


def _models_among(entries: list[Path]) -> Iterator[RecognisedModel]:
    """The models among a folder's entries; one that is broken is told only where there is no whole one beside it."""
    broken: InvalidPackageError | None = None
    any_whole = False
    for path in entries:
        try:
            found = _ask(path) if path.is_dir() or path.stat().st_size else None
        except InvalidPackageError as error:
            broken = error
            continue
        if found is not None:
            any_whole = True
            yield found
    if broken is not None and not any_whole:
        raise broken


def _ask(path: Path) -> RecognisedModel | None:
    for one in FORMATS.values():
        found = one.recognise(path)
        if found is not None:
            return found
    return None


def _titles() -> list[str]:
    return [one.title for one in FORMATS.values()]
