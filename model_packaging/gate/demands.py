"""What `gate.yaml` demands: thresholds, gaps, slices, calibration, robustness, fairness, latency and size.

A number that no model could reach, or that every model reaches, is refused when the gate is read (`gate_rules`).
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from model_packaging.gate.metric_table import Comparison
from model_packaging.gate.part import GatePart


class Margin(GatePart):
    """By how much the deployed release's figure may be missed."""

    by: float = Field(ge=0)
    """The most that the figure may be worse; 0 for not at all."""


class Bounds(GatePart):
    """What a figure must be."""

    at_least: float | None = None
    """The least it may be; without it nothing is too little."""
    at_most: float | None = None
    """The most it may be; without it nothing is too much."""

    @property
    def demanded(self) -> tuple[tuple[Comparison, float], ...]:
        """How a figure is compared, and with what; the bounds that are written."""
        bounds: tuple[tuple[Comparison, float | None], ...] = (("at_least", self.at_least), ("at_most", self.at_most))
        return tuple((comparison, threshold) for comparison, threshold in bounds if threshold is not None)


class Threshold(Bounds):
    """What a metric must be, by itself and beside the release that is deployed now."""

    not_worse_than_deployed: Margin | None = None
    """How much worse than the deployed release it may be, on the same rows; without it that is not compared. Where
    nothing is deployed it is not judged."""


class GapLimit(GatePart):
    """How far apart a metric may be on two sets of rows."""

    gap_at_most: float = Field(ge=0)
    """The most that the two may differ, whichever is the better one."""


class WhereSlice(GatePart):
    """The rows that an expression holds for."""

    where: str = Field(min_length=1)
    """A condition over the data's columns in SQL's words: `age >= 65 and region = 'north'`."""
    name: str | None = None
    """How the report names it; without it the expression."""


class ColumnSlices(GatePart):
    """A slice for each value of a column, or for each interval of it."""

    column: str = Field(min_length=1)
    """The column."""
    edges: tuple[float, ...] | None = Field(default=None, min_length=1)
    """Where intervals of a number begin: `[30, 60]` makes below 30, 30 to 60, 60 and above. Without it, a slice a
    value."""


class FileSlice(GatePart):
    """A test set of its own."""

    file: str = Field(min_length=1)
    """A table with the columns of the test data, relative to the model's folder."""
    name: str | None = None
    """How the report names it; without it the file."""


def _slice_kind(value: object) -> str:
    kinds: dict[str, type[GatePart]] = {"column": ColumnSlices, "file": FileSlice, "where": WhereSlice}
    for key, kind in kinds.items():
        if key in value if isinstance(value, Mapping) else isinstance(value, kind):
            return f"slice by {key}"
    # None of them: the violation names the keys of the kind that was most likely meant.
    written = [str(key) for key in value] if isinstance(value, Mapping) else []
    meant = [key for key in kinds if difflib.get_close_matches(key, written, n=1)]
    return f"slice by {meant[0] if meant else 'where'}"


Slice = Annotated[
    Annotated[WhereSlice, Tag("slice by where")]
    | Annotated[ColumnSlices, Tag("slice by column")]
    | Annotated[FileSlice, Tag("slice by file")],
    Discriminator(_slice_kind),
]


class Slices(GatePart):
    """Parts of the data, and what the worst of them must show."""

    of: tuple[Slice, ...] = Field(min_length=1)
    """The slices."""
    worst: dict[str, Bounds] = Field(min_length=1, json_schema_extra={"x-keys": "metric"})
    """Metric to what it must be on the slice where it is worst."""
    minimum_rows: int = Field(default=30, ge=1)
    """Slices with fewer rows are shown and not judged; 30 without it."""


class Calibration(GatePart):
    """How far probabilities may be from the shares they promise."""

    at_most: float
    """The most that the expected calibration error may be."""
    bins: int = Field(default=10, ge=2, le=100)
    """How many bins the probabilities are put into; 10 without it."""
    strategy: Literal["uniform", "quantile"] = "uniform"
    """Bins of the same width, which is what happens without it, or of the same number of rows."""


