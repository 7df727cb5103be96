"""What Application Auto Scaling refuses of a policy, and of a variant's bounds. The wordings are guesses."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from moto.applicationautoscaling.exceptions import AWSValidationException

from greenroom.sandbox.cloud.autoscaling_capacities import INSTANCE_COUNT, TargetKey, endpoint_of, variant_of

_Interval = tuple[float, float]


def check_policy(policy_type: str | None, configuration: Mapping[str, Any]) -> None:
    """Refuse a policy that could not be worked out.

    Raises:
        AWSValidationException: What is wrong with it, all at once.
    """
    if policy_type == "PredictiveScaling":
        raise AWSValidationException(
            "The local AWS does not offer policies of type PredictiveScaling, but StepScaling, TargetTrackingScaling."
        )
    broken: list[str] = []
    if policy_type == "StepScaling":
        broken = _step_violations(configuration)
    elif policy_type == "TargetTrackingScaling" and not float(configuration.get("TargetValue", 0)) > 0:
        broken = [f"TargetValue must be greater than 0, not {configuration.get('TargetValue')}."]  # a guess
    if broken:
        raise AWSValidationException(" ".join(broken))


def _step_violations(configuration: Mapping[str, Any]) -> list[str]:
    """By https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html ."""
    steps: Sequence[Mapping[str, Any]] = configuration.get("StepAdjustments") or ()
    broken = []
    if configuration.get("AdjustmentType") is None:
        broken.append("AdjustmentType is required for a step scaling policy.")
    if not steps:
        return [*broken, "StepAdjustments is required for a step scaling policy: at least one."]
    intervals = sorted(map(_interval, steps))
    if any(low == -math.inf and high == math.inf for low, high in intervals):
        broken.append("The upper and lower bound can't be null in the same step adjustment.")
    if any(low >= high for low, high in intervals):
        broken.append("A step adjustment's lower bound must be less than its upper bound.")
    if any(before[1] != after[0] for before, after in pairwise(intervals)):
        broken.append("The ranges of step adjustments can't overlap or have a gap.")
    if -math.inf < intervals[0][0] < 0:
        broken.append("With a negative lower bound there must be a step adjustment with a null lower bound.")
    if 0 < max(high for _, high in intervals) < math.inf:
        broken.append("With a positive upper bound there must be a step adjustment with a null upper bound.")
    exact = configuration.get("AdjustmentType") == "ExactCapacity"
    if exact and any(int(one["ScalingAdjustment"]) < 0 for one in steps):
        broken.append("For ExactCapacity a ScalingAdjustment must not be negative.")
    return broken


def _interval(step: Mapping[str, Any]) -> _Interval:
    low, high = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    return (-math.inf if low is None else float(low), math.inf if high is None else float(high))


def check_zero(key: TargetKey, low: int, high: int) -> None:
    """Refuse a real-time variant that would scale to none, unless it hosts inference components.

    "This value must be set to at least 1", of both bounds:
    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-add-policy.html ; asynchronous ones may:
    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html
    """
    if key.dimension != INSTANCE_COUNT or (low >= 1 and high >= 1):
        return
    endpoint, variant = endpoint_of(key), variant_of(key)
    is_asynchronous = endpoint.shown.config.get("AsyncInferenceConfig") is not None
    if not is_asynchronous and variant.config.get("ModelName") is not None:
        raise AWSValidationException(
            f"Minimum and maximum capacity of {key.resource_id} must be at least 1, not {low} and {high}: only "
            "asynchronous endpoints and those of inference components scale to zero."
        )
