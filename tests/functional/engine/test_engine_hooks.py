"""Resource hooks and error hooks: https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/"""

from __future__ import annotations

from typing import Any

from tests.functional.engine.harness import Stage, errors, ops

HOOKS = """
from pulumi import ResourceHook, ResourceHookBinding, ResourceHookOptions

def bare(values):
    return None if values is None else {key: values[key] for key in sorted(values) if key in ("size", "arn")}

def tell(moment):
    def hook(args):
        print(moment, args.name, args.id, bare(args.old_inputs), bare(args.new_inputs), bare(args.old_outputs),
              bare(args.new_outputs))
    return ResourceHook(moment, hook)

everything = ResourceHookBinding(
    before_create=[tell("before_create")], after_create=[tell("after_create")],
    before_update=[tell("before_update")], after_update=[tell("after_update")],
    before_delete=[tell("before_delete")], after_delete=[tell("after_delete")])
"""


def said(result: Any) -> list[str]:
    return [item.message for item in result.diagnostics if item.severity == "info"]


def test_hooks_run_around_every_operation_with_what_is_known_then(stage: Stage) -> None:
    program = HOOKS + 'a = Box("a", size=SIZE, opts=ResourceOptions(hooks=everything))'
    assert said(stage.preview(program.replace("SIZE", "1"))) == []
    assert said(stage.up(program.replace("SIZE", "1"))) == [
        "before_create a  None {'size': 1.0} None None",
        "after_create a a-1 None {'size': 1.0} None {'arn': 'arn:mem:a-1', 'size': 1.0}",
    ]
    assert stage.state()["a"]["resourceHooks"] == {
        "BeforeCreate": ["before_create"],
        "AfterCreate": ["after_create"],
        "BeforeUpdate": ["before_update"],
        "AfterUpdate": ["after_update"],
        "BeforeDelete": ["before_delete"],
        "AfterDelete": ["after_delete"],
    }
    one = "{'arn': 'arn:mem:a-1', 'size': 1.0}"
    two = "{'arn': 'arn:mem:a-1', 'size': 2.0}"
    assert said(stage.up(program.replace("SIZE", "2"))) == [
        f"before_update a a-1 {{'size': 1.0}} {{'size': 2.0}} {one} None",
        f"after_update a a-1 {{'size': 1.0}} {{'size': 2.0}} {one} {two}",
    ]
    assert said(stage.up(HOOKS)) == [
        f"before_delete a a-1 {{'size': 2.0}} None {two} None",
        f"after_delete a a-1 {{'size': 2.0}} None {two} None",
    ]
    assert stage.cloud.boxes == {}


def test_a_hook_runs_in_previews_if_it_asks_to(stage: Stage) -> None:
    result = stage.preview("""
from pulumi import ResourceHook, ResourceHookBinding, ResourceHookOptions
hook = ResourceHook("h", lambda args: print("seen", args.name), ResourceHookOptions(on_dry_run=True))
a = Box("a", opts=ResourceOptions(hooks=ResourceHookBinding(before_create=[hook])))
""")
    assert said(result) == ["seen a"]


def test_a_components_hooks_run_when_its_outputs_are_there(stage: Stage) -> None:
    program = (
        HOOKS
        + """
r = Room("r", n=SIZE, opts=ResourceOptions(hooks=everything))
a = Box("a", opts=inside(r))
r.register_outputs({"arn": a.arn})
"""
    )
    assert said(stage.up(program.replace("SIZE", "1"))) == [
        "before_create r  None {} None None",
        "after_create r  None {} None {'arn': 'arn:mem:a-1'}",
    ]


FAILING = """
from pulumi import ResourceHook, ResourceHookBinding, ResourceHookOptions
def fail(args):
    raise ValueError("not today")
hook = ResourceHook("h", fail, ResourceHookOptions(ignore_errors={ignore}))
a = Box("a", opts=ResourceOptions(hooks=ResourceHookBinding({moment}=[hook])))
b = Box("b", of=a.arn)
"""


def test_a_failing_hook_before_an_operation_keeps_it_from_being_begun(stage: Stage) -> None:
    result = stage.up(FAILING.format(ignore=False, moment="before_create"))
    assert errors(result) == ["before hook 'h' of 'a' (mem:index:Box) failed: not today"]
    assert stage.cloud.boxes == {}


def test_a_failing_hook_after_an_operation_fails_the_deployment_and_the_state_says_what_was_done(stage: Stage) -> None:
    result = stage.up(FAILING.format(ignore=False, moment="after_create"))
    assert (result.succeeded, errors(result)) == (False, ["after hook 'h' of 'a' (mem:index:Box) failed: not today"])
    assert (sorted(stage.cloud.boxes), stage.state()["a"]["id"]) == (["a-1"], "a-1")


def test_a_failing_hook_whose_errors_are_ignored_is_told_of(stage: Stage) -> None:
    result = stage.up(FAILING.format(ignore=True, moment="before_create"))
    assert result.succeeded
    assert [item.message for item in result.diagnostics if item.severity == "warning"] == [
        "BeforeCreate hook 'h' failed: not today"
    ]


def test_a_deletion_whose_hook_the_program_no_longer_registers_says_so(stage: Stage) -> None:
    stage.up(HOOKS + 'a = Box("a", opts=ResourceOptions(hooks=everything))')
    planned = stage.preview("")
    assert (planned.succeeded, ops(planned)) == (False, [("delete", "a")])
    result = stage.up("")
    assert not result.succeeded
    assert "its hook 'before_delete' is not registered by the program\nfix: register a hook named" in errors(result)[0]
    assert sorted(stage.cloud.boxes) == ["a-1"]
    assert stage.up('a = Box("a")').succeeded
    assert ops(stage.up("")) == [("delete", "a")]


def test_a_destroy_refuses_resources_with_delete_hooks_before_it_deletes_anything(stage: Stage) -> None:
    stage.up(HOOKS + 'a = Box("a", opts=ResourceOptions(hooks=everything))\nb = Box("b")')
    result = stage.destroy()
    assert not result.succeeded
    assert "has delete hooks (before_delete, after_delete), which only a running program can run" in errors(result)[0]
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]


def test_two_hooks_of_one_name_are_refused(stage: Stage) -> None:
    result = stage.preview("""
from pulumi import ResourceHook
hooks = [ResourceHook("h", print), ResourceHook("h", print)]
""")
    assert errors(result)[0].startswith("a resource hook named 'h' is registered already\nfix: ")


def test_an_error_hook_has_a_failed_operation_tried_again(stage: Stage) -> None:
    stage.cloud.failures_left = 2
    result = stage.up("""
from pulumi import ErrorHook, ResourceHookBinding
seen = []
def again(args):
    seen.append(args.failed_operation)
    print(args.failed_operation, args.errors)
    return len(seen) < 5
a = Box("a", fail="create", opts=ResourceOptions(hooks=ResourceHookBinding(on_error=[ErrorHook("e", again)])))
""")
    assert result.succeeded
    assert said(result) == ["create ['the box would not create']", "create " + repr(["the box would not create"] * 2)]
    assert stage.state()["a"]["resourceHooks"] == {"OnError": ["e"]}


def test_an_error_hook_that_does_not_want_it_leaves_the_failure(stage: Stage) -> None:
    result = stage.up("""
from pulumi import ErrorHook, ResourceHookBinding
a = Box("a", fail="create", opts=ResourceOptions(hooks=ResourceHookBinding(on_error=[ErrorHook("e", lambda a: False)])))
""")
    assert errors(result) == ["the box would not create"]
