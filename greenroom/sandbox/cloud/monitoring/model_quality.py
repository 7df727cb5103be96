"""A model-quality run: captured predictions joined with ground truth, and the metrics of the two.

Ground truth is JSON Lines under `GroundTruthS3Input/yyyy/mm/dd/hh/`: `{"groundTruthData": {"data": "1", "encoding":
"CSV"}, "eventMetadata": {"eventId": …}, "eventVersion": "0"}`, the event named by its inference id or event id.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from greenroom.sandbox.cloud.monitoring.captured_rows import CapturedDataError, CapturedEvent, Cell, cell_of
from greenroom.sandbox.cloud.monitoring.data_quality import Violation
from model_packaging.baselines.quality_figures import (
    SECTIONS,
    ClassCounts,
    binary_figures,
    multiclass_figures,
    ratio,
)

Metrics = dict[str, float]
_BROKEN: Final[dict[str, Callable[[float, float], bool]]] = {
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
}


@dataclass(frozen=True)
class Labelled:
    """A prediction and what was true: the predicted label or number, the probability where there is one."""

    predicted: Cell
    probability: float | None
    actual: Cell


def read_ground_truth(lines: Iterable[str]) -> dict[str, Cell]:
    """What was true, by event."""
    truth: dict[str, Cell] = {}
    for line in lines:
        if line.strip():
            record = json.loads(line)
            truth[record["eventMetadata"]["eventId"]] = cell_of(str(record["groundTruthData"]["data"]))
    return truth


def merge(
    events: Iterable[CapturedEvent], truth: Mapping[str, Cell], endpoint_input: Mapping[str, Any]
) -> list[Labelled]:
    """The events that ground truth is known of.

    `InferenceAttribute` and `ProbabilityAttribute` of the endpoint input name the output's columns, by name or index.

    Raises:
        CapturedDataError: An output has not the columns that the attributes name.
    """
    merged = []
    for event in events:
        actual = truth.get(event.inference_id or "", truth.get(event.event_id))
        if actual is None:
            continue
        for answered in event.output:
            probability = _attribute(answered, endpoint_input.get("ProbabilityAttribute"), event.event_id)
            predicted = _attribute(answered, endpoint_input.get("InferenceAttribute"), event.event_id)
            if predicted is None and probability is not None:
                predicted = float(
                    float(probability) >= float(endpoint_input.get("ProbabilityThresholdAttribute") or 0.5)
                )
            merged.append(Labelled(predicted, None if probability is None else float(probability), actual))
    return merged


def _attribute(row: Mapping[str, Cell], attribute: str | None, event_id: str) -> Cell:
    if attribute is None:
        return None
    names = [*row]
    name = names[int(attribute)] if attribute.isdigit() and int(attribute) < len(names) else attribute
    if name not in row:
        raise CapturedDataError(f"event {event_id} has no output {attribute!r}; it has {', '.join(names)}")
    return row[name]


def metrics_of(problem_type: str, labelled: Sequence[Labelled]) -> Metrics:
    """The metrics of a problem type, by the names of `statistics.json`."""
    if problem_type == "Regression":
        return _regression(labelled)
    return _binary(labelled) if problem_type == "BinaryClassification" else _multiclass(labelled)


def _regression(labelled: Sequence[Labelled]) -> Metrics:
    pairs = [(float(one.predicted or 0.0), float(one.actual or 0.0)) for one in labelled]
    errors = [predicted - actual for predicted, actual in pairs]
    mean = math.fsum(actual for _, actual in pairs) / len(pairs)
    squared, spread = math.fsum(one**2 for one in errors), math.fsum((actual - mean) ** 2 for _, actual in pairs)
    return {
        "mae": math.fsum(map(abs, errors)) / len(errors),
        "mse": squared / len(errors),
        "rmse": math.sqrt(squared / len(errors)),
        "r2": 1.0 - squared / spread if spread else 0.0,
    }


def _binary(labelled: Sequence[Labelled]) -> Metrics:
    rows = Counter((_is_positive(one.actual), _is_positive(one.predicted)) for one in labelled)
    metrics = binary_figures(
        rejections=rows[False, False],
        false_alarms=rows[False, True],
        misses=rows[True, False],
        hits=rows[True, True],
    )
    if all(one.probability is not None for one in labelled):
        metrics["auc"] = _auc([(one.probability or 0.0, _is_positive(one.actual)) for one in labelled])
    return metrics


def _multiclass(labelled: Sequence[Labelled]) -> Metrics:
    pairs = [(str(one.actual), str(one.predicted)) for one in labelled]
    actual, predicted = (Counter(side) for side in zip(*pairs, strict=True))
    hits = Counter(label for label, answered in pairs if label == answered)
    return multiclass_figures(ClassCounts(actual[label], predicted[label], hits[label]) for label in actual)


def _is_positive(cell: Cell) -> bool:
    return cell not in {0, None, "", "0", "false", "False"}


def _auc(scored: Sequence[tuple[float, bool]]) -> float:
    """The share of pairs of a positive and a negative that the scores put in order; ties count half."""
    positives = [score for score, is_positive in scored if is_positive]
    negatives = [score for score, is_positive in scored if not is_positive]
    wins = sum((high > low) + 0.5 * (high == low) for high in positives for low in negatives)
    return ratio(wins, float(len(positives) * len(negatives)))


def section(problem_type: str) -> str:
    """What a problem type's metrics and constraints are called in the documents."""
    return SECTIONS[problem_type]


def broken(problem_type: str, metrics: Metrics, constraints: Mapping[str, Any] | None) -> tuple[Violation, ...]:
    """The constraints that the metrics break; the wording is the one of AWS's sample report."""
    wanted: Mapping[str, Any] = (constraints or {}).get(f"{section(problem_type)}_constraints") or {}
    found = []
    for name, constraint in wanted.items():
        operator, threshold = constraint["comparison_operator"], float(constraint["threshold"])
        if name in metrics and _BROKEN[operator](metrics[name], threshold):
            description = f"Metric {name} with {metrics[name]} was {operator} {threshold}"
            found.append(Violation(name, operator, description))
    return tuple(found)
