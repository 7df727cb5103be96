"""moto's EventBridge with rules that reach their targets.

moto matches fewer patterns, sends a schedule's rule every event, knows four kinds of targets, and never fires a
schedule. Buses, archives, connections and tags stay moto's.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

from __future__ import annotations

import json
from typing import Any

from moto.core.exceptions import JsonRESTError
from moto.events import models as moto_models
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.moto_api._internal import mock_random

from greenroom.sandbox.cloud.arns import Arn
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.events import pattern
from greenroom.sandbox.cloud.events.bus import dispatch, envelope
from greenroom.sandbox.cloud.events.targets import EVENT_BUS, NEED_ROLE, SENDERS, kind_of
from greenroom.sandbox.cloud.schedule_expression import ScheduleExpressionError, parse


class EventsBackend(moto_models.EventsBackend):  # type: ignore[misc]  # see pyproject.toml
    """The EventBridge of one account and region."""

    def put_rule(self, name: str, *args: Any, **given: Any) -> Any:
        """PutRule. A schedule counts from now; a changed one anew (a guess)."""
        expression, text = given.get("scheduled_expression"), given.get("event_pattern")
        if expression:
            _check_schedule(expression)
        document = _checked_pattern(text) if text else None
        rule = super().put_rule(name, *args, **given)
        rule.has_pattern, rule.pattern = document is not None, document or {}
        rule.fires_at_seconds = next_firing(expression, CLOCK.time()) if expression else None
        return rule

    def enable_rule(self, name: str, event_bus_arn: str | None) -> Any:
        """EnableRule: what a schedule missed while it was disabled is not made up for."""
        rule = self._get_event_bus(self._normalize_event_bus_arn(event_bus_arn)).rules.get(name)
        if rule is not None and rule.state == "DISABLED" and rule.fires_at_seconds is not None:
            rule.fires_at_seconds = next_firing(rule.scheduled_expression, CLOCK.time())
        return super().enable_rule(name, event_bus_arn)

    def put_targets(self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]) -> None:
        """PutTargets, of those kinds that events can be delivered to here."""
        for target in targets:
            arn = Arn.parse(target["Arn"])
            is_archive = arn.service == "events" and not arn.resource.strip(":")
            if kind_of(arn) not in {*SENDERS, EVENT_BUS} and not is_archive:
                raise JsonRESTError(
                    "NotImplemented",
                    f"The local AWS delivers no events to {kind_of(arn) or target['Arn']}: it delivers to "
                    f"{', '.join((*SENDERS, EVENT_BUS))}.",
                )
            if kind_of(arn) in NEED_ROLE and not target.get("RoleArn"):
                raise ValidationException(f"RoleArn is required for target {target['Arn']}.")  # a guess at the wording
        super().put_targets(name, event_bus_arn, targets)

    def put_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """PutEvents: each entry by itself, those that are wrong told beside those that are sent."""
        if len(events) > 10:
            return list(super().put_events(events))  # refused, in AWS's words
        return [self._put(entry) for entry in events]

    def _put(self, entry: dict[str, Any]) -> dict[str, Any]:
        for name in ("Source", "DetailType", "Detail"):
            if not entry.get(name):
                message = f"Parameter {name} is not valid. Reason: {name} is a required argument."
                return {"ErrorCode": "InvalidArgument", "ErrorMessage": message}
        if entry["Source"].startswith("aws."):
            # "aws." is AWS's own: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
            return {
                "ErrorCode": "NotAuthorizedForSourceException",
                "ErrorMessage": "Not authorized for the source.",
            }
        return self.tell(entry)

    def tell(self, entry: dict[str, Any]) -> dict[str, Any]:
        """Put one event on its bus, whoever it is from; PutEvents's answer to it."""
        try:
            detail = json.loads(entry["Detail"])
        except ValueError:
            detail = None
        if not isinstance(detail, dict):
            return {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}
        event_id = str(mock_random.uuid4())
        bus = self.describe_event_bus(self._normalize_event_bus_arn(entry.get("EventBusName")))
        dispatch(bus, envelope({**entry, "detail": detail}, self.account_id, self.region_name, event_id))
        return {"EventId": event_id}


def next_firing(expression: str, since_seconds: float) -> float | None:
    """When a schedule that counts from an instant fires next, in seconds since the epoch."""
    return parse(expression, start_seconds=since_seconds).after(since_seconds)


def _check_schedule(expression: str) -> None:
    try:
        parse(expression)
    except ScheduleExpressionError as error:
        raise ValidationException("Parameter ScheduleExpression is not valid.") from error


def _checked_pattern(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise InvalidEventPatternException("Filter is not an object") from error
    problems = pattern.problems(document)
    if problems:
        raise InvalidEventPatternException("; ".join(problems))
    wanted: dict[str, Any] = document
    return wanted


EventsBackend.__module__ = moto_models.__name__  # moto finds a backend's URLs by its module
