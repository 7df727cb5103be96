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
    "read_gate",
    "render_page",
]


def evaluate(
    gate: Gate,
    container: ServedModel,
    release: Release,
    *,
    release_folder: Path | None = None,
    against: GateReport | None = None,
    progress: Callable[[str], None] | None = None,
) -> GateReport:
    """`model_packaging.gate.evaluation.evaluate`, imported now.

    Raises:
        GateExtraError: the extra `package` is not installed.
    """
    evaluation = with_extra(lambda: importlib.import_module("model_packaging.gate.evaluation"))
    run: Callable[..., GateReport] = evaluation.evaluate
    return run(gate, container, release, release_folder=release_folder, against=against, progress=progress)


def measure(
    gate: Gate,
    container: ServedModel,
    release: Release,
    *,
    release_folder: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> GateReport:
    """`model_packaging.gate.evaluation.measure`, imported now.

    Raises:
        GateExtraError: the extra `package` is not installed.
    """
    evaluation = with_extra(lambda: importlib.import_module("model_packaging.gate.evaluation"))
    run: Callable[..., GateReport] = evaluation.measure
    return run(gate, container, release, release_folder=release_folder, progress=progress)


def render_page(report: GateReport) -> bytes:
    """`model_packaging.gate.page.render_page`, imported now.

    Raises:
        GateExtraError: the extra `package` is not installed.
    """
    page = with_extra(lambda: importlib.import_module("model_packaging.gate.page"))
    render: Callable[[GateReport], bytes] = page.render_page
    return render(report)
