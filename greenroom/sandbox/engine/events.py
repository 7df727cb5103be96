"""What a deployment tells while it runs: frozen events, in order, one at a time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from greenroom.sandbox.engine.result import Result
from greenroom.sandbox.engine.steps import Step

Severity: TypeAlias = Literal["info", "warning", "error"]


@dataclass(frozen=True, slots=True)
class ProgramStarted:
    """The user's program begins to run."""

    project: str
    stack: str
    dry_run: bool


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step begins."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepSucceeded:
    """A step is done; `step.new` holds what came of it."""

    step: Step


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step failed; the state records how far it came."""

    step: Step
    error: str


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """A message of the program, of a provider or of the engine. `urn` is empty where it concerns no resource."""

    severity: Severity
    message: str
    urn: str = ""


@dataclass(frozen=True, slots=True)
class Finished:
    """The deployment has ended, well or not."""

    result: Result


EngineEvent: TypeAlias = ProgramStarted | StepStarted | StepSucceeded | StepFailed | Diagnostic | Finished
Listener: TypeAlias = Callable[[EngineEvent], None]
