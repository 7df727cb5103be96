"""By how much a policy scales, as the guides of Application Auto Scaling say."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.applicationautoscaling.exceptions import AWSValidationException

from greenroom.sandbox.cloud.autoscaling_checks import check_policy
from greenroom.sandbox.cloud.autoscaling_rules import Cooldown, after_cooldown, clipped, stepped, tracked


@pytest.mark.parametrize(
    ("current", "metric", "target", "wanted"),
    [(1, 140, 70, 2), (2, 100, 70, 3), (4, 70, 70, 4), (4, 30, 70, 2), (3, 0, 70, 0), (0, 0, 70, 1), (3, 0.3, 0.1, 9)],
)
def test_target_tracking_is_proportional_and_rounds_up(current, metric, target, wanted):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-target-tracking.html"""
    assert tracked(current, metric, target) == wanted


@given(st.integers(1, 1000), st.floats(0, 1e6), st.floats(0.01, 1e4))
def test_at_the_tracked_capacity_the_metric_is_not_above_its_target(current, metric, target):
    wanted = tracked(current, metric, target)
    assert wanted == 0 or metric * current / wanted <= target * (1 + 1e-6)


STEPS = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 0},
    {"MetricIntervalLowerBound": 10, "MetricIntervalUpperBound": 20, "ScalingAdjustment": 10},
    {"MetricIntervalLowerBound": 20, "ScalingAdjustment": 30},
    {"MetricIntervalLowerBound": -10, "MetricIntervalUpperBound": 0, "ScalingAdjustment": 0},
    {"MetricIntervalLowerBound": -20, "MetricIntervalUpperBound": -10, "ScalingAdjustment": -10},
    {"MetricIntervalUpperBound": -20, "ScalingAdjustment": -30},
]


@pytest.mark.parametrize(
    ("delta", "adjustment"),
    [(0, 0), (9.9, 0), (10, 10), (19.9, 10), (20, 30), (500, 30), (-10, -10), (-9.9, 0), (-20, -30), (-19.9, -10)],
)
def test_a_step_holds_its_lower_bound_above_the_threshold_and_its_upper_below(delta, adjustment):
    """The table of https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html"""
    configuration = {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": STEPS}
    assert stepped(configuration, 50, delta) == 50 + adjustment


@pytest.mark.parametrize(
    ("kind", "adjustment", "least", "current", "wanted"),
    [
        ("ChangeInCapacity", 5, None, 3, 8),
        ("ExactCapacity", 5, None, 3, 5),
        ("PercentChangeInCapacity", 10, None, 10, 11),
        ("PercentChangeInCapacity", 127, None, 10, 22),  # 12.7: "rounded to 12"
        ("PercentChangeInCapacity", 6, None, 10, 11),  # 0.67: "rounded to 1"
        ("PercentChangeInCapacity", -6, None, 10, 9),  # -0.58: "rounded to -1"
        ("PercentChangeInCapacity", -67, None, 10, 4),  # -6.67: "rounded to -6"
        ("PercentChangeInCapacity", 25, 2, 4, 6),  # "the resource's capacity is increased by 2"
        ("PercentChangeInCapacity", -25, 2, 4, 2),
    ],
)
def test_each_adjustment_type_rounds_as_documented(kind, adjustment, least, current, wanted):
    """https://docs.aws.amazon.com/autoscaling/application/userguide/step-scaling-policy-overview.html"""
    configuration = {
        "AdjustmentType": kind,
        "MinAdjustmentMagnitude": least,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}],
    }
    assert stepped(configuration, current, 0.0) == wanted


def test_in_a_scale_out_cooldown_only_a_larger_scale_out_adds_what_it_is_larger_by():
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepScalingPolicyConfiguration.html

    "the scaling policy … increase the capacity by 2 … if the alarm triggers again during the cooldown period but at a
    more aggressive step adjustment of 3, the previous increase of 2 is considered part of the current capacity. Therefore,
    only 1 is added".
    """
    cooldown = Cooldown(capacity_before=4, capacity_after=6, ends_at_seconds=100.0)
    assert after_cooldown(6, lambda capacity: capacity + 2, cooldown, 50.0) == 6
    assert after_cooldown(6, lambda capacity: capacity + 3, cooldown, 50.0) == 7
    assert after_cooldown(6, lambda capacity: capacity + 2, cooldown, 100.0) == 8


def test_in_a_scale_in_cooldown_nothing_goes_in_and_everything_goes_out():
    cooldown = Cooldown(capacity_before=6, capacity_after=4, ends_at_seconds=100.0)
    assert after_cooldown(4, lambda capacity: capacity - 1, cooldown, 50.0) == 4
    assert after_cooldown(4, lambda capacity: capacity + 1, cooldown, 50.0) == 5


@given(st.integers(-10, 100), st.integers(0, 50), st.integers(0, 50))
def test_a_capacity_is_within_its_bounds(capacity, low, more):
    assert low <= clipped(capacity, low, low + more) <= low + more


def interval(low, high, adjustment=1):
    bounds = {"MetricIntervalLowerBound": low, "MetricIntervalUpperBound": high}
    return {"ScalingAdjustment": adjustment} | {name: bound for name, bound in bounds.items() if bound is not None}


@pytest.mark.parametrize(
    ("adjustments", "says"),
    [
        ([], "at least one"),
        ([interval(None, None)], "can't be null in the same step adjustment"),
        ([interval(0, 10), interval(5, None)], "can't overlap or have a gap"),
        ([interval(0, 10), interval(20, None)], "can't overlap or have a gap"),
        ([interval(0, None), interval(5, None)], "can't overlap or have a gap"),
        ([interval(0, 10)], "there must be a step adjustment with a null upper bound"),
        ([interval(-10, 0)], "there must be a step adjustment with a null lower bound"),
    ],
)
def test_steps_that_do_not_fit_together_are_refused(adjustments, says):
    """https://docs.aws.amazon.com/autoscaling/application/APIReference/API_StepAdjustment.html ; the wording is a guess."""
    with pytest.raises(AWSValidationException, match=says):
        check_policy("StepScaling", {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": adjustments})


def test_steps_on_either_side_of_the_threshold_fit_together():
    steps = [interval(None, -10, -2), interval(-10, 0, -1), interval(0, 10), interval(10, None, 3)]
    check_policy("StepScaling", {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": steps})


def test_predictive_scaling_is_refused_by_name():
    with pytest.raises(AWSValidationException, match="does not offer policies of type PredictiveScaling"):
        check_policy("PredictiveScaling", {})
