"""Create, same, update, delete; previews; refresh; destroy; order and parallelism."""

from __future__ import annotations

import json

import pytest

from greenroom.sandbox.engine.diffs import DiffKind, PropertyDiff
from greenroom.sandbox.engine.events import Diagnostic, Finished, ProgramStarted, StepStarted, StepSucceeded
from greenroom.sandbox.engine.state_transfer import import_state
from tests.functional.engine.harness import Stage, errors, ops

CHAIN = """
a = Box("a", size=1)
b = Box("b", size=2, of=a.arn)
pulumi.export("arn", b.arn)
"""


def test_a_first_update_creates_and_the_next_one_changes_nothing(stage: Stage) -> None:
    first = stage.up(CHAIN)
    assert (first.succeeded, ops(first), first.changes) == (True, [("create", "a"), ("create", "b")], {"create": 3})
    assert first.outputs == {"arn": "arn:mem:b-1"}
    written = stage.file.read_bytes()
    second = stage.up()
    assert (second.succeeded, second.is_unchanged, second.changes) == (True, True, {"same": 3})
    assert stage.cloud.log == []
    assert stage.file.read_bytes() == written


def test_the_state_holds_inputs_outputs_dependencies_and_providers(stage: Stage) -> None:
    stage.up(CHAIN)
    state = stage.state()
    provider = f"urn:pulumi:dev::stage::pulumi:providers:mem::default::{state['default']['id']}"
    urn_a = "urn:pulumi:dev::stage::mem:index:Box::a"
    found = {key: value for key, value in state["b"].items() if key not in ("created", "modified")}
    assert found == {
        "urn": "urn:pulumi:dev::stage::mem:index:Box::b",
        "custom": True,
        "id": "b-1",
        "type": "mem:index:Box",
        "inputs": {"size": 2, "of": "arn:mem:a-1"},
        "outputs": {"size": 2, "of": "arn:mem:a-1", "arn": "arn:mem:b-1"},
        "parent": "urn:pulumi:dev::stage::pulumi:pulumi:Stack::stage-dev",
        "dependencies": [urn_a],
        "propertyDependencies": {"of": [urn_a], "size": []},
        "provider": provider,
    }


def test_a_preview_plans_what_up_does_and_changes_nothing(stage: Stage) -> None:
    plan = stage.preview(CHAIN)
    assert ops(plan) == [("create", "a"), ("create", "b")]
    assert plan.display_outputs() == {"arn": "[unknown]"}
    assert (stage.cloud.boxes, stage.file.exists()) == ({}, False)
    assert ops(stage.up()) == ops(plan)


def test_an_update_says_what_differs_and_is_in_place(stage: Stage) -> None:
    stage.up(CHAIN)
    plan = stage.preview(CHAIN.replace("size=2", "size=5"))
    (update,) = (step for step in plan.steps if step.op == "update")
    assert update.detailed_diff == {"size": PropertyDiff(DiffKind.UPDATE, input_diff=True, old=2.0, new=5.0)}
    assert ops(stage.up()) == [("same", "a"), ("update", "b")]
    assert stage.cloud.log == [("update", "b")]
    assert stage.state()["b"]["outputs"]["size"] == 5


def test_what_the_program_no_longer_has_is_deleted_dependents_first(stage: Stage) -> None:
    stage.up(CHAIN + 'c = Box("c", of=b.arn)')
    result = stage.up("")
    assert [item for item in ops(result) if item[0] == "delete"] == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert stage.cloud.actions() == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert list(stage.state()) == ["stage-dev"]


def test_a_diamond_is_created_from_the_top_and_deleted_from_the_bottom(stage: Stage) -> None:
    # Both sides depend on the top, and the bottom on both: the sides may come in any order, but never the bottom before
    # one of them.
    stage.up("""
top = Box("top")
left = Box("left", of=top.arn)
right = Box("right", of=top.arn)
bottom = Box("bottom", one=left.arn, two=right.arn)
""")
    made = [name for _, name in stage.cloud.actions("create")]
    assert (made[0], set(made[1:3]), made[3]) == ("top", {"left", "right"}, "bottom")
    stage.cloud.log.clear()
    assert stage.destroy().succeeded
    gone = [name for _, name in stage.cloud.actions("delete")]
    assert (gone[0], set(gone[1:3]), gone[3]) == ("bottom", {"left", "right"}, "top")


def test_resources_that_do_not_depend_on_one_another_are_made_side_by_side(stage: Stage) -> None:
    stage.cloud.delay_seconds = 0.05
    stage.up("boxes = [Box(f'b{n}') for n in range(12)]")
    assert 4 <= stage.cloud.most_at_once <= stage.parallel


def test_no_more_operations_run_at_once_than_asked_for(stage: Stage) -> None:
    stage.parallel, stage.cloud.delay_seconds = 2, 0.01
    stage.up("boxes = [Box(f'b{n}') for n in range(12)]")
    assert stage.cloud.most_at_once == 2
    stage.cloud.most_at_once = 0
    stage.destroy()
    assert stage.cloud.most_at_once == 2


def test_a_component_is_the_parent_of_its_children_and_keeps_its_outputs(stage: Stage) -> None:
    stage.up("""
r = Room("r", hue="red")
a = Box("a", opts=inside(r))
r.register_outputs({"arn": a.arn})
""")
    state = stage.state()
    assert state["r"]["outputs"] == {"arn": "arn:mem:a-1"}
    assert state["a"]["urn"] == "urn:pulumi:dev::stage::my:index:Room$mem:index:Box::a"
    assert state["a"]["parent"] == state["r"]["urn"]


