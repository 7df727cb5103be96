"""What is known of SageMaker's instance types: which exist for what, and the properties that rules depend on."""

from __future__ import annotations

from dataclasses import dataclass

from components.specs.instance_table import TABLE


@dataclass(frozen=True)
class InstanceType:
    """One instance type, such as `ml.m5.large`."""

    name: str
    vcpus: int
    """CloudWatch's CPUUtilization of an endpoint goes up to 100 times this
    (https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html)."""
    memory_mib: int
    accelerators: int
    """GPUs, or AWS's own inference and training chips."""
    local_storage_gb: int
    """NVMe disks of the instance itself, encrypted by its hardware; 0 where it has none and an EBS volume is used."""
    architecture: str
    """`x86_64` or `arm64` (AWS Graviton and GB200): a container image is built for one of them."""
    hosting: bool
    processing: bool

    @property
    def family(self) -> str:
        """`m5` of `ml.m5.large`."""
        return self.name.split(".")[1]

    @property
    def is_burstable(self) -> bool:
        """CPU credits instead of steady CPU: cannot be scaled automatically.

        https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
        """
        return self.family.startswith("t") and self.family[1:2].isdigit()


INSTANCE_TYPES: dict[str, InstanceType] = {name: InstanceType(name, *row) for name, row in TABLE.items()}
HOSTING_INSTANCE_TYPES = frozenset(name for name, one in INSTANCE_TYPES.items() if one.hosting)
PROCESSING_INSTANCE_TYPES = frozenset(name for name, one in INSTANCE_TYPES.items() if one.processing)
