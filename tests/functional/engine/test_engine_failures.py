"""Bad input and failures: one clear error each, and a state that the next command goes on from."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Callable
from typing import Any

import pytest
from pulumi.provider.experimental import provider as sdk

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import PassphraseError, StackLockedError, StateError
from greenroom.sandbox.engine.events import Finished, StepFailed
from greenroom.sandbox.engine.settling import settle_pending_creates
from tests.functional.engine.harness import PRELUDE, Stage, errors, ops
from tests.functional.engine.memory_cloud import MemoryProvider

REFUSED = {
    "remote (multi-language) components": 'a = pulumi.ComponentResource("my:index:Far", "far", {}, None, True)',
    "methods of multi-language components": 'pulumi.runtime.call("mem:index:method", {}).apply(print)',
    "dynamic providers": (
        "import pulumi.dynamic as d\nclass P(d.ResourceProvider):\n    pass\n"
        'class R(d.Resource, module="m", name="R"):\n    pass\na = R(P(), "a", {})'
    ),
}


@pytest.mark.parametrize("feature", REFUSED)
def test_what_the_engine_does_not_have_it_refuses_by_name(stage: Stage, feature: str) -> None:
    result = stage.preview(REFUSED[feature])
    assert not result.succeeded
    assert len(errors(result)) == 1, errors(result)
    assert feature.split(" (", maxsplit=1)[0].strip() in errors(result)[0]
    assert "the sandbox's engine does not support" in errors(result)[0]


def test_a_program_that_raises_shows_its_own_frames_only(stage: Stage) -> None:
    stage.up('a = Box("a")')
    result = stage.up('a = Box("a")\n\ndef inner():\n    raise ValueError("oh no")\n\ninner()')
    (message,) = errors(result)
    first = PRELUDE.count("\n") + 1
    file = stage.folder / "program" / "__main__.py"
    assert message.splitlines() == [
        "Program failed with an unhandled exception:",
        "Traceback (most recent call last):",
        f'  File "{file}", line {first + 5}, in <module>',
        "    inner()",
        f'  File "{file}", line {first + 3}, in inner',
        '    raise ValueError("oh no")',
        "ValueError: oh no",
    ]
    assert (list(stage.cloud.boxes), "a" in stage.state()) == (["a-1"], True)


def test_a_program_that_does_not_parse_shows_its_line_and_no_frame_of_ours(stage: Stage) -> None:
    (message,) = errors(stage.up("a = Box("))
    file = stage.folder / "program" / "__main__.py"
    assert message.splitlines() == [
        "Program failed with an unhandled exception:",
        f'  File "{file}", line {PRELUDE.count(chr(10)) + 1}',
        "    a = Box(",
        "           ^",
        "SyntaxError: '(' was never closed",
    ]


@pytest.mark.parametrize("name", ["../dev", "a/b", "a b", "", ".", "..", "d" * 101])
@pytest.mark.parametrize("command", ["up", "preview", "destroy", "refresh"])
def test_a_name_that_no_stack_can_have_is_refused_and_nothing_is_written(stage: Stage, name: str, command: str) -> None:
    stage.stack = name
    with pytest.raises(StateError, match="cannot be a stack's name"):
        getattr(stage, command)()
    assert list(stage.folder.rglob("*.json*")) == []


class Interrupted(MemoryProvider):
    """A user presses Ctrl-C while the first box is being made, and it is made once the command has heard of it."""

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage.cloud)
        self.stage = stage

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        os.kill(os.getpid(), signal.SIGINT)
        wait_until(lambda: any(getattr(event, "severity", "") == "error" for event in list(self.stage.events)))
        return await super().create(request)


def wait_until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_an_interrupted_command_ends_after_the_last_step_under_way(stage: Stage) -> None:
    stage.cloud.provider = lambda: Interrupted(stage)  # type: ignore[method-assign]
    result = stage.up('a = Box("a")\nb = Box("b", of=a.arn)')
    assert not result.succeeded
    assert isinstance(stage.events[-1], Finished)
    assert (list(stage.cloud.boxes), "a" in stage.state(), "b" in stage.state()) == (["a-1"], True, False)
    assert ("create", "a") in ops(result)


@pytest.mark.slow
def test_an_interrupted_program_that_hangs_is_left_behind(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("greenroom.sandbox.engine.engine.PROGRAM_GRACE_SECONDS", 0.05)
    over, ended = stage.folder / "over", stage.folder / "ended"
    result = stage.up(f"""
