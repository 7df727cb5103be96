"""An embedded Pulumi engine for Python programs, on the SDK's own monitor interface.

`Engine(project, stack, backend=…, providers=…)` previews, updates, refreshes and destroys a stack in process. It is an
engine for rehearsals: it keeps a stack's state as a Pulumi deployment (version 3) in a folder, and knows nothing of
AWS: what a resource is, its providers say.
"""

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.engine import Engine
from greenroom.sandbox.engine.errors import (
    DeploymentError,
    EngineError,
    OptionError,
    PassphraseError,
    ProjectError,
    StackLockedError,
    StateError,
    TargetError,
    UnsupportedError,
    UserError,
)
from greenroom.sandbox.engine.events import (
    Diagnostic,
    EngineEvent,
    Finished,
    ProgramStarted,
    StepFailed,
    StepStarted,
    StepSucceeded,
)
from greenroom.sandbox.engine.options import Options
from greenroom.sandbox.engine.project import ProjectFile, StackSettings, load_project_file
from greenroom.sandbox.engine.providers import ProviderFactory
from greenroom.sandbox.engine.result import Result
from greenroom.sandbox.engine.steps import Op, Step

__all__ = [
    "DeploymentError",
    "Diagnostic",
    "Engine",
    "EngineError",
    "EngineEvent",
    "Finished",
    "Op",
    "OptionError",
    "Options",
    "PassphraseError",
    "ProgramStarted",
    "ProjectError",
    "ProjectFile",
    "ProviderFactory",
    "Result",
    "StackLockedError",
    "StackSettings",
    "StateBackend",
    "StateError",
    "Step",
    "StepFailed",
    "StepStarted",
    "StepSucceeded",
    "TargetError",
    "UnsupportedError",
    "UserError",
    "load_project_file",
]
