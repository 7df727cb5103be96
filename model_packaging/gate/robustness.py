"""Rows that are not as they should be: values that are missing, numbers that are a little off; drawn from a seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from model_packaging.gate.answers import head_of
from model_packaging.gate.data_sets import DataSet, Features
from model_packaging.gate.demands import AnsweredMissingValues, Perturbation, RefusedMissingValues
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.invocations import Invocations
from model_packaging.gate.metric_table import METRICS
from model_packaging.gate.metrics import Bins, MetricUnavailableError, figure
from model_packaging.gate.report import Curve, GateResult, failed, judged

SHOWN_LEVELS = (0.25, 0.5, 1.0, 2.0)
"""Of the noise that is judged: what the curve shows."""


@dataclass(frozen=True)
class Robust:
    """What robustness is measured with."""

    invocations: Invocations
    test: DataSet
    bins: Bins
    figures: dict[str, float]
    """Metrics on the whole, unchanged test rows."""
    seed: int
    progress: Callable[[str], None]

    def figure_of(self, metric: str, features: Features) -> float:
        """The metric on the test rows with these features in place of theirs."""
        changed = DataSet(self.test.name, self.test.sha256, features, self.test.labels)
        return figure(metric, self.invocations.outcome(changed), self.bins)


def missing_value_results(robust: Robust, wanted: RefusedMissingValues | AnsweredMissingValues) -> Iterator[GateResult]:
    """What missing values come to."""
    match wanted:
        case RefusedMissingValues():
            yield _refused(robust, wanted)
        case AnsweredMissingValues():
            yield _answered(robust, wanted)


def _refused(robust: Robust, wanted: RefusedMissingValues) -> GateResult:
    name = "requests with a missing value that are refused"
    columns = wanted.columns or robust.test.feature_names
    refused, first_answer = 0, ""
    for number in range(wanted.requests):
        row, column = robust.test.features[[number % robust.test.rows]], columns[number % len(columns)]
        response = robust.invocations.status(_without(row, {column: np.array([True])}))
        if response.status >= 500:
            told = head_of(response)
            return failed(
                "robustness", name,
                f"row {number % robust.test.rows + 1} without {column!r} was answered {response.status}: {told}",
            )  # fmt: skip
        refused += 400 <= response.status < 500
        if response.status < 400 and not first_answer:
            first_answer = f"row {number % robust.test.rows + 1} without {column!r} was answered {response.status}"
    share = refused / wanted.requests
    return judged(
        "robustness", name, share, "at_least", wanted.at_least, rows=wanted.requests,
        told=first_answer if share < wanted.at_least else "",
    )  # fmt: skip


def _answered(robust: Robust, wanted: AnsweredMissingValues) -> GateResult:
    name = f"drop of {wanted.metric} with {wanted.rate:.0%} of values missing"
    random = np.random.default_rng(robust.seed)
    columns = wanted.columns or robust.test.feature_names
    robust.progress(f"missing values: {robust.test.rows:,} rows")
    masks = {column: random.random(robust.test.rows) < wanted.rate for column in columns}
    return _drop(robust, name, wanted.metric, _without(robust.test.features, masks), wanted.drop_at_most)[0]


def _without(features: Features, masks: dict[str, np.ndarray[Any, Any]]) -> Features:
    """The rows with values missing where a mask says so."""
    if isinstance(features, pl.DataFrame):
        return features.with_columns(
            pl.when(pl.Series(mask)).then(None).otherwise(pl.col(name)).alias(name) for name, mask in masks.items()
        )
    changed = features.astype(features.dtype if np.issubdtype(features.dtype, np.floating) else np.float32)
    flat = changed.reshape(len(changed), -1)
    for name, mask in masks.items():
        flat[mask, int(name[1:])] = np.nan
    return flat.reshape(features.shape)


def perturbation_results(robust: Robust, wanted: Perturbation) -> tuple[list[GateResult], Curve | None]:
    """What noise comes to, and the metric at several levels of it."""
    name = f"drop of {wanted.metric} with noise of {wanted.relative_noise:g} standard deviations"
    levels = {0.0: robust.figures[wanted.metric]}
    results: list[GateResult] = []
    for share in SHOWN_LEVELS:
        level = wanted.relative_noise * share
        robust.progress(f"noise of {level:g}: {robust.test.rows:,} rows")
        noisy = with_noise(robust.test.features, level, wanted.columns, robust.seed)
        result, measured = _drop(robust, name, wanted.metric, noisy, wanted.drop_at_most)
        if measured is not None:
            levels[level] = measured
        if share == 1.0:
            results.append(result)
    curve = Curve(x=tuple(levels), y=tuple(levels.values())) if len(levels) > 1 else None
    return results, curve


def _drop(
    robust: Robust, name: str, metric: str, features: Features, at_most: float
) -> tuple[GateResult, float | None]:
    try:
        measured = robust.figure_of(metric, features)
    except (AnswerError, MetricUnavailableError) as error:
        return failed("robustness", name, str(error)), None
    drop = METRICS[metric].worse_by(measured, robust.figures[metric])
    told = f"{metric} is {measured:.4g}, and {robust.figures[metric]:.4g} without"
    return judged("robustness", name, drop, "at_most", at_most, rows=robust.test.rows, told=told), measured


def with_noise(features: Features, level: float, columns: Sequence[str] | None, seed: int) -> Features:
    """The rows with normal noise, `level` standard deviations of each column wide; whole numbers stay whole.

    The same seed draws the same noise whatever the level, so that levels can be compared.
    """
    random = np.random.default_rng(seed)
    if isinstance(features, pl.DataFrame):
        wanted = columns or [name for name, dtype in features.schema.items() if dtype.is_numeric()]
        return features.with_columns(_noisy(features[name], level, random) for name in wanted)
    noise = random.standard_normal(features.shape) * np.nanstd(features.astype(np.float64), axis=0) * level
    if columns is not None:
        places = [int(name[1:]) for name in columns]
        kept = np.ones(noise.reshape(len(noise), -1).shape, dtype=bool)
        kept[:, places] = False
        noise = np.where(kept.reshape(noise.shape), 0.0, noise)
    return _as_it_was(features + noise, features.dtype)


def _noisy(column: pl.Series, level: float, random: np.random.Generator) -> pl.Series:
    numbers = column.cast(pl.Float64).fill_null(float("nan")).to_numpy()
    finite = numbers[np.isfinite(numbers)]
    spread = float(finite.std()) if finite.size else 0.0
    noisy = numbers + random.standard_normal(len(numbers)) * spread * level
    if column.dtype.is_integer():
        noisy = np.rint(noisy)
    return pl.Series(column.name, noisy).fill_nan(None).cast(column.dtype, strict=False)


def _as_it_was(values: np.ndarray[Any, Any], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if np.issubdtype(dtype, np.integer):
        bounds = np.iinfo(dtype)
        values = np.clip(np.rint(values), bounds.min, bounds.max)
    return values.astype(dtype)