import os, pathlib, signal, time
def hang(arn):
    os.kill(os.getpid(), signal.SIGINT)
    while not pathlib.Path({str(over)!r}).exists():
        time.sleep(0.01)
    pathlib.Path({str(ended)!r}).touch()
    return arn
a = Box("a")
b = Box("b", of=a.arn.apply(hang))
""")
    assert not result.succeeded
    before = stage.file.read_text(encoding="utf-8")
    over.touch()
    wait_until(ended.exists)
    time.sleep(0.1)
    assert (list(stage.cloud.boxes), stage.file.read_text(encoding="utf-8")) == (["a-1"], before)


def test_a_program_that_raises_deletes_nothing(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b")')
    result = stage.up('raise pulumi.RunError("not today")')
    assert (result.succeeded, errors(result)) == (False, ["not today"])
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]


@pytest.mark.parametrize(("code", "succeeds"), [("0", True), ("", True), ("3", False)])
def test_a_program_may_exit(stage: Stage, code: str, succeeds: bool) -> None:
    result = stage.preview(f"import sys\nsys.exit({code})")
    assert result.succeeded is succeeds


def test_an_apply_that_raises_fails_the_program(stage: Stage) -> None:
    result = stage.up('a = Box("a")\na.arn.apply(lambda arn: 1 / 0)')
    assert "ZeroDivisionError" in errors(result)[0]
    assert "a" in stage.state()


def test_what_was_made_and_left_unfinished_is_in_the_state_and_the_next_up_finishes_it(stage: Stage) -> None:
    result = stage.up('a = Box("a", fail="init")\nb = Box("b", of=a.arn)')
    assert (result.succeeded, errors(result), list(stage.cloud.boxes)) == (False, ["the box is not finished"], ["a-1"])
    assert (stage.state()["a"]["id"], stage.state()["a"]["initErrors"]) == ("a-1", ["the box is not finished"])
    assert "b" not in stage.state()
    again = stage.up()
    assert (again.succeeded, ops(again)) == (True, [("update", "a"), ("create", "b")])
    assert "initErrors" not in stage.state()["a"]


def test_what_was_made_and_left_unfinished_is_destroyed_too(stage: Stage) -> None:
    stage.up('a = Box("a", fail="init", pw=Output.secret("hunter2"))')
    assert "hunter2" not in stage.file.read_text(encoding="utf-8")
    assert (stage.destroy().succeeded, stage.cloud.boxes) == (True, {})


def test_a_replacement_that_is_left_unfinished_keeps_both(stage: Stage) -> None:
    stage.up('a = Box("a", shape="round")')
    stage.up('a = Box("a", shape="square", fail="init")')
    assert sorted(stage.cloud.boxes) == ["a-1", "a-2"]
    assert [item["id"] for item in stage.state().values() if "Box" in item["type"]] == ["a-2", "a-1"]
    assert (stage.up().succeeded, list(stage.cloud.boxes)) == (True, ["a-2"])


def test_a_failed_creation_stops_its_dependents_and_is_told_with_its_urn(stage: Stage) -> None:
    result = stage.up('a = Box("a", fail="create")\nb = Box("b", of=a.arn)')
    assert (result.succeeded, errors(result), stage.cloud.boxes) == (False, ["the box would not create"], {})
    (failed,) = (event for event in stage.events if isinstance(event, StepFailed))
    assert (failed.step.urn, failed.error) == ("urn:pulumi:dev::stage::mem:index:Box::a", "the box would not create")
    assert "pending_operations" not in json.loads(stage.file.read_text(encoding="utf-8"))["deployment"]
    assert ops(stage.up('a = Box("a")\nb = Box("b", of=a.arn)')) == [("create", "a"), ("create", "b")]


def test_what_was_under_way_when_another_failed_is_recorded(stage: Stage) -> None:
    stage.cloud.delay_seconds = 0.1
    result = stage.up('bad = Box("bad", fail="create")\ngood = Box("good")')
    assert not result.succeeded
    assert ("good" in stage.state()) == ("good-1" in stage.cloud.boxes)


def test_a_failed_deletion_keeps_the_resource_and_what_it_depends_on(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b", of=a.arn, fail="delete")\nc = Box("c")')
    result = stage.destroy()
    assert (result.succeeded, errors(result)) == (False, ["the box would not delete"])
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1", "c-1"]
    again = stage.destroy(continue_on_error=True)
    assert not again.succeeded
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]
    assert sorted(stage.state()) == ["a", "b", "default", "stage-dev"]


def test_inputs_that_the_provider_finds_wrong_are_all_told(stage: Stage) -> None:
    result = stage.preview('a = Box("a", fail="check")')
    assert errors(result) == ["mem:index:Box resource 'a' has a problem: it asked for it (property 'fail')"]


def test_the_same_name_twice_is_an_error(stage: Stage) -> None:
    result = stage.preview('a = Box("a")\nb = Box("a")')
    (message,) = errors(result)
    assert message.splitlines() == [
        "duplicate resource URN 'urn:pulumi:dev::stage::mem:index:Box::a'",
        "fix: give one of the two another name, or another parent",
    ]


def test_a_package_without_provider_is_named(stage: Stage) -> None:
    result = stage.preview('pulumi.CustomResource("gcp:index:Thing", "t", {})')
    (message,) = errors(result)
    assert message.splitlines() == [
        "urn:pulumi:dev::stage::pulumi:providers:gcp::default: the sandbox has no provider 'gcp'",
        "fix: providers at hand: mem, other",
    ]


def test_an_invoke_answers_and_its_failure_is_the_program_s(stage: Stage) -> None:
    call = "pulumi.runtime.invoke('mem:index:{}', {{'number': 4}}).value"
    assert stage.preview(f"pulumi.export('n', {call.format('double')}['doubled'])").outputs == {"n": 8.0}
    result = stage.preview(call.format("fail"))
    assert "invoke of mem:index:fail failed: no such luck" in errors(result)[0]


def test_an_invoke_with_unknown_arguments_is_not_made(stage: Stage) -> None:
    program = """
