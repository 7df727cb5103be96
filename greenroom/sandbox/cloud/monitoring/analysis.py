"""What a monitoring job does between its inputs and its outputs: files of S3 in, reports and metrics out."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.cloud.monitoring import data_quality, model_quality
from greenroom.sandbox.cloud.monitoring.captured_rows import CapturedDataError, Cell, read_events, table
from greenroom.sandbox.cloud.monitoring.data_quality import Violation

NO_DATA = "Job inputs had no data"
"""AWS's own words for a window in which nothing was captured: aws/sagemaker-python-sdk#2634."""


class AnalysisError(Exception):
    """The job failed; the text is its failure reason."""


@dataclass(frozen=True)
class JobInputs:
    """What a monitoring job reads.

    Attributes:
        monitoring_type: `DataQuality` or `ModelQuality`; others are not run here.
        problem_type: of a model-quality job.
        endpoint_input: its `EndpointInput`.
        captured: the lines of the window's capture files.
        ground_truth: the lines of the window's ground truth.
        statistics: the baseline's `statistics.json`, where there is one.
        constraints: its `constraints.json`.
    """

    monitoring_type: str
    endpoint_input: Mapping[str, Any]
    captured: Sequence[str]
    problem_type: str | None = None
    ground_truth: Sequence[str] = ()
    statistics: Mapping[str, Any] | None = None
    constraints: Mapping[str, Any] | None = None


@dataclass(frozen=True)
class Report:
    """What a job leaves: its files by name, its violations, and its metrics: name, value and further dimensions."""

    files: Mapping[str, str]
    violations: tuple[Violation, ...]
    metrics: Sequence[tuple[str, float, Mapping[str, str]]] = field(default=())


def analyze(inputs: JobInputs) -> Report:
    """Run a job.

    Raises:
        AnalysisError: There is no data, or none that a table can be made of.
    """
    try:
        if inputs.monitoring_type == "DataQuality":
            return _data_quality(inputs)
        if inputs.monitoring_type == "ModelQuality":
            return _model_quality(inputs)
    except (CapturedDataError, ValueError, KeyError) as error:
        raise AnalysisError(f"AlgorithmError: {error}") from error
    raise AnalysisError(
        f"The local AWS runs DataQuality and ModelQuality monitors; {inputs.monitoring_type} needs SageMaker Clarify."
    )


def _data_quality(inputs: JobInputs) -> Report:
    from model_packaging.baseline import DataQualityBaseline

    names = [one["name"] for one in (inputs.constraints or inputs.statistics or {}).get("features", ())]
    columns = table(read_events(inputs.captured), names)
    if not columns:
        raise AnalysisError(NO_DATA)
    described = DataQualityBaseline.of({name: _of_one_type(cells) for name, cells in columns.items()})
    found = data_quality.compare(columns, inputs.statistics, inputs.constraints)
    emits = data_quality.Thresholds.of(inputs.constraints or {}).emits_metrics
    metrics: list[tuple[str, float, Mapping[str, str]]] = []
    for name, cells in columns.items() if emits else ():
        metrics += _feature_metrics(name, cells, found.distances.get(name))
    files = {
        "statistics.json": described.statistics_json().decode(),
        "constraints.json": described.constraints_json().decode(),
        "constraint_violations.json": _violations_file(found.violations),
    }
    return Report(files, found.violations, metrics)


def _of_one_type(cells: Sequence[Cell]) -> list[Cell]:
    """A column with any text in it is one of texts; a number that JSON has not is a missing one."""
    if any(isinstance(cell, str) for cell in cells):
        return [None if cell is None else str(cell) for cell in cells]
    return [cell if cell is not None and math.isfinite(float(cell)) else None for cell in cells]


def _feature_metrics(
    name: str, cells: Sequence[Cell], distance: float | None
) -> list[tuple[str, float, Mapping[str, str]]]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-cloudwatch.html."""
    feature = {"Feature": name}
    present = [cell for cell in cells if cell is not None]
    metrics: list[tuple[str, float, Mapping[str, str]]] = [
        (f"feature_non_null_{name}", len(present) / len(cells), feature),
        *((f"feature_data_{name}", number, feature) for number in _finite(present)),  # CloudWatch takes no other
    ]
    if distance is not None:
        metrics.append((f"feature_baseline_drift_{name}", distance, feature))
    return metrics


def _finite(cells: Sequence[Cell]) -> list[float]:
    numbers = [float(cell) for cell in cells if cell is not None and not isinstance(cell, str)]
    return [number for number in numbers if math.isfinite(number)]


def _model_quality(inputs: JobInputs) -> Report:
    problem_type = inputs.problem_type or "BinaryClassification"
    events = list(read_events(inputs.captured))
    labelled = model_quality.merge(events, model_quality.read_ground_truth(inputs.ground_truth), inputs.endpoint_input)
    if not labelled:
        raise AnalysisError(NO_DATA if not events else "No ground truth was found for the captured events")
    metrics = model_quality.metrics_of(problem_type, labelled)
    violations = model_quality.broken(problem_type, metrics, inputs.constraints)
    section = f"{model_quality.section(problem_type)}_metrics"
    statistics = {
        "version": 0.0,
        "dataset": {"item_count": len(labelled)},
        section: {name: {"value": value} for name, value in metrics.items()},
    }
    files = {"statistics.json": json.dumps(statistics), "constraint_violations.json": _violations_file(violations)}
    return Report(files, violations, [(name, value, {}) for name, value in metrics.items()])


def _violations_file(violations: Sequence[Violation]) -> str:
    return json.dumps({"violations": [one.document() for one in violations]}, indent=2)
