"""The tree of resources while they are deployed: parents before children, only what changes, what runs first."""

import io
import sys

import click
import pytest
from rich.console import Console
from rich.file_proxy import FileProxy

from greenroom.cli.operations import summary_lines
from greenroom.cli.progress import ResourceTree, tree_text
from greenroom.cli.terminal import Terminal
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.steps import Op, Step

ROOT = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"
COMPONENT = "urn:pulumi:dev::p::greenroom:aws:ModelEndpoint::tumor"
TOPIC = "urn:pulumi:dev::p::greenroom:aws:ModelEndpoint$aws:sns/topic:Topic::alarms"
ROLE = "urn:pulumi:dev::p::aws:iam/role:Role::role"


def step(op: Op, urn: str, parent: str = "") -> Step:
    state = ResourceState(urn=urn, type=urn.split("::")[2].rsplit("$", maxsplit=1)[-1], custom=True, parent=parent)
    return Step(op, urn, None, state)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def lines(tree: ResourceTree, height: int | None = None) -> list[str]:
    return click.unstyle(tree_text(tree, height)).splitlines()


def test_parents_stand_before_children_and_unchanged_ones_only_above_a_change() -> None:
    clock = Clock()
    tree = ResourceTree(clock)
    for one in (
        step(Op.SAME, ROOT),
        step(Op.SAME, ROLE, ROOT),
        step(Op.CREATE, COMPONENT, ROOT),
        step(Op.CREATE, TOPIC, COMPONENT),
    ):
        tree.started(one)
    clock.now = 102.0
    tree.ended(step(Op.SAME, ROLE, ROOT))
    assert lines(tree) == [
        "   pulumi:pulumi:Stack p-dev",
        "+    greenroom:aws:ModelEndpoint tumor  creating (2s)",
        "+      aws:sns/topic:Topic alarms  creating (2s)",
    ]


def test_a_finished_resource_tells_its_time_and_a_failed_one_why() -> None:
    clock = Clock()
    tree = ResourceTree(clock)
    created, refused = step(Op.CREATE, TOPIC), step(Op.UPDATE, ROLE)
    tree.started(created)
    tree.started(refused)
    clock.now = 101.25
    tree.ended(created)
    tree.ended(refused, "CreateRole was refused\nwith AccessDenied")
    assert lines(tree) == [
        "+  aws:sns/topic:Topic alarms  created (1.2s)",
        "~  aws:iam/role:Role role  failed: CreateRole was refused",
    ]
    assert tree.counts() == (1, 0, 1)


def test_where_the_screen_is_small_what_runs_is_shown_first() -> None:
    tree = ResourceTree(Clock())
    tree.started(step(Op.CREATE, TOPIC))
    tree.ended(step(Op.CREATE, TOPIC))
    tree.started(step(Op.CREATE, ROLE))
    assert lines(tree, height=1) == ["+  aws:iam/role:Role role  creating (0s)"]


def test_the_summary_counts_as_pulumi_does() -> None:
    changes = {"create": 42, "replace": 1, "same": 3}
    assert [click.unstyle(line) for line in summary_lines(changes, planned=True)] == [
        "+ 42 to create",
        "+- 1 to replace",
        "  3 unchanged",
    ]
    assert [click.unstyle(line) for line in summary_lines({"update": 2}, planned=False)] == ["~ 2 updated"]
    assert summary_lines({}, planned=True) == ["  nothing to do"]


def test_what_is_said_meanwhile_goes_through_the_live_display(monkeypatch: pytest.MonkeyPatch) -> None:
    screen, beneath = io.StringIO(), io.TextIOWrapper(io.BytesIO())
    monkeypatch.setattr(sys, "stderr", FileProxy(Console(file=screen), beneath))
    Terminal(live=True).say("bringing up the local AWS")
    beneath.flush()
    assert (screen.getvalue(), beneath.buffer.getvalue()) == ("bringing up the local AWS\n", b"")