a = Box("a", size=4)
answer = pulumi.runtime.invoke_output("mem:index:double", {"number": a.arn.apply(lambda arn: len(arn))})
pulumi.export("n", answer.apply(lambda found: found["doubled"]))
"""
    plan = stage.preview(program)
    assert (plan.display_outputs(), stage.cloud.invoked) == ({"n": "[unknown]"}, 0)
    assert stage.up().outputs == {"n": 22.0}


def test_a_state_that_was_cut_short_is_told_and_left_alone(stage: Stage) -> None:
    stage.up('a = Box("a")')
    whole = stage.file.read_text(encoding="utf-8")
    stage.file.write_text(whole[: len(whole) // 2], encoding="utf-8")
    with pytest.raises(StateError, match=r"the state of stack 'dev' cannot be read"):
        stage.up()
    assert stage.file.read_text(encoding="utf-8") == whole[: len(whole) // 2]


@pytest.mark.slow
def test_a_wrong_passphrase_is_told(stage: Stage) -> None:
    stage.up('a = Box("a", pw=Output.secret("hush"))')
    stage.backend = StateBackend(stage.file.parent, passphrase_source=lambda: "another")
    with pytest.raises(PassphraseError, match=r"PULUMI_CONFIG_PASSPHRASE"):
        stage.up()


def test_a_second_command_is_told_who_holds_the_stack(stage: Stage) -> None:
    with stage.backend.lock("dev", "up dev"), pytest.raises(StackLockedError, match=r"in use by process \d+ \(up dev"):
        stage.up("")


class RecordingDisk(Disk):
    """Keeps what could be read after everything that was put on disk."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.seen: list[dict[str, Any]] = []
        stage.backend = StateBackend(stage.file.parent, passphrase_source=lambda: "open sesame", disk=self)

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        if "dev" in self.stage.backend.list():
            self.seen.append(self.stage.backend.export("dev"))


