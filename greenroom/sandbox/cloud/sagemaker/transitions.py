"""Endpoints in time: their next transitions as work of the agenda, and the alarms that roll a rollout back.

While traffic moves, an alarm of the auto-rollback configuration that is in ALARM ends the deployment at the instant
it rang, or at the first phase where it rang before ("if any alarms trip during any baking period"; that an alarm
which was in ALARM before the update counts, and that one which is not there does not, are guesses).

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from moto.cloudwatch.models import cloudwatch_backends
from moto.sagemaker.models import sagemaker_backends

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK, seconds_of
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint

EVENT: Final = "endpoint-transition"
WAITS_EVENT: Final = "rollout-waits"
MOST_TRANSITIONS_AT_ONCE: Final = 200
"""More than any rollout has phases: beyond it time would stand still."""
ROLLOUTS_PATH: Final = "/_greenroom/rollouts"


class EndpointTransitions:
    """A participant of the agenda: every endpoint that is between two states."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application

    def install(self) -> None:
        """Apply the events, and answer the page that sets the waits of rollouts."""
        self._application.on_event(EVENT, _advance)
        self._application.on_event(WAITS_EVENT, _set_waits)
        self._application.own_page(ROLLOUTS_PATH, self._answer)

    def next_due(self) -> float | None:
        """When the next endpoint changes, or an alarm that is ringing stops a rollout."""
        return min((due for due in map(_due, _moving()) if due is not None), default=None)

    def run(self) -> None:
        """Advance every endpoint that is due, as often as it is.

        Raises:
            RuntimeError: An endpoint stays due whatever is done to it.
        """
        for _ in range(MOST_TRANSITIONS_AT_ONCE):
            due = [one for one in _moving() if (at := _due(one)) is not None and at <= CLOCK.time()]
            if not due:
                return
            for endpoint in due:
                self._application.record(
                    EVENT,
                    {
                        "account_id": endpoint.account_id,
                        "region": endpoint.region,
                        "endpoint_name": endpoint.endpoint_name,
                        "ringing_alarms": [name for name, _ in _ringing(endpoint)],
                    },
                )

        names = ", ".join(one.arn for one in due)
        raise RuntimeError(f"endpoints that no transition settles: {names}")

    def _answer(self, method: str, body: bytes) -> dict[str, Any]:
        if method == "POST":
            self._application.record(WAITS_EVENT, {"wait_factor": _factor_of(body)})
        return {"wait_factor": stage.current().rollout_waits.factor}


def _moving() -> list[Endpoint]:
    return [one for one in stage.current().moving.values() if isinstance(one, Endpoint)]


def _due(endpoint: Endpoint) -> float | None:
    by_itself = endpoint.next_transition()
    ringing = _ringing(endpoint)
    if not ringing or endpoint.progress is None:
        return by_itself
    rang = max(endpoint.progress.since_seconds, min(since for _, since in ringing))
    return rang if by_itself is None else min(rang, by_itself)


def _ringing(endpoint: Endpoint) -> list[tuple[str, float]]:
    names = endpoint.watched_alarms
    return alarms_in_alarm(endpoint.account_id, endpoint.region, names) if names else []


def alarms_in_alarm(account_id: str, region: str, names: Sequence[str]) -> list[tuple[str, float]]:
    """Those of the alarms, metric or composite, that are in ALARM, and since when in seconds since the epoch."""
    backend = cloudwatch_backends[account_id][region]
    found = []
    for name in names:
        alarm = backend.alarms.get(name) or backend.composite_alarms.get(name)
        if alarm is not None and alarm.state_value == "ALARM":
            since = getattr(alarm, "state_updated_timestamp", None) or alarm.state_updated_at
            # A datetime is rounded to a microsecond, and must not lie after the request that rang the alarm.
            found.append((name, seconds_of(since) - 1e-6))
    return found


def _advance(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = sagemaker_backends[attributes["account_id"]][attributes["region"]]
    endpoint = backend.endpoints.get(attributes["endpoint_name"])
    if endpoint is None:
        stage.current().moving.pop(backend.arn("endpoint", attributes["endpoint_name"]), None)
        return
    endpoint.advance(attributes["ringing_alarms"])
    if endpoint.is_gone:
        del backend.endpoints[endpoint.endpoint_name]
    if endpoint.is_gone or (endpoint.next_transition() is None and not endpoint.awaits_fleet):
        stage.current().moving.pop(endpoint.arn, None)


def _set_waits(attributes: dict[str, Any], body: bytes) -> None:
    del body
    stage.current().rollout_waits.factor = attributes["wait_factor"]


def _factor_of(body: bytes) -> float:
    fix = 'send {"wait_factor": FACTOR}, from 0 (no pause) to 1 (as long as the deployment configuration says)'
    try:
        content = json.loads(body)
    except ValueError as error:
        raise ValueError(f"the body is no JSON: {error}; {fix}") from error
    factor = content.get("wait_factor") if isinstance(content, dict) else None
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= 1:
        raise ValueError(f"wait_factor is {factor!r}; {fix}")
    return float(factor)
