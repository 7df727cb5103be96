"""By how much a policy scales.

Target tracking: https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html
Step scaling: https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

AGGREGATIONS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "Average": lambda values: math.fsum(values) / len(values),
    "Minimum": min,
    "Maximum": max,
}


@dataclass(frozen=True)
class Cooldown:
    """The pause after a policy's last successful activity.

    Attributes:
        capacity_before: what it was before that activity.
        capacity_after: what it made of it.
        ends_at_seconds: when the pause is over, since the epoch.
    """

    capacity_before: int
    capacity_after: int
    ends_at_seconds: float

    @property
    def was_scale_out(self) -> bool:
        """Whether the activity added capacity."""
        return self.capacity_after > self.capacity_before


def clipped(capacity: int, minimum: int, maximum: int) -> int:
    """The capacity within its bounds."""
    return max(minimum, min(capacity, maximum))


def tracked(current: int, metric: float, target: float) -> int:
    """The capacity at which a metric per unit of capacity would be at its target, rounded up.

    "A target tracking scaling policy … scales out proportionally to the metric as fast as it can, but scales in more
    gradually": rounding up is what AWS says of both; that nothing else slows it is a guess. From 0 it goes to 1, as no
    metric per unit can tell how many are needed.
    """
    if current == 0:
        return 1
    # Not to let 0.1 + 0.2 buy an instance
    return math.ceil(round(current * metric / target, 9))


def stepped(configuration: Mapping[str, Any], current: int, delta: float) -> int:
    """The capacity after the step adjustment whose bounds hold `delta`, the metric above its alarm's threshold."""
    for step in configuration.get("StepAdjustments") or ():
        if _holds(step, delta):
            return _adjusted(configuration, current, int(step["ScalingAdjustment"]))
    return current


def _holds(step: Mapping[str, Any], delta: float) -> bool:
    """Whether a step is the one for `delta`.

    "If the metric value is above the breach threshold, the lower bound is inclusive and the upper bound is exclusive.
    If the metric value is below the breach threshold, the lower bound is exclusive and the upper bound is inclusive. A
    null value indicates infinity": https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html
    """
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    low = -math.inf if low is None else float(low)
    high = math.inf if high is None else float(high)
    return low <= delta < high if delta >= 0 else low < delta <= high


def _adjusted(configuration: Mapping[str, Any], current: int, adjustment: int) -> int:
    kind = configuration.get("AdjustmentType")
    if kind == "ExactCapacity":
        return adjustment
    if kind == "PercentChangeInCapacity":
        change = _whole(current * adjustment / 100)
        least = int(configuration.get("MinAdjustmentMagnitude") or 0)
        if adjustment and abs(change) < least:
            change = int(math.copysign(least, adjustment))
        return current + change
    return current + adjustment


def _whole(change: float) -> int:
    """A percentage's capacity: toward 0, but at least one.

    "Values greater than 1 are rounded down … between 0 and 1 are rounded to 1 … between 0 and -1 are rounded to -1 …
    less than -1 are rounded up":
    https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html
    """
    if 0 < abs(change) < 1:
        return int(math.copysign(1, change))
    return math.trunc(change)


def after_cooldown(current: int, wanted: Callable[[int], int], cooldown: Cooldown | None, now: float) -> int:
    """What a policy may do now of what it wants, `wanted` being a function of the capacity it starts from.

    "The scaling policy won't increase the desired capacity again unless either a larger scale out is triggered or the
    cooldown period ends. While the scale-out cooldown period is in effect, the capacity added by the initiating
    scale-out activity is calculated as part of the desired capacity for the next scale-out activity"; "scale-in
    activities are blocked until the cooldown period has expired. However, if another alarm triggers a scale-out
    activity during the scale-in cooldown period, Application Auto Scaling scales out the target immediately":
    https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TargetTrackingScalingPolicyConfiguration.html
    """
    if cooldown is None or now >= cooldown.ends_at_seconds:
        return wanted(current)
    if cooldown.was_scale_out:
        larger = wanted(cooldown.capacity_before)
        return larger if larger > cooldown.capacity_after and larger > current else current
    return max(current, wanted(current))
