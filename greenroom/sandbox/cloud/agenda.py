"""What happens by itself as time passes: alarms are evaluated, rollouts take their next step, schedules fire.

Whoever acts in time is a participant: it says when its next work is due, and does it when told. The agenda runs what
is due in the order of its instants, each at its own frozen instant, so that an hour that is advanced at once steps
through every minute of it: a metric breaches, the alarm follows at its next evaluation, the rollout it guards rolls
back after that.

It runs before each request, so that nobody sees a state that time has overtaken, and in a thread that waits for the
next due instant. A cloud that was stopped has missed what was due meanwhile: each participant catches up once.
"""

from __future__ import annotations

import logging
import threading
from typing import Protocol

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK

LOG = logging.getLogger("greenroom.sandbox.cloud")

LONGEST_SLEEP_SECONDS = 1.0
"""How long the thread sleeps at most: a request may have brought in something that is due sooner."""


class Participant(Protocol):
    """Somebody that acts in time.

    What it changes it changes through `LocalAwsApplication.record`, so that a replay changes the same at the same
    instant; a replay runs no participant.
    """

    def next_due(self) -> float | None:
        """When its next work is due, in seconds since the epoch; None where nothing is.

        Asked before every request: it takes microseconds and changes nothing.
        """
        ...

    def run(self) -> None:
        """Do what is due now, under the application's lock, at the frozen instant that `CLOCK.time()` tells.

        Afterwards `next_due` is later.
        """
        ...


class Agenda:
    """The participants of one cloud, and whose turn it is."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application
        self._participants: list[Participant] = []
        self._not_before = float("inf")
        self._is_running = False
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._wake, name="agenda", daemon=True)
        application.before_requests(self.run_due)

    def add(self, participant: Participant) -> None:
        """Have `participant` take its turns. At one instant, those added first go first."""
        self._participants.append(participant)

    def start(self) -> None:
        """Begin, from now on."""
        self._not_before = CLOCK.time()
        self._thread.start()

    def stop(self) -> None:
        """Run nothing any more."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def next_due(self) -> float | None:
        """When the next work is due, in seconds since the epoch; None where nothing is."""
        dues = [due for due in (one.next_due() for one in self._participants) if due is not None]
        return max(min(dues), self._not_before) if dues else None

    def run_due(self) -> None:
        """Run everything that is due, in the order of its instants."""
        with self._application.lock:
            # Work that asks the cloud for something comes back here by way of its own request.
            if self._is_running or self._application.replaying or self._stopped.is_set():
                return
            self._is_running = True
            try:
                self._run_until(CLOCK.time())
            finally:
                self._is_running = False

    def _run_until(self, now: float) -> None:
        last: tuple[float, Participant] | None = None
        while True:
            turns = [(due, one) for one in self._participants if (due := one.next_due()) is not None]
            if not turns:
                return
            due, participant = min(turns, key=lambda turn: turn[0])
            due = max(due, self._not_before)
            if due > now:
                return
            if last is not None and last == (due, participant):
                self._stop_participant(participant)
                continue
            self._take_turn(participant, due)
            last = (due, participant)

    def _take_turn(self, participant: Participant, due: float) -> None:
        with CLOCK.frozen_at(due):
            try:
                participant.run()
                following = participant.next_due()
            except Exception:  # it must not take down the request, or the thread, that came along
                LOG.exception("%s failed and is stopped until the local AWS starts again", type(participant).__name__)
                self._participants.remove(participant)
                return
        if following is not None and following <= due:
            self._stop_participant(participant)

    def _stop_participant(self, participant: Participant) -> None:
        self._participants.remove(participant)
        LOG.error("%s is due again at once and is stopped: time would stand still", type(participant).__name__)

    def _wake(self) -> None:
        while not self._stopped.is_set():
            try:
                with self._application.lock:
                    due = self.next_due()
                if due is not None and due <= CLOCK.time():
                    self.run_due()
                    continue
            except Exception:
                LOG.exception("what is due could not be done")
                due = None
            wait = LONGEST_SLEEP_SECONDS if due is None else min(max(due - CLOCK.time(), 0.01), LONGEST_SLEEP_SECONDS)
            self._stopped.wait(wait)
