"""Programs that cannot come to an end, or that no engine takes: each gets one clear error."""

from __future__ import annotations

import pytest

from tests.functional.engine.harness import Stage, errors, ops

pytestmark = pytest.mark.slow  # programs that wait

AWAITING = """
import asyncio
async def wait(arn):
    await asyncio.get_event_loop().create_future()
a = Box("a")
b = Box("b", of=a.arn.apply(wait))
"""

NEVER = {
    "a resource's input": (
        'import asyncio\nnever = asyncio.get_event_loop().create_future()\na = Box("a")\nb = Box("b", of=never)',
        "resource 'b' (mem:index:Box) waits for its inputs or options",
    ),
    "an apply": (AWAITING, ": wait waits"),
    "a stack output": (
        'import asyncio\na = Box("a")\npulumi.export("x", asyncio.get_event_loop().create_future())',
        "the outputs of 'stage-dev' (pulumi:pulumi:Stack) wait for a value",
    ),
}


@pytest.mark.parametrize("what", NEVER)
def test_a_program_that_waits_for_what_never_comes_is_ended_and_says_where(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setattr("greenroom.sandbox.engine.stuck.PATIENCE_SECONDS", 0.3)
    program, told = NEVER[what]
    result = stage.up(program)
    (message,) = errors(result)
    assert message.startswith("the program waits for what never comes:\n  ")
    assert told in message
    assert "fix: an Output or a future in it is never resolved" in message
    assert (sorted(stage.cloud.boxes), stage.state()["a"]["id"]) == (["a-1"], "a-1")


def test_a_program_with_a_thread_or_a_timer_of_its_own_is_left_to_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("greenroom.sandbox.engine.stuck.PATIENCE_SECONDS", 0.1)
    result = stage.up("""
import asyncio, threading, time
loop = asyncio.get_event_loop()
later = loop.create_future()
threading.Thread(target=lambda: (time.sleep(0.4), loop.call_soon_threadsafe(later.set_result, 3))).start()
a = Box("a", size=later)
b = Box("b", size=Output.from_input(asyncio.sleep(0.4)).apply(lambda _: 4))
""")
    assert (result.succeeded, [op for op, _ in ops(result)]) == (True, ["create", "create"])
    assert {name: stage.state()[name]["inputs"]["size"] for name in "ab"} == {"a": 3, "b": 4}


def test_a_cycle_through_aliases_is_refused_by_name(stage: Stage) -> None:
    stage.up('a = Box("a")\nb = Box("b")')
    swapped = """
a = Box("a", opts=ResourceOptions(aliases=[Alias(name="b")]))
b = Box("b", opts=ResourceOptions(aliases=[Alias(name="a")], depends_on=[a]))
"""
    assert {op for op, _ in ops(stage.up(swapped))} == {"same"}
    claimed = """
c = Box("c", opts=ResourceOptions(aliases=[Alias(name="a")]))
a = Box("a", opts=ResourceOptions(depends_on=[c]))
"""
    (message,) = errors(stage.up(claimed))
    assert message.startswith("duplicate resource URN ")
    assert stage.urn("c") in message
    assert sorted(stage.cloud.boxes) == ["a-1", "b-1"]
