"""A scenario on the embedded engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

from greenroom.sandbox.engine.errors import EngineError
from greenroom.sandbox.engine.events import StepFailed, StepStarted, StepSucceeded
from greenroom.sandbox.engine.options import Options
from greenroom.sandbox.engine.result import Result
from tests.differential import observation
from tests.differential.observation import Json, Trace
from tests.differential.patient_cloud import PatientCloud
from tests.differential.programs import PROLOGUE, Flags, Scenario, Step
from tests.functional.engine.harness import Stage


class EmbeddedStack:
    """A stack in a folder of its own, with a cloud of its own."""

    def __init__(self, folder: Path, *, patience_seconds: float = 0.1) -> None:
        self.stage = Stage(folder)
        self.cloud = self.stage.cloud = PatientCloud(patience_seconds=patience_seconds)
        self.violations: list[str] = []

    def run(self, scenario: Scenario) -> Iterator[Json]:
        """What each step comes to."""
        for step in scenario.steps:
            yield self.observe(step)

    def observe(self, step: Step) -> Json:
        """One step: the preview and, if it succeeds, the command itself."""
        self.cloud.drift(step.drift)
        self.cloud.mended = step.mended
        found: dict[str, Any] = {}
        if step.command in ("up", "preview"):
            preview = self._command("preview", step)
            found["planned"] = preview is not None and preview.succeeded
            if preview is not None and preview.succeeded:
                found["plan"] = observation.plan(
                    preview.to_pulumi_json(show_sames=True, show_replacement_steps=True)["steps"]
                )
        if step.command != "preview" and found.get("planned", True):
            before = self.resources()
            result = self._command(step.command, step)
            found["done"] = result is not None and result.succeeded
            trace = self._trace()
            found["operations"] = observation.operations(trace)
            self.violations += observation.order_violations(trace, before, self.resources())
        found["state"] = observation.state(self.resources())
        found["cloud"] = self.cloud.contents()
        normal: Json = json.loads(json.dumps(found))
        return normal

    def _command(self, command: str, step: Step) -> Result | None:
        """The result; None where the command was refused as a whole."""
        self.stage.write(PROLOGUE + step.program)
        self.stage.events.clear()
        try:
            result: Result = getattr(self.stage.engine(), command)(options(step.flags))
        except EngineError:
            return None
        return result

    def _trace(self) -> Trace:
        phases = {StepStarted: "start", StepSucceeded: "done", StepFailed: "failed"}
        return [
            (phases[type(event)], event.step.op.value, event.step.urn)
            for event in self.stage.events
            if isinstance(event, StepStarted | StepSucceeded | StepFailed) and not event.step.is_internal
        ]

    def resources(self) -> list[dict[str, Any]]:
        """The resources of the state."""
        if not self.stage.file.exists():
            return []
        found: list[dict[str, Any]] = self.stage.backend.export(self.stage.stack)["deployment"].get("resources", [])
        return found


def options(flags: Flags) -> Options:
    """The embedded engine's words for a command's options."""
    return Options(**{each.name: getattr(flags, each.name) for each in fields(flags)})
