"""How a model is served: a discriminated union that later kinds (serverless, async, …) join.

Changing the kind of a live endpoint makes a new endpoint: SageMaker cannot turn one kind into another.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from components.specs.base import Many, Spec
from components.specs.fields import OneOf, StartupSeconds, VariantName, duplicates
from components.specs.instance_types import HOSTING_INSTANCE_TYPES
from components.specs.violations import Rule, broken, did_you_mean, quote, refuse

HostingInstanceType = Annotated[
    str,
    OneOf(
        HOSTING_INSTANCE_TYPES,
        "an instance type of SageMaker hosting",
        f"one of {len(HOSTING_INSTANCE_TYPES)}, such as ml.m5.large, ml.c7i.xlarge or ml.g5.xlarge",
    ),
]

# v2, v-2, version3, a release's 1-2-0, a date, or a digest's head, as a part of the name.
_VERSION = re.compile(
    r"(?:^|-)(?:v(?:er(?:sion)?)?-?\d+|\d+-\d+(?:-\d+)*|\d{8,}|(?=[0-9a-f]*\d)(?=\d*[a-f])[0-9a-f]{7,64})(?:$|-)",
    re.IGNORECASE,
)


def _versionless(name: str) -> str:
    # SageMaker's guardrails (canary, linear, rolling, auto rollback) hold only while variant names stay the same:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html
    if _VERSION.search(name):
        raise refuse(
            f"{quote(name)} holds a version, and would change with every release",
            fix="name the variant by its part in the traffic, such as AllTraffic or challenger",
        )
    return name


class ProductionVariant(Spec):
    """One fleet of instances behind the endpoint; AWS: ProductionVariant."""

    name: Annotated[VariantName, AfterValidator(_versionless)] = "AllTraffic"
    """The fleet's name: part of metrics and of requests that ask for one variant. Without it: `AllTraffic`."""
    instance_type: HostingInstanceType
    """The SageMaker instance type, such as `ml.m5.large`."""
    initial_instance_count: Annotated[int, Field(ge=1)] = 1
    """Instances the fleet starts with; scaling moves it from there, and an update keeps what scaling chose.
    Without it: 1."""
    initial_variant_weight: Annotated[float, Field(ge=0)] = 1.0
    """The variant's share of the traffic is its weight over the sum of all; 0 is a variant that only gets requests
    which name it. Without it: 1."""
    volume_size_gb: Annotated[int, Field(ge=1, le=512)] | None = None
    """Size of the EBS volume of each instance, in GB. Without it: SageMaker's own choice for the instance type.
    Refused for instance types with local storage, which have no such volume."""
    model_data_download_timeout_seconds: StartupSeconds | None = None
    """How long an instance may take to fetch the model's data. Without it: SageMaker's own limit."""
    container_startup_health_check_timeout_seconds: StartupSeconds | None = None
    """How long the container may take until it answers `GET /ping`. Without it: SageMaker's own limit."""
    enable_ssm_access: bool = False
    """Lets operators open a shell in the container through AWS Systems Manager. Without it: they cannot."""


class RealtimeServing(Spec):
    """Instances that answer at once."""

    kind: Literal["realtime"] = "realtime"
    """Without it: `realtime`."""
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html
    production_variants: Annotated[Many[ProductionVariant], Field(min_length=1, max_length=10)]
    """The fleets that share the endpoint's traffic by weight: 1 to 10."""

    @model_validator(mode="after")
    def _variants_share_the_traffic(self) -> RealtimeServing:
        variants = self.production_variants
        rules = [
            Rule(
                ("production_variants", index, "name"),
                f"a second variant named {quote(name)}",
                name,
                fix="give each variant its own name",
            )
            for index, name in duplicates(variant.name for variant in variants)
        ]
        if variants and all(variant.initial_variant_weight == 0 for variant in variants):
            rules.append(
                Rule(
                    ("production_variants", 0, "initial_variant_weight"),
                    "the weights of all variants are 0, so no request would be answered",
                    0,
                    allowed="at least one weight above 0",
                )
            )
        if rules:
            raise broken(rules)
        return self


def known_kind(*kinds: str) -> Callable[[Any], Any]:
    """A check, before all others, that a block's `kind` is one of `kinds`: pydantic has no union of one."""

    def check(block: Any) -> Any:
        kind = block.get("kind", kinds[0]) if isinstance(block, dict) else kinds[0]
        if kind not in kinds:
            raise broken(
                [
                    Rule(
                        ("kind",),
                        f"{quote(kind)} is not a kind known here",
                        kind,
                        allowed=", ".join(kinds),
                        fix=did_you_mean(kind, kinds),
                    )
                ]
            )
        return block

    return check


Serving = Annotated[RealtimeServing, BeforeValidator(known_kind("realtime"))]
