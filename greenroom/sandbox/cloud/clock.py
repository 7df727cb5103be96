"""The local AWS's one clock.

Endpoint states, time stamps and schedules all ask `CLOCK`, and so does moto, whose modules are given a `datetime`
that reads it. Three things need that: a test drives the time by hand; a request that changes state runs at one
frozen instant, which the journal records; and a replay runs each request at the instant it first ran, so that
creation times survive a restart.
"""

from __future__ import annotations

import datetime as dt
import threading
import time as real_time
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any, Protocol


class TimeSource(Protocol):
    """Seconds since the epoch, from somewhere."""

    def time(self) -> float:
        """The current time, in seconds since the epoch."""
        ...


class SystemTime:
    """The machine's own time."""

    def time(self) -> float:
        """The current time, in seconds since the epoch."""
        return real_time.time()


class ManualTime:
    """A time that stands still until a test moves it."""

    def __init__(self, start_seconds: float = 1_750_000_000.0) -> None:
        self._seconds = start_seconds

    def time(self) -> float:
        """The time last set, in seconds since the epoch."""
        return self._seconds

    def advance(self, seconds: float) -> None:
        """Move the time on by `seconds`."""
        self._seconds += seconds


class DrivenTime:
    """Another source's time, moved on by what a rehearsal has skipped."""

    def __init__(self, source: TimeSource) -> None:
        self._source = source
        self.offset_seconds = 0.0

    def time(self) -> float:
        """The source's time and what was skipped, in seconds since the epoch."""
        return self._source.time() + self.offset_seconds


class CloudClock:
    """A time source, and the instant that the thread's current request is frozen at."""

    def __init__(self) -> None:
        self.source: TimeSource = SystemTime()
        self._frozen = threading.local()

    def time(self) -> float:
        """Seconds since the epoch: the frozen instant within a request that changes state, else the source's."""
        frozen: float | None = getattr(self._frozen, "at", None)
        return self.source.time() if frozen is None else frozen

    def utcnow(self) -> dt.datetime:
        """The current time as moto keeps it: UTC, without a time zone."""
        return dt.datetime.fromtimestamp(self.time(), tz=dt.UTC).replace(tzinfo=None)

    @contextmanager
    def frozen_at(self, seconds: float) -> Iterator[None]:
        """Within the block, in this thread, it is `seconds` since the epoch."""
        before: float | None = getattr(self._frozen, "at", None)
        self._frozen.at = seconds
        try:
            yield
        finally:
            self._frozen.at = before


CLOCK = CloudClock()


def utc(seconds: float) -> dt.datetime:
    """An instant in seconds since the epoch, in UTC."""
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC)


def seconds_of(moment: dt.datetime) -> float:
    """Seconds since the epoch; a time without a zone is UTC, as moto's are."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=dt.UTC)).timestamp()


class _ClockedDatetime:
    """`datetime.datetime`, except that `now` asks the clock. Used by moto's modules only, never for isinstance."""

    def __getattr__(self, name: str) -> Any:
        return getattr(dt.datetime, name)

    def __call__(self, *args: Any, **kwargs: Any) -> dt.datetime:
        return dt.datetime(*args, **kwargs)  # noqa: DTZ001  the caller's own arguments

    def now(self, tz: dt.tzinfo | None = None) -> dt.datetime:
        """The clock's time in `tz`."""
        return dt.datetime.fromtimestamp(CLOCK.time(), tz=tz)


class _ClockedTime:
    """The `time` module, except that `time()` asks the clock."""

    def __getattr__(self, name: str) -> Any:
        return getattr(real_time, name)

    def time(self) -> float:
        """The clock's time, in seconds since the epoch."""
        return CLOCK.time()


def install_in_moto() -> None:
    """Make moto read `CLOCK`. Without a frozen instant or another source that changes nothing."""
    import moto.applicationautoscaling.models
    import moto.cloudwatch.models
    import moto.core.utils
    import moto.s3.models

    datetime_module = ModuleType("datetime")
    datetime_module.__dict__.update(dt.__dict__)
    clocked = _ClockedDatetime()
    datetime_module.__dict__["datetime"] = clocked
    # `utcnow`, which nearly every service calls, lives in core.utils; the others ask the time themselves.
    moto.core.utils.__dict__["datetime"] = datetime_module
    moto.s3.models.__dict__["datetime"] = datetime_module
    moto.cloudwatch.models.__dict__["datetime"] = clocked
    moto.applicationautoscaling.models.__dict__["time"] = _ClockedTime()
