"""The instance types that SageMaker hosts on: botocore's own list, so that it is as new as the installed botocore."""

from __future__ import annotations

from functools import cache

from moto.core.utils import get_service_model


@cache
def hosting_instance_types() -> frozenset[str]:
    """Every value of ProductionVariantInstanceType.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html
    """
    return frozenset(get_service_model("sagemaker").shape_for("ProductionVariantInstanceType").enum)


def is_burstable(instance_type: str) -> bool:
    """Whether this is an `ml.t*` instance, which cannot be scaled automatically.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    """
    return instance_type.startswith("ml.t")
