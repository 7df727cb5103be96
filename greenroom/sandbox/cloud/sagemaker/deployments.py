"""A deployment: an endpoint configuration on its way to the instances, or on them; and how far it is."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from greenroom.sandbox.cloud.sagemaker.rollouts import Phase, RolloutPlan
from greenroom.sandbox.cloud.sagemaker.variants import EndpointVariant
from greenroom.sandbox.cloud.stage import Fleet, Params


@dataclass(frozen=True)
class Deployment:
    """A configuration with what the endpoint makes of it.

    `is_new_fleet` is False where the instances stay and only weights and counts change. `problem` says why the
    instances cannot come up, where that is known beforehand.
    """

    endpoint_config_name: str
    config: Params
    variants: tuple[EndpointVariant, ...]
    shadow_variants: tuple[EndpointVariant, ...]
    data_capture_config: Params | None
    deployment_config: Params | None
    rollout: RolloutPlan
    fleet: Fleet
    is_new_fleet: bool
    started_at_seconds: float
    wait_factor: float = 0.0
    problem: str | None = None

    @property
    def deadline_seconds(self) -> float | None:
        """When it is given up, in seconds since the epoch: "Maximum execution timeout for the deployment".

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
        """
        limit = self.rollout.maximum_execution_seconds
        return None if limit is None else self.started_at_seconds + limit

    def variant(self, name: str) -> EndpointVariant | None:
        """The production variant of that name."""
        return next((one for one in self.variants if one.name == name), None)


@dataclass(frozen=True)
class Progress:
    """Where a deployment is: in which of its stages, since when, and until when where that is known."""

    stage: Literal["provisioning", "shifting", "rolling back"]
    since_seconds: float
    until_seconds: float | None = None
    phase_number: int = 0
    failure_reason: str | None = None

    def phase(self, plan: RolloutPlan) -> Phase | None:
        """The phase that traffic shifting is in."""
        return plan.phases[self.phase_number] if self.stage == "shifting" else None

    def share_of(self, plan: RolloutPlan, variant: EndpointVariant) -> Fraction:
        """The part of a variant's traffic that goes to the new fleet."""
        phase = self.phase(plan)
        return Fraction(0) if phase is None else phase.share_of(variant.instance_count or 1)
