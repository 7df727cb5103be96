"""`GateReport`: everything that a gate measured, what it demanded, and what came of it; `evidence/gate.json`.

Figures are as they were measured; curves are thinned and rounded to what a plot shows. But for latencies, which are
measured anew each time, the same release and the same data give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model_packaging.errors import PackagingError
from model_packaging.gate.metric_table import METRICS, Comparison, TaskKind

Section = Literal[
    "answers",
    "metrics",
    "deployed",
    "overfitting",
    "slices",
    "calibration",
    "robustness",
    "fairness",
    "latency",
    "size",
]
Verdict = Literal["passed", "failed", "not_judged"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class InvalidGateReportError(PackagingError):
    """A `gate.json` that is none."""


class Interval(_Part):
    """Where a figure lies in that share of resamples."""

    low: float
    high: float
    level: float


class GateResult(_Part):
    """One demand, and what was measured."""

    section: Section
    """The block of `gate.yaml` that demands it; `answers` is demanded of every model."""
    name: str
    """What was measured: `roc_auc`, `accuracy of region = north`, `p99 of 1 row`, …"""
    verdict: Verdict
    """`not_judged` where there was nothing to judge by; `told` says why."""
    measured: float | None = None
    """None where it could not be measured."""
    comparison: Comparison | None = None
    """How it is compared."""
    threshold: float | None = None
    """What it is compared with."""
    margin: float | None = None
    """By how much it passed, or, negative, failed."""
    rows: int | None = None
    """How many rows, or requests, it was measured on."""
    interval: Interval | None = None
    """Where it lies when rows are drawn anew; None where that was not asked."""
    unit: str = ""
    """`ms`, `MiB`; empty for a figure without one."""
    told: str = ""
    """What else there is to know; why it failed where there is no figure."""

    @property
    def passed(self) -> bool:
        """Whether it keeps nothing from being released."""
        return self.verdict != "failed"


class DataFigures(_Part):
    """One set of rows, and every metric on it."""

    rows: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of its files' bytes: figures of other bytes are not on the same rows."""
    metrics: dict[str, float]
    """Every metric that the answers allow, asked for or not."""
    unavailable: dict[str, str] = {}
    """The other metrics of the task, and why they are not there."""


class Curve(_Part):
    """Points of a line."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class CalibrationBin(_Part):
    """Rows whose probabilities are near one another."""

    mean_probability: float
    positive_share: float
    rows: int


class Histogram(_Part):
    """Counts between edges."""

    edges: tuple[float, ...]
    counts: tuple[int, ...]


class Confusion(_Part):
    """Truth in rows, the model's labels in columns."""

    labels: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


class SliceFigures(_Part):
    """One slice, and the metrics it is judged by."""

    name: str
    rows: int
    judged: bool
    """False where it has too few rows, or a metric is not defined on it."""
    metrics: dict[str, float]


class GroupFigures(_Part):
    """The groups of one column."""

    column: str
    groups: dict[str, dict[str, float]]
    """Group to figure: `rows`, `selection_rate`, `recall`, `precision`, `accuracy`, `mae`, `mean_error`."""


class LatencyFigures(_Part):
    """Timed requests of one number of rows."""

    rows: int
    requests: int
    p50_ms: float
    p99_ms: float
    mean_ms: float
    histogram: Histogram


class DeployedFigures(_Part):
    """The release that is compared with."""

    model: str
    version: str
    digest: str
    same_rows: bool
    """Whether its figures are of the same rows; otherwise they are those of its own gate."""
    metrics: dict[str, float]


