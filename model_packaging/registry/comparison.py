"""Two releases side by side: files, metrics, signature, image, environment, requirements, size and latency.

`compare` says what differs and judges what can be judged: a metric is better or worse where its name says which way is
good, a signature breaks its callers or not (`compatibility`). What is the same is not told.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from model_packaging.evidence import GATE_REPORT, read_evidence
from model_packaging.registry.compatibility import SignatureChange, content_type_changes, signature_changes
from model_packaging.registry.metric_direction import direction_of
from model_packaging.release import Release, ReleaseFile
from model_packaging.store import ReleaseStore

REQUIREMENTS = "model/code/requirements.txt"
"""Where a framework container looks for what it is to install."""

Change = Literal["added", "removed", "changed"]
Verdict = Literal["better", "worse"]


@dataclass(frozen=True)
class FileChange:
    """One file that only one of the releases has, or that has other bytes."""

    change: Change
    path: str
    before_bytes: int | None
    after_bytes: int | None


@dataclass(frozen=True)
class NumberChange:
    """One number that differs, or that only one of the releases has."""

    name: str
    before: float | None
    after: float | None
    verdict: Verdict | None
    """None where one is missing, or nothing says which way is good."""

    @property
    def delta(self) -> float | None:
        """By how much it grew; None where one of the releases has none."""
        return None if self.before is None or self.after is None else self.after - self.before


@dataclass(frozen=True)
class TextChange:
    """One fact that differs; None where a release has none."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True)
class Comparison:
    """What differs between two releases."""

    before: Release
    after: Release
    files: tuple[FileChange, ...]
    metrics: tuple[NumberChange, ...]
    """Measured when the models were trained."""
    gate: tuple[NumberChange, ...]
    """Measured by their gates, on the test rows of each."""
    gate_on_same_rows: bool
    """Whether those were the same rows; where not, nothing is called better or worse."""
    signature: tuple[SignatureChange, ...]
    measured: tuple[NumberChange, ...]
    """Size of the served files, latency and throughput of the load test."""
    facts: tuple[TextChange, ...]
    """Version, framework, image, …"""
    environment: tuple[TextChange, ...]
    """The container's variables."""
    requirements: tuple[TextChange, ...]
    """What the container installs, by distribution."""

    @property
    def breaking(self) -> tuple[SignatureChange, ...]:
        """What breaks callers."""
        return tuple(one for one in self.signature if one.breaking)


def compare(before: Release, after: Release, *, store: ReleaseStore) -> Comparison:
    """What differs; both releases are of `store`, where their requirements and reports are read.

    Raises:
        DigestMismatchError: evidence was changed after it was written.
    """
    gates = _gate_figures(store, before), _gate_figures(store, after)
    same_rows = gates[0].sha256 == gates[1].sha256
    return Comparison(
        before=before,
        after=after,
        files=tuple(_files(before, after)),
        metrics=tuple(_numbers(before.metrics, after.metrics)),
        gate=tuple(_numbers(gates[0].metrics, gates[1].metrics, None if same_rows else {})),
        gate_on_same_rows=same_rows,
        signature=(
            *signature_changes(before.signature, after.signature),
            *content_type_changes(before, after),
        ),
        measured=tuple(_numbers(_measured(before), _measured(after), _MEASURED)),
        facts=tuple(_texts(_facts(before), _facts(after))),
        environment=tuple(_texts(before.environment, after.environment)),
        requirements=tuple(_texts(_requirements(store, before), _requirements(store, after))),
    )


def served_bytes(release: Release) -> int:
    """The length of what an instance downloads: `model/…`."""
    return sum(file.size_bytes for file in release.files if file.path.startswith("model/"))


def _files(before: Release, after: Release) -> Iterator[FileChange]:
    old, new = _by_path(before), _by_path(after)
    for path in sorted(old.keys() | new.keys()):
        one, other = old.get(path), new.get(path)
        if one is None and other is not None:
            yield FileChange("added", path, None, other.size_bytes)
        elif other is None and one is not None:
            yield FileChange("removed", path, one.size_bytes, None)
        elif one is not None and other is not None and one.sha256 != other.sha256:
            yield FileChange("changed", path, one.size_bytes, other.size_bytes)


