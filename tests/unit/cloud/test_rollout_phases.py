"""A deployment configuration becomes phases of traffic shifting.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.sandbox.cloud.sagemaker.rollouts import ALL_AT_ONCE, plan_rollout

INSTANCES: list[dict[str, Any]] = [{"VariantName": "AllTraffic", "InstanceType": "ml.m5.large"}]


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value):
    return {"Type": "INSTANCE_COUNT", "Value": value}


def blue_green(routing_type, *, wait=300, termination_wait=None, **size):
    routing = {"Type": routing_type, "WaitIntervalInSeconds": wait, **size}
    policy: dict[str, Any] = {"TrafficRoutingConfiguration": routing}
    if termination_wait is not None:
        policy["TerminationWaitInSeconds"] = termination_wait
    return {"BlueGreenUpdatePolicy": policy}


def rolling(size, wait=300):
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": wait}}


def phases(config, count):
    plan = plan_rollout(config, INSTANCES, [count])
    return [(phase.active_instances(count), phase.share_of(count), phase.wait_seconds) for phase in plan.phases]


HALF = Fraction(1, 2)
PLANS: list[tuple[dict[str, Any] | None, int, list[tuple[int, Fraction, int]]]] = [
    (None, 3, [(3, Fraction(1), 0)]),
    (blue_green("ALL_AT_ONCE", termination_wait=600), 3, [(3, Fraction(1), 600)]),
    (
        blue_green("CANARY", wait=600, termination_wait=120, CanarySize=percent(30)),
        10,
        [(3, Fraction(3, 10), 600), (10, Fraction(1), 120)],
    ),
    (blue_green("CANARY", CanarySize=instances(1)), 4, [(1, Fraction(1, 4), 300), (4, Fraction(1), 0)]),
    # a canary of 10 % of one instance: one whole instance, a tenth of the traffic (a guess)
    (blue_green("CANARY", CanarySize=percent(10)), 1, [(1, Fraction(1, 10), 300), (1, Fraction(1), 0)]),
    # "linear shifting ... each step shifts 33% of traffic" takes three steps and a hundredth
    (
        blue_green("LINEAR", termination_wait=60, LinearStepSize=percent(33)),
        100,
        [
            (33, Fraction(33, 100), 300),
            (66, Fraction(66, 100), 300),
            (99, Fraction(99, 100), 300),
            (100, Fraction(1), 60),
        ],
    ),
    (blue_green("LINEAR", LinearStepSize=instances(2)), 4, [(2, HALF, 300), (4, Fraction(1), 0)]),
    # "The length of the baking period, during which SageMaker monitors alarms for each batch on the new fleet"
    (rolling(percent(50)), 4, [(2, HALF, 300), (4, Fraction(1), 300)]),
    (rolling(instances(3)), 7, [(3, Fraction(3, 7), 300), (6, Fraction(6, 7), 300), (7, Fraction(1), 300)]),
]


@pytest.mark.parametrize(("config", "count", "expected"), PLANS)
def test_each_strategy_has_its_phases(config, count, expected):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html ."""
    assert phases(config, count) == expected


@settings(max_examples=30)
@given(st.integers(10, 50), st.integers(1, 60), st.sampled_from(["CAPACITY_PERCENT", "INSTANCE_COUNT"]))
def test_a_linear_rollout_never_takes_traffic_back_and_ends_with_all_of_it(value, count, size_type):
    config = blue_green("LINEAR", LinearStepSize={"Type": size_type, "Value": value})
    shares = [share for _, share, _ in phases(config, count)]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert len(shares) == ceil((100 if size_type == "CAPACITY_PERCENT" else count) / value)


@pytest.mark.parametrize(
    "variant",
    [
        {"VariantName": "AllTraffic", "InstanceType": "ml.inf1.xlarge"},
        {"VariantName": "AllTraffic", "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}},
    ],
)
def test_what_guardrails_exclude_moves_all_at_once_and_is_not_watched(variant):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html ."""
    config = blue_green("CANARY", CanarySize=percent(10))
    config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "errors"}]}
    assert plan_rollout(config, [variant], [1]) == ALL_AT_ONCE


def test_alarms_and_the_time_limit_come_from_the_configuration():
    config = blue_green("ALL_AT_ONCE")
    config["BlueGreenUpdatePolicy"]["MaximumExecutionTimeoutInSeconds"] = 1800
    config["AutoRollbackConfiguration"] = {"Alarms": [{"AlarmName": "errors"}, {"AlarmName": "latency"}]}
    plan = plan_rollout(config, INSTANCES, [1])
    assert (plan.alarm_names, plan.maximum_execution_seconds) == (("errors", "latency"), 1800)
