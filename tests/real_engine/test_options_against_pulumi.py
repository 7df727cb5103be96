"""The options of a command, transforms and hooks, on the embedded engine and on the real one: the same steps and state."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from greenroom.sandbox.engine.errors import UserError
from greenroom.sandbox.engine.result import Result
from tests.functional.engine.harness import Stage
from tests.functional.engine.memory_cloud import MemoryCloud
from tests.real_engine.engine_real_cli import RealEngine, served
from tests.real_engine.test_engine_against_pulumi import (
    comparable_state,
    comparable_steps,
    ids_of,
    same,
    without_ids,
)

pytestmark = [
    pytest.mark.real_engine,
    pytest.mark.skipif(shutil.which("pulumi") is None, reason="no `pulumi` on PATH"),
    pytest.mark.usefixtures("quick_programs"),
]

Step: TypeAlias = "tuple[str, dict[str, Any]] | tuple[str, dict[str, Any], str]"
"""A program, the options that it is deployed with, and the command where it is not `up`."""

FLAGS = {
    "targets": "--target",
    "excludes": "--exclude",
    "replaces": "--replace",
    "target_dependents": "--target-dependents",
    "exclude_dependents": "--exclude-dependents",
    "continue_on_error": "--continue-on-error",
    "refresh": "--refresh",
    "parallel": "--parallel",
}

BEFORE = """
a = Box("a", size=1)
b = Box("b", size=1, of=a.arn)
r = Room("r")
c = Box("c", size=1, opts=inside(r))
d = Box("d", size=1, opts=ResourceOptions(depends_on=[c]))
"""
AFTER = """
a = Box("a", size=2)
b = Box("b", size=2, of=a.arn)
r = Room("r")
c = Box("c", size=2, opts=inside(r))
n = Box("n", size=2)
m = Box("m", size=2, opts=inside(r))
"""
KEEPING_D = AFTER + 'd = Box("d", size=2, opts=ResourceOptions(depends_on=[c]))'
A = "urn:pulumi:dev::stage::mem:index:Box::a"
D = "urn:pulumi:dev::stage::mem:index:Box::d"

WITH_HOOKS = """
from pulumi import ErrorHook, ResourceHook, ResourceHookBinding
def hook(name):
    return ResourceHook(name, lambda args: None)
hooks = ResourceHookBinding(
    before_create=[hook("bc")], after_create=[hook("ac")], before_update=[hook("bu")], after_update=[hook("au")],
    before_delete=[hook("bd")], after_delete=[hook("ad")], on_error=[ErrorHook("e", lambda args: False)])
"""
WITH_TRANSFORMS = """
def grow(by):
    def transform(args):
        if not args.custom or args.type_.startswith("pulumi:"):
            return None
        return pulumi.ResourceTransformResult({**args.props, "trail": f"{args.props.get('trail', '')}{by}"}, args.opts)
    return transform

def harden(args):
    if args.type_ != "mem:index:Box":
        return None
    added = ResourceOptions(protect=False, ignore_changes=["hue"], depends_on=[p], additional_secret_outputs=["arn"],
        custom_timeouts=pulumi.CustomTimeouts(create="5m"), aliases=[Alias(name="old-" + args.name)])
    return pulumi.ResourceTransformResult(args.props, ResourceOptions.merge(args.opts, added))

