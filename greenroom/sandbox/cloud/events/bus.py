"""A bus's rules: which of them an event concerns, and what becomes of it at each target.

An event that a target cannot get goes to the target's dead-letter queue, or nowhere. AWS tries again for up to a day
first; here the reason will not go away by itself, so it is told at once, in the server's log and in the metrics.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html and
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
"""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any, Final

from greenroom.sandbox.cloud.arns import Arn
from greenroom.sandbox.cloud.clock import CLOCK, utc
from greenroom.sandbox.cloud.events.pattern import matches
from greenroom.sandbox.cloud.events.payload import payload_of
from greenroom.sandbox.cloud.events.targets import EVENT_BUS, SENDERS, DeliveryError, kind_of
from greenroom.sandbox.cloud.service_metrics import put_metrics

LOG = logging.getLogger("greenroom.sandbox.cloud")
NAMESPACE: Final = "AWS/Events"
MOST_BUSES: Final = 5
"""How many buses an event is handed through: rules that send to each other's bus would never end."""


def envelope(entry: dict[str, Any], account_id: str, region: str, event_id: str) -> dict[str, Any]:
    """An entry of PutEvents as rules and targets see it."""
    at = entry.get("Time", CLOCK.time())
    return {
        "version": "0",
        "id": event_id,
        "detail-type": entry["DetailType"],
        "source": entry["Source"],
        "account": account_id,
        "time": utc(float(at)).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": region,
        "resources": entry.get("Resources") or [],
        "detail": entry["detail"],
    }


def dispatch(bus: Any, event: dict[str, Any], hops: int = 0) -> None:
    """Hand an event to every enabled rule of moto's `bus` that it matches."""
    for rule in list(bus.rules.values()):
        if rule.managed_by is not None:
            rule.send_to_targets(_as_moto_has_it(event))  # an archive's own rule
        elif rule.state != "DISABLED" and rule.has_pattern and matches(rule.pattern, event):
            fire(rule, event, hops)


def fire(rule: Any, event: dict[str, Any], hops: int = 0) -> None:
    """Send an event to all of a rule's targets."""
    failed = sum(not _tell(rule, target, event, hops) for target in rule.targets)
    _count(rule, {"TriggeredRules": 1, "Invocations": len(rule.targets), "FailedInvocations": failed})


def _tell(rule: Any, target: dict[str, Any], event: dict[str, Any], hops: int) -> bool:
    arn = Arn.parse(target["Arn"])
    payload = payload_of(target, event, rule.arn, rule.name)
    try:
        kind = kind_of(arn)
        if kind == EVENT_BUS:
            _to_bus(arn, event, hops)
        else:
            SENDERS[kind](arn, target, payload)
    except DeliveryError as error:
        LOG.warning("rule %s could not tell its target %s: %s: %s", rule.name, target["Id"], error.code, error)
        _to_dead_letters(rule, target, payload, error)
        return False
    except Exception as error:  # what was told of has happened: no target may undo it
        LOG.exception("rule %s could not tell its target %s", rule.name, target["Id"])
        # The code is a guess.
        _to_dead_letters(rule, target, payload, DeliveryError("INTERNAL_ERROR", f"{type(error).__name__}: {error}"))
        return False
    return True


def _to_bus(arn: Arn, event: dict[str, Any], hops: int) -> None:
    from moto.events.models import events_backends

    backend = events_backends[arn.account_id][arn.region]
    bus = backend.event_buses.get(arn.resource.partition("/")[2])
    if bus is None:
        raise DeliveryError("NO_RESOURCE", f"there is no event bus {arn.text}")
    if hops >= MOST_BUSES:
        raise DeliveryError("INVALID_PARAMETER", f"the event went through {hops} buses: rules send it in a circle")
    dispatch(bus, event, hops + 1)


def _to_dead_letters(rule: Any, target: dict[str, Any], payload: str, error: DeliveryError) -> None:
    from moto.sqs.exceptions import QueueDoesNotExist
    from moto.sqs.models import sqs_backends

    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    if queue is None:
        return
    arn = Arn.parse(queue)
    told = {
        "RULE_ARN": rule.arn,
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": error.code,
        "ERROR_MESSAGE": str(error),
    }
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    try:
        sqs_backends[arn.account_id][arn.region].send_message(arn.resource, payload, attributes)
    except QueueDoesNotExist:
        LOG.warning("rule %s: there is no dead-letter queue %s", rule.name, queue)


def _count(rule: Any, counts: dict[str, int]) -> None:
    where = {"account_id": rule.account_id, "region": rule.region_name}
    counted = [(name, float(count), "Count") for name, count in counts.items() if count]
    put_metrics(where, NAMESPACE, counted, {"RuleName": rule.name})


def _as_moto_has_it(event: dict[str, Any]) -> dict[str, Any]:
    at = dt.datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=dt.UTC).timestamp()
    return {**event, "time": at, "ingestion-time": at}
