"""A few functions of Pulumi's SDK in cheaper forms, in place while the engine runs a program.

What a program costs is mostly the SDK's own: for each output property four futures and a task, for each resource a
stack trace that the sandbox's engine has no use for, for each completed output a new look at all those outstanding
(which grows with the square of the program). The forms here do the same with one future a property, without the stack
trace, and looking at each output once.

Each stands in for one version of one function, known by its text: where the installed SDK has another text, its own
function stays. `GREENROOM_SDK_SHORTCUTS=off` leaves all of them out.
https://github.com/pulumi/pulumi/tree/master/sdk/python/lib/pulumi/runtime
"""

from __future__ import annotations

import asyncio
import functools
import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final

from pulumi import Output
from pulumi.output import _OutputData
from pulumi.runtime import known_types, resource, rpc, settings, stack
from pulumi.runtime.proto import source_pb2

SWITCH: Final = "GREENROOM_SDK_SHORTCUTS"
_SCALARS: Final = frozenset({str, bool, int, float, type(None)})
_NO_STACK_TRACE: Final = source_pb2.StackTrace()


def transfer_properties(res: Any, props: Mapping[str, Any], custom: bool) -> dict[str, Callable[..., None]]:
    """Gives a resource an output for each property, and answers what resolves each of them.

    The SDK's own makes a future for the value and three more for what is known of it, and a task that awaits the four.
    """
    resolvers: dict[str, Callable[..., None]] = {}
    for name in props:
        if name == "urn" or (name == "id" and custom):
            continue  # these have outputs of their own
        data: asyncio.Future[Any] = asyncio.Future()
        resolvers[name] = functools.partial(_resolve, res, data)
        res.__dict__[name] = Output._from_data(data)  # noqa: SLF001
    return resolvers


def _resolve(  # noqa: PLR0917  # the SDK calls it so
    res: Any,
    data: asyncio.Future[Any],
    value: Any,
    is_known: bool,
    is_secret: bool,
    deps: set[Any] | None,
    failed: Exception | None,
) -> None:
    if failed is not None:
        data.set_exception(failed)
        return
    resources = {res} if not deps else {*deps, res}
    data.set_result(_OutputData(resources=resources, value=value, is_known=is_known, is_secret=is_secret))


def create_urn(
    name: Any, type_: Any, parent: Any = None, project: str | None = None, stack: str | None = None
) -> Output[str]:
    """A URN from its parts; where all of them are plain strings, at once instead of by seven outputs and their tasks.

    It is computed for every resource, for a monitor that is none.
    """
    if type(name) is not str or type(type_) is not str or not (parent is None or type(parent) is str):
        return _ORIGINALS["create_urn"](name, type_, parent, project, stack)  # type: ignore[no-any-return]
    if parent is None:
        of_stack = settings.get_stack() if stack is None else stack
        of_project = settings.get_project() if project is None else project
        prefix = f"urn:pulumi:{of_stack}::{of_project}::"
    else:
        prefix = parent[0 : parent.rfind("::")] + "$"
    data: asyncio.Future[Any] = asyncio.Future()
    data.set_result(_OutputData(resources=set(), value=f"{prefix}{type_}::{name}", is_known=True, is_secret=False))
    return Output._from_data(data)  # noqa: SLF001


def contains_unknowns(val: Any) -> bool:
    """Whether a value is unknown, or holds one that is. Most are strings: these need no set of what was seen."""
    return type(val) not in _SCALARS and _contains_unknowns(val, set())


def _contains_unknowns(val: Any, seen: set[int]) -> bool:
    if known_types.is_unknown(val):
        return True
    if isinstance(val, dict):
        items: Any = val.values() if type(val) is dict else [val[key] for key in val]
    elif isinstance(val, list):
        items = val
    else:
        return False
    if id(val) in seen:
        return False
    seen.add(id(val))
    return any(type(item) not in _SCALARS and _contains_unknowns(item, seen) for item in items)


def get_stack_trace() -> source_pb2.StackTrace:
    """No stack trace: the sandbox's engine shows none and stores none."""
    return _NO_STACK_TRACE


async def wait_for_rpcs(await_all_outstanding_tasks: bool = True) -> None:
    """Waits until the program has nothing under way; raises the first exception of what was.

    The SDK's own asks all outstanding outputs again whenever some of them are done.
    """
    manager = settings._get_rpc_manager()  # noqa: SLF001
    while True:
        while manager.rpcs:
            await asyncio.sleep(0)  # gives what was queued a turn, as the SDK does
            try:
                await manager.rpcs.pop()
            except Exception as error:
                first = manager.unhandled_exception
                if first is not None:
                    raise error from first.with_traceback(manager.exception_traceback)
                raise
        if manager.unhandled_exception is not None:
            raise manager.unhandled_exception.with_traceback(manager.exception_traceback)
        if await_all_outstanding_tasks:
            await _OutstandingOutputs().drain()
        if not manager.rpcs:
            return


