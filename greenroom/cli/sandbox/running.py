"""What `up`, `preview`, `refresh` and `destroy` share: opening the project, and telling how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.operations import summary_lines
from greenroom.cli.options import find_project
from greenroom.cli.progress import progress, subject
from greenroom.cli.terminal import Terminal
from greenroom.errors import DeploymentFailedError

if TYPE_CHECKING:
    from greenroom.delivery.opening import Operations
    from greenroom.delivery.rehearsal import StackResult
    from greenroom.sandbox.session import Sandbox

ROOT_STACK_TYPE = "pulumi:pulumi:Stack"


def open_here(
    terminal: Terminal, project_folder: Path | None, account: str | None = None, models: tuple[str, ...] = ()
) -> Operations:
    """The project around `project_folder` (default: the working directory), its words going to the terminal."""
    root = find_project(project_folder)
    from greenroom.delivery.opening import open_project
    from greenroom.delivery.rehearsal import PREVIEWING

    return open_project(
        root,
        account_id=account,
        narrate=terminal.say,
        progress=lambda verb, stack: progress(terminal, f"{verb} {stack}", planned=verb == PREVIEWING),
        only_models=models,
    )


def summarize(terminal: Terminal, results: Sequence[StackResult], *, planned: bool = False) -> None:
    """Say what happened to each stack (or, planned, would), in Pulumi's counts."""
    for done in results:
        verdict = "" if done.result.succeeded else click.style("  failed", fg="red", bold=True)
        terminal.say(f"{click.style(done.stack, bold=True)}  {done.result.duration_seconds:.1f}s{verdict}")
        for line in summary_lines(done.result.changes, planned=planned):
            terminal.say(f"    {line}")


def result_json(results: Sequence[StackResult]) -> dict[str, Any]:
    """The asked stack's result as `pulumi preview --json` has it; `needs` tells what was brought up before it."""
    *others, last = results
    data: dict[str, Any] = {
        "stack": last.stack,
        "result": "succeeded" if last.result.succeeded else "failed",
        **pulumi_json(last),
        "outputs": last.result.display_outputs(),
    }
    if others:
        data["needs"] = [{"stack": done.stack, "changeSummary": dict(done.result.changes)} for done in others]
    return data


def pulumi_json(done: StackResult) -> dict[str, Any]:
    """One result as `pulumi preview --json` has it: steps that change nothing are left out, but for the root's."""
    data = done.result.to_pulumi_json()
    data["steps"] = [
        step for step in data["steps"] if step["op"] != "same" or step["urn"].split("::")[2] == ROOT_STACK_TYPE
    ]
    return data


def raise_if_failed(sandbox: Sandbox, results: Sequence[StackResult], *, planned: bool = False) -> None:
    """End the command well, or not. What was only planned left nothing to go on from.

    Raises:
        KeyboardInterrupt: the operation was interrupted; what was under way ran to its end.
        DeploymentFailedError: a stack failed; names its resources, and the local AWS if that went away meanwhile.
    """
    failed = next((done for done in results if not done.result.succeeded), None)
    if failed is None:
        return
    if any(item.message.startswith("interrupted") for item in failed.result.diagnostics if item.severity == "error"):
        raise KeyboardInterrupt
    went_away = sandbox.cloud_url is None and sandbox.cloud.status().state != "ready"
    what = "the local AWS went away in the middle" if went_away else "it failed"
    again = "The same command again goes on from there" + (", with the local AWS restored." if went_away else ".")
    raise DeploymentFailedError(
        "\n".join([f"{failed.stack}: {what}:", *_failures(failed)]),
        fix=None if planned else f"The state holds what was done. {again}",
    )


def _failures(done: StackResult) -> list[str]:
    """What failed and why, indented: `  aws:sns/topic:Topic alarms: …`; each once."""
    failures = [item for item in done.result.diagnostics if item.severity == "error"]
    return list(dict.fromkeys(f"  {subject(item)}{item.message.rstrip()}".replace("\n", "\n    ") for item in failures))
