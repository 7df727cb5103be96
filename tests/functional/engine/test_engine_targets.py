"""Targets, excludes, replacements by URN, and going on after errors: https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/"""

from __future__ import annotations

from typing import Any

import pytest

from greenroom.sandbox.engine.errors import TargetError
from tests.functional.engine.harness import Stage, errors, ops

BEFORE = """
a = Box("a", size=1)
b = Box("b", size=1, of=a.arn)
r = Room("r")
c = Box("c", size=1, opts=inside(r))
d = Box("d", size=1)
"""
AFTER = BEFORE.replace("size=1", "size=2").replace('d = Box("d", size=2)', "")

A = "urn:pulumi:dev::stage::mem:index:Box::a"
D = "urn:pulumi:dev::stage::mem:index:Box::d"


def changes(stage: Stage, program: str, **options: Any) -> list[tuple[str, str]]:
    """What an update does, and that its preview says the same."""
    planned = ops(stage.preview(program, **options))
    result = stage.up(program, **options)
    assert (result.succeeded, sorted(planned)) == (True, sorted(ops(result)))
    return sorted(item for item in ops(result) if item[0] != "same")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "done"),
    [
        ({"targets": (A,)}, [("update", "a")]),
        ({"targets": ("**::a",)}, [("update", "a")]),
        ({"targets": ("**:*::a",)}, [("update", "a")]),
        ({"targets": ("*::a",)}, []),
        ({"targets": (A,), "target_dependents": True}, [("update", "a"), ("update", "b")]),
        ({"targets": ("**Room::r",), "target_dependents": True}, [("update", "c")]),
        ({"targets": (A, D)}, [("delete", "d"), ("update", "a")]),
        ({"excludes": (A,)}, [("delete", "d"), ("update", "b"), ("update", "c")]),
        # What an excluded resource needs is not deleted, its provider for one, and whatever depends on that is kept too.
        ({"excludes": (A,), "exclude_dependents": True}, [("update", "c")]),
        ({"excludes": (D, "**::c")}, [("update", "a"), ("update", "b")]),
        (
            {"replaces": (A,)},
            [
                ("create-replacement", "a"),
                ("delete", "d"),
                ("delete-replaced", "a"),
                ("replace", "a"),
                ("update", "b"),
                ("update", "c"),
            ],
        ),
        (
            {"targets": (A,), "replaces": (A,)},
            [("create-replacement", "a"), ("delete-replaced", "a"), ("replace", "a")],
        ),
    ],
)
def test_an_update_concerns_what_it_was_told(
    stage: Stage, options: dict[str, Any], done: list[tuple[str, str]]
) -> None:
    stage.up(BEFORE)
    assert changes(stage, AFTER, **options) == done
    everything_but_done = [item for item in changes(stage, AFTER) if item[0] in ("update", "delete")]
    assert not {name for _, name in everything_but_done} & {name for op, name in done if op in ("update", "delete")} - {
        "b"
    }


def test_what_is_not_targeted_is_not_made_and_is_unknown_to_the_program(stage: Stage) -> None:
    result = stage.up('a = Box("a")\nx = Box("x")\nx.arn.apply(print)\npulumi.export("x", x.id)', targets=(A,))
    assert result.succeeded
    assert sorted(stage.state()) == ["a", "default", "stage-dev"]
    assert [item.message for item in result.diagnostics] == []


def test_a_target_that_depends_on_what_is_not_to_be_made_is_refused_by_name(stage: Stage) -> None:
    program = 'x = Box("x")\ny = Box("y", of=x.arn)\nz = Box("z")'
    result = stage.up(program, targets=(stage.urn("y"), stage.urn("z")))
    (message,) = errors(result)
    assert message == (
        f"{stage.urn('y')!r} depends on {stage.urn('x')!r}, which is not there and is not to be made\n"
        "fix: target it as well, or exclude neither of them or both (--exclude-dependents)"
    )
    planned = stage.preview(program, targets=(stage.urn("y"), stage.urn("z")))
    assert errors(planned) == [message]
    assert ("create", "y") in ops(planned)


@pytest.mark.parametrize(
    "dependence", ["of=x.arn", "opts=ResourceOptions(depends_on=[x])", "opts=inside(x)", "size=2, of=x.arn"]
)
def test_what_depends_on_an_excluded_resource_that_is_not_there_is_refused(stage: Stage, dependence: str) -> None:
    """Pulumi 3.260 makes it, and then cannot read its own state: "snapshot integrity failure"."""
    stage.up('a = Box("a")\ny = Box("y")' if "size" in dependence else 'a = Box("a")')
    before = sorted(stage.cloud.boxes)
    program = f'a = Box("a")\nx = Box("x")\ny = Box("y", {dependence})'
    (message,) = errors(stage.up(program, excludes=("**::x",)))
    assert "which is not there and is not to be made" in message
    assert sorted(stage.cloud.boxes) == before
    assert stage.up(program, excludes=("**::x",), exclude_dependents=True).succeeded
    assert stage.up(program).succeeded


def test_a_target_that_matches_nothing_is_told_of(stage: Stage) -> None:
    stage.up(BEFORE)
    missing = stage.urn("nobody")
    (message,) = errors(stage.up(AFTER, targets=(missing, A)))
    assert message.startswith(f"target {missing!r} could not be found in the stack\nfix: ")
    assert stage.state()["a"]["inputs"]["size"] == 2
    for command in (stage.refresh, stage.destroy):
        for option in ("targets", "excludes"):
            with pytest.raises(TargetError, match="nobody"):
                command(**{option: (missing,)})
    with pytest.raises(TargetError, match="nobody"):
        stage.up(replaces=(missing,))


