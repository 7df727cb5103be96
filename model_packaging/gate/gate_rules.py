"""The rules of a gate beyond its shape: metrics that there are, thresholds that can be met, files (`gate_files`)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path

from model_packaging.complaints import did_you_mean
from model_packaging.gate.demands import Bounds, ColumnSlices, RefusedMissingValues, Slices, Threshold
from model_packaging.gate.gate_files import file_rules
from model_packaging.gate.gate_spec import ArrayFiles, FreeFormTask, GateSpec
from model_packaging.gate.metric_table import FAIRNESS_METRICS, METRICS, FairnessMetric, Metric, TaskKind, metrics_of
from model_packaging.yaml_lines import KeyPath, Rule

DEFAULT_LABEL = "label"
"""The column of the truth where the gate names none."""


def broken_rules(spec: GateSpec, model_folder: Path) -> Iterator[Rule]:
    """Every rule that the gate breaks."""
    return chain(
        _metric_rules(spec),
        _overfitting_rules(spec),
        _slice_rules(spec),
        _calibration_rules(spec),
        _robustness_rules(spec),
        _fairness_rules(spec),
        _latency_rules(spec),
        _column_rules(spec),
        file_rules(spec, model_folder),
        _nothing_demanded(spec),
    )


def _metric_rules(spec: GateSpec) -> Iterator[Rule]:
    for name, threshold in spec.metrics.items():
        path: KeyPath = ("metrics", name)
        yield from unknown_metric(path, name, spec.task.kind) or _bound_rules(path, threshold, METRICS[name])


def unknown_metric(path: KeyPath, name: str, task: TaskKind) -> list[Rule]:
    """The rule that a metric which is not there, or is another task's, breaks."""
    fitting = metrics_of(task)
    if name in fitting:
        return []
    allowed = ", ".join(fitting) or "none: a free_form task has no metrics"
    if name not in METRICS:
        return [Rule(path, name, f"there is no metric {name!r}", allowed, did_you_mean(name, list(fitting)))]
    others = " and ".join(sorted(METRICS[name].tasks))
    message = f"{name!r} is a metric of {others} tasks, and this one is {task}"
    return [Rule(path, name, message, allowed, "take it out")]


def _bound_rules(path: KeyPath, bounds: Bounds, metric: Metric) -> Iterator[Rule]:
    yield from _range_rules(path, bounds, metric)
    margin = bounds.not_worse_than_deployed if isinstance(bounds, Threshold) else None
    if margin is not None:
        yield from _margin_rules((*path, "not_worse_than_deployed", "by"), margin.by, metric)
    if margin is None and not bounds.demanded:
        yield Rule(path, None, "demands nothing", ", ".join(type(bounds).model_fields), "write one")


def _range_rules(path: KeyPath, bounds: Bounds, metric: Metric) -> Iterator[Rule]:
    for key, value in bounds.demanded:
        if not metric.can_be(value):
            message = f"{value:g} is impossible: {metric.name} is {metric.range_said}"
            yield Rule((*path, key), value, message, metric.range_said)
    yield from _order_rules(path, bounds)


def _order_rules(path: KeyPath, bounds: Bounds) -> Iterator[Rule]:
    if bounds.at_least is not None and bounds.at_most is not None and bounds.at_most < bounds.at_least:
        message = f"{bounds.at_most:g} is below at_least ({bounds.at_least:g}): nothing meets both"
        yield Rule((*path, "at_most"), bounds.at_most, message, f"{bounds.at_least:g} or more", "take one out")


def _margin_rules(path: KeyPath, value: float, metric: Metric) -> Iterator[Rule]:
    if metric.spread is not None and value >= metric.spread:
        message = f"{value:g} allows everything: {metric.name} is {metric.range_said}"
        yield Rule(path, value, message, f"0 to less than {metric.spread:g}")


def _overfitting_rules(spec: GateSpec) -> Iterator[Rule]:
    for name, limit in spec.overfitting.items():
        path: KeyPath = ("overfitting", name)
        yield from unknown_metric(path, name, spec.task.kind) or _margin_rules(
            (*path, "gap_at_most"), limit.gap_at_most, METRICS[name]
        )
    if spec.overfitting and spec.data.train is None:
        yield Rule(("overfitting",), None, "needs rows that the model was trained on", fix="write `data: {train: …}`")


def _slice_rules(spec: GateSpec) -> Iterator[Rule]:
    if spec.slices is None:
        return
    for name, bounds in spec.slices.worst.items():
        path: KeyPath = ("slices", "worst", name)
        yield from unknown_metric(path, name, spec.task.kind) or _bound_rules(path, bounds, METRICS[name])
    yield from _slice_edges(spec.slices)
    if isinstance(spec.data.test, ArrayFiles):
        yield Rule(("slices",), None, "arrays have no columns to make slices of", fix="give the test data as a table")


def _slice_edges(slices: Slices) -> Iterator[Rule]:
    for index, one in enumerate(slices.of):
        edges = one.edges if isinstance(one, ColumnSlices) else None
        if edges is not None and list(edges) != sorted(set(edges)):
            yield Rule(("slices", "of", index, "edges"), list(edges), "edges must ascend", fix="order them")


