"""The quality gate: `gate.yaml` beside a model, run on the packaged model through its serving process.

```python
from model_packaging.gate import evaluate, read_gate, render_page

gate = read_gate(Path("models/tumor"))                 # None where there is no gate.yaml
report = evaluate(gate, container, release, release_folder=folder)
if not report.passed:
    raise GateFailedError(report)                      # exit code 1, with a table of what failed and by how much
report.to_json(), render_page(report)                  # evidence/gate.json, evidence/gate.html
```

`metric_table` and `gate_spec` are all that reading a gate takes; numpy, polars, scikit-learn and matplotlib (the extra
`package`) are imported when a gate is run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from model_packaging.gate.errors import GateExtraError, GateFailedError, with_extra
from model_packaging.gate.gate_file import Gate, read_gate
from model_packaging.gate.gate_spec import GATE_FILE
from model_packaging.gate.report import GateReport, GateResult, InvalidGateReportError

if TYPE_CHECKING:
    from model_packaging.gate.evaluation import Run
    from model_packaging.gate.gate_data import GateData
    from model_packaging.gate.invocations import ServedModel
    from model_packaging.release import Release

__all__ = [
    "GATE_FILE",
    "Gate",
    "GateExtraError",
    "GateFailedError",
    "GateReport",
    "GateResult",
    "InvalidGateReportError",
    "evaluate",
    "measure",
    "read_data",
    "read_gate",
    "render_page",
]


def read_data(gate: Gate) -> GateData:
    """The rows that a gate names, read and checked; what is wrong with them is told before anything is started.

    Raises:
        InvalidPackageError: with everything that is wrong with them, or that they show to be wrong with the gate.
        GateExtraError: the extra `package` is not installed.
    """
    reading = with_extra(lambda: importlib.import_module("model_packaging.gate.gate_data"))
    read: Callable[[Gate], GateData] = reading.read_data
    return read(gate)


def evaluate(
    gate: Gate,
    container: ServedModel,
    release: Release,
    *,
    release_folder: Path | None = None,
    against: GateReport | None = None,
    data: GateData | None = None,
    progress: Callable[[str], None] | None = None,
) -> GateReport:
    """Runs the whole gate; whether it passed is in the report.

    Args:
        gate: What `read_gate` read.
        container: The packaged model, served; stays as it is.
        release: What is judged.
        release_folder: Where the release lies: its samples say how requests are written; without it the gate or the
            release's content types do.
        against: What is deployed now, measured by `measure` on the same rows, or else its own `gate.json`.
        data: What `read_data` read; without it that is read now.
        progress: Told what is being asked, in a few words.

    Raises:
        InvalidPackageError: the data, or a metric, is not what the gate says.
        GateExtraError: the extra `package` is not installed.
    """
    run = _run(gate, container, release, release_folder=release_folder, against=against, data=data, progress=progress)
    run.judge()
    return run.report()


def measure(
    gate: Gate,
    container: ServedModel,
    release: Release,
    *,
    release_folder: Path | None = None,
    data: GateData | None = None,
    progress: Callable[[str], None] | None = None,
) -> GateReport:
    """Every metric of a release on the gate's test rows, nothing demanded: what another release is compared with.

    Raises:
        InvalidPackageError: the data is not what the gate says.
        GateExtraError: the extra `package` is not installed.
    """
    run = _run(gate, container, release, release_folder=release_folder, against=None, data=data, progress=progress)
    run.measure()
    return run.report()


def _run(
    gate: Gate,
    container: ServedModel,
    release: Release,
    *,
    release_folder: Path | None,
    against: GateReport | None,
    data: GateData | None,
    progress: Callable[[str], None] | None,
) -> Run:
    evaluation = with_extra(lambda: importlib.import_module("model_packaging.gate.evaluation"))
    rows = read_data(gate) if data is None else data
    run: Run = evaluation.Run(gate, container, release, release_folder, against, rows, progress or (lambda _text: None))
    return run


def render_page(report: GateReport) -> bytes:
    """`model_packaging.gate.page.render_page`, imported now.

    Raises:
        GateExtraError: the extra `package` is not installed.
    """
    page = with_extra(lambda: importlib.import_module("model_packaging.gate.page"))
    render: Callable[[GateReport], bytes] = page.render_page
    return render(report)
