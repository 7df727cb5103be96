"""A program that declares a part of its stack: the rest stays, and what the part itself no longer has goes."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.functional.engine.harness import Stage, ops

BOTH = """
shared = Box("shared")
for name in ("left", "right"):
    room = Room(name)
    Box(f"{name}-first", of=shared.arn, opts=inside(room))
    Box(f"{name}-second", size=1, opts=inside(room))
    pulumi.export(name, {"rooms": 1})
"""
LEFT = """
shared = Box("shared")
room = Room("left")
Box("left-first", of=shared.arn, opts=inside(room))
Box("left-third", size=3, opts=inside(room))
pulumi.export("left", {"rooms": 2})
"""
ALL_OF_BOTH = [
    "default", "left", "left-first", "left-second", "right", "right-first", "right-second", "shared", "stage-dev",
]  # fmt: skip


def names(stage: Stage) -> list[str]:
    return sorted(stage.state())


def test_what_a_part_does_not_declare_stays_and_what_it_no_longer_has_goes(stage: Stage) -> None:
    stage.up(BOTH)
    assert names(stage) == ALL_OF_BOTH
    planned = ops(stage.preview(LEFT, is_partial=True))
    result = stage.up(LEFT, is_partial=True)
    assert sorted(planned) == sorted(ops(result))
    changed = sorted(item for item in ops(result) if item[0] != "same")
    assert changed == [("create", "left-third"), ("delete", "left-second")]
    assert names(stage) == sorted({*ALL_OF_BOTH, "left-third"} - {"left-second"})


def test_the_outputs_of_the_rest_stay(stage: Stage) -> None:
    stage.up(BOTH)
    outputs = stage.up(LEFT, is_partial=True).outputs
    assert outputs == {"left": {"rooms": 2.0}, "right": {"rooms": 1.0}}


def test_the_whole_program_finds_both_parts_again(stage: Stage) -> None:
    stage.up(BOTH)
    stage.up(LEFT, is_partial=True)
    changed = sorted(item for item in ops(stage.up(BOTH)) if item[0] != "same")
    assert changed == [("create", "left-second"), ("delete", "left-third")]


def test_the_same_program_taken_for_the_whole_deletes_the_rest(stage: Stage) -> None:
    stage.up(BOTH)
    deleted = sorted(name for op, name in ops(stage.preview(LEFT)) if op == "delete")
    assert deleted == ["left-second", "right", "right-first", "right-second"]


@pytest.fixture
def plain_collector() -> Iterator[None]:
    """Python's own settings, whatever a program that ran in this process before has left."""
    before, was_frozen = gc.get_threshold(), gc.get_freeze_count() > 0
    gc.unfreeze()
    gc.set_threshold(700, 10, 10)
    yield
    gc.set_threshold(*before)
    if was_frozen:
        gc.freeze()


@pytest.mark.usefixtures("plain_collector")
def test_the_garbage_collector_is_as_before_when_a_command_has_ended(stage: Stage) -> None:
    before = gc.get_threshold()
    assert stage.up("import gc\npulumi.export('threshold', gc.get_threshold()[0])").outputs["threshold"] > before[0]
    assert not stage.up('raise ValueError("no")').succeeded
    assert (gc.get_threshold(), gc.get_freeze_count()) == (before, 0)
