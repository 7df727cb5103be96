"""What the policies of a scalable target want now, and what comes of it.

Of several policies the one that wants most wins, and a target scales in only where every target tracking policy that
may scale in agrees: "Application Auto Scaling … scales out the scalable target if any of the target tracking policies
are ready for scale out, but scales in only if all of the target tracking policies (with the scale-in portion enabled)
are ready to scale in".

https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from moto.cloudwatch.models import cloudwatch_backends

from greenroom.sandbox.cloud.autoscaling_activities import ScalingActivity
from greenroom.sandbox.cloud.autoscaling_alarms import is_high
from greenroom.sandbox.cloud.autoscaling_capacities import CAPACITIES, TargetKey
from greenroom.sandbox.cloud.autoscaling_rules import AGGREGATIONS, Cooldown, after_cooldown, clipped, stepped, tracked
from greenroom.sandbox.cloud.clock import CLOCK

DEFAULT_COOLDOWN_SECONDS: Final = 300
"""Of SageMaker's variants, inference components and provisioned concurrency.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
"""


@dataclass(frozen=True)
class Decision:
    """A capacity to set, and why."""

    key: TargetKey
    capacity: int
    cause: str
    policy_arn: str | None


@dataclass(frozen=True)
class Call:
    """An alarm in ALARM that calls a policy."""

    alarm_name: str
    policy: Any


def decide(
    key: TargetKey, target: Any, calls: Iterable[Call], activities: Iterable[ScalingActivity]
) -> Decision | None:
    """What becomes of the calls to the policies of one target; None where its capacity stays."""
    current = CAPACITIES[key.dimension].read(key)
    if current is None:
        return None
    history = list(activities)
    wanted = []
    for call in calls:
        capacity = _wanted(key, current, call, _cooldown(call.policy, history))
        if capacity is not None:
            wanted.append((clipped(capacity, target.min_capacity, target.max_capacity), call))
    suspended = target.suspended_state or {}
    outward = [one for one in wanted if one[0] > current and not suspended.get("DynamicScalingOutSuspended")]
    inward = [one for one in wanted if one[0] < current and not suspended.get("DynamicScalingInSuspended")]
    if not outward and not (inward and _may_scale_in(key, inward)):
        return None
    capacity, call = max(outward or inward, key=lambda one: one[0])
    cause = f"monitor alarm {call.alarm_name} in state ALARM triggered policy {call.policy.policy_name}"
    return Decision(key, capacity, cause, call.policy.policy_arn)


def out_of_bounds(key: TargetKey, target: Any) -> Decision | None:
    """What a target's new bounds ask for. The causes are those of published activities of scheduled actions."""
    current = CAPACITIES[key.dimension].read(key)
    if current is None or target.min_capacity <= current <= target.max_capacity:
        return None
    if current < target.min_capacity:
        return Decision(key, target.min_capacity, f"minimum capacity was set to {target.min_capacity}", None)
    return Decision(key, target.max_capacity, f"maximum capacity was set to {target.max_capacity}", None)


def _may_scale_in(key: TargetKey, inward: list[tuple[int, Call]]) -> bool:
    """Whether every target tracking policy of the target that may scale in wants to."""
    from moto.applicationautoscaling.models import applicationautoscaling_backends

    policies = applicationautoscaling_backends[key.account_id][key.region].policies.values()
    tracking = [
        one.policy_arn
        for one in policies
        if (one.resource_id, one.scalable_dimension) == (key.resource_id, key.dimension)
        and one.policy_type == "TargetTrackingScaling"
        and not (one.target_tracking_scaling_policy_configuration or {}).get("DisableScaleIn")
    ]
    ready = {call.policy.policy_arn for _, call in inward}
    return all(one in ready for one in tracking)


def _wanted(key: TargetKey, current: int, call: Call, cooldown: Cooldown | None) -> int | None:
    """The capacity that one policy wants; None where its alarm has seen nothing that it could reckon with."""
    values = _seen(key, call.alarm_name)
    rule: Callable[[int], int]
    if call.policy.policy_type == "StepScaling":
        configuration = call.policy.step_scaling_policy_configuration
        threshold = cloudwatch_backends[key.account_id][key.region].alarms[call.alarm_name].threshold
        aggregate = AGGREGATIONS[configuration.get("MetricAggregationType") or "Average"]
        # An alarm that was set by hand has crossed nothing: the step at its threshold is a guess.
        delta = aggregate(values) - threshold if values else 0.0
        rule = functools.partial(_step, configuration, delta)
        return after_cooldown(current, rule, cooldown, CLOCK.time())
    if not values:
        return None
    # Which of the data points counts is not documented: the newest, and going in the highest, are guesses.
    high = is_high(call.alarm_name)
    target = float(call.policy.target_tracking_scaling_policy_configuration["TargetValue"])
    rule = functools.partial(_track, values[-1] if high else max(values), target)
    capacity = after_cooldown(current, rule, cooldown, CLOCK.time())
    return max(capacity, current) if high else min(capacity, current)


def _track(metric: float, target: float, capacity: int) -> int:
    return tracked(capacity, metric, target)


def _step(configuration: Any, delta: float, capacity: int) -> int:
    return stepped(configuration, capacity, delta)


def _seen(key: TargetKey, alarm_name: str) -> list[float]:
    """The data points that the alarm's last evaluation counted, the oldest first."""
    cloudwatch = cloudwatch_backends[key.account_id][key.region]
    definition = cloudwatch.watch.definition(alarm_name)
    end = int(CLOCK.time() // definition.interval_seconds) * definition.interval_seconds
    return [one.value for one in definition.evaluate(cloudwatch.metrics, end).evaluated]


def _cooldown(policy: Any, activities: list[ScalingActivity]) -> Cooldown | None:
    """The pause after the policy's last successful activity."""
    done = [one for one in activities if one.policy_arn == policy.policy_arn and one.status == "Successful"]
    if not done:
        return None
    last = done[-1]
    seconds = _cooldown_seconds(policy, is_out=last.capacity > last.capacity_before)
    return Cooldown(last.capacity_before, last.capacity, (last.ended_at_seconds or 0.0) + seconds)


def _cooldown_seconds(policy: Any, *, is_out: bool) -> int:
    if policy.policy_type == "StepScaling":
        given = policy.step_scaling_policy_configuration.get("Cooldown")
    else:
        configuration = policy.target_tracking_scaling_policy_configuration
        given = configuration.get("ScaleOutCooldown" if is_out else "ScaleInCooldown")
    return DEFAULT_COOLDOWN_SECONDS if given is None else int(given)
