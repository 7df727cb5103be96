"""How traffic moves from the old fleet to the new one: a deployment configuration as a sequence of phases.

Each phase turns on traffic on a part of the new (green) fleet and then bakes, the time in which alarms are watched:

- ALL_AT_ONCE: everything, then TerminationWaitInSeconds before the old (blue) fleet goes.
- CANARY: the canary, WaitIntervalInSeconds; everything, TerminationWaitInSeconds.
- LINEAR: a step more each time, WaitIntervalInSeconds between the steps; TerminationWaitInSeconds after the last.
- Rolling: a batch more each time, WaitIntervalInSeconds after every batch, and the same number of old instances goes.

That the last baking period of a blue/green deployment is TerminationWaitInSeconds is how the messages of
https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html read ("Baking for X seconds
(TerminationWaitInSeconds) with traffic enabled on full capacity"); the guide's prose leaves room for a
WaitIntervalInSeconds before it. That a canary of 10 % of one instance gets 10 % of the traffic is a guess: AWS turns
on whole instances.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-rolling.html
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil
from typing import Any, Literal

from greenroom.sandbox.cloud.stage import Params

WAIT_INTERVAL, TERMINATION_WAIT = "WaitIntervalInSeconds", "TerminationWaitInSeconds"
Strategy = Literal["AllAtOnce", "Canary", "Linear", "Rolling"]


@dataclass(frozen=True)
class CapacitySize:
    """A part of a fleet. https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CapacitySize.html ."""

    type: str
    value: int

    @classmethod
    def of(cls, params: Params) -> CapacitySize:
        """From a request."""
        return cls(str(params["Type"]), int(params["Value"]))

    def share_of(self, instance_count: int) -> Fraction:
        """The part of a fleet of that many instances, from 0 to 1."""
        whole = instance_count if self.type == "INSTANCE_COUNT" else 100
        return min(Fraction(self.value, whole), Fraction(1))


FULL = CapacitySize("CAPACITY_PERCENT", 100)


@dataclass(frozen=True)
class Phase:
    """A part of the new fleet has traffic, for `wait_seconds` as the configuration says it."""

    name: Literal["canary", "linear step", "batch", "full"]
    size: CapacitySize
    times: int
    wait_seconds: int
    setting: str

    def share_of(self, instance_count: int) -> Fraction:
        """The part of a variant's traffic that the new fleet gets."""
        return min(self.size.share_of(instance_count) * self.times, Fraction(1))

    def active_instances(self, instance_count: int) -> int:
        """How many of a variant's new instances have traffic: whole ones, rounded up (a guess)."""
        return min(ceil(self.share_of(instance_count) * instance_count), instance_count)


@dataclass(frozen=True)
class RolloutPlan:
    """What a deployment configuration comes to for one fleet."""

    strategy: Strategy
    phases: tuple[Phase, ...]
    alarm_names: tuple[str, ...] = ()
    maximum_execution_seconds: int | None = None

    @property
    def is_rolling(self) -> bool:
        """Whether old instances go while new ones come: a rollback must bring them up again."""
        return self.strategy == "Rolling"


ALL_AT_ONCE = RolloutPlan("AllAtOnce", (Phase("full", FULL, 1, 0, TERMINATION_WAIT),))
"""What an update without a deployment configuration does, and one that guardrails exclude."""


def is_excluded(variants: list[Params]) -> bool:
    """Whether the variants rule out guardrails: the update is all at once then, "and no final baking period".

    Inf1 instances by https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html ; serverless
    since guardrails "only apply to Asynchronous inference and Real-time inference endpoint types":
    https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html
    """
    return any(
        one.get("ServerlessConfig") is not None or str(one.get("InstanceType")).startswith("ml.inf1.")
        for one in variants
    )


def plan_rollout(deployment_config: Params | None, variants: list[Params], instance_counts: list[int]) -> RolloutPlan:
    """The phases of an update.

    Args:
        deployment_config: UpdateEndpoint's, or the retained one.
        variants: The production variants of the new configuration.
        instance_counts: How many new instances each of them gets.
    """
    if deployment_config is None or is_excluded(variants):
        return ALL_AT_ONCE
    alarms = (deployment_config.get("AutoRollbackConfiguration") or {}).get("Alarms") or []
    names = tuple(str(one["AlarmName"]) for one in alarms if one.get("AlarmName") is not None)
    largest = max(instance_counts, default=1)
    rolling = deployment_config.get("RollingUpdatePolicy")
    if rolling is not None:
        return RolloutPlan("Rolling", _batches(rolling, largest), names, _limit(rolling))
    blue_green = deployment_config.get("BlueGreenUpdatePolicy")
    if blue_green is None:
        return RolloutPlan("AllAtOnce", ALL_AT_ONCE.phases, names)
    routing = blue_green["TrafficRoutingConfiguration"]
    termination_wait = int(blue_green.get(TERMINATION_WAIT) or 0)
    return RolloutPlan(
        _STRATEGIES[routing["Type"]], (*_shifts(routing, largest), _last(termination_wait)), names, _limit(blue_green)
    )


_STRATEGIES: dict[str, Strategy] = {"ALL_AT_ONCE": "AllAtOnce", "CANARY": "Canary", "LINEAR": "Linear"}


def _last(wait_seconds: int) -> Phase:
    return Phase("full", FULL, 1, wait_seconds, TERMINATION_WAIT)


def _shifts(routing: Params, instance_count: int) -> tuple[Phase, ...]:
    """The phases before all traffic is on the new fleet."""
    wait = int(routing.get(WAIT_INTERVAL) or 0)
    if routing["Type"] == "CANARY":
        return (Phase("canary", CapacitySize.of(routing["CanarySize"]), 1, wait, WAIT_INTERVAL),)
    if routing["Type"] == "LINEAR":
        size = CapacitySize.of(routing["LinearStepSize"])
        return tuple(
            Phase("linear step", size, number, wait, WAIT_INTERVAL) for number in range(1, _count(size, instance_count))
        )
    return ()


def _batches(rolling: Params, instance_count: int) -> tuple[Phase, ...]:
    size, wait = CapacitySize.of(rolling["MaximumBatchSize"]), int(rolling[WAIT_INTERVAL])
    return tuple(
        Phase("batch", size, number, wait, WAIT_INTERVAL) for number in range(1, _count(size, instance_count) + 1)
    )


def _count(size: CapacitySize, instance_count: int) -> int:
    return ceil(1 / size.share_of(instance_count))


def _limit(policy: dict[str, Any]) -> int | None:
    limit = policy.get("MaximumExecutionTimeoutInSeconds")
    return None if limit is None else int(limit)
