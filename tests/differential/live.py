"""A scenario on the real engine: `pulumi` with a file backend, attached to our provider and to a warm language host."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.differential import observation
from tests.differential.comparison import compared
from tests.differential.generator import scenario
from tests.differential.observation import Json, Trace
from tests.differential.patient_cloud import PatientCloud
from tests.differential.programs import PROLOGUE, Scenario, Step
from tests.differential.tiny_vault import tiny_vault
from tests.differential.warm_language_host import warm_language_host
from tests.functional.engine.harness import PRELUDE
from tests.real_engine.engine_real_cli import served

PATIENCE_SECONDS = 0.6
PROJECT = "name: stage\nruntime: python\nmain: program\n"
COMMAND_TIMEOUT_SECONDS = 90.0


class LiveError(Exception):
    """The CLI did what a scenario has no words for."""


@dataclass
class LiveEngine:
    """What every scenario of one process shares: the language host, and a home in which a stack was made once."""

    folder: Path
    language_port: int
    vault: str

    def __post_init__(self) -> None:
        template = self._project("template")
        made = self._run(
            template, self._environment(template, 0), "stack", "init", "dev", "--secrets-provider", "hashivault://stage"
        )
        if made.returncode != 0:
            raise LiveError(f"pulumi stack init: {made.stderr}")

    def _project(self, name: str) -> Path:
        folder = self.folder / name
        (folder / "program").mkdir(parents=True)
        (folder / "home").mkdir()
        (folder / "backend").mkdir()
        (folder / "Pulumi.yaml").write_text(PROJECT, encoding="utf-8")
        return folder

    def version(self) -> str:
        """The CLI's version."""
        return subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout.strip()

    def _environment(self, folder: Path, provider_port: int) -> dict[str, str]:
        return {
            **os.environ,
            "PULUMI_BACKEND_URL": f"file://{folder / 'backend'}",
            "PULUMI_HOME": str(self.folder / "template" / "home"),
            "VAULT_SERVER_URL": self.vault,
            "VAULT_SERVER_TOKEN": "none",
            "GOGC": "400",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            "PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS": "true",
            "PULUMI_DEBUG_LANGUAGES": f"python:{self.language_port}",
            "PULUMI_DEBUG_PROVIDERS": f"mem:{provider_port},other:{provider_port}",
        }

    @staticmethod
    def _run(folder: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["pulumi", *arguments, "--non-interactive"],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=COMMAND_TIMEOUT_SECONDS,
        )

    def run(self, scenario: Scenario) -> list[Json]:
        """What each step of a scenario comes to."""
        folder = self.folder / f"scenario-{scenario.seed}"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(self.folder / "template", folder, ignore=shutil.ignore_patterns("home"))
        cloud = PatientCloud(patience_seconds=PATIENCE_SECONDS)
        try:
            with served(cloud) as port:
                return [self._observe(folder, self._environment(folder, port), cloud, step) for step in scenario.steps]
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _observe(self, folder: Path, environment: dict[str, str], cloud: PatientCloud, step: Step) -> Json:
        cloud.drift(step.drift)
        cloud.mended = step.mended
        (folder / "program" / "__main__.py").write_text(PRELUDE + PROLOGUE + step.program, encoding="utf-8")
        before = _resources(folder)
        shown = ["--show-sames", "--show-replacement-steps"] if step.command in ("up", "preview") else []
        agreed = [] if step.command == "preview" else ["--yes"]
        done = self._run(
            folder, environment, step.command, "--json", "--stack", "dev", *agreed, *shown, *step.flags.arguments()
        )
        preview, events = _split(done.stdout)
        found: dict[str, Any] = {}
        if step.command in ("up", "preview"):
            planned = found["planned"] = bool(events) or (step.command == "preview" and done.returncode == 0)
            if planned:
                found["plan"] = observation.plan(preview.get("steps", ()))
        if events:
            found["done"] = done.returncode == 0
            trace = _trace(events)
            found["operations"] = observation.operations(trace)
            found["disorder"] = observation.order_violations(trace, before, _resources(folder))
        elif step.command not in ("up", "preview"):
            found["done"] = False
            found["operations"] = []
        found["state"] = observation.state(_resources(folder))
        found["cloud"] = cloud.contents()
        found["said"] = (
            [{"message": done.stderr}] * bool(done.stderr)
            + [item for item in preview.get("diagnostics") or () if item.get("severity") == "error"]
            + [
                event["diagnosticEvent"]
                for event in events
                if event.get("diagnosticEvent", {}).get("severity") == "error"
            ]
        )
        normal: Json = json.loads(json.dumps(found))
        return normal


def _split(text: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """What `--json` prints: the preview, then the events of the command."""
    decoder, place, found = json.JSONDecoder(), 0, []
    while place < len(text):
        item, place = decoder.raw_decode(text, place)
        found.append(item)
        while place < len(text) and text[place].isspace():
            place += 1
    preview = found[0] if found and "sequence" not in found[0] else {}
    return preview, [item for item in found if "sequence" in item]


def _trace(events: list[dict[str, Any]]) -> Trace:
    phases = {"resourcePreEvent": "start", "resOutputsEvent": "done", "resOpFailedEvent": "failed"}
    return [
        (phase, event[kind]["metadata"]["op"], event[kind]["metadata"]["urn"])
        for event in events
        for kind, phase in phases.items()
        if kind in event
    ]


def _resources(folder: Path) -> list[dict[str, Any]]:
    text = (folder / "backend" / ".pulumi" / "stacks" / "stage" / "dev.json").read_text(encoding="utf-8")
    latest = json.loads(text)["checkpoint"].get("latest") or {}
    found: list[dict[str, Any]] = latest.get("resources") or []
    return found


@contextmanager
def live_engine(folder: Path) -> Iterator[LiveEngine]:
    """The real engine, ready for scenarios, one after the other."""
    with warm_language_host() as port, tiny_vault() as vault:
        yield LiveEngine(folder, port, vault)


def record(seeds: list[int]) -> dict[int, list[Json]]:
    """What the real engine does in some scenarios."""
    found = {}
    with tempfile.TemporaryDirectory(prefix="differential-") as folder, live_engine(Path(folder)) as engine:
        for seed in seeds:
            try:
                steps = engine.run(scenario(seed))
            except subprocess.TimeoutExpired:
                sys.stderr.write(f"scenario {seed} does not end: left out\n")
                continue
            found[seed] = [compared(step, with_plan=True) for step in steps]
    return found
