"""`FORMATS`, and `recognise`, which asks each of them.

A file is of one format or of none. A folder is asked as a whole first (a SavedModel, an `MLmodel`, a Triton repository,
a Hugging Face directory); where no format takes it, the files directly in it are, and one of them must be a model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from model_packaging.errors import InvalidPackageError
from model_packaging.formats.catboost_format import CatboostFormat
from model_packaging.formats.errors import AmbiguousModelError, UnrecognisedFormatError
from model_packaging.formats.executorch_program import ExecutorchFormat
from model_packaging.formats.exported_program import ExportedProgramFormat
from model_packaging.formats.huggingface import HuggingfaceFormat
from model_packaging.formats.lightgbm_format import LightgbmFormat
from model_packaging.formats.mlflow_model import MlflowModelFormat
from model_packaging.formats.model_format import Format, RecognisedModel
from model_packaging.formats.onnx_format import OnnxFormat
from model_packaging.formats.python_format import PythonFormat
from model_packaging.formats.sklearn_format import SklearnFormat, pickled_root
from model_packaging.formats.tensorflow_saved_model import TensorflowSavedModelFormat
from model_packaging.formats.tensorrt import TensorrtFormat
from model_packaging.formats.torchscript import TorchScriptFormat
from model_packaging.formats.triton import TritonFormat
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


GIT_LFS = b"version https://git-lfs.github.com/spec/"


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
        raise UnrecognisedFormatError(path, f"is of no known model format; {_seen(path)}", _titles())
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
        there = ", ".join(path.name for path in entries[:8]) or "nothing"
        if len(entries) > MAXIMUM_ENTRIES:
            there = f"{len(entries)} entries, too many to look at each: name the model's own file"
        raise UnrecognisedFormatError(folder, f"holds no model of a known format (there: {there})", _titles())
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


def _seen(path: Path) -> str:
    """What the bytes are, as far as they tell."""
    with path.open("rb") as stream:
        if stream.read(len(GIT_LFS)) == GIT_LFS:
            return "it is Git LFS's pointer to the file, which `git lfs pull` fetches"
    root = pickled_root(path)
    if root is not None:
        return f"it is a pickle of {root}"
    with path.open("rb") as stream:
        return f"its first bytes are {stream.read(8).hex(' ')}"


def _titles() -> list[str]:
    return [one.title for one in FORMATS.values()]
