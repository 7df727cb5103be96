"""The local AWS's clock, as a rehearsal reads and moves it."""

from __future__ import annotations

import http.client
import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from greenroom.errors import UserError

CLOCK_PATH: Final = "/_greenroom/clock"
ANSWER_TIMEOUT_SECONDS: Final = 3600.0
"""A year of minutes takes its time."""

LONGEST_ADVANCE_DAYS: Final = 366
_UNIT_SECONDS: Final = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_DURATION: Final = re.compile(r"(?:\d+(?:\.\d+)?[smhd])+")


@dataclass(frozen=True)
class ClockReading:
    """What time it is in the local AWS.

    Attributes:
        time: now, as ISO 8601.
        offset_seconds: how far it is ahead of the machine's own time.
        next_due: when the next thing happens there by itself; None where nothing is going to.
    """

    time: str
    offset_seconds: float
    next_due: str | None


def parse_duration(text: str) -> float:
    """The seconds of "90s", "10m", "1h30m" or "2d".

    Raises:
        ValueError: It is no duration, none at all, or longer than the local AWS skips at once.
    """
    if _DURATION.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no duration: write 90s, 10m, 1h30m or 2d")
    parts = re.findall(r"([\d.]+)([smhd])", text)
    seconds = sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
    if seconds <= 0:
        raise ValueError(f"{text!r} is no time at all: write 90s, 10m, 1h30m or 2d")
    if seconds > LONGEST_ADVANCE_DAYS * 86400:
        raise ValueError(f"{text!r} is more than can be skipped at once: at most {LONGEST_ADVANCE_DAYS}d")
    return seconds


def read_clock(url: str, *, advance_seconds: float | None = None) -> ClockReading:
    """Ask the local AWS at `url` for its time, after moving it on where that is asked for.

    Raises:
        UserError: It refuses to move that far.
    """
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        if advance_seconds is None:
            connection.request("GET", CLOCK_PATH)
        else:
            connection.request("POST", CLOCK_PATH, json.dumps({"advance_seconds": advance_seconds}))
        answer = connection.getresponse()
        content: dict[str, Any] = json.loads(answer.read())
    finally:
        connection.close()
    if answer.status != http.client.OK:
        raise UserError(f"the local AWS's clock: {content['message']}")
    return ClockReading(content["time"], content["offset_seconds"], content["next_due"])
