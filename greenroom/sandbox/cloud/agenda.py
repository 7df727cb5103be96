"""What happens by itself as time passes: alarms are evaluated, rollouts take their next step, schedules fire.

Whoever acts in time is a participant: it says when its next work is due, and does it when told. The agenda runs what
is due in the order of its instants, each at its own frozen instant, so that an hour that is advanced at once steps
through every minute of it: a metric breaches, the alarm follows at its next evaluation, the rollout it guards rolls
back after that.

It runs before each request, so that nobody sees a state that time has overtaken, and in a thread that waits for the
next due instant. A cloud that was stopped has missed what was due meanwhile: each participant catches up once. Time
never goes back: who is found to be due at an instant that is over has its turn now.
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

PAUSE_SECONDS = 300.0
"""How long one that failed has no turn: what it failed at may be gone by then, and the others are not held up."""
_PAUSES = f"and has a pause of {PAUSE_SECONDS:.0f} seconds"


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
        self._paused_until: dict[Participant, float] = {}
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
        return min((due for due, _ in self._turns()), default=None)

    def _turns(self) -> list[tuple[float, Participant]]:
        """Whose turn it is when, in the order in which they were added."""
        turns = [(due, one) for one in self._participants if (due := self._due_of(one)) is not None]
        return [(max(due, self._not_before, self._paused_until.get(one, due)), one) for due, one in turns]

    def _due_of(self, participant: Participant) -> float | None:
        try:
            return participant.next_due()
        except Exception:  # it must not fail every request
            LOG.exception("%s cannot tell when it is due %s", type(participant).__name__, _PAUSES)
            return self._pause(participant, CLOCK.time())

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
            turn = min(self._turns(), key=lambda turn: turn[0], default=None)
            if turn is None or turn[0] > now:
                break
            if turn == last:
                self._stands_still(turn[1], turn[0])
            else:
                self._take_turn(turn[1], turn[0])
            last = turn
        self._not_before = max(now, self._not_before)

    def _take_turn(self, participant: Participant, due: float) -> None:
        with CLOCK.frozen_at(due):
            try:
                participant.run()
                following = participant.next_due()
            except Exception:  # it must not take down the request, or the thread, that came along
                LOG.exception("%s failed %s", type(participant).__name__, _PAUSES)
                self._pause(participant, due)
                return
        if following is not None and following <= due:
            self._stands_still(participant, due)

    def _stands_still(self, participant: Participant, due: float) -> None:
        LOG.error("%s is due again at once, time would stand still %s", type(participant).__name__, _PAUSES)
        self._pause(participant, due)

    def _pause(self, participant: Participant, at_seconds: float) -> float:
        until = self._paused_until[participant] = at_seconds + PAUSE_SECONDS
        return until

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
