"""Target-tracking scaling of the variants' instance counts, by Application Auto Scaling.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import annotated_types
from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, ValidatorFunctionWrapHandler, model_validator
from pydantic_core import CoreSchema, core_schema

from components.specs.base import Spec
from components.specs.violations import Rule, broken, did_you_mean, quote, refuse

if TYPE_CHECKING:
    from model_packaging.release import Release
MEASURED: Literal["measured"] = "measured"

DEFAULT_UTILIZATION_PERCENT = 50.0
"""AWS's own advice for the safety factor to begin with.

https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-scaling-loadtest.html
"""


class _NumberOrMeasured:
    """A number above 0, or the word `measured`; complaints about either read as of one field, not as of a union."""

    metadata = (annotated_types.Gt(0),)
    """What complaints tell as allowed."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """The number's own checks, unless the word stands there."""
        del source
        number = handler.generate_schema(Annotated[float, Field(gt=0)])
        as_it_is = core_schema.plain_serializer_function_ser_schema(lambda value: value)
        return core_schema.no_info_wrap_validator_function(self._check, number, serialization=as_it_is)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What editors complete."""
        del schema, handler
        return {"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"const": MEASURED}]}

    def _check(self, value: Any, number: ValidatorFunctionWrapHandler) -> Any:
        if value == MEASURED:
            return value
        if isinstance(value, str):
            allowed = f"more than 0, or {MEASURED}"
            raise refuse(f"{quote(value)} is not a number", allowed=allowed, fix=did_you_mean(value, [MEASURED]))
        return number(value)


class TargetTrackingScaling(Spec):
    """Scales every production variant between two counts, to hold the load of each instance near a target."""

    # 0 needs inference components (https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html).
    min_instance_count: Annotated[int, Field(ge=1)] = 1
    """Never fewer instances than this. Without it: 1."""
    max_instance_count: Annotated[int, Field(ge=1)]
    """Never more instances than this; also the most you can be charged for."""
    target_invocations_per_instance_per_minute: Annotated[float | Literal["measured"], _NumberOrMeasured()]
    """The load to hold: SageMakerVariantInvocationsPerInstance, requests a minute on each instance. `measured` is what
    the release's load test found that an instance holds (`greenroom load-test`), times `utilization_percent`."""
    utilization_percent: Annotated[float, Field(gt=0, le=100)] | None = None
    """How much of a measured load each instance is to carry: the rest is for bursts, while more instances start. Only
    with `measured`. Without it: 50, where AWS advises to begin."""
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

    @model_validator(mode="after")
    def _only_what_is_measured_is_utilized(self) -> TargetTrackingScaling:
        if self.utilization_percent is not None and self.target_invocations_per_instance_per_minute != MEASURED:
            raise broken(
                [
                    Rule(
                        ("utilization_percent",),
                        "is a part of a measured load, and the load to hold is written as a number",
                        self.utilization_percent,
                        fix=f"leave it out, or write target_invocations_per_instance_per_minute: {MEASURED}",
                    )
                ]
            )
        return self

    @property
    def target_value(self) -> float:
        """The load to hold as a number, which `measured` is once it was resolved with a release (`held_by`)."""
        if self.target_invocations_per_instance_per_minute == MEASURED:
            raise ValueError("the load to hold is measured: resolve the scaling with a release first")
        return self.target_invocations_per_instance_per_minute

    def held_by(self, release: Release) -> TargetTrackingScaling:
        """This scaling with the load that the release's load test found, where it is to be measured.

        A release without a load test leaves it as it is: `resolve` refuses that.
        """
        if self.target_invocations_per_instance_per_minute != MEASURED or release.load_test is None:
            return self
        percent = DEFAULT_UTILIZATION_PERCENT if self.utilization_percent is None else self.utilization_percent
        target = round(release.load_test.invocations_per_instance_per_minute * percent / 100, 2)
        return self.model_copy(
            update={"target_invocations_per_instance_per_minute": target, "utilization_percent": None}
        )
