"""How far apart a metric is on rows that the model was trained on and on rows that it was not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_packaging.gate.demands import GapLimit
from model_packaging.gate.report import DataFigures, GateResult, failed, judged


def overfitting_results(limits: Mapping[str, GapLimit], data: Mapping[str, DataFigures]) -> Iterator[GateResult]:
    """What each gap comes to, from train to validation rows, or to test rows where there are none of those."""
    other = "validation" if "validation" in data else "test"
    for name, limit in limits.items():
        here, there = data["train"].metrics.get(name), data[other].metrics.get(name)
        title = f"gap of {name} between train and {other}"
        if here is None or there is None:
            yield failed("overfitting", title, f"{name} cannot be measured on the train or {other} rows")
            continue
        told = f"{name} is {here:.4g} on train and {there:.4g} on {other}"
        rows = data["train"].rows
        yield judged("overfitting", title, gap(here, there), "at_most", limit.gap_at_most, rows=rows, told=told)


def gap(one: float, other: float) -> float:
    """How far apart two figures are, whichever is the better one."""
    return abs(one - other)