pulumi.runtime.register_resource_transform(grow("s"))
p = Target("p")
r = Room("r", opts=ResourceOptions(transforms=[grow("r")]))
a = Box("NAME", size=1, pw=Output.secret("hush"), opts=inside(r, transforms=[grow("a"), harden]))
b = Box("b", of=a.arn, opts=ResourceOptions(transforms=[lambda args: None]))
c = Box("c", of=a.arn, pw=Output.secret("hush"))
"""

PARENTLESS = """
a = Box("a", opts=ResourceOptions(aliases=["urn:pulumi:dev::stage::my:index:Room$mem:index:Box::a"]))
b = Box("b", size=2)
"""

PROGRAMS: dict[str, list[Step]] = {
    "a target": [(BEFORE, {}), (AFTER, {"targets": (A,)}), (AFTER, {})],
    "a target and its dependents": [(BEFORE, {}), (AFTER, {"targets": (A,), "target_dependents": True}), (AFTER, {})],
    "targets by wildcard": [(BEFORE, {}), (KEEPING_D, {"targets": ("**Room::r", "**::b", "*::n")}), (KEEPING_D, {})],
    "a component's children are its dependents": [
        (BEFORE, {}),
        (AFTER, {"targets": ("**Room::r",), "target_dependents": True}),
    ],
    "a new resource and its target": [(BEFORE, {}), (AFTER, {"targets": ("**::n", D)}), (AFTER, {})],
    "nothing is there and one is targeted": [(AFTER, {"targets": ("**::n",)}), (AFTER, {})],
    "an exclude": [(BEFORE, {}), (AFTER, {"excludes": (A,)}), (AFTER, {})],
    "an exclude and its dependents": [(BEFORE, {}), (AFTER, {"excludes": (A,), "exclude_dependents": True})],
    "an exclude of what is to be deleted": [(BEFORE, {}), (AFTER, {"excludes": (D,)}), (AFTER, {})],
    "an exclude of what is new": [(BEFORE, {}), (AFTER, {"excludes": ("**::n",)}), (AFTER, {})],
    "a replacement": [(BEFORE, {}), (BEFORE, {"replaces": (A,)})],
    "a targeted replacement": [(BEFORE, {}), (AFTER, {"targets": (A,), "replaces": (A,)})],
    "a replacement of a component": [(BEFORE, {}), (BEFORE, {"replaces": ("**Room::r",)})],
    "a parent that left is carried ahead of its child": [
        ('r = Room("r")\na = Box("a", opts=inside(r))\nb = Box("b")', {}),
        (
            PARENTLESS,
            {"targets": ("**::b",)},
        ),
    ],
    "a destroyed target": [(BEFORE, {}), (BEFORE, {"targets": ("**::b",)}, "destroy")],
    "a destroyed target and its dependents": [
        (BEFORE, {}),
        (BEFORE, {"targets": (A,), "target_dependents": True}, "destroy"),
    ],
    "all but an exclude is destroyed": [(BEFORE, {}), (BEFORE, {"excludes": ("**::b",)}, "destroy")],
    "hooks are in the state": [
        (WITH_HOOKS + 'a = Box("a", size=1, opts=ResourceOptions(hooks=hooks))', {}),
        (WITH_HOOKS + 'a = Box("a", size=2, opts=ResourceOptions(hooks=hooks))', {}),
        (WITH_HOOKS, {}),
    ],
    "transforms": [
        (WITH_TRANSFORMS.replace("NAME", "old-a"), {}),
        (WITH_TRANSFORMS.replace("NAME", "a"), {}),
    ],
    "one operation at a time": [(BEFORE, {"parallel": 1}), (AFTER, {"parallel": 1})],
}

FAILING: dict[str, list[Step]] = {
    "a target that takes along what the program no longer has": [(BEFORE, {}), (AFTER, {"targets": ("**Room::r",)})],
    "a target that depends on what is not to be made": [
        (BEFORE, {}),
        (BEFORE + 'x = Box("x")\ny = Box("y", of=x.arn)', {"targets": ("**::y",)}),
    ],
    "a destroyed target whose dependents were not named": [(BEFORE, {}), (BEFORE, {"targets": (A,)}, "destroy")],
    "a target that is not there": [(BEFORE, {}), (AFTER, {"targets": (A, A + "x")})],
    "a replacement of what is not there": [(BEFORE, {}), (AFTER, {"replaces": (A + "x",)})],
    "going on after errors": [
        (BEFORE, {}),
        (
            AFTER.replace('Box("a"', 'Box("a", fail="update"').replace('Box("n"', 'Box("n", fail="create"')
            + 'o = Box("o", of=n.arn)\nq = Box("q", opts=ResourceOptions(depends_on=[o]))',
            {"continue_on_error": True},
        ),
        (AFTER, {}),
    ],
    "going on after a failed deletion": [
        ('a = Box("a")\nb = Box("b", of=a.arn, fail="delete")\nc = Box("c")', {}),
        ("", {"continue_on_error": True}),
    ],
    "a failed deletion": [
        ('a = Box("a")\nb = Box("b", of=a.arn, fail="delete")\nc = Box("c")', {}),
        ("", {}),
    ],
    "a hook that fails before": [
        (
            WITH_HOOKS + "def fail(args):\n    raise ValueError('no')\n"
            'a = Box("a", opts=ResourceOptions(hooks=ResourceHookBinding(before_create=[ResourceHook("f", fail)])))',
            {},
        ),
    ],
    "a hook that fails after": [
        (
            WITH_HOOKS + "def fail(args):\n    raise ValueError('no')\n"
            'a = Box("a", opts=ResourceOptions(hooks=ResourceHookBinding(after_create=[ResourceHook("f", fail)])))',
            {},
        ),
    ],
    "a hook that the program no longer registers": [
        (WITH_HOOKS + 'a = Box("a", size=1, opts=ResourceOptions(hooks=hooks))', {}),
        ("", {}),
        ('a = Box("a", size=1)', {}),
        ("", {}),
    ],
}


def flags(options: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for name, value in options.items():
        if isinstance(value, tuple):
            found.extend(text for item in value for text in (FLAGS[name], item))
        else:
            found.extend([FLAGS[name]] if value is True else [FLAGS[name], str(value)])
    return found


def run_both(folder: Path, steps: list[Step], *, may_fail: bool) -> None:
    stage = Stage(folder)
    real_cloud = MemoryCloud()
    with served(real_cloud) as port:
        real = RealEngine(folder, port)
        for number, (program, options, *command) in enumerate(steps):
            stage.write(program)
            if not command and not (may_fail and options.get("replaces")):
                compare_previews(stage, real, number, options, may_fail=may_fail)
            verb = command[0] if command else "up"
            ours = outcome(stage, verb, options)
            arguments = [verb, "--yes", "--skip-preview", "--stack", "dev", *flags(options)]
            theirs = real.run(*arguments, check=not may_fail)
            assert (ours == "succeeded") == (theirs.returncode == 0), (ours, theirs.stdout, theirs.stderr)
            states = (comparable_state(item) for item in (stage.backend.export("dev"), real.export()))
            same("state", number, *(sorted(item.items()) for item in states))
            assert hooks_of(stage.backend.export("dev")) == hooks_of(real.export())
            assert sorted(stage.cloud.boxes) == sorted(real_cloud.boxes)


def outcome(stage: Stage, command: str, options: dict[str, Any]) -> str:
    """What a command comes to; one with options that it does not take is refused as a whole."""
    try:
        result: Result = getattr(stage, command)(**options)
    except UserError as error:
        return error.message
    return "succeeded" if result.succeeded else str(result.diagnostics)


def hooks_of(export: dict[str, Any]) -> dict[str, Any]:
    return {item["urn"]: item.get("resourceHooks") for item in export["deployment"].get("resources", [])}


def compare_previews(stage: Stage, real: RealEngine, number: int, options: dict[str, Any], *, may_fail: bool) -> None:
    before_ours = ids_of(stage.backend.export("dev")) if stage.file.exists() else {}
    before_real = ids_of(real.export())
    result = stage.preview(**{key: value for key, value in options.items() if key != "continue_on_error"})
    ours = without_ids(result.to_pulumi_json(show_sames=True, show_replacement_steps=True), before_ours)
    asked = [text for text in flags(options) if text != "--continue-on-error"]
    done = real.run(
        "preview", "--json", "--show-sames", "--show-replacement-steps", "--stack", "dev", *asked, check=not may_fail
    )
    theirs = without_ids(json.loads(done.stdout), before_real)
    same("preview", number, comparable_steps(ours), comparable_steps(theirs))
    if not may_fail:
        assert ours["changeSummary"] == theirs["changeSummary"]


@pytest.mark.parametrize("name", PROGRAMS)
def test_options_lead_to_the_same_steps_and_the_same_state(tmp_path: Path, name: str) -> None:
    run_both(tmp_path, PROGRAMS[name], may_fail=False)


@pytest.mark.parametrize("name", FAILING)
def test_what_one_engine_refuses_the_other_refuses(tmp_path: Path, name: str) -> None:
    run_both(tmp_path, FAILING[name], may_fail=True)
