"""Replacements: created first or deleted first, with those that must go along."""

from __future__ import annotations

from tests.functional.engine.harness import Stage, errors, ops


def test_a_replacement_is_created_before_the_old_one_is_deleted(stage: Stage) -> None:
    program = 'a = Box("a", shape="{}")\nb = Box("b", of=a.arn)'
    stage.up(program.format("round"))
    result = stage.up(program.format("square"))
    assert ops(result) == [
        ("create-replacement", "a"),
        ("replace", "a"),
        ("update", "b"),
        ("delete-replaced", "a"),
    ]
    assert stage.cloud.log == [("create", "a"), ("update", "b"), ("delete", "a")]
    assert result.changes == {"replace": 1, "same": 1, "update": 1}
    assert (list(stage.cloud.boxes), stage.state()["a"]["id"]) == (["b-1", "a-2"], "a-2")


def test_a_replacement_that_the_provider_wants_deleted_first_takes_its_dependents_along(stage: Stage) -> None:
    # c would be made anew for another arn and d for another c, so both go before a; b would only be updated, and stays.
    program = """
a = Box("a", slot="{}")
b = Box("b", of=a.arn)
c = Box("c", shape=a.arn)
d = Box("d", shape=c.arn)
"""
    stage.up(program.format(1))
    result = stage.up(program.format(2))
    assert stage.cloud.actions("delete") == [("delete", "d"), ("delete", "c"), ("delete", "a")]
    made = stage.cloud.actions("create")
    assert (made[0], made.index(("create", "c")) < made.index(("create", "d"))) == (("create", "a"), True)
    assert result.changes == {"replace": 3, "same": 1, "update": 1}
    assert sorted(stage.cloud.boxes) == ["a-2", "b-1", "c-2", "d-2"]


def test_a_dependent_that_the_program_no_longer_has_goes_along_too(stage: Stage) -> None:
    options = "opts=ResourceOptions(delete_before_replace=True)"
    stage.up(f'a = Box("a", shape="1", {options})\nc = Box("c", shape=a.arn)')
    result = stage.up(f'a = Box("a", shape="2", {options})')
    assert result.succeeded
    assert stage.cloud.log == [("delete", "c"), ("delete", "a"), ("create", "a")]
    assert sorted(stage.state()) == ["a", "default", "stage-dev"]


def test_the_user_may_have_the_replacement_first_where_the_provider_would_not(stage: Stage) -> None:
    program = 'a = Box("a", slot="{}", opts=ResourceOptions(delete_before_replace=False))'
    stage.up(program.format(1))
    stage.up(program.format(2))
    assert stage.cloud.log == [("create", "a"), ("delete", "a")]


TWO_PHASE = """
kept = pulumi.Stash("kept", input={{"main": "{type}"}}, opts=ResourceOptions(
    replace_on_changes=["input"], delete_before_replace=True))
endpoint = Box("endpoint", config="{type}", opts=ResourceOptions(depends_on=[kept]))
target = Box("target", shape=kept.output.apply(lambda types: types["main"]), opts=ResourceOptions(depends_on=[endpoint]))
policy = Box("policy", shape=target.arn)
"""


def test_trap_05_what_scales_is_deregistered_before_the_endpoint_changes_and_registered_after(stage: Stage) -> None:
    stage.up(TWO_PHASE.format(type="ml.m5.large"))
    plan = stage.preview(TWO_PHASE.format(type="ml.m6i.large"))
    assert plan.changes == {"replace": 3, "same": 1, "update": 1}
    result = stage.up()
    assert result.succeeded
    assert stage.cloud.log == [
        ("delete", "policy"),
        ("delete", "target"),
        ("update", "endpoint"),
        ("create", "target"),
        ("create", "policy"),
    ]
    assert stage.up().is_unchanged


