"""The sandbox's operations on whatever project there is: one of ours, or any Pulumi Python project."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from greenroom.delivery.project import GreenroomProject, is_greenroom_project
from greenroom.delivery.rehearsal import PREVIEWING, Progress, Rehearsal, StackResult
from greenroom.errors import UserError
from greenroom.sandbox.session import DEFAULT_ACCOUNT_ID, Sandbox

if TYPE_CHECKING:
    from greenroom.sandbox.engine import Options


class Operations(Protocol):
    """What a command can do to a stack, whatever project it is of."""

    @property
    def sandbox(self) -> Sandbox:
        """The engine and the local AWS."""

    def up(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Deploy a stack, and what it needs first; a result a stack, the asked one last."""

    def preview(self, stack: str, options: Options | None = None) -> StackResult:
        """What `up` would do to the stack."""

    def refresh(self, stack: str, options: Options | None = None) -> StackResult:
        """Read every resource anew."""

    def destroy(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Take the stack down, and what was there only for it."""


@dataclass(frozen=True)
class PlainProject:
    """Any Pulumi Python project: a stack needs nothing but itself."""

    sandbox: Sandbox
    progress: Progress

    def up(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Deploy the stack."""
        with self.progress("Updating", stack) as listener:
            return (StackResult(stack, self.sandbox.up(stack, options=options, listener=listener)),)

    def preview(self, stack: str, options: Options | None = None) -> StackResult:
        """What `up` would do."""
        with self.progress(PREVIEWING, stack) as listener:
            return StackResult(stack, self.sandbox.preview(stack, options=options, listener=listener))

    def refresh(self, stack: str, options: Options | None = None) -> StackResult:
        """Read every resource anew."""
        with self.progress("Refreshing", stack) as listener:
            return StackResult(stack, self.sandbox.refresh(stack, options=options, listener=listener))

    def destroy(self, stack: str, options: Options | None = None) -> tuple[StackResult, ...]:
        """Take the stack down."""
        with self.progress("Destroying", stack) as listener:
            return (StackResult(stack, self.sandbox.destroy(stack, options=options, listener=listener)),)


def open_project(
    root: Path,
    *,
    account_id: str | None,
    narrate: Callable[[str], None],
    progress: Progress,
    only_models: tuple[str, ...] = (),
) -> Operations:
    """The operations on the project in `root`.

    Args:
        root: the folder of Pulumi.yaml.
        account_id: whom a plain project's programs act as; `None` for the default.
        narrate: is told what happens between stacks.
        progress: shows what happens to a stack.
        only_models: the models that are concerned; none: all of them.

    Raises:
        UserError: an account is given for a project whose environments name theirs.
        SpecError: the project is ours, and what is written in it is not right.
    """
    if not is_greenroom_project(root):
        account = DEFAULT_ACCOUNT_ID if account_id is None else account_id
        if only_models:
            raise UserError(
                f"{root}: this Pulumi project has no environments/, so that it has no models to choose from.",
                fix="Leave --model out, and name resources with --target.",
            )
        sandbox = Sandbox(root, account_id=account, narrate=narrate)
        return PlainProject(sandbox, progress)
    if account_id is not None:
        raise UserError(
            f"{root}: the environments of this project name their accounts; --account {account_id} says nothing here.",
            fix="Leave it out, or change account_id in environments/ENV.yaml.",
        )
    models = only_models or None
    project = GreenroomProject.load(root, models)
    return Rehearsal(project, Sandbox(root, narrate=narrate), narrate, progress, models)