class _OutstandingOutputs:
    """The outputs that are not resolved yet, each watched from when it is first seen."""

    def __init__(self) -> None:
        self._settings = settings.SETTINGS
        self._done: list[asyncio.Future[Any]] = []
        self._under_way = 0
        self._wake: asyncio.Future[None] | None = None

    async def drain(self) -> None:
        while True:
            self._watch_new_ones()
            if not self._done:
                if not self._under_way:
                    return
                self._wake = asyncio.get_running_loop().create_future()
                await self._wake
            done, self._done = self._done, []
            for output in done:
                await output  # done; its exception, if it has one, is the program's

    def _watch_new_ones(self) -> None:
        with self._settings.lock:
            new = list(self._settings.outputs)
            self._settings.outputs.clear()
        self._under_way += len(new)
        for output in new:
            output.add_done_callback(self._is_done)

    def _is_done(self, output: asyncio.Future[Any]) -> None:
        self._under_way -= 1
        self._done.append(output)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)


@dataclass(frozen=True)
class Shortcut:
    """A function of the SDK and what stands in for it.

    Attributes:
        module: the function's module.
        name: the function's name in it.
        text_digests: the SHA-256 of each text of the function that the shortcut was held against.
        instead: the shortcut.
    """

    module: ModuleType
    name: str
    text_digests: frozenset[str]
    instead: Callable[..., Any]

    def fits(self) -> bool:
        """Whether the installed function is one that the shortcut may stand in for."""
        return text_digest(getattr(self.module, self.name)) in self.text_digests


SHORTCUTS: Final = (
    Shortcut(
        rpc,
        "transfer_properties",
        frozenset({"ce53437ae5bd676ef74e7c5823aea4c16c01a3ed5229e07f02ac8eda3293d00f"}),
        transfer_properties,
    ),
    Shortcut(
        rpc,
        "contains_unknowns",
        frozenset({"f5086b73a302d666aedc31e4d6e9801807df572b4caa8c7f762aab547082d1f1"}),
        contains_unknowns,
    ),
    Shortcut(
        resource,
        "create_urn",
        frozenset({"89596a4fa9d2c31a5f04eca638fc5dc6cf5255421a1892479dcfc567d0d40e31"}),
        create_urn,
    ),
    Shortcut(
        resource,
        "_get_stack_trace",
        frozenset({"c1f8beec3dad09faf3b1aeddfcd55330607e8af5b29862d4ce5f95fc938ac89c"}),
        get_stack_trace,
    ),
    Shortcut(
        stack,
        "wait_for_rpcs",
        frozenset({"0bf483f44da06fc72a08d0d39850a616b8900404bdbe11afa656928c55e5d926"}),
        wait_for_rpcs,
    ),
)
_ORIGINALS: Final[dict[str, Any]] = {item.name: getattr(item.module, item.name) for item in SHORTCUTS}


@functools.cache
def _lines_of(file: str) -> tuple[str, ...]:
    return tuple(Path(file).read_text("utf-8").splitlines())


def text_digest(function: Any) -> str:
    """The SHA-256 of a top-level function's source text; empty where there is no source."""
    code = function.__code__
    try:
        lines = _lines_of(code.co_filename)[code.co_firstlineno - 1 :]
    except (OSError, UnicodeDecodeError):
        return ""
    end = next((i for i, line in enumerate(lines) if i and line and line[0] not in " )#"), len(lines))
    return hashlib.sha256("\n".join(lines[:end]).rstrip().encode()).hexdigest()


@functools.cache
def fitting() -> tuple[Shortcut, ...]:
    """The shortcuts whose function the installed SDK has."""
    return tuple(item for item in SHORTCUTS if item.fits())


_users = 0
_lock = threading.Lock()


@contextmanager
def in_place() -> Iterator[None]:
    """Has the shortcuts in place meanwhile; programs may overlap, the last one puts the SDK's own back."""
    if os.environ.get(SWITCH) == "off":
        yield
        return
    _change(1)
    try:
        yield
    finally:
        _change(-1)


def _change(users: int) -> None:
    global _users  # noqa: PLW0603  # the SDK's modules are as global
    with _lock:
        _users += users
        for item in fitting():
            setattr(item.module, item.name, item.instead if _users else _ORIGINALS[item.name])
