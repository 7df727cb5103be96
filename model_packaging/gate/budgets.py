"""Budgets: how long a request takes on this machine, and how large the release is."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from model_packaging.gate.data_sets import DataSet
from model_packaging.gate.demands import LatencyBudget, SizeBudget
from model_packaging.gate.invocations import Invocations, rows_for
from model_packaging.gate.report import GateResult, Histogram, LatencyFigures, judged
from model_packaging.gate.report_table import rows_told
from model_packaging.release import MODEL_FOLDER, Release

MIB = 1024 * 1024
HISTOGRAM_BINS = 30


def latency_figures(wanted: LatencyBudget, invocations: Invocations, test: DataSet) -> LatencyFigures:
    """Times requests one after another, on as many different rows as there are.

    Raises:
        AnswerError: one is answered with an error.
    """
    batches = max(test.rows // wanted.rows, 1)
    rows = rows_for(test.features, batches * wanted.rows)
    starts = [number % batches * wanted.rows for number in range(wanted.warm_up + wanted.requests)]
    taken = [invocations.milliseconds(rows[start : start + wanted.rows]) for start in starts][wanted.warm_up :]
    counts, edges = np.histogram(taken, bins=HISTOGRAM_BINS)
    return LatencyFigures(
        rows=wanted.rows,
        requests=wanted.requests,
        p50_ms=round(float(np.percentile(taken, 50)), 4),
        p99_ms=round(float(np.percentile(taken, 99)), 4),
        mean_ms=round(float(np.mean(taken)), 4),
        histogram=Histogram(
            edges=tuple(round(one, 4) for one in edges.tolist()), counts=tuple(int(one) for one in counts)
        ),
    )


def latency_results(wanted: LatencyBudget, figures: LatencyFigures) -> Iterator[GateResult]:
    """What the budget comes to."""
    request = rows_told(wanted.rows)
    for name, measured, threshold in (
        ("p50", figures.p50_ms, wanted.p50_ms),
        ("p99", figures.p99_ms, wanted.p99_ms),
    ):
        if threshold is not None:
            yield judged(
                "latency", f"{name} of {request}", measured, "at_most", threshold, rows=figures.requests, unit="ms"
            )


def size_result(wanted: SizeBudget, release: Release) -> GateResult:
    """What the release's model files come to."""
    size_bytes = sum(file.size_bytes for file in release.files if file.path.startswith(MODEL_FOLDER))
    return judged("size", "files of model/", size_bytes / MIB, "at_most", wanted.model_mib_at_most, unit="MiB")
