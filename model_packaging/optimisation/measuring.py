"""What a step costs and what it changes: latency, throughput, size, and the difference of the answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.machine import machine_name, vcpus
from model_packaging.optimisation.errors import OptimisationError
from model_packaging.optimisation.rows import Rows, one_row, row_count

if TYPE_CHECKING:
    import numpy as np

Predict = Callable[[Rows], "np.ndarray[Any, Any]"]
"""Rows to answers: one array, a row of it an answer."""

WARM_UP_CALLS = 20
LATENCY_CALLS = 300
BATCH_SECONDS = 0.5


def machine() -> tuple[str, int]:
    """The processor's name and how many there are for us."""
    return machine_name(), vcpus()


def latency_ms(predict: Predict, rows: Rows) -> tuple[float, float]:
    """p50 and p99 of one row at a time, in milliseconds."""
    import numpy as np

    singles = [one_row(rows, index) for index in range(min(row_count(rows), 64))]
    for index in range(WARM_UP_CALLS):
        predict(singles[index % len(singles)])
    seconds = []
    for index in range(LATENCY_CALLS):
        began = time.perf_counter()
        predict(singles[index % len(singles)])
        seconds.append(time.perf_counter() - began)
    p50, p99 = np.percentile(seconds, [50, 99])
    return float(p50) * 1000, float(p99) * 1000


def rows_per_second(predict: Predict, rows: Rows) -> float:
    """Throughput with all sample rows in one batch."""
    predict(rows)
    began, calls = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < BATCH_SECONDS or calls == 0:
        predict(rows)
        calls += 1
    return calls * row_count(rows) / spent if spent > 0 else float(calls)


def largest_difference(original: Any, changed: Any, step: str) -> float:
    """The largest absolute difference of any number of the answers.

    Raises:
        OptimisationError: the answers have another shape, or are not finite where the original's are.
    """
    import numpy as np

    before, after = np.asarray(original, dtype=np.float64), np.asarray(changed, dtype=np.float64)
    if before.shape != after.shape:
        if before.size != after.size:
            raise OptimisationError(f"step {step} answers {after.shape} where the original answers {before.shape}")
        after = after.reshape(before.shape)
    if not np.array_equal(np.isnan(before), np.isnan(after)) or np.isinf(after).any():
        raise OptimisationError(f"step {step} answers with numbers that are not finite where the original's are")
    same_nan = np.where(np.isnan(before), 0.0, before), np.where(np.isnan(after), 0.0, after)
    return float(np.abs(same_nan[0] - same_nan[1]).max(initial=0.0))


def size_bytes(path: Path) -> int:
    """A file's length, or that of a directory's files together."""
    if path.is_dir():
        return sum(one.stat().st_size for one in path.rglob("*") if one.is_file())
    return path.stat().st_size


def versions(modules: Iterable[str]) -> dict[str, str]:
    """Distribution to version of modules, as far as they are installed: XGBoost may be `xgboost` or `xgboost-cpu`."""
    from importlib import metadata

    distributions = metadata.packages_distributions()
    found = {one for module in modules for one in distributions.get(module, ())}
    return {name.lower().replace("_", "-"): metadata.version(name) for name in sorted(found)}