def _by_path(release: Release) -> dict[str, ReleaseFile]:
    return {file.path: file for file in release.files}


_MEASURED = {
    "size_bytes": "lower",
    "p50_ms": "lower",
    "p99_ms": "lower",
    "requests_per_second": "higher",
}


def _measured(release: Release) -> dict[str, float]:
    size = {"size_bytes": float(served_bytes(release))}
    load = release.load_test
    if load is None:
        return size
    return size | {"p50_ms": load.p50_ms, "p99_ms": load.p99_ms, "requests_per_second": load.requests_per_second}


@dataclass(frozen=True)
class _GateFigures:
    sha256: str | None
    """Of the test rows; None without a gate."""
    metrics: Mapping[str, float]


def _gate_figures(store: ReleaseStore, release: Release) -> _GateFigures:
    evidence = read_evidence(store.folder(release.name, release.digest), release.name, release.digest)
    if GATE_REPORT not in evidence:
        return _GateFigures(None, {})
    from model_packaging.gate.report import GateReport

    test = GateReport.from_json(evidence[GATE_REPORT]).data.get("test")
    return _GateFigures(None, {}) if test is None else _GateFigures(test.sha256, test.metrics)


def _numbers(
    before: Mapping[str, float], after: Mapping[str, float], directions: Mapping[str, str] | None = None
) -> Iterator[NumberChange]:
    for name in dict.fromkeys((*before, *after)):
        old, new = before.get(name), after.get(name)
        if old == new:
            continue
        direction = direction_of(name) if directions is None else directions.get(name)
        yield NumberChange(name, old, new, _verdict(old, new, direction))


def _verdict(old: float | None, new: float | None, direction: str | None) -> Verdict | None:
    if old is None or new is None or direction is None:
        return None
    return "better" if (new > old) == (direction == "higher") else "worse"


def _texts(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[TextChange]:
    for name in dict.fromkeys((*before, *after)):
        if before.get(name) != after.get(name):
            yield TextChange(name, before.get(name), after.get(name))


def _facts(release: Release) -> dict[str, str]:
    image, lineage = release.serving_image, release.lineage
    facts = {
        "name": release.name,
        "version": release.version,
        "framework": f"{release.framework.name} {release.framework.version}",
        "format": release.format,
        "image": f"{image.framework} {image.version} {image.py_version} {image.processor}",
        "image regions": ", ".join(sorted(image.uris)),
        "image uri": next((image.uris[region] for region in sorted(image.uris)), None),
        "git commit": release.git_commit,
    }
    if lineage is not None and lineage.training_run is not None:
        facts["training run"] = f"{lineage.training_run.kind} {lineage.training_run.id}"
    if lineage is not None and lineage.data is not None:
        facts["data"] = lineage.data.version or lineage.data.sha256 or lineage.data.uri
    return {name: value for name, value in facts.items() if value is not None}


_REQUIREMENT = re.compile(r"^\s*(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?P<rest>.*?)\s*(#.*)?$")


def _requirements(store: ReleaseStore, release: Release) -> dict[str, str]:
    """Distribution to the rest of its line: `== 1.18`."""
    path = store.folder(release.name, release.digest) / REQUIREMENTS
    return requirements_by_name(path) if path.is_file() else {}


def requirements_by_name(path: Path) -> dict[str, str]:
    """A requirements file by distribution, names as PyPI compares them; what is no requirement goes by its line."""
    found: dict[str, str] = {}
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        match = _REQUIREMENT.match(line)
        if match is not None:
            found[re.sub(r"[-_.]+", "-", match["name"]).lower()] = match["rest"] or "any version"
        elif line.strip() and not line.lstrip().startswith("#"):
            found[line.strip()] = ""
    return found
