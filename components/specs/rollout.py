"""How traffic moves to a new release: SageMaker's deployment guardrails.

https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails.html

Every kind says how long it takes at most (`duration_seconds`), because whoever deploys stops waiting at some time: a
rollout that is longer than that is reported as failed while it still runs.
"""

from __future__ import annotations

from math import ceil
from typing import Annotated, Literal

from pydantic import Field

from components.specs.base import Spec
from components.specs.fields import WaitSeconds

# pulumi-aws gives up on an endpoint after 60 minutes (hashicorp/terraform-provider-aws#39090). Cloud Control, which
# aws-native goes through, gives up after 120 unless the resource type says otherwise (`timeoutInMinutes` in
# https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html). The shorter one holds.
PROVIDER_WAITING_LIMIT_SECONDS = 3600
# A fleet of instances is usually in service within ten minutes (hashicorp/terraform-provider-aws#39040).
PROVISIONING_SECONDS = 600


class _Steps(Spec):
    """What all kinds share: time, in steps."""

    @property
    def steps(self) -> int:
        """Shifts of traffic until the new fleet has all of it, each followed by a wait."""
        return 1

    @property
    def duration_seconds(self) -> int:
        """The longest a rollout takes: provisioning, all waits, and the wait before the old fleet goes."""
        wait: int = getattr(self, "wait_seconds", 0)
        termination_wait: int = getattr(self, "termination_wait_seconds", 0)
        return PROVISIONING_SECONDS + self.steps * wait + termination_wait

    @property
    def maximum_execution_timeout_seconds(self) -> int:
        """What SageMaker is told as its limit (600 to 28,800 s): it gives up when the provider does, and rolls back.

        https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html
        """
        return PROVIDER_WAITING_LIMIT_SECONDS


class AllAtOnce(_Steps):
    """Blue/green: all traffic moves at once after the new fleet is up."""

    kind: Literal["all_at_once"] = "all_at_once"
    """All traffic at once."""
    wait_seconds: WaitSeconds = 300
    """How long alarms are watched after the move. Without it: 300."""
    termination_wait_seconds: WaitSeconds = 0
    """How much longer the old fleet is kept. Without it: 0."""
    auto_rollback: bool = True
    """Traffic moves back when one of the model's alarms rings meanwhile. Without it: it does."""


class Canary(_Steps):
    """Blue/green: a small part of the traffic first, then the rest."""

    kind: Literal["canary"]
    """A small part first."""
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
    canary_percent: Annotated[int, Field(ge=1, le=50)] = 10
    """The first part, in percent of the fleet. Without it: 10."""
    wait_seconds: WaitSeconds = 600
    """How long alarms are watched after each of the two moves. Without it: 600."""
    termination_wait_seconds: WaitSeconds = 0
    """How much longer the old fleet is kept. Without it: 0."""
    auto_rollback: bool = True
    """Traffic moves back when one of the model's alarms rings meanwhile. Without it: it does."""

    @property
    def steps(self) -> int:
        """The canary, then the rest."""
        return 2


class Linear(_Steps):
    """Blue/green: in equal steps."""

    kind: Literal["linear"]
    """In equal steps."""
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html
    step_percent: Annotated[int, Field(ge=10, le=50)] = 25
    """Each step, in percent of the fleet. Without it: 25."""
    wait_seconds: WaitSeconds = 300
    """How long alarms are watched after each step. Without it: 300."""
    termination_wait_seconds: WaitSeconds = 0
    """How much longer the old fleet is kept. Without it: 0."""
    auto_rollback: bool = True
    """Traffic moves back when one of the model's alarms rings meanwhile. Without it: it does."""

    @property
    def steps(self) -> int:
        """As many as it takes to 100 percent."""
        return ceil(100 / self.step_percent)


class Rolling(_Steps):
    """In batches that replace the old fleet's instances, without a second whole fleet. For one variant only."""

    kind: Literal["rolling"]
    """In batches."""
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RollingUpdatePolicy.html
    batch_percent: Annotated[int, Field(ge=5, le=50)] = 25
    """Each batch, in percent of the fleet. Without it: 25."""
    wait_seconds: WaitSeconds = 300
    """How long alarms are watched after each batch. Without it: 300."""
    rollback_batch_percent: Annotated[int, Field(ge=5, le=100)] | None = None
    """Each batch of a rollback. Without it: the whole old fleet at once."""
    auto_rollback: bool = True
    """The old fleet comes back when one of the model's alarms rings meanwhile. Without it: it does."""

    @property
    def steps(self) -> int:
        """One a batch."""
        return ceil(100 / self.batch_percent)


Rollout = Annotated[AllAtOnce | Canary | Linear | Rolling, Field(discriminator="kind")]
