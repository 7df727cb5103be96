"""The rules of a gate beyond its shape: metrics that there are, thresholds that can be met, files that are there."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from pathlib import Path

from model_packaging.gate.demands import (
    Bounds,
    FileSlice,
    RefusedMissingValues,
    Slices,
    Threshold,
)
from model_packaging.gate.gate_spec import ArrayFiles, FreeFormTask, GateSpec, TableFile
from model_packaging.gate.metric_table import FAIRNESS_METRICS, METRICS, FairnessMetric, Metric, TaskKind, metrics_of
from model_packaging.release import checked_path
from model_packaging.yaml_lines import KeyPath, Rule

DEFAULT_LABEL = "label"
"""The column of the truth where the gate names none."""

TABLE_SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson")


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
        _file_rules(spec, model_folder),
        _nothing_demanded(spec),
    )


def _metric_rules(spec: GateSpec) -> Iterator[Rule]:
    for name, threshold in spec.metrics.items():
        path: KeyPath = ("metrics", name)
        unknown = unknown_metric(path, name, spec.task.kind)
        if unknown is not None:
            yield unknown
            continue
        yield from _bound_rules(path, threshold, METRICS[name])
        if threshold.not_worse_than_deployed is not None:
            margin_path = (*path, "not_worse_than_deployed", "by")
            yield from _margin_rules(margin_path, threshold.not_worse_than_deployed.by, METRICS[name])
        if _says_nothing(threshold):
            yield Rule(path, None, "demands nothing", "at_least, at_most, not_worse_than_deployed", "write one")


def _says_nothing(bounds: Bounds) -> bool:
    compared = isinstance(bounds, Threshold) and bounds.not_worse_than_deployed is not None
    return bounds.at_least is None and bounds.at_most is None and not compared


def unknown_metric(path: KeyPath, name: str, task: TaskKind) -> Rule | None:
    """The rule that a metric which is not there, or is another task's, breaks."""
    fitting = metrics_of(task)
    if name in fitting:
        return None
    allowed = ", ".join(fitting) or "none: a free_form task has no metrics"
    if name in METRICS:
        others = " and ".join(sorted(METRICS[name].tasks))
        return Rule(
            path, name, f"{name!r} is a metric of {others} tasks, and this one is {task}", allowed, "take it out"
        )
    return Rule(path, name, f"there is no metric {name!r}", allowed, _did_you_mean(name, fitting))


