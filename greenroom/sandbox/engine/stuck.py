"""Notices a program that waits for what never comes: an Output or a future that nobody resolves.

Such a program would wait for ever, and so would the command. It is stuck when its event loop sleeps with nothing to
wake it: no call to the engine under way, no timer, no socket, no thread of its own; and still so some seconds later. A
program of which any of these cannot be said is left alone.
"""

from __future__ import annotations

import asyncio
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

PATIENCE_SECONDS: Final = 5.0
"""How long a program may have nothing to wait for, before it is ended."""

_CHECKS: Final = 10
_REGISTRATION: Final = "do_register"
_READING: Final = "do_read"
_OUTPUTS: Final = "do_register_resource_outputs"


class CountingExecutor(ThreadPoolExecutor):
    """A pool that knows how many calls are under way in it."""

    def __init__(self, threads: int, *, name_prefix: str) -> None:
        super().__init__(threads, thread_name_prefix=name_prefix)
        self.prefix = name_prefix
        self._count = 0
        self._lock = threading.Lock()

    @property
    def is_idle(self) -> bool:
        """Whether nothing is under way."""
        with self._lock:
            return self._count == 0

    def submit(self, *arguments: Any, **keywords: Any) -> Future[Any]:
        """As `ThreadPoolExecutor.submit`."""
        with self._lock:
            self._count += 1
        future = super().submit(*arguments, **keywords)
        future.add_done_callback(self._ended)
        return future

    def _ended(self, _future: Future[Any]) -> None:
        with self._lock:
            self._count -= 1


class Watch:
    """Watches one program's loop. `found` says who waits, once the program is stuck."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, executor: CountingExecutor, folder: Path, patience_seconds: float
    ) -> None:
        self._loop: Any = loop
        self._executor = executor
        self._folder = folder
        self._patience_seconds = patience_seconds
        self._thread = threading.get_ident()
        self._others = set(threading.enumerate())
        self._over = threading.Event()
        self.found: str | None = None

    def run(self, task: asyncio.Task[Any]) -> None:
        """Cancels the task when the program is stuck; returns when it is, or when the watch is over."""
        quiet = 0
        while not self._over.wait(self._patience_seconds / _CHECKS):
            quiet = quiet + 1 if self._sleeps() else 0
            if quiet >= _CHECKS:
                self.found = self._describe()
                self._loop.call_soon_threadsafe(task.cancel)
                return

    def end(self) -> None:
        """Ends the watch."""
        self._over.set()

    def _sleeps(self) -> bool:
        """Whether the loop sleeps, and nothing of the program's can wake it."""
        frame = sys._current_frames().get(self._thread)  # noqa: SLF001  # the one way to see what a thread does
        if frame is None or frame.f_code.co_name != "select" or not self._executor.is_idle:
            return False
        # The loop has no public word for these: ready callbacks, timers, and the sockets that it listens to.
        if self._loop._ready or any(not item.cancelled() for item in self._loop._scheduled):  # noqa: SLF001
            return False
        return not self._has_sockets() and not self._has_threads()

    def _has_sockets(self) -> bool:
        keys = self._loop._selector.get_map().values()  # noqa: SLF001
        own = self._loop._ssock.fileno()  # noqa: SLF001  # by which other threads wake it
        return any(key.fd != own and not _is_sdks(key.data) for key in keys)

    def _has_threads(self) -> bool:
        """Whether the program has started threads, which may yet resolve something."""
        return any(
            thread not in self._others
            and thread is not threading.current_thread()
            and not thread.name.startswith(self._executor.prefix)
            and not (thread.name or "").startswith(("delete", "refresh"))
            and thread.is_alive()
            for thread in threading.enumerate()
        )

    def _describe(self) -> str:
        waiting = sorted({text for task in asyncio.all_tasks(self._loop) for text in self._waits(task)})
        told = "\n".join(f"  {text}" for text in waiting) or "  an Output's callback waits for a value"
        return (
            f"the program waits for what never comes:\n{told}\n"
            "fix: an Output or a future in it is never resolved; look for an `asyncio.Future` without a result, or for "
            "an `apply` that awaits one"
        )

    def _waits(self, task: asyncio.Task[Any]) -> Iterator[str]:
        """What waits in a task: a resource that the SDK is about to register, and the program's own line."""
        coroutine: Any = task.get_coro()
        while coroutine is not None:
            frame: FrameType | None = getattr(coroutine, "cr_frame", None)
            if frame is not None:
                code: CodeType = frame.f_code
                if code.co_name in (_REGISTRATION, _READING) and {"name", "ty"} <= frame.f_locals.keys():
                    name, type_ = frame.f_locals["name"], frame.f_locals["ty"]
                    yield f"resource {name!r} ({type_}) waits for its inputs or options"
                elif code.co_name == _OUTPUTS and "res" in frame.f_locals:
                    resource: Any = frame.f_locals["res"]
                    yield f"the outputs of {resource._name!r} ({resource._type}) wait for a value"  # noqa: SLF001
                elif Path(code.co_filename).is_relative_to(self._folder):
                    yield f"{code.co_filename}:{frame.f_lineno}: {code.co_name} waits"
            coroutine = getattr(coroutine, "cr_await", None)


def _is_sdks(handlers: Any) -> bool:
    """Whether a socket is that of the SDK's server for transforms and hooks, which the engine calls."""
    return any("grpc" in repr(handler) for handler in handlers or () if handler is not None)


@contextmanager
def watched(
    loop: asyncio.AbstractEventLoop, executor: CountingExecutor, task: asyncio.Task[Any], folder: Path
) -> Iterator[Watch]:
    """Watches the task, which runs on the loop in this thread, while the body runs it."""
    watch = Watch(loop, executor, folder, PATIENCE_SECONDS)
    thread = threading.Thread(target=watch.run, args=(task,), name="watch", daemon=True)
    thread.start()
    try:
        yield watch
    finally:
        watch.end()
        thread.join()
