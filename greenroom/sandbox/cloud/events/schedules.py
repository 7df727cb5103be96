"""Rules with a schedule, which fire by themselves.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-rule-schedule.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from moto.events.models import events_backends
from moto.moto_api._internal import mock_random

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.events.backend import next_firing
from greenroom.sandbox.cloud.events.bus import envelope, fire

EVENT: Final = "rule-schedule-fired"


class RuleSchedules:
    """An agenda's participant: fires the scheduled rules of every account and region."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application
        application.on_event(EVENT, _fire)

    def next_due(self) -> float | None:
        """When the first of them fires."""
        return min((rule.fires_at_seconds for rule in _scheduled_rules()), default=None)

    def run(self) -> None:
        """Fire those that are due now."""
        now = CLOCK.time()
        for rule in [rule for rule in _scheduled_rules() if rule.fires_at_seconds <= now]:
            self._application.record(
                EVENT, {"account_id": rule.account_id, "region": rule.region_name, "rule": rule.name}
            )


def _scheduled_rules() -> Iterator[Any]:
    for backend in every_backend(events_backends):
        for rule in backend.event_buses["default"].rules.values():
            if rule.fires_at_seconds is not None and rule.state != "DISABLED":
                yield rule


def _fire(attributes: dict[str, Any], body: bytes) -> None:
    del body
    account_id, region = attributes["account_id"], attributes["region"]
    rule: Any = events_backends[account_id][region].event_buses["default"].rules[attributes["rule"]]
    rule.fires_at_seconds = next_firing(rule.scheduled_expression, CLOCK.time())
    entry = {"DetailType": "Scheduled Event", "Source": "aws.events", "Resources": [rule.arn], "detail": {}}
    fire(rule, envelope(entry, account_id, region, str(mock_random.uuid4())))
