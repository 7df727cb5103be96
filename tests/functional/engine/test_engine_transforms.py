"""Transforms, of resources, the stack and invokes: https://www.pulumi.com/docs/iac/concepts/resources/options/transforms/"""

from __future__ import annotations

import pytest

from tests.functional.engine.harness import Stage, errors, ops

RENAMING = """
def grow(by):
    def transform(args):
        if not args.custom or args.type_.startswith("pulumi:"):
            return None
        return pulumi.ResourceTransformResult({**args.props, "trail": f"{args.props.get('trail', '')}{by}"}, args.opts)
    return transform
"""


def trails(stage: Stage) -> dict[str, object]:
    return {name: item["inputs"].get("trail") for name, item in stage.state().items() if name in "abc"}


def test_transforms_run_from_the_resource_over_its_parents_to_the_stack(stage: Stage) -> None:
    program = f"""{RENAMING}
pulumi.runtime.register_resource_transform(grow("s"))
r = Room("r", opts=ResourceOptions(transforms=[grow("r")]))
a = Box("a", opts=inside(r, transforms=[grow("a"), grow("b")]))
b = Box("b")
"""
    assert stage.up(program).succeeded
    assert trails(stage) == {"a": "abrs", "b": "s"}
    assert {op for op, _ in ops(stage.up(program))} == {"same"}


def test_a_legacy_transformation_does_what_it_did(stage: Stage) -> None:
    result = stage.up("""
def grow(args):
    return pulumi.ResourceTransformationResult({**args.props, "trail": "legacy"}, args.opts)
a = Box("a", opts=ResourceOptions(transformations=[grow]))
""")
    assert (result.succeeded, trails(stage)) == (True, {"a": "legacy"})


def test_a_transform_changes_options(stage: Stage) -> None:
    program = """
def harden(args):
    if args.type_ != "mem:index:Box":
        return None
    added = ResourceOptions(
        protect=True, ignore_changes=["size"], depends_on=[p], custom_timeouts=pulumi.CustomTimeouts(create="5m"),
        additional_secret_outputs=["arn"], aliases=[Alias(name="old-" + args.name)])
    return pulumi.ResourceTransformResult(args.props, ResourceOptions.merge(args.opts, added))
p = Target("p")
a = Box("a", opts=ResourceOptions(transforms=[harden]))
"""
    stage.up('p = Target("p")\na = Box("old-a")')
    assert ops(stage.preview(program)) == [("same", "p"), ("same", "a")]
    assert stage.up(program).succeeded
    state = stage.state()
    keys = ("protect", "ignoreChanges", "dependencies", "customTimeouts", "additionalSecretOutputs")
    assert {key: state["a"].get(key) for key in keys} == {
        "protect": True,
        "ignoreChanges": ["size"],
        "dependencies": [state["p"]["urn"]],
        "customTimeouts": {"create": 300},
        "additionalSecretOutputs": ["arn"],
    }


def test_a_transform_sees_secrets_and_unknowns_and_dependencies_stay(stage: Stage) -> None:
    program = """
def look(args):
    if args.name == "b":
        assert isinstance(args.props["of"], Output) and isinstance(args.props["pw"], Output), args.props
    return None
a = Box("a")
b = Box("b", of=a.arn, pw=Output.secret("hush"), n=1, opts=ResourceOptions(transforms=[look]))
"""
    assert stage.preview(program).succeeded
    assert stage.up(program).succeeded
    state = stage.state()
    assert state["b"]["propertyDependencies"] == {"of": [state["a"]["urn"]], "pw": [], "n": [], "size": []} or (
        state["b"]["propertyDependencies"]["of"] == [state["a"]["urn"]]
    )
    assert "hush" not in stage.file.read_text(encoding="utf-8")
    assert stage.cloud.boxes["b-1"]["of"].value == "arn:mem:a-1"


def test_an_async_transform_may_await_the_programs_own_things(stage: Stage) -> None:
    result = stage.up("""
import asyncio
async def slowly(args):
    await asyncio.sleep(0.01)
    return pulumi.ResourceTransformResult({**args.props, "trail": "slow"}, args.opts)
boxes = [Box(name, opts=ResourceOptions(transforms=[slowly])) for name in "abc"]
""")
    assert (result.succeeded, trails(stage)) == (True, {"a": "slow", "b": "slow", "c": "slow"})


def test_a_transform_that_raises_fails_its_resource_by_name(stage: Stage) -> None:
    result = stage.up("""
def bad(args):
    raise ValueError("I will not have it")
a = Box("a", opts=ResourceOptions(transforms=[bad]))
""")
    assert not result.succeeded
    assert errors(result)[0].startswith("a transform of resource 'a' (mem:index:Box) raised: I will not have it")


@pytest.mark.parametrize("token", ["mem:index:double", "mem:index:other"])
def test_a_transform_of_invokes_changes_arguments(stage: Stage, token: str) -> None:
    result = stage.up(f"""
def more(args):
    if args.token != "mem:index:double":
        return None
    return pulumi.InvokeTransformResult({{**args.args, "number": args.args["number"] + 1}}, args.opts)
pulumi.runtime.register_invoke_transform(more)
pulumi.export("found", pulumi.runtime.invoke_output("{token}", {{"number": 4}}).apply(lambda it: it["doubled"]))
""")
    assert (result.succeeded, result.outputs) == (True, {"found": 10.0 if token.endswith("double") else 8.0})
