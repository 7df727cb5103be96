"""Greenroom: infrastructure as code for machine-learning deployment, rehearsed on a local AWS before it is real.

What other Python projects use, imported when it is named::

    import greenroom

    project = greenroom.load_project(".")                    # specs, checked: SpecError lists every violation
    release = greenroom.package("models/tumor", store)       # an immutable, content-addressed Release
    result = greenroom.Sandbox(".").up("dev")                # any Pulumi Python project, against a local AWS

| name | what it is |
|---|---|
| `load_project(root) -> Project` | every model, environment and the artifact store of a project, checked |
| `ModelSpec`, `Environment`, `ArtifactStoreSpec`, `Project` | the typed specs |
| `resolve(spec, environment, release, artifacts) -> ResolvedModel` | what a component takes |
| `package(folder, store) -> Release`, `ReleaseStore`, `Release` | packaging |
| `Sandbox` | the embedded engine and the local AWS |
| `GreenroomError`, `UserError`, `DeploymentFailedError` | the tree of `greenroom.errors` |
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from components.specs import ArtifactStoreSpec, Environment, ModelSpec, Project, load_project, resolve
    from greenroom.errors import DeploymentFailedError, GreenroomError, UserError
    from greenroom.sandbox.session import Sandbox
    from model_packaging import Release, ReleaseStore, package

_HOME_OF = {
    "ArtifactStoreSpec": "components.specs",
    "Environment": "components.specs",
    "ModelSpec": "components.specs",
    "Project": "components.specs",
    "load_project": "components.specs",
    "resolve": "components.specs",
    "Release": "model_packaging",
    "ReleaseStore": "model_packaging",
    "package": "model_packaging",
    "Sandbox": "greenroom.sandbox.session",
    "DeploymentFailedError": "greenroom.errors",
    "GreenroomError": "greenroom.errors",
    "UserError": "greenroom.errors",
}

__all__ = [
    "ArtifactStoreSpec",
    "DeploymentFailedError",
    "Environment",
    "GreenroomError",
    "ModelSpec",
    "Project",
    "Release",
    "ReleaseStore",
    "Sandbox",
    "UserError",
    "load_project",
    "package",
    "resolve",
]


def __getattr__(name: str) -> Any:
    """Import what is named, when it is named (PEP 562): `import greenroom` costs nothing."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """What is public."""
    return sorted(__all__)
