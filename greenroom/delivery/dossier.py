"""Everything that is known of one release, as one JSON object: its manifest, evidence, pins and registrations.

Evidence is read through its index, so that a report that was changed is refused rather than shown.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from greenroom.delivery.catalogue import Catalogue
from model_packaging import Release
from model_packaging.evidence import (
    BILL_OF_MATERIALS,
    CHECKOUT,
    CONTRACT_REPORT,
    EVIDENCE_FOLDER,
    GATE_REPORT,
    SCAN_REPORT,
    SIGNATURE,
    read_evidence,
)
from model_packaging.registry.registrations import registrations_of

JUDGED = {"gate": GATE_REPORT, "contract": CONTRACT_REPORT, "scan": SCAN_REPORT}


def dossier(catalogue: Catalogue, release: Release) -> dict[str, Any]:
    """The whole of it; where the release is published is not in it, since nothing is asked of AWS here.

    Raises:
        DigestMismatchError: evidence was changed after it was written.
    """
    folder = catalogue.store.folder(release.name, release.digest)
    evidence = read_evidence(folder, release.name, release.digest)
    return {
        **release.model_dump(mode="json"),
        "size_bytes": release.size_bytes,
        "folder": str(folder),
        "evidence": {
            "files": sorted(evidence),
            **{name: verdict(evidence, path) for name, path in JUDGED.items()},
            "components": _components(evidence),
            "checkout": _json(evidence, CHECKOUT),
            "signed": (folder / EVIDENCE_FOLDER / SIGNATURE).is_file(),
        },
        "pinned": list(catalogue.pinned_in(release)),
        "kept": list(catalogue.kept_in(release)),
        "registrations": [one.model_dump() for one in registrations_of(catalogue.store, release)],
    }


def verdict(evidence: Mapping[str, bytes], path: str) -> str | None:
    """`passed` or `failed`, as a report or its checks say; None where there is no such report, or it judges nothing."""
    report = _json(evidence, path)
    if not isinstance(report, dict):
        return None
    passed = report.get("passed")
    if isinstance(report.get("checks"), list):
        passed = all(check.get("status") != "failed" for check in report["checks"])
    if not isinstance(passed, bool):
        return None
    return "passed" if passed else "failed"


def _components(evidence: Mapping[str, bytes]) -> int | None:
    """How many components the bill of materials lists."""
    bill = _json(evidence, BILL_OF_MATERIALS)
    return None if bill is None else len(bill.get("components", ()))


def _json(evidence: Mapping[str, bytes], path: str) -> Any:
    if path not in evidence:
        return None
    try:
        return json.loads(evidence[path])
    except ValueError:
        return None


def gate_of(catalogue: Catalogue, release: Release) -> str | None:
    """Whether the release passed its gate; None where it has none.

    Raises:
        DigestMismatchError: evidence was changed after it was written.
    """
    folder = catalogue.store.folder(release.name, release.digest)
    return verdict(read_evidence(folder, release.name, release.digest), GATE_REPORT)


def task_of(catalogue: Catalogue, release: Release) -> str | None:
    """What the release's gate calls the problem: `binary`, `regression`, …; None where it has no gate.

    Raises:
        DigestMismatchError: evidence was changed after it was written.
    """
    folder = catalogue.store.folder(release.name, release.digest)
    report = _json(read_evidence(folder, release.name, release.digest), GATE_REPORT)
    return str(report["task"]) if isinstance(report, dict) and "task" in report else None
