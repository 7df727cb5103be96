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


LOCAL_STORAGE_FAMILIES = frozenset(
    {
        *("m5d", "c5d", "r5d", "m6gd", "c6gd", "r6gd", "r7gd"),
        *("g4dn", "g5", "g6", "g6e", "g7", "g7e", "p4d", "p4de", "p5", "p5e", "p5en", "p6-b200", "p6-b300"),
        *("p6e-gb200", "dl1", "trn1", "trn1n", "trn2"),
    }
)
"""Instance families that store on disks of their own.

https://docs.aws.amazon.com/sagemaker/latest/dg/host-instance-storage.html , and for the families that are newer than
that page their EC2 pages: https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html
"""


def has_local_storage(instance_type: str | None) -> bool:
    """Whether the instance stores on disks of its own, so that it takes no volume and no key for one."""
    return instance_type is not None and instance_type.split(".")[1] in LOCAL_STORAGE_FAMILIES