def test_an_unchanged_stash_leaves_what_scales_alone(stage: Stage) -> None:
    stage.up(TWO_PHASE.format(type="ml.m5.large"))
    result = stage.up(TWO_PHASE.format(type="ml.m5.large").replace('config="ml.m5.large"', 'config="other"'))
    assert stage.cloud.log == [("update", "endpoint")]
    assert result.succeeded


def test_a_creation_that_fails_after_an_early_deletion_is_made_up_for(stage: Stage) -> None:
    program = 'a = Box("a", slot="{}"{})\nc = Box("c", shape=a.arn)'
    stage.up(program.format(1, ""))
    failed = stage.up(program.format(2, ', fail="create"'))
    assert (failed.succeeded, stage.cloud.boxes) == (False, {})
    state = stage.state()
    assert (state["a"]["pendingReplacement"], state["c"]["pendingReplacement"]) == (True, True)
    assert stage.up(program.format(2, "")).succeeded
    assert sorted(stage.cloud.boxes) == ["a-2", "c-2"]
    assert "pendingReplacement" not in stage.state()["a"]


def test_an_old_one_that_could_not_be_deleted_is_deleted_by_the_next_update(stage: Stage) -> None:
    stage.up('a = Box("a", shape="1", fail="delete")')
    failed = stage.up('a = Box("a", shape="2")')
    assert (failed.succeeded, sorted(stage.cloud.boxes)) == (False, ["a-1", "a-2"])
    old = next(item for item in stage.state().values() if item.get("delete"))
    assert old["id"] == "a-1"
    del stage.cloud.boxes["a-1"]["fail"]
    # The state still says that the old box refuses; only a refresh of it tells otherwise.
    stage.refresh()
    assert stage.up().succeeded
    assert sorted(stage.cloud.boxes) == ["a-2"]


def test_a_protected_resource_is_not_replaced(stage: Stage) -> None:
    program = 'a = Box("a", shape="{}", opts=ResourceOptions(protect=True))'
    stage.up(program.format(1))
    result = stage.up(program.format(2))
    assert (result.succeeded, list(stage.cloud.boxes)) == (False, ["a-1"])
    (message,) = errors(result)
    assert message.splitlines() == [
        "unable to replace resource 'urn:pulumi:dev::stage::mem:index:Box::a': it is protected",
        "fix: remove `protect` from its options and run `up`, then change it",
    ]


def test_replacement_triggers_and_companions(stage: Stage) -> None:
    program = """
a = Box("a", shape="{}")
b = Box("b", opts=ResourceOptions(replace_with=[a]))
c = Box("c", opts=ResourceOptions(replacement_trigger="{}"))
"""
    stage.up(program.format(1, 1))
    result = stage.up(program.format(2, 2))
    assert result.changes == {"replace": 3, "same": 1}
    assert sorted(stage.cloud.boxes) == ["a-2", "b-2", "c-2"]


def test_what_was_deleted_ahead_of_a_replacement_that_failed_is_not_deleted_a_second_time(stage: Stage) -> None:
    program = 'a = Box("a", slot="{}"{})\nc = Box("c", shape=a.arn)'
    stage.up(program.format(1, ""))
    assert not stage.up(program.format(2, ', fail="init"')).succeeded
    result = stage.up(program.format(2, ""))
    # As the real engine lists it; it asks its provider to delete c-1 once more.
    assert ops(result)[-1] == ("delete-replaced", "c")
    assert (result.succeeded, stage.cloud.log) == (True, [("update", "a"), ("create", "c")])
    assert sorted(stage.cloud.boxes) == ["a-2", "c-2"]


def test_what_goes_with_another_is_not_deleted_ahead_of_it(stage: Stage) -> None:
    program = 'a = Box("a", slot="{}")\nv = Box("v", opts=ResourceOptions(deleted_with=a))'
    stage.up(program.format(1))
    assert stage.up(program.format(2)).changes == {"replace": 2, "same": 1}
    assert stage.cloud.log == [("delete", "a"), ("create", "a"), ("create", "v")]
