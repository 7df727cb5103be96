"""Target-tracking scaling of the variants' instance counts, by Application Auto Scaling.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from components.specs.base import Spec
from components.specs.violations import Rule, broken


class TargetTrackingScaling(Spec):
    """Scales every production variant between two counts, to hold the load of each instance near a target."""

    # 0 needs inference components (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html).
    min_instance_count: Annotated[int, Field(ge=1)] = 1
    """Never fewer instances than this. Without it: 1."""
    max_instance_count: Annotated[int, Field(ge=1)]
    """Never more instances than this; also the most you can be charged for."""
    target_invocations_per_instance_per_minute: Annotated[float, Field(gt=0)]
    """The load to hold: SageMakerVariantInvocationsPerInstance, requests a minute on each instance."""
    scale_in_cooldown_seconds: Annotated[int, Field(ge=0)] = 300
    """Rest after instances were removed. Without it: 300."""
    scale_out_cooldown_seconds: Annotated[int, Field(ge=0)] = 60
    """Rest after instances were added. Without it: 60."""
    disable_scale_in: bool = False
    """Only ever adds instances. Without it: adds and removes."""

    @model_validator(mode="after")
    def _counts_are_ordered(self) -> TargetTrackingScaling:
        if self.min_instance_count > self.max_instance_count:
            raise broken(
                [
                    Rule(
                        ("max_instance_count",),
                        f"{self.max_instance_count} is below min_instance_count, {self.min_instance_count}",
                        self.max_instance_count,
                        allowed=f"at least {self.min_instance_count}",
                    )
                ]
            )
        return self
