"""The release that is deployed now, beside the one that is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from model_packaging.gate.metric_table import METRICS, Comparison
from model_packaging.gate.report import (
    DataFigures,
    DeployedFigures,
    GateReport,
    GateResult,
    failed,
    judged,
    not_judged,
)


def deployed_figures(against: GateReport, test: DataFigures | None) -> DeployedFigures:
    """What the other release's figures are, and whether they are of the same rows."""
    return DeployedFigures(
        model=against.model,
        version=against.version,
        digest=against.release,
        same_rows=_same_rows(against, test),
        metrics=against.metrics,
    )


def _same_rows(against: GateReport, test: DataFigures | None) -> bool:
    theirs = against.data.get("test")
    return theirs is not None and test is not None and theirs.sha256 == test.sha256


def deployed_results(
    margins: Mapping[str, float], test: DataFigures, against: GateReport | None
) -> Iterator[GateResult]:
    """What each comparison comes to; where nothing is deployed, there is nothing to judge by."""
    for name, margin in margins.items():
        ours = test.metrics[name]
        if against is None:
            yield not_judged("deployed", name, "nothing is deployed to compare with", measured=ours, rows=test.rows)
            continue
        theirs = against.metrics.get(name)
        if theirs is None:
            yield failed("deployed", name, _why_not(name, against))
            continue
        metric = METRICS[name]
        comparison: Comparison = "at_least" if metric.greater_is_better else "at_most"
        threshold = theirs - margin if metric.greater_is_better else theirs + margin
        same = "the same rows" if _same_rows(against, test) else "other rows, of its own gate"
        told = f"{against.version} ({against.release[:19]}…) has {theirs:.4g} on {same}; at most {margin:g} worse"
        yield judged("deployed", name, ours, comparison, threshold, rows=test.rows, told=told)


def _why_not(name: str, against: GateReport) -> str:
    release = f"{against.version} ({against.release[:19]}…)"
    unanswered = next((one.told for one in against.failures if one.section == "answers"), None)
    if unanswered is not None:
        return f"{release} does not answer these rows, and has no report of its own gate: {unanswered}"
    return f"{release} has no {name}; it has: {', '.join(against.metrics) or 'none'}"
