"""A Greenroom project's stacks, and what each of them needs.

A stack is `artifacts`, an environment (`dev`) or a group of one (`prod.fraud`); where an environment declares groups,
its own stack holds the models that are in none of them.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from components.specs import ARTIFACTS_STACK, Project, load_project
from components.specs.deployment_rules import endpoint_name
from greenroom.errors import NotAGreenroomProjectError, UnknownModelError
from greenroom.sandbox.home import sandbox_home
from model_packaging import ReleaseStore

__all__ = ["ARTIFACTS_STACK", "GreenroomProject", "PinnedRelease", "is_greenroom_project", "local_store"]


@dataclass(frozen=True)
class PinnedRelease:
    """A release that an environment pins.

    Attributes:
        model: the model's name.
        digest: `sha256:` and 64 hexadecimal digits.
        current: whether the environment runs it; otherwise it is kept as a rollback target.
    """

    model: str
    digest: str
    current: bool


def is_greenroom_project(root: Path) -> bool:
    """Whether the Pulumi project in `root` has environments of ours."""
    return (root / "environments").is_dir()


def local_store(root: Path) -> ReleaseStore:
    """The releases of the project in `root` on this machine."""
    return ReleaseStore(sandbox_home(root) / "releases")


@dataclass(frozen=True)
class GreenroomProject:
    """A project with environments and models, read and checked.

    Attributes:
        root: the folder of Pulumi.yaml.
        specs: everything that is written in it.
        home: where its releases and its sandbox live (`GREENROOM_HOME`, default `.greenroom`).
    """

    root: Path
    specs: Project
    home: Path

    @classmethod
    def load(cls, root: Path, only_models: Collection[str] | None = None) -> GreenroomProject:
        """Read every spec of the project; of the models those of `only_models`, where it is given.

        Raises:
            NotAGreenroomProjectError: it has no environments/.
            SpecError: what is written in it is not right; all violations at once.
        """
        if not is_greenroom_project(root):
            raise NotAGreenroomProjectError(
                f"{root}: this Pulumi project has no environments/ folder.",
                fix="This command is about Greenroom's environments and models; see `greenroom sandbox --help` for any"
                " Pulumi project.",
            )
        return cls(root=root, specs=load_project(root, only_models), home=sandbox_home(root))

    @property
    def releases(self) -> ReleaseStore:
        """The local store of releases."""
        return local_store(self.root)

    def check_stack(self, stack: str) -> None:
        """Raise `UnknownStackError`, naming those there are, unless the project has the stack."""
        self.specs.models_of(stack)

    def account_of(self, stack: str) -> str:
        """The account a stack is deployed to."""
        if stack == ARTIFACTS_STACK:
            return self.specs.artifacts.account_id
        return self.specs.environment_of(stack).account_id

    def region_of(self, stack: str) -> str:
        """The region a stack is deployed to."""
        if stack == ARTIFACTS_STACK:
            return self.specs.artifacts.region
        return self.specs.environment_of(stack).region

    def accounts(self) -> frozenset[str]:
        """Every account that the project deploys to."""
        return frozenset(map(self.account_of, self.specs.stacks()))

    def endpoint_of(self, stack: str, model: str) -> str:
        """The name of a model's endpoint.

        Raises:
            UnknownModelError: the stack deploys no such model; names those it does.
        """
        models = self.specs.models_of(stack)
        if model not in models:
            raise UnknownModelError(
                f"stack {stack!r} deploys no model {model!r}.",
                fix=f"Use one of: {', '.join(models)}." if models else "It deploys none.",
            )
        return endpoint_name(self.specs.environment_of(stack), model)

    def pins_of(self, stack: str) -> tuple[PinnedRelease, ...]:
        """The releases that a stack's models pin, each model's current one first."""
        environment = self.specs.environment_of(stack)
        pins: list[PinnedRelease] = []
        for model in self.specs.models_of(stack):
            if model not in self.specs.models:
                continue  # not of those that were asked for
            pin = environment.releases[model]
            pins.append(PinnedRelease(model, pin.digest, current=True))
            pins += [PinnedRelease(model, digest, current=False) for digest in pin.previous]
        return tuple(pins)
