"""The rows that a model is compared and measured on: CSV, `.npy`, or `.npz` with an array an input."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from model_packaging.errors import InvalidPackageError, Violation

if TYPE_CHECKING:
    import numpy as np

Rows: TypeAlias = "dict[str, np.ndarray[Any, Any]]"
"""Input's name to its rows, all of one length; the name is empty where a file holds one unnamed input."""


_FIX = "write numbers: CSV without a header, .npy, or .npz with an array an input"


def read_rows(path: Path) -> Rows:
    """The arrays of a file of rows.

    Raises:
        InvalidPackageError: it is not such a file, has no rows, or its arrays have different lengths.
    """
    shown = path.as_posix()
    try:
        rows = _read(path)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        told = str(error).splitlines()[0] if str(error) else type(error).__name__
        message = f"is not a file of rows: {told}"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix=_FIX)]) from error
    flat = ", ".join(name or "rows" for name, values in rows.items() if values.ndim == 0)
    if flat:
        raise InvalidPackageError([Violation(shown, None, "", None, f"has no rows but one value: {flat}", fix=_FIX)])
    lengths = {len(values) for values in rows.values()}
    if len(lengths) != 1 or lengths == {0}:
        told = ", ".join(f"{name or 'rows'} {len(values)}" for name, values in rows.items()) or "no array"
        message = f"must hold at least one row, as many of every input; it has: {told}"
        raise InvalidPackageError([Violation(shown, None, "", None, message)])
    return rows


def _read(path: Path) -> Rows:
    import numpy as np

    match path.suffix:
        case ".npy":
            return {"": np.load(path, allow_pickle=False)}
        case ".npz":
            with np.load(path, allow_pickle=False) as arrays:
                return {name: arrays[name] for name in arrays.files}
        case ".csv":
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", "loadtxt: input contained no data", UserWarning)  # read_rows tells it
                return {"": np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)}
        case "":
            raise ValueError("its name has no ending; allowed: .csv, .npy, .npz")
        case _:
            raise ValueError(f"its name ends in {path.suffix!r}; allowed: .csv, .npy, .npz")


def row_count(rows: Rows) -> int:
    """How many rows there are."""
    return len(next(iter(rows.values())))


def one_row(rows: Rows, index: int) -> Rows:
    """Row `index` of every input, as a batch of one."""
    return {name: values[index : index + 1] for name, values in rows.items()}


def single(rows: Rows) -> Any:
    """The array of a model that has one input.

    Raises:
        ValueError: there are several.
    """
    if len(rows) != 1:
        raise ValueError(f"this model has one input; the rows are of {', '.join(sorted(rows))}")
    return next(iter(rows.values()))
