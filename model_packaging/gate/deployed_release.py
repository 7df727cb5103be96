"""What is deployed now, as a report to compare with: asked anew about the same rows, or else what its own gate said."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from model_packaging.evidence import GATE_REPORT, read_evidence
from model_packaging.gate import measure
from model_packaging.gate.gate_file import Gate
from model_packaging.gate.report import GateReport
from model_packaging.release import Release
from model_packaging.serving.container import STARTUP_TIMEOUT_SECONDS
from model_packaging.serving.errors import ContainerStartError
from model_packaging.serving.release_container import start_release

if TYPE_CHECKING:
    from model_packaging.gate.gate_data import GateData


def deployed_report(
    gate: Gate,
    folder: Path,
    release: Release,
    *,
    data: GateData | None = None,
    startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS,
) -> GateReport:
    """The report of the release that is deployed now.

    Args:
        gate: The gate of the release that is judged: its rows are asked about.
        folder: Where the deployed release lies in the store.
        release: Its manifest.
        data: The gate's rows, read; without it they are read now.
        startup_timeout_seconds: What its container has until `GET /ping` answers.

    Raises:
        ContainerStartError: it does not start here, and it has no gate's report of its own.
        DigestMismatchError: its evidence is not what it was.
    """
    own = read_evidence(folder, release.name, release.digest).get(GATE_REPORT)
    kept = None if own is None else GateReport.from_json(own, f"gate.json of release {release.digest}")
    try:
        container = start_release(folder, release, startup_timeout_seconds=startup_timeout_seconds)
    except ContainerStartError:
        if kept is None:
            raise
        return kept
    with container:
        measured = measure(gate, container, release, release_folder=folder, data=data)
    return measured if measured.passed or kept is None else kept
