"""Groups of rows compared: who is selected, whose positives are found, whose selections are right.

The terms are those of Hardt et al. 2016 (equal opportunity, https://arxiv.org/abs/1610.02413) and of SageMaker
Clarify's post-training bias metrics
(https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-post-training-bias.html).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model_packaging.gate.data_sets import DataSet
from model_packaging.gate.demands import Fairness
from model_packaging.gate.metric_table import FAIRNESS_METRICS, Comparison
from model_packaging.gate.outcome import Outcome
from model_packaging.gate.report import GateResult, GroupFigures, judged, not_judged
from model_packaging.gate.slices import group_name

COMPARED = {
    "selection_rate_difference": "selection_rate",
    "selection_rate_ratio": "selection_rate",
    "equal_opportunity_difference": "recall",
    "predictive_parity_difference": "precision",
    "accuracy_difference": "accuracy",
    "mae_difference": "mae",
    "mean_error_difference": "mean_error",
}
"""Which figure of a group each limit compares."""


def group_figures(wanted: Fairness, test: DataSet, outcome: Outcome) -> GroupFigures:
    """The figures of each group; one that is not defined in a group is left out there."""
    if test.table is None:
        return GroupFigures(column=wanted.group, groups={})
    values = np.array([group_name(value) for value in test.table[wanted.group].to_list()], dtype=object)
    groups = {name: _figures(outcome.taken(np.flatnonzero(values == name))) for name in sorted(set(values))}
    return GroupFigures(column=wanted.group, groups=groups)


def _figures(outcome: Outcome) -> dict[str, float]:
    found = {"rows": float(outcome.rows)}
    if outcome.task == "regression":
        if outcome.values is not None:
            errors = outcome.values - outcome.truth
            found |= {"mae": float(np.abs(errors).mean()), "mean_error": float(errors.mean())}
        return found
    if outcome.decided is None:
        return found
    found["accuracy"] = float((outcome.decided == outcome.truth).mean())
    if outcome.task == "binary":
        found["selection_rate"] = float(outcome.decided.mean())
        if outcome.truth.any():
            found["recall"] = float(outcome.decided[outcome.truth].mean())
        if outcome.decided.any():
            found["precision"] = float(outcome.truth[outcome.decided].mean())
    return found


def fairness_results(wanted: Fairness, figures: GroupFigures) -> Iterator[GateResult]:
    """What each limit comes to, over the groups with enough rows."""
    for limit, bounds in wanted.limits.items():
        name, figure = f"{limit} by {wanted.group}", COMPARED[limit]
        groups = {
            group: one[figure]
            for group, one in figures.groups.items()
            if one["rows"] >= wanted.minimum_rows and figure in one
        }
        if len(groups) < 2:
            told = f"fewer than two groups have {wanted.minimum_rows} rows with a {figure}"
            yield not_judged("fairness", name, told)
            continue
        low, high = min(groups, key=groups.__getitem__), max(groups, key=groups.__getitem__)
        is_ratio = FAIRNESS_METRICS[limit].is_ratio
        measured = ratio(groups[low], groups[high]) if is_ratio else groups[high] - groups[low]
        told = f"{figure} is {groups[low]:.4g} for {low} and {groups[high]:.4g} for {high}"
        comparison: Comparison = "at_least" if is_ratio else "at_most"
        threshold = bounds.at_least if is_ratio else bounds.at_most
        if threshold is not None:
            rows = int(sum(one["rows"] for group, one in figures.groups.items() if group in groups))
            yield judged("fairness", name, measured, comparison, threshold, rows=rows, told=told)


def ratio(low: float, high: float) -> float:
    """The lowest over the highest; 1 where nobody is selected at all."""
    return 1.0 if high == 0 else low / high