def in_doubt(document: dict[str, Any]) -> list[tuple[str, str]]:
    pending = document["deployment"].get("pending_operations", [])
    return [(item["type"], item["resource"]["urn"].split("::")[-1]) for item in pending]


def test_the_state_is_whole_after_every_step_and_names_what_is_in_doubt(stage: Stage) -> None:
    disk = RecordingDisk(stage)
    stage.up('a = Box("a")\nb = Box("b", of=a.arn)')
    seen = [
        ([item["urn"].split("::")[-1] for item in document["deployment"].get("resources", [])], in_doubt(document))
        for document in disk.seen
    ]
    both = ["stage-dev", "default"]
    assert [found for index, found in enumerate(seen) if index == 0 or found != seen[index - 1]][-4:] == [
        (both, [("creating", "a")]),
        ([*both, "a"], []),
        ([*both, "a"], [("creating", "b")]),
        ([*both, "a", "b"], []),
    ]


def test_after_a_death_in_the_middle_the_next_command_tells_what_is_in_doubt_and_goes_on(stage: Stage) -> None:
    disk = RecordingDisk(stage)
    stage.up('a = Box("a")\nb = Box("b", of=a.arn)')
    in_the_middle = next(item for item in disk.seen if in_doubt(item) == [("creating", "b")])
    stage.file.write_text(json.dumps(in_the_middle), encoding="utf-8")
    result = stage.up()
    (warning,) = (item for item in result.diagnostics if item.severity == "warning")
    assert warning.message.startswith(
        "a command ended while creating 'b' (mem:index:Box); how it came out is not known"
    )
    assert (result.succeeded, ops(result)) == (True, [("same", "a"), ("create", "b")])
    # It is still in doubt whether there is another one: as in the real engine, that is the user's to say.
    assert [item.message for item in stage.refresh().diagnostics] == [warning.message]
    settled = settle_pending_creates(stage.backend, "dev", imports={}, clear=True)
    assert (len(settled.cleared), stage.up().diagnostics) == (1, ())


def test_after_a_deletion_that_was_cut_short_the_next_update_looks_what_became_of_it(stage: Stage) -> None:
    both = 'a = Box("a")\nb = Box("b", of=a.arn)'
    disk = RecordingDisk(stage)
    stage.up(both)
    stage.up('a = Box("a")')
    in_the_middle = next(item for item in disk.seen if in_doubt(item) == [("deleting", "b")])
    stage.file.write_text(json.dumps(in_the_middle), encoding="utf-8")  # killed when b was gone already
    result = stage.up(both)
    assert (result.succeeded, ops(result)) == (True, [("delete", "b"), ("same", "a"), ("create", "b")])
    assert result.changes == {"create": 1, "same": 2}
    assert {item["id"] for item in stage.state().values() if item["type"] == "mem:index:Box"} == set(stage.cloud.boxes)
    assert (in_doubt(stage.backend.export("dev")), stage.up().diagnostics) == ([], ())


def test_a_creation_in_doubt_keeps_what_it_needs_from_being_destroyed(stage: Stage) -> None:
    disk = RecordingDisk(stage)
    stage.up('r = Room("r")\nb = Box("b", opts=inside(r))')
    in_the_middle = next(item for item in disk.seen if in_doubt(item) == [("creating", "b")])
    stage.file.write_text(json.dumps(in_the_middle), encoding="utf-8")
    (made,) = stage.cloud.boxes
    assert stage.destroy().succeeded
    assert list(stage.state()) == ["stage-dev", "r", "default"]
    urn = in_the_middle["deployment"]["pending_operations"][0]["resource"]["urn"]
    settle_pending_creates(stage.backend, "dev", imports={urn: made}, clear=False)
    assert stage.refresh().succeeded
    assert (stage.destroy().succeeded, stage.cloud.boxes) == (True, {})


def test_a_mistake_in_a_provider_is_told_with_its_place(stage: Stage) -> None:
    result = stage.preview("pulumi.runtime.invoke('mem:index:double', {})")
    assert "the provider made a mistake: KeyError: 'number' (" in errors(result)[0]
    assert "memory_cloud.py:" in errors(result)[0]
