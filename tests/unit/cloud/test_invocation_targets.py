"""Where a request to an endpoint goes while traffic moves."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import Any

import pytest

from greenroom.sandbox.cloud.invocation_targets import NoTargetError, choose_target, shadow_of
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment, Progress
from greenroom.sandbox.cloud.sagemaker.rollouts import plan_rollout
from greenroom.sandbox.cloud.sagemaker.variants import new_variant
from greenroom.sandbox.cloud.stage import Fleet, FleetKey

CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 600,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 25},
        }
    }
}


class Falls:
    """A generator that gives the numbers it was told."""

    def __init__(self, *numbers):
        self._numbers = list(numbers)

    def random(self):
        return self._numbers.pop(0)


def deployment(generation, shadow=(), **weights) -> Deployment:
    def variant(name, weight):
        config = {"VariantName": name, "ModelName": "model", "InitialVariantWeight": weight, "InitialInstanceCount": 4}
        return new_variant(config, None, dt.datetime(2025, 6, 15, tzinfo=dt.UTC))

    return Deployment(
        endpoint_config_name=f"config-{generation}",
        config={},
        variants=tuple(variant(name, weight) for name, weight in weights.items()),
        shadow_variants=tuple(variant(name, weight) for name, weight in shadow),
        data_capture_config=None,
        deployment_config=CANARY,
        rollout=plan_rollout(CANARY, [], [4]),
        fleet=Fleet(FleetKey("111122223333", "us-east-1", "endpoint", generation), ()),
        is_new_fleet=True,
        started_at_seconds=0,
    )


def endpoint(live, pending=None, stage="shifting", phase=0) -> Any:
    progress = None if pending is None else Progress(stage, 0, 600, phase)
    return SimpleNamespace(live=live, shown=live, pending=pending, progress=progress)


def chosen(where, *numbers, target=None):
    target = choose_target(where, target, Falls(*numbers))
    return target.deployment.endpoint_config_name, target.variant.name


@pytest.mark.parametrize(
    ("stage", "phase", "point", "config"),
    [
        ("provisioning", 0, 0.0, "config-1"),
        ("shifting", 0, 0.24, "config-2"),
        ("shifting", 0, 0.25, "config-1"),
        ("shifting", 1, 0.99, "config-2"),
        ("rolling back", 1, 0.0, "config-1"),
    ],
)
def test_a_quarter_of_the_requests_goes_to_a_canary_of_a_quarter(stage, phase, point, config):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html ."""
    where = endpoint(deployment(1, AllTraffic=1.0), deployment(2, AllTraffic=1.0), stage, phase)
    assert chosen(where, 0.5, point)[0] == config


def test_once_all_traffic_has_moved_other_variants_serve():
    where = endpoint(deployment(1, old=1.0), deployment(2, new=1.0), phase=1)
    assert chosen(where, 0.5) == ("config-2", "new")


def test_a_variant_is_chosen_by_weight_or_by_name_and_none_without_either():
    where = endpoint(deployment(1, one=1.0, two=3.0))
    assert [chosen(where, point)[1] for point in (0.2, 0.3)] == ["one", "two"]
    assert chosen(where, target="one")[1] == "one"
    with pytest.raises(NoTargetError, match="Variant three not found"):
        chosen(where, target="three")
    with pytest.raises(NoTargetError):
        chosen(endpoint(deployment(1, one=0.0)), 0.5)


@pytest.mark.parametrize(("weight", "point", "is_copied"), [(0.5, 0.49, True), (0.5, 0.5, False), (2.0, 0.99, True)])
def test_a_shadow_gets_copies_in_proportion_of_the_weights(weight, point, is_copied):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html ; that it is this ratio is a guess."""
    where = endpoint(deployment(1, shadow=[("shadow", weight)], main=1.0))
    shadow = shadow_of(choose_target(where, None, Falls(0.5)), Falls(point))
    assert (shadow is not None and shadow.variant.name == "shadow") == is_copied