def _calibration_rules(spec: GateSpec) -> Iterator[Rule]:
    if spec.calibration is None:
        return
    if "ece" not in metrics_of(spec.task.kind):
        yield Rule(
            ("calibration",), None, f"a {spec.task.kind} task has no probabilities to calibrate", fix="take it out"
        )
    yield from _range_rules(("calibration",), Bounds(at_most=spec.calibration.at_most), METRICS["ece"])


def _robustness_rules(spec: GateSpec) -> Iterator[Rule]:
    robustness = spec.robustness
    if robustness is None:
        return
    if not robustness.demanded:
        yield Rule(("robustness",), None, "demands nothing", "missing_values, perturbation", "write one")
    for key, one in robustness.demanded.items():
        if isinstance(one, RefusedMissingValues):
            continue
        path: KeyPath = ("robustness", key)
        yield from unknown_metric((*path, "metric"), one.metric, spec.task.kind) or _margin_rules(
            (*path, "drop_at_most"), one.drop_at_most, METRICS[one.metric]
        )
    if spec.columns.features is not None:
        yield from robust_columns(spec, spec.columns.features)


def robust_columns(spec: GateSpec, features: Sequence[str], said: str = "is no feature") -> Iterator[Rule]:
    """The rules that columns to disturb break which are no features."""
    for key, one in ({} if spec.robustness is None else spec.robustness.demanded).items():
        for index, column in enumerate(one.columns or ()):
            if column not in features:
                path: KeyPath = ("robustness", key, "columns", index)
                allowed = ", ".join(features[:20])
                yield Rule(path, column, f"{column!r} {said}", allowed, did_you_mean(column, features))


def _fairness_rules(spec: GateSpec) -> Iterator[Rule]:
    for index, fairness in enumerate(spec.fairness):
        for name, bounds in fairness.limits.items():
            yield from _fairness_limit(("fairness", index, "limits", name), name, bounds, spec.task.kind)
    if spec.fairness and isinstance(spec.data.test, ArrayFiles):
        yield Rule(("fairness",), None, "arrays have no column that names a group", fix="give the test data as a table")


def _fairness_limit(path: KeyPath, name: str, bounds: Bounds, task: TaskKind) -> Iterator[Rule]:
    fitting = [one.name for one in FAIRNESS_METRICS.values() if task in one.tasks]
    if name not in fitting:
        message = f"there is no fairness metric {name!r} for a {task} task"
        yield Rule(path, name, message, ", ".join(fitting) or "none", did_you_mean(name, fitting))
        return
    metric = FAIRNESS_METRICS[name]
    for key, value in bounds.demanded:
        yield from _fairness_bound((*path, key), key, value, metric)
    if not bounds.demanded:
        yield Rule(path, None, "demands nothing", "at_least" if metric.is_ratio else "at_most", "write it")


def _fairness_bound(path: KeyPath, key: str, value: float, metric: FairnessMetric) -> Iterator[Rule]:
    wanted = "at_least" if metric.is_ratio else "at_most"
    if key != wanted:
        best = "1 is best" if metric.is_ratio else "0 is best"
        yield Rule(path, value, f"says {key} where {best}", wanted, f"write `{wanted}`")
    elif value < 0 or (metric.highest is not None and value > metric.highest):
        allowed = "0 or more" if metric.highest is None else f"0 to {metric.highest:g}"
        yield Rule(path, value, f"{value:g} is impossible: {metric.name} is {allowed}", allowed)


def _latency_rules(spec: GateSpec) -> Iterator[Rule]:
    for index, budget in enumerate(spec.latency):
        path: KeyPath = ("latency", index)
        if budget.p50_ms is None and budget.p99_ms is None:
            yield Rule(path, None, "demands nothing", "p50_ms, p99_ms", "write one")
        elif budget.p50_ms is not None and budget.p99_ms is not None and budget.p99_ms < budget.p50_ms:
            message = f"{budget.p99_ms:g} is below p50_ms ({budget.p50_ms:g}), which p99 never is"
            yield Rule((*path, "p99_ms"), budget.p99_ms, message, f"{budget.p50_ms:g} or more")
        if budget.rows > spec.request.rows_at_most:
            message = f"{budget.rows} rows are more than a request takes ({spec.request.rows_at_most})"
            yield Rule((*path, "rows"), budget.rows, message, fix="raise request.rows_at_most")


def _column_rules(spec: GateSpec) -> Iterator[Rule]:
    label = spec.columns.label or DEFAULT_LABEL
    for index, column in enumerate(spec.columns.features or ()):
        path: KeyPath = ("columns", "features", index)
        if column == label:
            yield Rule(path, column, f"{column!r} is the label: the model would be sent the truth", fix="take it out")
        elif column in spec.columns.not_features:
            yield Rule(path, column, f"{column!r} is among not_features, too", fix="take it out of one")


def _nothing_demanded(spec: GateSpec) -> Iterator[Rule]:
    demands = (spec.metrics, spec.overfitting, spec.slices, spec.calibration, spec.robustness, spec.fairness)
    if not isinstance(spec.task, FreeFormTask) and not any((*demands, spec.latency, spec.size)):
        yield Rule((), None, "demands nothing of the model", fix="write `metrics: …`")
