"""`greenroom sandbox state …`: a stack's state, edited by hand; what is out there is not touched."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.engine import StateBackend

Decorated = TypeVar("Decorated", bound=Callable[..., None])

_EXITS = "Exit codes: 0 done, 2 bad input; nothing was changed then."
_EXAMPLES = {
    "list": "list dev",
    "delete": "delete dev 'urn:pulumi:dev::my-project::aws:s3/bucket:Bucket::data'",
    "unprotect": "unprotect dev --all",
    "rename": "rename dev 'urn:pulumi:dev::my-project::aws:s3/bucket:Bucket::data' training-data",
    "repair": "repair dev",
}


def _epilog(name: str) -> str:
    return f"\b\nExample:\n  greenroom sandbox state {_EXAMPLES[name]}\n\b\n{_EXITS}"


EPILOG = f"""\b
Examples:
  greenroom sandbox state {_EXAMPLES["list"]}
  greenroom sandbox state {_EXAMPLES["delete"]}
\b
{_EXITS}"""


@click.group(epilog=EPILOG, short_help="List, delete, unprotect, rename, repair records of a state.")
def command() -> None:
    """Edit a stack's state by hand, as `pulumi state` does. Nothing that was deployed is touched.

    The state before an edit is kept beside it: `greenroom sandbox import STACK --file …/STACK.json.bak` goes back.
    """


def _state(project_folder: Path | None, stack: str) -> StateBackend:
    from greenroom.sandbox.session import Sandbox

    sandbox = Sandbox(find_project(project_folder))
    sandbox.require(stack)
    return sandbox.state


@command.command("list", cls=Command, epilog=_epilog("list"), short_help="A stack's resources, with their ids.")
@click.argument("stack")
@project_option
@json_option
def list_(stack: str, *, project_folder: Path | None, as_json: bool) -> None:
    """List STACK's resources, dependencies first, with their ids and what is special about them."""
    from greenroom.sandbox.engine.state_document import pending_of, resources_of

    terminal = Terminal.here()
    document = _state(project_folder, stack).export(stack)
    doubts = {item["resource"]["urn"]: item["type"] for item in pending_of(document)}
    rows = [
        {
            "urn": item["urn"],
            "id": item.get("id", ""),
            "marks": [name for name in ("protect", "delete", "external", "pendingReplacement") if item.get(name)],
        }
        for item in resources_of(document)
    ]
    if as_json:
        terminal.json({"resources": rows, "inDoubt": doubts})
        return
    if rows:
        terminal.table(("URN", "ID", ""), [(row["urn"], row["id"], ", ".join(row["marks"])) for row in rows])
    for urn, type_ in doubts.items():
        terminal.result(f"in doubt, {type_}: {urn}")


@command.command("delete", cls=Command, epilog=_epilog("delete"), short_help="Take a resource out of the state.")
@click.argument("stack")
@click.argument("urn")
@click.option("--force", is_flag=True, help="Though it is protected.")
@click.option("--target-dependents", is_flag=True, help="With its children and all that depends on it.")
@project_option
def delete(stack: str, urn: str, *, force: bool, target_dependents: bool, project_folder: Path | None) -> None:
    """Take the resource URN out of STACK's state; it stays where it is deployed."""
    from greenroom.sandbox.engine.state_edits import forget

    state = _state(project_folder, stack)
    for gone in forget(state, stack, urn, force=force, with_dependents=target_dependents):
        Terminal.here().result(f"forgotten: {gone}")


@command.command("unprotect", cls=Command, epilog=_epilog("unprotect"), short_help="Take the protection off resources.")
@click.argument("stack")
@click.argument("urns", nargs=-1, metavar="[URN]...")
@click.option("--all", "all_", is_flag=True, help="Every resource of the stack.")
@project_option
def unprotect(stack: str, urns: tuple[str, ...], *, all_: bool, project_folder: Path | None) -> None:
    """Take the protection off the resources URN of STACK; the program puts it on again if it asks for it."""
    from greenroom.sandbox.engine.state_edits import unprotect as take_off

    if bool(urns) == all_:
        raise click.UsageError("Name the resources, or say --all.")
    for urn in take_off(_state(project_folder, stack), stack, None if all_ else urns):
        Terminal.here().result(f"unprotected: {urn}")


@command.command(
    "rename", cls=Command, epilog=_epilog("rename"), short_help="Give a resource the program's new name for it."
)
@click.argument("stack")
@click.argument("urn")
@click.argument("name")
@project_option
def rename(stack: str, urn: str, name: str, *, project_folder: Path | None) -> None:
    """Give the resource URN of STACK the logical NAME that the program has for it now."""
    from greenroom.sandbox.engine.state_edits import rename as give_name

    Terminal.here().result(f"renamed: {give_name(_state(project_folder, stack), stack, urn, name)}")


@command.command(
    "repair", cls=Command, epilog=_epilog("repair"), short_help="Put a state right that a hand has edited."
)
@click.argument("stack")
@project_option
def repair(stack: str, *, project_folder: Path | None) -> None:
    """Put STACK's state right where a hand has edited it: the order, and references to what is not there."""
    from greenroom.sandbox.engine.state_edits import repair as mend

    problems = mend(_state(project_folder, stack), stack)
    for problem in problems:
        Terminal.here().result(f"mended: {problem}")
    if not problems:
        Terminal.here().result("nothing to mend")
