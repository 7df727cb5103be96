"""`FORMATS`, and `recognise`, which asks each of them.

A file is of one format or of none. A folder is asked as a whole first (a SavedModel, an `MLmodel`, a Triton repository,
a Hugging Face directory); where no format takes it, the files directly in it are, and one of them must be a model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from model_packaging.errors import InvalidPackageError
from model_packaging.formats.catboost_format import CatboostFormat
from model_packaging.formats.errors import AmbiguousModelError, BrokenModelError, UnrecognisedFormatError
from model_packaging.formats.executorch_program import ExecutorchFormat
from model_packaging.formats.exported_program import ExportedProgramFormat
from model_packaging.formats.folder_files import first_few, is_lfs_pointer
from model_packaging.formats.huggingface import HuggingfaceFormat
from model_packaging.formats.lightgbm_format import LightgbmFormat
from model_packaging.formats.mlflow_model import MlflowModelFormat
from model_packaging.formats.model_format import Format, RecognisedModel
from model_packaging.formats.onnx_format import OnnxFormat
from model_packaging.formats.python_format import PythonFormat
from model_packaging.formats.sklearn_format import SklearnFormat
from model_packaging.formats.tensorflow_saved_model import TensorflowSavedModelFormat
from model_packaging.formats.tensorrt import TensorrtFormat
from model_packaging.formats.torchscript import TorchScriptFormat
from model_packaging.formats.triton import TritonFormat
from model_packaging.formats.unserved import what_file_it_is, what_folder_it_is
from model_packaging.formats.xgboost_format import XgboostFormat

FORMATS: Mapping[str, Format] = {
    one.name: one
    for one in (
        MlflowModelFormat(),
        TensorflowSavedModelFormat(),
        HuggingfaceFormat(),
        TritonFormat(),
        TorchScriptFormat(),
        ExportedProgramFormat(),
        ExecutorchFormat(),
        TensorrtFormat(),
        OnnxFormat(),
        XgboostFormat(),
        LightgbmFormat(),
        CatboostFormat(),
        SklearnFormat(),
        PythonFormat(),
    )
}
"""Every format, by name. Order counts: a format that is made of others is asked before them, and Python functions,
which any folder with an inference module is, last."""


MAXIMUM_ENTRIES = 1000
"""A folder of more files than these is no folder of a model's file beside some others."""


def recognise(path: Path) -> RecognisedModel:
    """The model in a file or folder, recognised from its bytes; nothing of it is run.

    Raises:
        UnrecognisedFormatError: it is of no known format, or is empty, or is not there.
        AmbiguousModelError: a folder holds more than one model.
        BrokenModelError: it begins as a known format does, and is cut short or damaged, or was not fetched as a whole.
    """
    try:
        found = _recognised(path)
    except BrokenModelError as error:
        _refuse_pointers([error.path])
        raise
    _refuse_pointers(found.files.values())
    return found


def _refuse_pointers(files: Iterable[Path]) -> None:
    """Git LFS has a pointer in the place of each file that it did not fetch: then no model is whole."""
    pointers = [path for path in files if is_lfs_pointer(path)]
    if pointers:
        names = first_few([path.name for path in pointers])
        message = f"it was not fetched as a whole: in the place of {names} stands the pointer to it"
        raise BrokenModelError(pointers[0], "Git LFS", message, fix="run `git lfs pull`")


def _recognised(path: Path) -> RecognisedModel:
    if path.is_dir():
        return _recognise_folder(path)
    if not path.is_file():
        raise UnrecognisedFormatError(path, "there is no such file or folder", _titles())
    if path.stat().st_size == 0:
        raise UnrecognisedFormatError(path, "the file is empty", _titles())
    found = _ask(path)
    if found is None:
        raise _no_format(path)
    return found


def _recognise_folder(folder: Path) -> RecognisedModel:
    whole = _ask(folder)
    if whole is not None and whole.format != PythonFormat.name:
        return whole
    entries = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    found = list(_models_among(entries, or_none=whole is not None)) if len(entries) <= MAXIMUM_ENTRIES else []
    if whole is not None:
        return _with_own_module(found[0], whole) if len(found) == 1 else whole
    if len(found) == 1:
        return found[0]
    if not found:
        raise _nothing_in(folder, entries)
    raise AmbiguousModelError(folder, [f"{one.path.name} ({one.told})" for one in found])


def _with_own_module(model: RecognisedModel, functions: RecognisedModel) -> RecognisedModel:
    """A model beside an inference module: of the model's format, served by the module."""
    told = f"{model.told}; served by its own inference.py"
    return replace(model, told=told, files=functions.files)


def _models_among(entries: list[Path], *, or_none: bool) -> Iterator[RecognisedModel]:
    """The models among a folder's entries; one that is broken is told only where nothing else can be served.

    Args:
        entries: The folder's.
        or_none: Whether an inference module is there, which may read what no format has, such as bare weights.
    """
    broken: InvalidPackageError | None = None
    any_whole = False
    for path in entries:
        try:
            found = _ask(path) if path.is_dir() or (path.is_file() and path.stat().st_size) else None
        except InvalidPackageError as error:
            broken = error
            continue
        if found is not None:
            any_whole = True
            yield found
    if broken is not None and not any_whole and not or_none:
        raise broken


def _ask(path: Path) -> RecognisedModel | None:
    for one in FORMATS.values():
        found = one.recognise(path)
        if found is not None:
            return found
    return None


def _no_format(path: Path) -> UnrecognisedFormatError:
    told = what_file_it_is(path)
    if told is None:
        with path.open("rb") as stream:
            seen = f"its first bytes are {stream.read(8).hex(' ')}"
        return UnrecognisedFormatError(path, f"is of no known model format; {seen}", _titles())
    return UnrecognisedFormatError(path, f"is of no known model format; it is {told.what}", _titles(), fix=told.fix)


def _nothing_in(folder: Path, entries: list[Path]) -> UnrecognisedFormatError:
    if len(entries) > MAXIMUM_ENTRIES:
        there, told = f"{len(entries)} entries, too many to look at each: name the model's own file", None
    else:
        there, told = ", ".join(path.name for path in entries[:8]) or "nothing", what_folder_it_is(folder, entries)
    message = f"holds no model of a known format (there: {there})"
    if told is None:
        return UnrecognisedFormatError(folder, message, _titles())
    return UnrecognisedFormatError(folder, f"{message}; it is {told.what}", _titles(), fix=told.fix)


def _titles() -> list[str]:
    return [one.title for one in FORMATS.values()]
