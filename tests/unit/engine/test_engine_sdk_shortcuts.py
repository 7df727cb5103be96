"""The cheaper forms of the SDK's functions do what the SDK's own do."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pulumi
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulumi.output import Unknown
from pulumi.runtime import rpc
from pulumi.runtime.settings import SETTINGS, _get_rpc_manager

from greenroom.sandbox.engine import sdk_shortcuts
from greenroom.sandbox.engine.sdk_shortcuts import SHORTCUTS, in_place

Coroutine = Callable[[], Awaitable[Any]]


def run(work: Coroutine) -> Any:
    """The result of a program's piece, in an SDK that runs one."""

    async def piece() -> Any:
        pulumi.runtime.set_mocks(pulumi.runtime.mocks.Mocks, project="proj", stack="dev")  # type: ignore[arg-type]
        SETTINGS.outputs.clear()
        _get_rpc_manager().clear()
        return await work()

    return asyncio.run(piece())


@pytest.mark.parametrize("shortcut", SHORTCUTS, ids=lambda shortcut: shortcut.name)
def test_a_shortcut_stands_in_for_the_function_of_the_installed_sdk(shortcut: sdk_shortcuts.Shortcut) -> None:
    """Where this fails the SDK has changed the function: compare it with the shortcut, and note its new digest."""
    assert shortcut.fits()


def test_shortcuts_are_in_place_while_any_program_runs_and_no_longer() -> None:
    before = [getattr(item.module, item.name) for item in SHORTCUTS]
    with in_place():
        with in_place():
            inner = [getattr(item.module, item.name) for item in SHORTCUTS]
        assert inner == [item.instead for item in SHORTCUTS]
        assert [getattr(item.module, item.name) for item in SHORTCUTS] == inner
    assert [getattr(item.module, item.name) for item in SHORTCUTS] == before


def test_the_switch_leaves_the_sdk_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(sdk_shortcuts.SWITCH, "off")
    with in_place():
        assert rpc.transfer_properties is not sdk_shortcuts.transfer_properties


names = st.text(alphabet="ab:$-", min_size=1, max_size=6)


@settings(max_examples=30, deadline=None)
@given(names, names, st.none() | names, st.none() | names, st.none() | names)
def test_a_urn_is_the_sdks_own(
    name: str, type_: str, parent: str | None, project: str | None, stack: str | None
) -> None:
    async def both() -> list[Any]:
        return [
            await function(name, type_, parent, project, stack).future()
            for function in (sdk_shortcuts.create_urn, sdk_shortcuts._ORIGINALS["create_urn"])
        ]

    first, second = run(both)
    assert first == second


values = st.recursive(
    st.none() | st.booleans() | st.text(max_size=3) | st.floats() | st.builds(Unknown),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=2), inner, max_size=3),
    max_leaves=8,
)


@given(values)
def test_unknowns_are_found_where_the_sdk_finds_them(value: Any) -> None:
    assert sdk_shortcuts.contains_unknowns(value) == sdk_shortcuts._ORIGINALS["contains_unknowns"](value)


def test_a_value_that_holds_itself_has_an_end() -> None:
    value: list[Any] = [1]
    value.append(value)
    assert not sdk_shortcuts.contains_unknowns(value)


def output_of(text: Awaitable[str]) -> pulumi.Output[str]:
    return pulumi.Output.from_input(text)


class Thing:
    """What a resource is to `transfer_properties`."""


@pytest.mark.parametrize(
    ("value", "is_known", "is_secret", "deps"),
    [("x", True, False, None), (None, False, False, set()), ({"a": 1}, True, True, {"another"})],
)
def test_a_property_resolves_to_what_it_resolves_to_in_the_sdk(
    value: Any, is_known: bool, is_secret: bool, deps: set[Any] | None
) -> None:
    async def outcome(function: Callable[..., Any]) -> Any:
        thing = Thing()
        resolvers = function(thing, {"urn": 0, "id": 0, "a": 0}, True)
        resolvers["a"](value, is_known, is_secret, deps, None)
        output = thing.__dict__["a"]
        told = await output.future(), await output.is_known(), await output.is_secret()
        return sorted(resolvers), told, {item if item is not thing else "itself" for item in await output.resources()}

    async def both() -> list[Any]:
        return [
            await outcome(sdk_shortcuts.transfer_properties),
            await outcome(sdk_shortcuts._ORIGINALS["transfer_properties"]),
        ]

    first, second = run(both)
    assert first == second


def test_a_property_that_fails_fails_with_its_exception() -> None:
    async def fail() -> None:
        thing = Thing()
        resolvers = sdk_shortcuts.transfer_properties(thing, {"a": 0}, True)
        resolvers["a"](None, False, False, None, RuntimeError("no such thing"))
        with pytest.raises(RuntimeError, match="no such thing"):
            await thing.__dict__["a"].future()
        SETTINGS.outputs.clear()

    run(fail)


def test_waiting_ends_when_outputs_made_meanwhile_have_ended() -> None:
    seen: list[str] = []

    async def wait() -> None:
        async def later(text: str) -> str:
            await asyncio.sleep(0.001)
            seen.append(text)
            return text

        first = output_of(later("first"))

        def following(text: str) -> Awaitable[str]:
            return later(f"after {text}")

        after: pulumi.Output[str] = first.apply(following)
        await sdk_shortcuts.wait_for_rpcs()
        assert await after.future() == "after first"

    run(wait)
    assert seen == ["first", "after first"]


@pytest.mark.parametrize("waits", [sdk_shortcuts.wait_for_rpcs, sdk_shortcuts._ORIGINALS["wait_for_rpcs"]])
def test_a_failed_output_ends_the_waiting_though_another_never_comes(waits: Coroutine) -> None:
    async def wait() -> None:
        pulumi.Output.from_input(asyncio.get_running_loop().create_future())

        async def fail() -> str:
            await asyncio.sleep(0)
            raise RuntimeError("it failed")

        output_of(fail())
        with pytest.raises(RuntimeError, match="it failed"):
            await asyncio.wait_for(waits(), 5)
        for output in list(SETTINGS.outputs):
            output.cancel()
        SETTINGS.outputs.clear()

    run(wait)


@pytest.mark.parametrize("waits", [sdk_shortcuts.wait_for_rpcs, sdk_shortcuts._ORIGINALS["wait_for_rpcs"]])
def test_a_failed_call_is_raised_with_the_first_failure_as_its_cause(waits: Coroutine) -> None:
    async def wait() -> None:
        manager = _get_rpc_manager()

        async def fail() -> None:
            raise RuntimeError("the call failed")

        await manager.do_rpc("call", fail)()
        with pytest.raises(RuntimeError, match="the call failed"):
            await waits()
        manager.clear()

    run(wait)
