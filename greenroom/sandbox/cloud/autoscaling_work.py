"""Application Auto Scaling in time: alarms call policies, schedules fire, bounds are kept, changes are fulfilled.

An alarm in ALARM calls its policies when it comes into that state and every minute that it stays there, or every ten
seconds one of high resolution. While a change is under way the next one waits for it; a change that SageMaker refuses,
as that of an endpoint which is being updated, is an activity that Failed, told once until something else comes.

https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import JsonRESTError, ServiceException
from moto.moto_api._internal import mock_random

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.autoscaling import AutoScalingBackend
from greenroom.sandbox.cloud.autoscaling_activities import ScalingActivity
from greenroom.sandbox.cloud.autoscaling_capacities import CAPACITIES, TargetKey, fulfilment_of, is_gone
from greenroom.sandbox.cloud.autoscaling_decisions import Call, Decision, decide, out_of_bounds
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.events import emit

ACTIVITY_EVENT: Final = "scaling-activity"
END_EVENT: Final = "scaling-activity-ended"
SCHEDULE_EVENT: Final = "scheduled-scaling"

_AlarmKey = tuple[str, str, str]
"""Account, region, name."""


class ScalingWork:
    """Takes part in the agenda for the scalable targets of every account and region."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application
        self._called: dict[_AlarmKey, float] = {}

    def install(self) -> None:
        """Apply the events."""
        self._application.on_event(ACTIVITY_EVENT, _apply_activity)
        self._application.on_event(END_EVENT, _apply_end)
        self._application.on_event(SCHEDULE_EVENT, _apply_schedule)

    def next_due(self) -> float | None:
        """When the next alarm calls, schedule fires or change is fulfilled."""
        dues = [due for _, due in self._calls()]
        for backend in _backends():
            dues += [due for one in backend.scheduled_actions if (due := backend.next_firing(one)) is not None]
            dues += [at for one in _under_way(backend) if (at := _ended_at(one)) is not None]
            dues += [since for key, since in backend.unsettled.items() if not _is_busy(backend, key)]
        return min(dues, default=None)

    def run(self) -> None:
        """End what is fulfilled, fire what is due, keep the bounds, and answer the alarms that call."""
        for backend in _backends():
            for activity in _under_way(backend):
                if (at := _ended_at(activity)) is not None and at <= CLOCK.time():
                    self._end(backend, activity)
            for action in list(backend.scheduled_actions):
                if (due := backend.next_firing(action)) is not None and due <= CLOCK.time():
                    self._fire(backend, action)
            self._keep_bounds(backend)
            self._answer(backend)

    def _calls(self) -> Iterator[tuple[_AlarmKey, float]]:
        """The alarms that call policies, and when each does next."""
        for account_id, regions in list(cloudwatch_backends.items()):
            for region, cloudwatch in list(regions.items()):
                for name, since in cloudwatch.transitions.calling.items():
                    key = (account_id, region, name)
                    last = self._called.get(key)
                    interval = cloudwatch.watch.definition(name).interval_seconds
                    yield key, since if last is None or last < since else last + interval

    def _end(self, backend: AutoScalingBackend, activity: ScalingActivity) -> None:
        fulfilled = fulfilment_of(activity.key)
        reason = "The scalable target is gone." if fulfilled is None else fulfilled.failure_reason
        self._record(END_EVENT, backend, activity_id=activity.activity_id, failure_reason=reason)

    def _fire(self, backend: AutoScalingBackend, action: Any) -> None:
        self._record(
            SCHEDULE_EVENT,
            backend,
            name=action.scheduled_action_name,
            resource_id=action.resource_id,
            dimension=action.scalable_dimension,
        )

    def _keep_bounds(self, backend: AutoScalingBackend) -> None:
        for key in sorted(backend.unsettled, key=lambda one: (one.resource_id, one.dimension)):
            target = backend.target(key)
            if target is not None and _is_busy(backend, key):
                continue
            decision = None if target is None else out_of_bounds(key, target)
            del backend.unsettled[key]
            if decision is not None:
                self._change(backend, decision)

    def _answer(self, backend: AutoScalingBackend) -> None:
        calls: dict[TargetKey, list[Call]] = {}
        cloudwatch = cloudwatch_backends[backend.account_id][backend.region_name]
        for (account_id, region, name), due in list(self._calls()):
            if (account_id, region) != (backend.account_id, backend.region_name) or due > CLOCK.time():
                continue
            self._called[(account_id, region, name)] = CLOCK.time()
            for action in cloudwatch.alarms[name].alarm_actions:
                policy = backend.policy_called(action)
                if policy is not None and policy.service_namespace == "sagemaker":
                    key = backend.key(policy.resource_id, policy.scalable_dimension)
                    calls.setdefault(key, []).append(Call(name, policy))
        for key, called in calls.items():
            target = backend.target(key)
            if target is None or _is_busy(backend, key):
                continue
            decision = decide(key, target, called, [one for one in backend.activities if one.key == key])
            if decision is not None and not _failed_before(backend, decision):
                self._change(backend, decision)

    def _change(self, backend: AutoScalingBackend, decision: Decision) -> None:
        self._record(
            ACTIVITY_EVENT,
            backend,
            resource_id=decision.key.resource_id,
            dimension=decision.key.dimension,
            capacity=decision.capacity,
            cause=decision.cause,
            policy_arn=decision.policy_arn,
        )

    def _record(self, event: str, backend: AutoScalingBackend, **attributes: Any) -> None:
        where = {"account_id": backend.account_id, "region": backend.region_name}
        self._application.record(event, where | attributes)


