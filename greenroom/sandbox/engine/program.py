"""Runs the user's program in this process, as Pulumi's Python executor runs it in its own.

The program gets a fresh context (the SDK keeps its settings in context variables), a thread, an event loop, its folder
as working directory and at the head of ``sys.path``, and ``__name__ == "__main__"``. Afterwards everything is as
before: the modules that lie beneath the program's folder are forgotten, so that another stack's run imports them anew.

The SDK makes very many small objects that live as long as the program; Python's cyclic garbage collector would walk
them again and again, which is a third of a large program's time. It is put on a long leash meanwhile.
https://github.com/pulumi/pulumi/blob/master/sdk/python/cmd/pulumi-language-python-exec
"""

from __future__ import annotations

import asyncio
import contextvars
import gc
import os
import runpy
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, TextIO

import pulumi
from pulumi.runtime import set_all_config
from pulumi.runtime.settings import ROOT, Settings, configure
from pulumi.runtime.stack import run_in_stack

from greenroom.sandbox.engine import sdk_shortcuts
from greenroom.sandbox.engine.inline import ProgramLoop
from greenroom.sandbox.engine.project import ProjectFile, StackSettings
from greenroom.sandbox.engine.stuck import CountingExecutor, Watch, watched

_IN_PROGRAM: contextvars.ContextVar[bool] = contextvars.ContextVar("in_program", default=False)
_SDK_REFUSAL = "The Pulumi CLI does not support "
HEARING_SECONDS = 0.2
_GC_THRESHOLD = (100_000, 50, 1000)


class Program:
    """A user's program, ready to run once for one stack."""

    def __init__(
        self,
        project: ProjectFile,
        stack: str,
        settings: StackSettings,
        *,
        monitor: Any,
        engine: Any,
        dry_run: bool,
        parallel: int,
        say: Callable[[str], None],
        inline: bool = False,
    ) -> None:
        """A program.

        Args:
            project: whose program.
            stack: the stack that it runs for.
            settings: the stack's configuration.
            monitor: takes its registrations.
            engine: takes its log.
            dry_run: whether this is a preview.
            parallel: how many registrations may be carried out at once.
            say: takes each line that it prints.
            inline: whether the monitor may be called on the program's own thread; see `inline`.
        """
        self._project = project
        self._stack = stack
        self._settings = settings
        self._monitor = monitor
        self._engine = engine
        self._dry_run = dry_run
        self._parallel = parallel
        self._say = say
        self._inline = inline
        self._outcome: str | None = "the program did not run to its end"
        self._ended = threading.Event()

    def run(self) -> str | None:
        """Runs the program to its end.

        Returns:
            None if it ended well; else what went wrong: a traceback cut to the user's own frames, or the message of a
            `pulumi.RunError`.
        """
        context = contextvars.Context()
        threading.Thread(target=context.run, args=(self._run_in_context,), name="program", daemon=True).start()
        return self.wait()

    def wait(self, timeout_seconds: float | None = None) -> str | None:
        """Waits for the program to end; as `run`, after an interruption of it. What hangs is left behind."""
        # Not `Thread.join`: interrupted by Ctrl-C, it takes the thread for ended (https://bugs.python.org/issue45274).
        # And not without a limit: a Ctrl-C that comes just before a thread sleeps is heard when it wakes.
        if timeout_seconds is not None:
            self._ended.wait(timeout_seconds)
            return self._outcome
        while not self._ended.wait(HEARING_SECONDS):
            continue
        return self._outcome

    def _run_in_context(self) -> None:
        try:
            self._outcome = self._run_configured()
        finally:
            self._ended.set()

    def _run_configured(self) -> str | None:
        _IN_PROGRAM.set(True)
        set_all_config(dict(self._settings.config), list(self._settings.secret_keys))
        ROOT.set(None)
        configure(
            Settings(
                project=self._project.name,
                stack=self._stack,
                monitor=self._monitor,
                engine=self._engine,
                parallel=self._parallel,
                dry_run=self._dry_run,
                organization="organization",
                root_directory=str(self._project.root),
            )
        )
        with ExitStack() as surroundings:
            for prepared in (
                long_gc_leash(),
                sdk_shortcuts.in_place(),
                _captured_output(self._say),
                _imports_of(self._project),
            ):
                surroundings.enter_context(prepared)
            try:
                self._run_on_loop()
            except SystemExit as leaving:
                return None if leaving.code in (None, 0) else f"the program called sys.exit({leaving.code!r})"
            except Exception as error:  # noqa: BLE001  # whatever the user's program raises is the user's to see
                return self._explain(error)
        return None

    def _run_on_loop(self) -> None:
        loop = ProgramLoop(inline=self._inline)
        # What stays behind of a program that failed is nobody's concern (see Pulumi's own executor): futures whose
        # exceptions no one looked at would be logged whenever they happen to be collected.
        loop.set_exception_handler(lambda _loop, _context: None)
        asyncio.set_event_loop(loop)
        executor = CountingExecutor(self._parallel * 4, name_prefix="registration")
        loop.set_default_executor(executor)
        task = loop.create_task(run_in_stack(self._main))
        try:
            with watched(loop, executor, task, self._project.main) as watch:
                self._run_watched(loop, task, watch)
        finally:
            executor.shutdown(wait=True)
            _cancel_tasks(loop)
            asyncio.set_event_loop(None)
            loop.close()

    @staticmethod
    def _run_watched(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None], watch: Watch) -> None:
        try:
            loop.run_until_complete(task)
        except asyncio.CancelledError:
            if watch.found is None:
                raise
            raise pulumi.RunError(watch.found) from None

    def _main(self) -> None:
        runpy.run_path(str(self._project.main), run_name="__main__")

    def _explain(self, error: Exception) -> str:
        if isinstance(error, pulumi.RunError):
            return str(error)
        if str(error).startswith(_SDK_REFUSAL):
            feature = str(error).removeprefix(_SDK_REFUSAL).split(". ")[0]
            return (
                f"the sandbox's engine does not support {feature}\n"
                "fix: leave it out where the program runs in the sandbox, or run the program with `pulumi up`"
            )
        lines = traceback.format_exception(type(error), error, self._own_frames(error))
        return "Program failed with an unhandled exception:\n" + "".join(lines).rstrip()

    def _own_frames(self, error: Exception) -> TracebackType | None:
        """The traceback from the first frame of the program on; the whole of it where it has none.

        A program that does not parse has no frame, and its error says file and line by itself.
        """
        folder = self._project.main if self._project.main.is_dir() else self._project.main.parent
        trace = found = error.__traceback__
        while trace is not None:
            if Path(trace.tb_frame.f_code.co_filename).is_relative_to(folder):
                return trace
            trace = trace.tb_next
        return None if isinstance(error, SyntaxError) else found