class Plots(_Part):
    """What the page draws; each None or empty where it does not apply."""

    roc: dict[str, Curve] = {}
    """By class: false positive rate to recall."""
    precision_recall: dict[str, Curve] = {}
    """By class: recall to precision."""
    calibration: tuple[CalibrationBin, ...] = ()
    confusion: Confusion | None = None
    scores: dict[str, Histogram] = {}
    """By true class: the positive score, or the probability of the class that was named."""
    predicted_and_actual: Curve | None = None
    """A sample of rows: the truth on x, the prediction on y."""
    error_quantiles: Curve | None = None
    """Share of rows to absolute error."""
    residuals: Histogram | None = None
    """Prediction minus truth."""
    noise: Curve | None = None
    """Relative noise to the metric."""


class GateReport(_Part):
    """What a gate measured of one release."""

    schema_version: Literal[1] = 1
    model: str
    version: str
    release: str
    """The release's digest."""
    gate_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of `gate.yaml` and its data."""
    task: TaskKind
    results: tuple[GateResult, ...]
    """In the order of the sections."""
    data: dict[str, DataFigures] = {}
    """`test`, `train`, `validation` to their figures."""
    slices: tuple[SliceFigures, ...] = ()
    groups: tuple[GroupFigures, ...] = ()
    latency: tuple[LatencyFigures, ...] = ()
    deployed: DeployedFigures | None = None
    plots: Plots = Plots()
    tools: dict[str, str] = {}
    """What measured: name to version."""

    @property
    def passed(self) -> bool:
        """Whether nothing failed."""
        return all(one.passed for one in self.results)

    @property
    def failures(self) -> tuple[GateResult, ...]:
        """What failed."""
        return tuple(one for one in self.results if not one.passed)

    @property
    def metrics(self) -> dict[str, float]:
        """Every metric on the test rows."""
        return dict(self.data["test"].metrics) if "test" in self.data else {}

    @property
    def content(self) -> dict[str, Any]:
        """What JSON holds of it: the fields in their order, and `passed` for who reads it without this package."""
        return {"passed": self.passed, **self.model_dump(mode="json")}

    def to_json(self) -> bytes:
        """`gate.json`."""
        return (json.dumps(self.content, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode()

    @classmethod
    def from_json(cls, content: bytes, shown: str = "gate.json") -> GateReport:
        """The report that `to_json` wrote.

        Raises:
            InvalidGateReportError: it is none.
        """
        try:
            fields = json.loads(content)
            passed = fields.pop("passed")
            report = cls.model_validate_json(json.dumps(fields))
        except (ValueError, AttributeError, KeyError, ValidationError) as error:
            raise InvalidGateReportError(f"{shown} is no report of a gate: {error}; package the model anew") from error
        if report.passed != passed:
            raise InvalidGateReportError(f"{shown} says passed: {passed}, and its results say {report.passed}")
        return report


def judged(
    section: Section,
    name: str,
    measured: float,
    comparison: Comparison,
    threshold: float,
    *,
    rows: int | None = None,
    interval: Interval | None = None,
    unit: str = "",
    told: str = "",
) -> GateResult:
    """The result of comparing a figure with a threshold; equal passes."""
    margin = measured - threshold if comparison == "at_least" else threshold - measured
    return GateResult(
        section=section,
        name=name,
        verdict="passed" if margin >= 0 else "failed",
        measured=measured,
        comparison=comparison,
        threshold=threshold,
        margin=margin,
        rows=rows,
        interval=interval,
        unit=unit,
        told=told,
    )


def failed(section: Section, name: str, told: str) -> GateResult:
    """A demand that failed without a figure."""
    return GateResult(section=section, name=name, verdict="failed", told=told)


def not_judged(
    section: Section, name: str, told: str, *, measured: float | None = None, rows: int | None = None
) -> GateResult:
    """A demand that there was nothing to judge by."""
    return GateResult(section=section, name=name, verdict="not_judged", told=told, measured=measured, rows=rows)


def worst_of(metric: str, slices: Sequence[SliceFigures]) -> SliceFigures:
    """The slice where the metric is worst; the first of several."""
    sign = 1 if METRICS[metric].greater_is_better else -1
    return min(slices, key=lambda one: sign * one.metrics[metric])