def test_a_targeted_deletion_that_takes_others_along_must_be_told_so(stage: Stage) -> None:
    stage.up(BEFORE)
    result = stage.destroy(targets=(A,))
    assert (result.succeeded, len(errors(result)), len(stage.cloud.boxes)) == (False, 1, 4)
    assert errors(result)[0].startswith(f"{stage.urn('b')!r} must be deleted with a target")
    assert stage.destroy(targets=(A,), target_dependents=True).succeeded
    assert sorted(stage.cloud.boxes) == ["c-1", "d-1"]


def test_a_destroy_leaves_the_excluded_and_what_they_need(stage: Stage) -> None:
    stage.up(BEFORE)
    assert stage.destroy(excludes=(stage.urn("b"),)).succeeded
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]
    assert sorted(stage.state()) == ["a", "b", "default", "stage-dev"]


def test_a_refresh_reads_what_it_was_told(stage: Stage) -> None:
    stage.up(BEFORE)
    for box in ("a-1", "b-1", "d-1"):
        del stage.cloud.boxes[box]
    assert [item for item in ops(stage.refresh(targets=(D,))) if item[0] == "delete"] == [("delete", "d")]
    assert [item for item in ops(stage.refresh(excludes=(A,))) if item[0] == "delete"] == [("delete", "b")]


def test_a_renamed_resource_that_is_not_targeted_keeps_its_old_name_in_the_state(stage: Stage) -> None:
    stage.up('r = Room("r")\na = Box("a", opts=inside(r))\nb = Box("b")')
    renamed = """
r = Room("room", opts=ResourceOptions(aliases=[Alias(name="r")]))
a = Box("a", opts=inside(r))
b = Box("b", size=2)
"""
    assert changes(stage, renamed, targets=("**::b",)) == [("update", "b")]
    assert sorted(stage.state()) == ["a", "b", "default", "r", "stage-dev"]
    assert changes(stage, renamed) == []
    assert sorted(stage.state()) == ["a", "b", "default", "room", "stage-dev"]


def test_a_parent_that_left_the_program_stays_ahead_of_its_children_in_the_state(stage: Stage) -> None:
    stage.up('r = Room("r")\na = Box("a", opts=inside(r))\nb = Box("b")')
    moved = 'a = Box("a", opts=ResourceOptions(aliases=[Alias(parent="{}")]))\nb = Box("b", size=2)'
    room = stage.state()["r"]["urn"]
    assert changes(stage, moved.format(room), targets=("**::b",)) == [("update", "b")]
    names = [name for name in stage.state() if name in "abr"]
    assert names.index("r") < names.index("a")


def test_going_on_after_an_error_skips_what_depends_on_it_alone(stage: Stage) -> None:
    program = """
bad = Box("bad", fail="create")
child = Box("child", of=bad.arn)
grandchild = Box("grandchild", opts=ResourceOptions(depends_on=[child]))
good = Box("good")
better = Box("better", of=good.arn)
"""
    result = stage.up(program, continue_on_error=True)
    assert (result.succeeded, errors(result)) == (False, ["the box would not create"])
    assert sorted(stage.state()) == ["better", "default", "good", "stage-dev"]
    assert stage.up(program.replace(', fail="create"', "")).succeeded


def test_going_on_after_an_error_deletes_what_the_failed_resource_does_not_need(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b")\nbad = Box("bad", of=a.arn)')
    result = stage.up('bad = Box("bad", fail="update")', continue_on_error=True)
    assert (result.succeeded, errors(result)) == (False, ["the box would not update"])
    assert sorted(stage.cloud.boxes) == ["a-1", "bad-1"]


def test_going_on_after_an_error_leaves_out_a_replacement_that_depends_on_what_failed(stage: Stage) -> None:
    program = 'a = Box("a"{})\nb = Box("b", of=a.arn, shape="{}")'
    stage.up(program.format("", "round"))
    result = stage.up(program.format(', fail="update"', "square"), continue_on_error=True)
    assert errors(result) == ["the box would not update"]
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]


def test_going_on_after_an_error_keeps_what_is_left_out_and_what_that_depends_on(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b", of=a.arn)')
    result = stage.up('new = Box("new", fail="create")\nb = Box("b", of=new.arn)', continue_on_error=True)
    assert (errors(result), sorted(stage.cloud.boxes)) == (["the box would not create"], ["a-1", "b-1"])
    assert stage.state()["b"]["dependencies"] == [A]
    assert stage.up('new = Box("new")\nb = Box("b", of=new.arn)').succeeded
    assert sorted(stage.cloud.boxes) == ["b-1", "new-1"]


def test_going_on_after_a_replacement_that_was_left_unfinished_deletes_the_old_one(stage: Stage) -> None:
    program = 'a = Box("a"{})\nb = Box("b", of=a.arn)'
    stage.up(program.format(""))
    result = stage.up(program.format(', shape="square", fail="init"'), continue_on_error=True)
    assert (errors(result), sorted(stage.cloud.boxes)) == (["the box is not finished"], ["a-2", "b-1"])
