"""Columns of files that hold types: numbers, truth values (1 and 0, as a monitor reads JSON's), texts and times."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.table import Cells, Place
from model_packaging.errors import Violation

if TYPE_CHECKING:
    import polars as pl


def without(series: pl.Series, missing: Sequence[str]) -> pl.Series:
    """The column, null where a text is one of `missing`, or a number is NaN and `missing` has `NaN`."""
    import polars as pl

    if not missing:
        return series
    if series.dtype == pl.String:
        return pl.select(pl.when(~series.is_in(list(missing))).then(series)).to_series().rename(series.name)
    if series.dtype.is_float() and "nan" in {one.lower() for one in missing}:
        return series.fill_nan(None)
    return series


def typed_cells(
    series: pl.Series, shown: str, name: str, place: Callable[[int], Place], *, as_text: bool = False
) -> Cells:
    """A column of a batch.

    Raises:
        BaselineDataError: the column holds lists, objects or bytes.
    """
    import polars as pl

    rows, kind = len(series), series.dtype
    if series.null_count() == rows:
        return Cells(rows, None, None, is_fractional=False, place=place)
    if kind.is_nested() or kind in (pl.Binary, pl.Object):
        message = f"holds {kind}; a monitor reads flat columns of numbers and text"
        fix = "flatten it, or leave it out of `columns`"
        raise BaselineDataError([Violation(shown, None, name, None, message, fix=fix)])
    if as_text or not (kind.is_numeric() or kind == pl.Boolean):
        return Cells(rows, None, series.cast(pl.String), is_fractional=False, place=place)
    return Cells(rows, series.cast(pl.Float64), None, not kind.is_integer() and kind != pl.Boolean, place)
