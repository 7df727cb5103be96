"""What an exception becomes: one message on stderr, one exit code.

| raised | shown | exit code |
|---|---|---|
| what the user can fix: a spec, a release, a project, a stack, a held lock | the message | 2 |
| a folder that cannot be written, a full disk | the path, why, and where it can be changed | 2 |
| the deployment failed; the model failed its gate or its container check | the message | 1 |
| Ctrl-C, SIGTERM | "interrupted", and that the state is whole | 130 |
| anything else: a bug of ours | one line, and how to see the traceback | 1 |

With `--json`, stdout carries `{"error": {"kind", "message", "exitCode", "violations"?}}` as well, unless the command's
result is there already: a program that reads stdout always finds one JSON object there.

The trees of errors are found among the modules that are loaded: an error that was raised has its module imported.
"""

from __future__ import annotations

import errno
import json
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import click

from greenroom.cli.terminal import JSON_WRITTEN
from greenroom.errors import GreenroomError

INTERRUPTED = 130

_EXIT_CODES: tuple[tuple[str, str, int], ...] = (
    ("greenroom.sandbox.engine.errors", "UserError", 2),
    ("greenroom.sandbox.engine.errors", "DeploymentError", 1),
    ("greenroom.sandbox.provider.errors", "ProviderError", 1),
    ("greenroom.sandbox.cloud.errors", "CloudError", 1),
    ("components.specs.violations", "SpecError", 2),
    ("model_packaging.errors", "PackagingFailure", 1),
    ("model_packaging.errors", "PackagingError", 2),
)
"""Module, class, exit code: what is in none of these trees, nor in `greenroom.errors`, is a bug of ours."""


_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
_MACHINE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, *_FULL})
"""What the system refuses for reasons that lie in the user's machine."""


def exit_code_of(error: BaseException) -> int | None:
    """The exit code of an error that is not a bug of ours; `None` for one that is."""
    if _is_machines(error):
        return 2
    if isinstance(error, GreenroomError):
        return error.exit_code
    for module, name, code in _EXIT_CODES:
        kind = getattr(sys.modules.get(module), name, None)
        if isinstance(kind, type) and isinstance(error, kind):
            return code
    return None


def _is_machines(error: BaseException) -> bool:
    if not isinstance(error, OSError):
        return False
    return error.errno in _FULL or (error.errno in _MACHINE and error.filename is not None)


@contextmanager
def end_in_exit_code(ctx: click.Context) -> Iterator[None]:
    """Turn what the body raises into a message and click's `Exit`; click's own exceptions pass."""
    try:
        with _terminable():
            yield
    except (click.ClickException, click.exceptions.Exit, click.Abort):
        raise
    except KeyboardInterrupt:
        message = "interrupted; the state holds every step that ended, and the next command goes on from there"
        _tell(ctx, "Interrupted", message, INTERRUPTED)
        raise click.exceptions.Exit(INTERRUPTED) from None
    except BrokenPipeError:
        raise  # click ends quietly when a reader such as `head` closes stdout
    except Exception as error:
        code = exit_code_of(error)
        if code is None and (ctx.find_root().obj or {}).get("debug"):
            raise
        if code is None:
            code = 1
            message = (
                f"{type(error).__name__}: {error}\n"
                "  This is a bug of Greenroom; GREENROOM_DEBUG=1 before the same command shows the traceback."
            )
        else:
            message = _of_machine(error) if isinstance(error, OSError) else str(error)
        _tell(ctx, type(error).__name__, message, code, violations=getattr(error, "violations", ()))
        raise click.exceptions.Exit(code) from error


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM is Ctrl-C: what was begun is cleared away, and what was started is ended, before the process ends.

    A command that takes the signal itself, and a program that runs commands in a thread, keep their own way.
    """
    is_ours = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if is_ours:
        signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _of_machine(error: OSError) -> str:
    if error.filename is None:  # the system says where only when it opens a file, not when it fills one
        return f"{error.strerror}: nothing was kept of what was being written\n  Free some space, and try again."
    return (
        f"{error.filename}: {error.strerror}\n"
        "  State, releases and the local AWS are kept in GREENROOM_HOME, by default .greenroom in the project."
    )


def _tell(ctx: click.Context, kind: str, message: str, code: int, *, violations: Sequence[Any] = ()) -> None:
    click.echo(f"{click.style('error:', fg='red', bold=True)} {message}", err=True)
    if ctx.params.get("as_json") and not ctx.meta.get(JSON_WRITTEN):
        error: dict[str, Any] = {"kind": kind, "message": message, "exitCode": code}
        if violations:
            error["violations"] = [asdict(violation) for violation in violations]
        click.echo(json.dumps({"error": error}, indent=2, default=str))