def _backends() -> Iterator[AutoScalingBackend]:
    return every_backend(applicationautoscaling_backends)


def _under_way(backend: AutoScalingBackend) -> list[ScalingActivity]:
    return [one for one in backend.activities if one.status == "InProgress"]


def _is_busy(backend: AutoScalingBackend, key: TargetKey) -> bool:
    return any(one.key == key for one in _under_way(backend))


def _ended_at(activity: ScalingActivity) -> float | None:
    """When a change under way was fulfilled, or its resource was found gone; None while it is under way."""
    if is_gone(activity.key):
        return CLOCK.time()
    fulfilled = fulfilment_of(activity.key)
    return None if fulfilled is None else max(fulfilled.at_seconds, activity.started_at_seconds)


def _failed_before(backend: AutoScalingBackend, decision: Decision) -> bool:
    """Whether the target's last activity was this one, and failed: it is not told again and again."""
    last = next((one for one in reversed(backend.activities) if one.key == decision.key), None)
    if last is None or last.status != "Failed":
        return False
    still_changing = fulfilment_of(decision.key) is None
    return (last.capacity, last.policy_arn) == (decision.capacity, decision.policy_arn) and still_changing


def _backend_of(attributes: dict[str, Any]) -> AutoScalingBackend:
    backend: AutoScalingBackend = applicationautoscaling_backends[attributes["account_id"]][attributes["region"]]
    return backend


def _apply_activity(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = _backend_of(attributes)
    key = backend.key(attributes["resource_id"], attributes["dimension"])
    capacity = CAPACITIES[key.dimension]
    activity = ScalingActivity(
        activity_id=str(mock_random.uuid4()),
        key=key,
        cause=attributes["cause"],
        capacity_before=capacity.read(key) or 0,
        capacity=attributes["capacity"],
        policy_arn=attributes["policy_arn"],
        started_at_seconds=CLOCK.time(),
    )
    try:
        capacity.change(key, activity.capacity)
    except (ServiceException, JsonRESTError) as refused:
        code = refused.error_type if isinstance(refused, JsonRESTError) else refused.code
        activity.end(CLOCK.time(), f"{refused.message} (Service: AmazonSageMaker; Error Code: {code})")
    backend.add_activity(activity)


def _apply_end(attributes: dict[str, Any], body: bytes) -> None:
    del body
    backend = _backend_of(attributes)
    for one in backend.activities:
        if one.activity_id == attributes["activity_id"]:
            one.end(CLOCK.time(), attributes["failure_reason"])
            target = backend.target(one.key)
            event = None if target is None else one.scaled_to_max(target.min_capacity, target.max_capacity)
            if event is not None:
                emit(event)


def _apply_schedule(attributes: dict[str, Any], body: bytes) -> None:
    """A scheduled action sets its target's bounds, unless that is suspended."""
    del body
    backend = _backend_of(attributes)
    key = backend.key(attributes["resource_id"], attributes["dimension"])
    for one in backend.scheduled_actions:
        if (one.scheduled_action_name, one.resource_id, one.scalable_dimension) != (
            attributes["name"],
            key.resource_id,
            key.dimension,
        ):
            continue
        one.passed_seconds = CLOCK.time()
        target = backend.target(key)
        if target is not None and not (target.suspended_state or {}).get("ScheduledScalingSuspended"):
            bounds = one.scalable_target_action or {}
            target.update(bounds.get("MinCapacity"), bounds.get("MaxCapacity"), None)
            backend.unsettled.setdefault(key, CLOCK.time())