def test_destroy_leaves_nothing(stage: Stage) -> None:
    stage.up(CHAIN + 'r = Room("r")\nc = Box("c", opts=inside(r))')
    result = stage.destroy()
    assert (result.succeeded, result.changes) == (True, {"delete": 5})
    assert (stage.cloud.boxes, stage.state()) == ({}, {})
    assert stage.destroy().changes == {}


def test_destroy_refuses_what_is_protected_before_it_deletes_anything(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b", opts=ResourceOptions(protect=True))')
    result = stage.destroy()
    assert not result.succeeded
    assert errors(result) == ["urn:pulumi:dev::stage::mem:index:Box::b is protected: it cannot be deleted"]
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]


def test_refresh_finds_what_drifted_and_what_is_gone(stage: Stage) -> None:
    stage.up('a = Box("a", size=1)\nb = Box("b", size=2, of=a.arn)\nc = Box("c")')
    from pulumi.provider.experimental.property_value import PropertyValue

    del stage.cloud.boxes["a-1"]
    stage.cloud.boxes["b-1"] = {**stage.cloud.boxes["b-1"], "size": PropertyValue(9.0)}
    result = stage.refresh()
    assert sorted(ops(result)) == [("delete", "a"), ("refresh", "c"), ("update", "b")]
    (drift,) = (step for step in result.steps if step.op == "update")
    assert drift.detailed_diff == {"size": PropertyDiff(DiffKind.UPDATE, input_diff=True, old=2.0, new=9.0)}
    state = stage.state()
    assert ("a" in state, state["b"]["inputs"]["size"], "dependencies" in state["b"]) == (False, 9, False)
    assert sorted(ops(stage.up())) == [("create", "a"), ("same", "c"), ("update", "b")]
    assert stage.state()["b"]["outputs"]["size"] == 2


def test_up_with_refresh_repairs_at_once(stage: Stage) -> None:
    stage.up('a = Box("a")')
    stage.cloud.boxes.clear()
    result = stage.up(refresh=True)
    assert (ops(result), dict(result.changes)) == ([("delete", "a"), ("create", "a")], {"create": 1, "same": 1})
    assert list(stage.cloud.boxes) == ["a-2"]


def test_a_preview_with_refresh_writes_nothing(stage: Stage) -> None:
    stage.up('a = Box("a")')
    stage.cloud.boxes.clear()
    before = stage.file.read_bytes()
    assert ops(stage.preview(refresh=True)) == [("delete", "a"), ("create", "a")]
    assert stage.file.read_bytes() == before


def test_the_events_tell_the_story_in_order(stage: Stage) -> None:
    result = stage.up('print("one\\ntwo")\na = Box("a")\npulumi.log.warn("careful", resource=a)')
    kinds = [type(event).__name__ for event in stage.events]
    assert (kinds[0], kinds[-1]) == ("ProgramStarted", "Finished")
    assert stage.events[0] == ProgramStarted("stage", "dev", dry_run=False)
    assert stage.events[-1] == Finished(result)
    urn = "urn:pulumi:dev::stage::mem:index:Box::a"
    told = [event for event in stage.events if isinstance(event, Diagnostic)]
    assert told == [Diagnostic("info", "one"), Diagnostic("info", "two"), Diagnostic("warning", "careful", urn)]
    about_a = [
        event for event in stage.events if isinstance(event, StepStarted | StepSucceeded) and event.step.urn == urn
    ]
    assert [type(event).__name__ for event in about_a] == ["StepStarted", "StepSucceeded"]


def test_the_json_has_the_shape_of_the_cli_s(stage: Stage) -> None:
    stage.up(CHAIN)
    data = stage.preview(CHAIN.replace("size=2", "size=5")).to_pulumi_json()
    assert set(data) == {"steps", "duration", "changeSummary"}
    assert data["changeSummary"] == {"same": 2, "update": 1}
    same, update = data["steps"]
    assert (same["op"], same["urn"]) == ("same", "urn:pulumi:dev::stage::pulumi:pulumi:Stack::stage-dev")
    assert (update["op"], update["diffReasons"]) == ("update", ["size"])
    assert update["detailedDiff"] == {"size": {"kind": "update", "inputDiff": True}}
    assert (update["oldState"]["inputs"]["size"], update["newState"]["inputs"]["size"]) == (2, 5)
    json.dumps(data)


def test_the_children_of_what_is_gone_are_its_parent_s_after_a_refresh(stage: Stage) -> None:
    program = 'r = Room("r")\na = Box("a", opts=inside(r))\nb = Box("b", opts=inside(a))\nc = Box("c", of=b.arn)'
    stage.up(program)
    stage.cloud.boxes.pop("a-1")
    assert stage.refresh().succeeded
    assert stage.state()["b"]["parent"] == stage.state()["r"]["urn"]
    assert ops(stage.up()) == [("same", "r"), ("create", "a"), ("same", "b"), ("same", "c")]


def test_the_export_is_a_deployment_that_import_takes_back(stage: Stage) -> None:
    stage.up(CHAIN)
    exported = stage.backend.export("dev")
    assert (exported["version"], sorted(exported)) == (3, ["deployment", "version"])
    stage.backend.remove("dev")
    import_state(stage.backend, "dev", json.dumps(exported).encode())
    assert stage.preview().changes == {"same": 3}


@pytest.mark.parametrize("count", [60])
def test_a_wide_stack_needs_no_more_threads_than_there_are(stage: Stage, count: int) -> None:
    stage.parallel = 1
    result = stage.up(
        f"boxes = [Box(f'b{{n}}') for n in range({count})]\nlast = Box('last', of=[b.arn for b in boxes])"
    )
    assert (result.succeeded, result.changes) == (True, {"create": count + 2})
