"""How traffic moves to a new release: SageMaker's deployment guardrails."""

from typing import Annotated, Literal

from pydantic import Field

from components.specs.base import Spec


class AllAtOnce(Spec):
    """Blue/green, all traffic at once after the new fleet is up."""

    kind: Literal["all_at_once"] = "all_at_once"
    wait_seconds: int = 300
    termination_wait_seconds: int = 0
    auto_rollback: bool = True


class Canary(Spec):
    """Blue/green, a small part first."""

    kind: Literal["canary"]
    canary_percent: int = 10
    wait_seconds: int = 600
    termination_wait_seconds: int = 0
    auto_rollback: bool = True


class Linear(Spec):
    """Blue/green, in equal steps."""

    kind: Literal["linear"]
    step_percent: int = 25
    wait_seconds: int = 300
    termination_wait_seconds: int = 0
    auto_rollback: bool = True


class Rolling(Spec):
    """In batches, without a second whole fleet."""

    kind: Literal["rolling"]
    batch_percent: int = 25
    wait_seconds: int = 300
    rollback_batch_percent: int | None = None
    auto_rollback: bool = True


Rollout = Annotated[AllAtOnce | Canary | Linear | Rolling, Field(discriminator="kind")]