class RefusedMissingValues(GatePart):
    """Requests with a missing value are refused as the caller's mistake."""

    expect: Literal["refusal"]
    at_least: float = Field(default=1.0, gt=0, le=1)
    """The share of such requests that must be answered with 4xx; all without it. A 5xx always fails."""
    requests: int = Field(default=50, ge=1, le=10_000)
    """How many requests of one row are sent; 50 without it."""
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The features whose values go missing, one a request; all in turn without it."""


class AnsweredMissingValues(GatePart):
    """Rows with missing values are answered, and not much worse."""

    expect: Literal["answers"]
    metric: str
    """The metric that is compared."""
    drop_at_most: float = Field(ge=0)
    """How much worse it may be than on the whole rows."""
    rate: float = Field(default=0.1, gt=0, le=1)
    """The share of values that go missing; 0.1 without it."""
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The features whose values go missing; all without it."""


class Perturbation(GatePart):
    """Noise on the numbers of the test rows."""

    metric: str
    """The metric that is compared."""
    drop_at_most: float = Field(ge=0)
    """How much worse it may be than without noise."""
    relative_noise: float = Field(default=0.05, gt=0, le=10)
    """The noise's standard deviation, in those of each column; 0.05 without it. The report shows a quarter, half and
    twice of it, too."""
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The features that get it; all that are numbers without it. Whole numbers stay whole."""


class Robustness(GatePart):
    """What rows that are not as they should be may do."""

    missing_values: Annotated[RefusedMissingValues | AnsweredMissingValues, Field(discriminator="expect")] | None = None
    """Missing values: an empty field in CSV, `null` in JSON, NaN in NPY; without it that is not judged."""
    perturbation: Perturbation | None = None
    """Noise; without it that is not judged."""
    seed: int = Field(default=0, ge=0)
    """Of what is drawn: the same seed draws the same; 0 without it."""

    @property
    def demanded(self) -> dict[str, RefusedMissingValues | AnsweredMissingValues | Perturbation]:
        """What is judged, by its key."""
        parts = {"missing_values": self.missing_values, "perturbation": self.perturbation}
        return {key: one for key, one in parts.items() if one is not None}


class Fairness(GatePart):
    """What may differ between groups of rows."""

    group: str = Field(min_length=1)
    """The column that names a row's group; it need not be a feature."""
    limits: dict[str, Bounds] = Field(min_length=1, json_schema_extra={"x-keys": "fairness"})
    """`selection_rate_difference`, `selection_rate_ratio`, `equal_opportunity_difference`, … to what it must be."""
    minimum_rows: int = Field(default=30, ge=1)
    """Groups with fewer rows are shown and not judged; 30 without it."""


class LatencyBudget(GatePart):
    """How long a request may take, on the machine that packages, one after another."""

    rows: int = Field(default=1, ge=1, le=100_000)
    """Rows in a request; 1 without it."""
    p50_ms: float | None = Field(default=None, gt=0)
    """The most that half of the requests may take, in milliseconds; not judged without it."""
    p99_ms: float | None = Field(default=None, gt=0)
    """The most that 99 of 100 requests may take, in milliseconds; not judged without it."""
    requests: int = Field(default=100, ge=10, le=100_000)
    """How many are timed; 100 without it."""
    warm_up: int = Field(default=10, ge=0, le=10_000)
    """How many are sent before, untimed; 10 without it."""


class SizeBudget(GatePart):
    """How large the release may be."""

    model_mib_at_most: float = Field(gt=0)
    """The most that the files of `model/` may have together, in MiB."""


class Confidence(GatePart):
    """Bootstrap intervals of the judged metrics: how much of a figure is the luck of these rows."""

    level: float = Field(default=0.95, gt=0.5, lt=1)
    """The share of resamples in the interval; 0.95 without it."""
    resamples: int = Field(default=200, ge=0, le=10_000)
    """How often rows are drawn anew; 200 without it, 0 for no intervals. Of more than 50,000 rows fewer, at least 20,
    so that ten million are drawn in all."""
    seed: int = Field(default=0, ge=0)
    """Of the draws; 0 without it."""