def _did_you_mean(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"did you mean {near[0]!r}?" if near else ""


def _bound_rules(path: KeyPath, bounds: Bounds, metric: Metric) -> Iterator[Rule]:
    for key, value in (("at_least", bounds.at_least), ("at_most", bounds.at_most)):
        if value is not None and not metric.can_be(value):
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
        unknown = unknown_metric(path, name, spec.task.kind)
        if unknown is not None:
            yield unknown
        else:
            yield from _margin_rules((*path, "gap_at_most"), limit.gap_at_most, METRICS[name])
    if spec.overfitting and spec.data.train is None:
        yield Rule(("overfitting",), None, "needs rows that the model was trained on", fix="write `data: {train: …}`")


def _slice_rules(spec: GateSpec) -> Iterator[Rule]:
    slices = spec.slices
    if slices is None:
        return
    yield from _bounds_by_metric(("slices", "worst"), slices.worst, spec.task.kind)
    yield from _slice_edges(slices)
    if isinstance(spec.data.test, ArrayFiles):
        yield Rule(("slices",), None, "arrays have no columns to make slices of", fix="give the test data as a table")


def _slice_edges(slices: Slices) -> Iterator[Rule]:
    for index, one in enumerate(slices.of):
        edges = getattr(one, "edges", None)
        if edges is not None and list(edges) != sorted(set(edges)):
            yield Rule(("slices", "of", index, "edges"), list(edges), "edges must ascend", fix="order them")


def _bounds_by_metric(path: KeyPath, bounds: Mapping[str, Bounds], task: TaskKind) -> Iterator[Rule]:
    for name, one in bounds.items():
        unknown = unknown_metric((*path, name), name, task)
        if unknown is not None:
            yield unknown
            continue
        yield from _bound_rules((*path, name), one, METRICS[name])
        if _says_nothing(one):
            yield Rule((*path, name), None, "demands nothing", "at_least, at_most", "write one")


def _calibration_rules(spec: GateSpec) -> Iterator[Rule]:
    if spec.calibration is None:
        return
    if "ece" not in metrics_of(spec.task.kind):
        yield Rule(
            ("calibration",), None, f"a {spec.task.kind} task has no probabilities to calibrate", fix="take it out"
        )
    yield from _bound_rules(("calibration",), Bounds(at_most=spec.calibration.at_most), METRICS["ece"])


def _robustness_rules(spec: GateSpec) -> Iterator[Rule]:
    robustness = spec.robustness
    if robustness is None:
        return
    if robustness.missing_values is None and robustness.perturbation is None:
        yield Rule(("robustness",), None, "demands nothing", "missing_values, perturbation", "write one")
    for key, one in (("missing_values", robustness.missing_values), ("perturbation", robustness.perturbation)):
        if one is None or isinstance(one, RefusedMissingValues):
            continue
        path: KeyPath = ("robustness", key)
        unknown = unknown_metric((*path, "metric"), one.metric, spec.task.kind)
        if unknown is not None:
            yield unknown
        else:
            yield from _margin_rules((*path, "drop_at_most"), one.drop_at_most, METRICS[one.metric])
    yield from _robust_columns(spec)


def _robust_columns(spec: GateSpec) -> Iterator[Rule]:
    features = spec.columns.features
    if spec.robustness is None or features is None:
        return
    missing, noise = spec.robustness.missing_values, spec.robustness.perturbation
    for key, one in (("missing_values", missing), ("perturbation", noise)):
        columns = () if one is None else one.columns or ()
        for index, column in enumerate(columns):
            if column not in features:
                path: KeyPath = ("robustness", key, "columns", index)
                yield Rule(
                    path, column, f"{column!r} is no feature", ", ".join(features), _did_you_mean(column, features)
                )


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
        yield Rule(path, name, message, ", ".join(fitting) or "none", _did_you_mean(name, fitting))
        return
    metric = FAIRNESS_METRICS[name]
    for key, value in (("at_least", bounds.at_least), ("at_most", bounds.at_most)):
        if value is not None:
            yield from _fairness_bound((*path, key), key, value, metric)
    if _says_nothing(bounds):
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


def _file_rules(spec: GateSpec, model_folder: Path) -> Iterator[Rule]:
    for path, file, suffixes in _named_files(spec):
        problem = _file_problem(file, suffixes, model_folder)
        if problem is not None:
            yield Rule(path, file, problem, fix="name a file inside the model's folder, or put it there")
    for key in ("test", "train", "validation"):
        one = getattr(spec.data, key)
        if isinstance(one, ArrayFiles) and one.labels is None and not isinstance(spec.task, FreeFormTask):
            yield Rule(("data", key), None, "has no labels to judge by", fix="write `labels: FILE.npy`")


def _named_files(spec: GateSpec) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    for key in ("test", "train", "validation"):
        match getattr(spec.data, key):
            case TableFile(file=file):
                yield ("data", key, "file"), file, TABLE_SUFFIXES
            case ArrayFiles(rows=rows, labels=labels):
                yield ("data", key, "rows"), rows, (".npy",)
                if labels is not None:
                    yield ("data", key, "labels"), labels, (".npy",)
    for index, one in enumerate(() if spec.slices is None else spec.slices.of):
        if isinstance(one, FileSlice):
            yield ("slices", "of", index, "file"), one.file, TABLE_SUFFIXES


def data_files(spec: GateSpec) -> list[str]:
    """Every file of rows or labels that the gate names, once."""
    return list(dict.fromkeys(file for _, file, _ in _named_files(spec)))


def _file_problem(file: str, suffixes: tuple[str, ...], model_folder: Path) -> str | None:
    try:
        path = model_folder / checked_path(file)
    except ValueError as error:
        return str(error)
    if path.suffix not in suffixes:
        return f"{file!r} is not read: its name ends in none of {', '.join(suffixes)}"
    if not path.exists():
        near = difflib.get_close_matches(file, _files_like(model_folder, suffixes), n=1)
        return f"there is no file {file!r}" + (f"; did you mean {near[0]!r}?" if near else "")
    if not path.resolve().is_relative_to(model_folder.resolve()):
        return f"{file!r} is a link that leads out of the model's folder, to {path.resolve()}"
    return None if path.is_file() else f"{file!r} is not a file"


def _files_like(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.suffix in suffixes)


def _nothing_demanded(spec: GateSpec) -> Iterator[Rule]:
    demands = (spec.metrics, spec.overfitting, spec.slices, spec.calibration, spec.robustness, spec.fairness)
    if not isinstance(spec.task, FreeFormTask) and not any((*demands, spec.latency, spec.size)):
        yield Rule((), None, "demands nothing of the model", fix="write `metrics: …`")
