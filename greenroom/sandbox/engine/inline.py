"""Registrations on the program's own thread, where nothing in them waits.

The SDK hands each call to the monitor to a thread of a pool, since the real monitor is another process. Ours is a few
function calls away: in a preview, or for a resource that stays as it is, it asks providers that only compute. A call
is therefore first made where the program runs; what turns out to wait for the world says so (`BlocksError`), before it
has begun, and is made again on a thread. That saves a thread's wake-up and two of the loop's for each resource.
"""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from pulumi.runtime.settings import SETTINGS

_here = threading.local()


class BlocksError(BaseException):
    """What was called on the program's thread would wait there. No `Exception`: nobody may take it for a failure."""


def is_inline() -> bool:
    """Whether the caller runs on the program's own thread, where nothing may wait."""
    return getattr(_here, "inline", False)


def must_not_wait() -> None:
    """To be called before something that waits for the world, and before anything is changed.

    Raises:
        BlocksError: on the program's own thread.
    """
    if is_inline():
        raise BlocksError


class ProgramLoop(asyncio.SelectorEventLoop):
    """The program's event loop."""

    def __init__(self, *, inline: bool) -> None:
        """A loop.

        Args:
            inline: whether calls of the SDK may be made on this thread.
        """
        super().__init__()
        self._inline = inline

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> asyncio.Future[Any]:  # type: ignore[override]
        """The call's result; on a thread of the pool unless it is the SDK's and waits for nothing."""
        if self._inline and executor is None and _is_of_sdk(func) and SETTINGS.callbacks is None:
            future = self.create_future()
            _here.inline = True
            try:
                future.set_result(func(*args))
            except BlocksError:
                pass
            except Exception as error:  # noqa: BLE001  # it is the awaiting caller's
                future.set_exception(error)
                return future
            else:
                return future
            finally:
                _here.inline = False
        return super().run_in_executor(executor, func, *args)


def _is_of_sdk(func: Any) -> bool:
    """Whether a call is one that the SDK makes of the monitor; a program's own may wait for anything.

    While the SDK serves callbacks (transforms, hooks), a call may wait for this very thread.
    """
    return getattr(func, "__module__", "") == "pulumi.runtime._context"
