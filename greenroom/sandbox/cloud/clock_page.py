"""`/_greenroom/clock`: what time it is in the local AWS, and how a rehearsal moves it on.

GET tells `{"time", "offset_seconds", "next_due"}`; POST `{"advance_seconds": 600}` skips ten minutes: everything that
is due in them happens, at its own instant, before the answer. What was skipped is an event of the journal, so that a
restarted cloud goes on from the same time.
"""

from __future__ import annotations

import json
import math
from typing import Any, Final

from greenroom.sandbox.cloud.agenda import Agenda
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK, DrivenTime, utc

CLOCK_PATH: Final = "/_greenroom/clock"
EVENT: Final = "clock-advanced"
LONGEST_ADVANCE_SECONDS: Final = 366 * 24 * 3600.0


class ClockPage:
    """The page of one cloud's clock."""

    def __init__(self, application: LocalAwsApplication, agenda: Agenda, time: DrivenTime) -> None:
        self._application = application
        self._agenda = agenda
        self._time = time

    def install(self) -> None:
        """Answer requests to the page, and apply its event."""
        self._application.on_event(EVENT, self._apply)
        self._application.own_page(CLOCK_PATH, self._answer)

    def _answer(self, method: str, body: bytes) -> dict[str, Any]:
        if method == "POST":
            self._advance(_seconds_of(body))
        with self._application.lock:
            due = self._agenda.next_due()
        return {
            "time": _iso(CLOCK.time()),
            "offset_seconds": self._time.offset_seconds,
            "next_due": None if due is None else _iso(due),
        }

    def _advance(self, seconds: float) -> None:
        with self._application.lock:
            self._agenda.run_due()
            self._application.record(EVENT, {"offset_seconds": self._time.offset_seconds + seconds})
        self._agenda.run_due()

    def _apply(self, attributes: dict[str, Any], body: bytes) -> None:
        del body
        self._time.offset_seconds = attributes["offset_seconds"]


def _seconds_of(body: bytes) -> float:
    fix = f'send {{"advance_seconds": SECONDS}}, more than 0 and at most {LONGEST_ADVANCE_SECONDS:.0f} (a year)'
    try:
        content = json.loads(body)
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}; {fix}") from error
    seconds = content.get("advance_seconds") if isinstance(content, dict) else None
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not math.isfinite(seconds):
        raise ValueError(f"advance_seconds is {seconds!r}; {fix}")
    if not 0 < seconds <= LONGEST_ADVANCE_SECONDS:
        raise ValueError(f"advance_seconds is {seconds}; {fix}")
    return float(seconds)


def _iso(seconds: float) -> str:
    return utc(seconds).isoformat(timespec="seconds")
