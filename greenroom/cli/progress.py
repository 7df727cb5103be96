"""What a deployment is doing, while it does it.

On a terminal: the tree of resources, parents before children, with each one's operation, status and time, redrawn in
place; afterwards the same tree stays as a record. Otherwise: a line an event. Both on stderr. What a program prints
goes to stderr too: stdout is for the command's result. Errors are kept for the command's end, which tells them once.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from greenroom.cli.operations import QUIET, words
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from greenroom.sandbox.engine import Diagnostic, EngineEvent, Step

REFRESHES_PER_SECOND = 8
ROWS_BESIDE_THE_TREE = 4
"""Lines of the screen that the title and the line of counts take."""


@dataclass
class Row:
    """One resource: what is done to it, since when, and how it ended."""

    urn: str
    parent: str
    op: str
    started: float
    seconds: float | None = None
    error: str | None = None

    @property
    def running(self) -> bool:
        """Whether the operation has not ended."""
        return self.seconds is None and self.error is None


@dataclass
class ResourceTree:
    """Rows by URN, in the order in which they came; `same` is counted, and shown only above something that changes."""

    clock: Callable[[], float] = time.monotonic
    planned: bool = False
    rows: dict[str, Row] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def started(self, step: Step) -> None:
        """A step began."""
        state = step.new if step.new is not None else step.old
        with self.lock:
            self.rows[step.urn] = Row(step.urn, state.parent if state is not None else "", step.op, self.clock())

    def ended(self, step: Step, error: str | None = None) -> None:
        """A step ended, well or with an error."""
        if step.urn not in self.rows:
            self.started(step)
        with self.lock:
            row = self.rows[step.urn]
            row.op = step.op  # what began as a refresh may end as the update, or the loss, that it found
            row.seconds, row.error = self.clock() - row.started, error

    def lines(self, height: int | None = None) -> list[tuple[int, Row]]:
        """Depth and row of what is shown: what changes, and its ancestors; at most `height`, what runs first."""
        with self.lock:
            rows = dict(self.rows)
        shown = _with_ancestors(rows, [row for row in rows.values() if row.op not in QUIET or row.error is not None])
        if height is not None and len(shown) > height:
            by_interest = sorted(shown, key=lambda urn: (not rows[urn].running, -rows[urn].started))
            shown = set(by_interest[:height])
        return [(depth, row) for depth, row in _walk(rows) if row.urn in shown]

    def counts(self) -> tuple[int, int, int]:
        """How many operations ended well, run, and failed; `same` not among them."""
        with self.lock:
            rows = [row for row in self.rows.values() if row.op != "same"]
        failed = sum(row.error is not None for row in rows)
        running = sum(row.running for row in rows)
        return len(rows) - running - failed, running, failed


def _with_ancestors(rows: dict[str, Row], changing: list[Row]) -> set[str]:
    shown: set[str] = set()
    for row in changing:
        urn = row.urn
        while urn in rows and urn not in shown:
            shown.add(urn)
            urn = rows[urn].parent
    return shown


def _walk(rows: dict[str, Row]) -> Iterator[tuple[int, Row]]:
    children: dict[str, list[Row]] = {}
    for row in rows.values():
        parent = row.parent if row.parent in rows and row.parent != row.urn else ""
        children.setdefault(parent, []).append(row)

    def below(parent: str, depth: int) -> Iterator[tuple[int, Row]]:
        for row in children.get(parent, ()):
            yield depth, row
            yield from below(row.urn, depth + 1)

    return below("", 0)


def describe(row: Row, now: float, *, planned: bool) -> str:
    """`aws:sns/topic:Topic alarms  creating (3s)`; planned, `to create`."""
    _, _, qualified, name = (*row.urn.split("::", 3), "", "", "")[:4]
    found = words(row.op)
    if row.error is not None:
        status = click.style(f"failed: {row.error.splitlines()[0] if row.error else 'failed'}", fg="red", bold=True)
    elif planned:
        status = found.plan if row.op not in QUIET else ""
    elif row.running:
        status = f"{found.running} ({now - row.started:.0f}s)" if row.op not in QUIET else ""
    else:
        status = click.style(f"{found.done} ({row.seconds or 0:.1f}s)", dim=True) if row.op not in QUIET else ""
    return f"{qualified.rsplit('$', 1)[-1]} {click.style(name, bold=True)}  {status}".rstrip()


def tree_text(tree: ResourceTree, height: int | None = None) -> str:
    """The tree as text with ANSI colours, a line a resource."""
    now = tree.clock()
    rows = tree.lines(height)
    lines = [
        f"{click.style(words(row.op).symbol.ljust(2), fg=words(row.op).colour, bold=True)} "
        f"{'  ' * depth}{describe(row, now, planned=tree.planned)}"
        for depth, row in rows
    ]
    return "\n".join(lines)


@contextmanager
def progress(terminal: Terminal, title: str, *, planned: bool = False) -> Iterator[Callable[[EngineEvent], None]]:
    """Show one operation on one stack; yields the engine's listener.

    Args:
        terminal: where to; nothing is shown where it is quiet.
        title: `Updating dev`, `Previewing dev`, …
        planned: whether nothing is deployed: then the plan follows as the result, and no record of steps stays.
    """
    terminal.say(click.style(title, bold=True))
    if terminal.live and not terminal.quiet:
        with _live(ResourceTree(planned=planned)) as listener:
            yield listener
    else:
        with redirect_stdout(sys.stderr):
            yield lambda event: _tell(terminal, event, planned=planned)


@contextmanager
def _live(tree: ResourceTree) -> Iterator[Callable[[EngineEvent], None]]:
    from rich.console import Console
    from rich.live import Live

    console = Console(stderr=True, highlight=False, markup=False)
    with Live(
        get_renderable=lambda: _screen(tree, console),
        console=console,
        refresh_per_second=REFRESHES_PER_SECOND,
        transient=True,
        redirect_stderr=True,
        redirect_stdout=True,
    ):
        yield lambda event: _record(tree, console, event)
    record = "" if tree.planned else tree_text(tree)
    if record:
        click.echo(record, err=True)


def _screen(tree: ResourceTree, console: Console) -> RenderableType:
    from rich.text import Text

    done, running, failed = tree.counts()
    counts = f"{done} done, {running} running" + (f", {failed} failed" if failed else "")
    text = Text.from_ansi(tree_text(tree, max(console.height - ROWS_BESIDE_THE_TREE, 1)), no_wrap=True)
    text.overflow = "ellipsis"
    return Text("\n").join([text, Text(counts, style="dim")]) if text else Text(counts, style="dim")


def _record(tree: ResourceTree, console: Console, event: EngineEvent) -> None:
    from rich.text import Text

    from greenroom.sandbox.engine import Diagnostic, StepFailed, StepStarted, StepSucceeded

    match event:
        case StepStarted(step=step):
            tree.started(step)
        case StepSucceeded(step=step):
            tree.ended(step)
        case StepFailed(step=step, error=error):
            tree.ended(step, str(error))
        case Diagnostic(severity=severity) if severity != "error":
            console.print(Text.from_ansi(diagnostic_line(event)))
        case _:
            pass


def _tell(terminal: Terminal, event: EngineEvent, *, planned: bool) -> None:
    from greenroom.sandbox.engine import Diagnostic, StepFailed, StepStarted, StepSucceeded

    match event:
        case StepStarted() | StepSucceeded() if planned:
            pass
        case StepStarted(step=step) if step.op not in QUIET:
            terminal.say(_event_line(step, words(step.op).running))
        case StepSucceeded(step=step) if step.op not in QUIET:
            terminal.say(_event_line(step, words(step.op).done))
        case StepFailed(step=step):
            terminal.say(_event_line(step, click.style("failed", fg="red")))
        case Diagnostic(severity=severity) if severity != "error":
            terminal.say(diagnostic_line(event))
        case _:
            pass


def _event_line(step: Step, status: str) -> str:
    _, _, qualified, name = step.urn.split("::", 3)
    mark = click.style(words(step.op).symbol.ljust(2), fg=words(step.op).colour)
    return f"{mark} {qualified.rsplit('$', 1)[-1]} {name} {status}"


def subject(diagnostic: Diagnostic) -> str:
    """`aws:s3/bucket:Bucket store: `; empty where the message is about no resource."""
    if diagnostic.urn.count("::") < 3:
        return ""
    _, _, qualified, name = diagnostic.urn.split("::", 3)
    return f"{qualified.rsplit('$', 1)[-1]} {name}: "


def diagnostic_line(diagnostic: Diagnostic) -> str:
    """`warning: aws:s3/bucket:Bucket store: …`; what the program prints stands as it is."""
    if diagnostic.severity == "info":
        return f"{subject(diagnostic)}{diagnostic.message.rstrip()}"
    severity = click.style(f"{diagnostic.severity}:", fg="yellow", bold=True)
    return f"{severity} {subject(diagnostic)}{diagnostic.message.rstrip()}"
