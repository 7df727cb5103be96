"""`Project`: all specs of a folder, loaded and checked together.

::

    models/NAME/model.yaml      one model each
    environments/ENV.yaml       one environment each
    environments/artifacts.yaml the artifact store

`load_project` reads every file, reports every violation of every file at once, and only then gives a `Project` out:
whoever holds one holds specs that fit one another. No AWS, no network.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from components.specs.environment import ArtifactStoreSpec, Environment
from components.specs.loading import Loaded, load_files
from components.specs.merging import Layer
from components.specs.model_spec import ModelSpec
from components.specs.project_rules import project_violations
from components.specs.violations import SpecError, UnknownStackError

ARTIFACTS_STACK = "artifacts"


@dataclass(frozen=True)
class Project:
    """A folder of specs that fit one another."""

    root: Path
    artifacts: ArtifactStoreSpec
    environments: Mapping[str, Environment]
    """By name."""
    models: Mapping[str, ModelSpec]
    """By name, as in `model.yaml`; `effective` gives a model as an environment has it."""
    effective: Mapping[tuple[str, str], ModelSpec] = field(repr=False)
    """By environment and model: the models that each environment deploys, with its defaults and overrides."""
    layers: Mapping[str, Layer] = field(repr=False)
    """By environment: its file as it was read, to point into it."""

    def stacks(self) -> tuple[str, ...]:
        """Every stack: `artifacts`, then each environment and its groups (`prod`, `prod.fraud`)."""
        return (
            ARTIFACTS_STACK,
            *(
                stack
                for name, environment in self.environments.items()
                for stack in (name, *(f"{name}.{group}" for group in environment.groups))
            ),
        )

    def environment_of(self, stack: str) -> Environment:
        """The environment that `stack` is, or is a group of.

        Raises:
            UnknownStackError: there is no such stack, or it is the artifact store's, which has no environment.
        """
        if stack not in self.stacks() or stack == ARTIFACTS_STACK:
            raise UnknownStackError(stack, tuple(known for known in self.stacks() if known != ARTIFACTS_STACK))
        return self.environments[stack.partition(".")[0]]

    def models_of(self, stack: str) -> tuple[str, ...]:
        """The models that `stack` deploys: those its environment pins a release for, of its group or of no group.

        Raises:
            UnknownStackError: there is no such stack.
        """
        if stack == ARTIFACTS_STACK:
            return ()
        if stack not in self.stacks():
            raise UnknownStackError(stack, self.stacks())
        environment = self.environment_of(stack)
        return tuple(sorted(model for model in environment.releases if environment.stack_of(model) == stack))


def load_project(root: Path, only_models: Collection[str] | None = None) -> Project:
    """The project in the folder `root`.

    Args:
        root: the folder.
        only_models: the models whose files are read and checked; left out, all of them.

    Raises:
        SpecError: everything that is wrong, over all files.
    """
    loaded = load_files(root.resolve(), only_models)
    effective, violations = project_violations(loaded)
    if loaded.violations or violations:
        raise SpecError((*loaded.violations, *violations))
    return Project(
        root=root.resolve(),
        artifacts=_artifacts(loaded),
        environments={name: one.spec for name, one in loaded.environments.items()},
        models={name: one.spec for name, one in loaded.models.items()},
        effective=effective,
        layers={name: one.layer for name, one in loaded.environments.items()},
    )


def _artifacts(loaded: Loaded) -> ArtifactStoreSpec:
    if loaded.artifacts is None:
        raise AssertionError("a project without an artifact store has a violation")
    return loaded.artifacts.spec