def _cancel_tasks(loop: asyncio.AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if tasks:
        loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


@contextmanager
def long_gc_leash() -> Iterator[None]:
    """Has Python's cyclic garbage collector walk seldom, and never through what is there already."""
    threshold = gc.get_threshold()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLD)
    try:
        yield
    finally:
        gc.set_threshold(*threshold)
        gc.unfreeze()


@contextmanager
def _imports_of(project: ProjectFile) -> Iterator[None]:
    main = project.main
    folder = main if main.is_dir() else main.parent
    before = set(sys.modules)
    path, arguments, here, main_module = list(sys.path), list(sys.argv), Path.cwd(), sys.modules.get("__main__")
    sys.path.insert(0, str(folder))
    if project.site_packages is not None and str(project.site_packages) not in sys.path:
        sys.path.append(str(project.site_packages))
    sys.argv = [str(main)]
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(here)
        sys.path[:], sys.argv = path, arguments
        if main_module is not None:
            sys.modules["__main__"] = main_module
        for name in set(sys.modules) - before:
            if _lies_beneath(sys.modules[name], folder):
                del sys.modules[name]


def _lies_beneath(module: Any, folder: Path) -> bool:
    file = module.__dict__.get("__file__") if hasattr(module, "__dict__") else None
    if not isinstance(file, str) or "site-packages" in file:
        return False
    return Path(file).is_relative_to(folder)


class _ProgramOutput:
    """Stands in for ``sys.stdout``: what the program prints goes line by line to `say`, all else where it went."""

    def __init__(self, original: TextIO, say: Callable[[str], None]) -> None:
        self._original = original
        self._say = say
        self._rest = ""
        self._lock = threading.Lock()

    def write(self, text: str) -> int:
        if not _IN_PROGRAM.get():
            return self._original.write(text)
        with self._lock:
            *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            self._say(line)
        return len(text)

    def flush(self) -> None:
        if not _IN_PROGRAM.get():
            self._original.flush()

    def end(self) -> None:
        if self._rest:
            self._say(self._rest)
            self._rest = ""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._original, name)


@contextmanager
def _captured_output(say: Callable[[str], None]) -> Iterator[None]:
    original = sys.stdout
    captured: Any = _ProgramOutput(original, say)
    sys.stdout = captured
    try:
        yield
    finally:
        captured.end()
        sys.stdout = original
