"""A sealed release, judged before the store takes it: started as SageMaker would start it, and asked by its gate.

What is found out becomes evidence of the release. A release that fails is not kept; what was found out is, in
`STORE/.failed/NAME/`, so that a person can look at the page.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from model_packaging.contract import ContractFailedError, ServedRelease, check_contract, sample_requests
from model_packaging.evidence import CONTRACT_REPORT, GATE_PAGE, GATE_REPORT, write_atomically
from model_packaging.gate import Gate, GateFailedError, GateReport, evaluate, read_data, render_page
from model_packaging.gate.deployed_release import deployed_report
from model_packaging.release import Release
from model_packaging.serving.container import STARTUP_TIMEOUT_SECONDS
from model_packaging.serving.release_container import start_release
from model_packaging.store import ReleaseStore

if TYPE_CHECKING:
    from model_packaging.gate.gate_data import GateData

FAILED_FOLDER = ".failed"

Tell = Callable[[str], None]


@dataclass(frozen=True)
class Judges:
    """What a release must pass, and on what it is to run."""

    contract: bool = True
    """Whether its container's contract is checked."""
    gate: bool = True
    """Whether its `gate.yaml` is judged, where it has one."""
    again: bool = False
    """Whether a release that passed before is judged anew."""
    memory_limit_mib: int | None = None
    """The memory of the instance it is to run on; without it memory is measured and not judged."""
    workers: int = 1
    """How many workers AWS's container starts there: its vCPUs."""
    startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS
    """What the container has until `GET /ping` answers."""
    deployed: Release | None = None
    """The release of the same store that is deployed now, for the gate to compare with; None where there is none."""


UNJUDGED = Judges(contract=False, gate=False)
"""For a release that was judged where it was made."""


def is_judged(evidence: Mapping[str, bytes], gate: Gate | None, judges: Judges) -> bool:
    """Whether the evidence of a release says already what `judges` would ask."""
    if judges.again:
        return False
    if judges.contract and CONTRACT_REPORT not in evidence:
        return False
    if not judges.gate or gate is None:
        return True
    if GATE_REPORT not in evidence:
        return False
    return GateReport.from_json(evidence[GATE_REPORT]).gate_sha256 == gate.sha256


@dataclass(frozen=True)
class Judging:
    """Judges releases of a store.

    Attributes:
        judges: what a release must pass.
        store: where the release that is deployed now lies; gets the reports of one that fails.
        tell: gets a line for a person at every step.
    """

    judges: Judges
    store: ReleaseStore
    tell: Tell

    def judge(self, folder: Path, release: Release, gate: Gate | None) -> dict[str, bytes]:
        """Judges a staged release.

        Args:
            folder: Where it is staged.
            release: Its manifest.
            gate: Its gate, read; None where it has none.

        Returns:
            Files of evidence, by path relative to `evidence/`.

        Raises:
            InvalidPackageError: the rows of its gate are not what the gate says.
            ContractFailedError: it does not behave as SageMaker needs it to.
            GateFailedError: it ran, and is not good enough.
        """
        rows = read_data(gate) if self.judges.gate and gate is not None else None
        evidence: dict[str, bytes] = {}
        if self.judges.contract:
            evidence |= self._contract(folder, release)
        if gate is not None and rows is not None:
            evidence |= self._gate(folder, release, gate, rows, evidence)
        shutil.rmtree(self.store.root / FAILED_FOLDER / release.name, ignore_errors=True)
        return evidence

    def _contract(self, folder: Path, release: Release) -> dict[str, bytes]:
        self.tell("checking the container contract …")
        try:
            report = check_contract(
                ServedRelease(folder, release),
                sample_requests(folder, release),
                startup_timeout_seconds=self.judges.startup_timeout_seconds,
                memory_limit_mib=self.judges.memory_limit_mib,
                workers=self.judges.workers,
            )
        except ContractFailedError as error:
            self._keep(release, {CONTRACT_REPORT: error.report.to_json()})
            raise
        passed = sum(check.status == "passed" for check in report.checks)
        started = report.startup_seconds or 0
        self.tell(f"container contract: {passed} checks passed; the model was ready after {started:.1f} s")
        return {CONTRACT_REPORT: report.to_json()}

    def _gate(
        self, folder: Path, release: Release, gate: Gate, rows: GateData, before: Mapping[str, bytes]
    ) -> dict[str, bytes]:
        report = self.gate_report(folder, release, gate, rows)
        evidence = {GATE_REPORT: report.to_json(), GATE_PAGE: render_page(report)}
        if not report.passed:
            self._keep(release, {**before, **evidence})
            raise GateFailedError(report)
        passed = sum(one.verdict == "passed" for one in report.results)
        others = len(report.results) - passed
        self.tell(f"gate: passed, {passed} demands met" + (f", {others} with nothing to judge by" if others else ""))
        return evidence

    def gate_report(
        self, folder: Path, release: Release, gate: Gate, rows: GateData, progress: Tell | None = None
    ) -> GateReport:
        """What a gate says of a release, asked through its container, beside the release that is deployed now.

        Args:
            folder: Where the release lies.
            release: Its manifest.
            gate: The gate.
            rows: What `read_data` read of it.
            progress: Told what the gate is asking, in a few words.

        Raises:
            ContainerStartError: a container does not start here.
            InvalidPackageError: a metric is none that the answers allow.
        """
        timeout_seconds = self.judges.startup_timeout_seconds
        against = self._deployed(gate, rows)
        self.tell("asking the gate …")
        with start_release(folder, release, startup_timeout_seconds=timeout_seconds) as container:
            return evaluate(
                gate, container, release, release_folder=folder, against=against, data=rows, progress=progress
            )

    def _deployed(self, gate: Gate, rows: GateData) -> GateReport | None:
        """What is deployed now, measured on this gate's rows."""
        deployed = self.judges.deployed
        if deployed is None:
            return None
        self.tell(f"asking the deployed release, {deployed.version}, on the same rows …")
        folder = self.store.folder(deployed.name, deployed.digest)
        timeout_seconds = self.judges.startup_timeout_seconds
        return deployed_report(gate, folder, deployed, data=rows, startup_timeout_seconds=timeout_seconds)

    def _keep(self, release: Release, reports: Mapping[str, bytes]) -> None:
        folder = self.store.root / FAILED_FOLDER / release.name
        for name, content in reports.items():
            write_atomically(folder / name, content)
            self.tell(f"its report: {folder / name}")
