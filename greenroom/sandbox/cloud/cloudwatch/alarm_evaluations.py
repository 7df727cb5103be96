"""Alarms change in time: they are evaluated on the agenda, and what holds actions back ends there.

Only a change is an event of the journal; that an alarm was looked at is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from moto.cloudwatch.models import cloudwatch_backends

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmState
from greenroom.sandbox.cloud.cloudwatch.backend import CloudWatchBackend
from greenroom.sandbox.cloud.cloudwatch.metric_alarms import new_state

STATE_EVENT: Final = "alarm-state"
RELEASE_EVENT: Final = "alarm-actions-released"


class AlarmEvaluations:
    """Takes part in the agenda for the alarms of every account and region."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application

    def install(self) -> None:
        """Apply the events."""
        self._application.on_event(STATE_EVENT, _apply_state)
        self._application.on_event(RELEASE_EVENT, _apply_release)

    def next_due(self) -> float | None:
        """When the next alarm is to be evaluated, or the next actions are held back long enough."""
        dues: list[float] = []
        for backend in _backends():
            if backend.watch.next_due is not None:
                dues.append(backend.watch.next_due)
            if backend.composite_alarms and (release := backend.transitions.next_release()) is not None:
                dues.append(release)
        return min(dues, default=None)

    def run(self) -> None:
        """Evaluate what is due, and let go of what was held back long enough."""
        for backend in _backends():
            key = {"account_id": backend.account_id, "region": backend.region_name}
            due = backend.watch.next_due
            for name, definition, verdict in backend.watch.evaluate_due() if due is not None else ():
                alarm = backend.alarms.get(name)
                if alarm is None or verdict.state is None or verdict.state == alarm.state_value:
                    continue
                state = new_state(alarm, definition, verdict, verdict.state, CLOCK.time())
                told = {"state_value": state.value, "reason": state.reason, "reason_data": state.reason_data}
                self._application.record(STATE_EVENT, {**key, "alarm_name": name, **told})
            for name in backend.transitions.due_releases():
                self._application.record(RELEASE_EVENT, {**key, "alarm_name": name})


def _backends() -> Iterator[CloudWatchBackend]:
    return every_backend(cloudwatch_backends)


def _apply_state(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = cloudwatch_backends[attributes["account_id"]][attributes["region"]]
    state = AlarmState(attributes["state_value"], attributes["reason"], CLOCK.time(), attributes["reason_data"])
    backend.transitions.change(attributes["alarm_name"], state)


def _apply_release(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = cloudwatch_backends[attributes["account_id"]][attributes["region"]]
    backend.transitions.release(backend.composite_alarms[attributes["alarm_name"]])
