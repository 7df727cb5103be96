"""Monitors on captured data: a discriminated union that later kinds join."""

from typing import Literal

from components.specs.base import Spec


class DataQuality(Spec):
    """SageMaker's data-quality monitor: captured inputs against a baseline."""

    kind: Literal["data_quality"] = "data_quality"
    schedule: str = "cron(0 * ? * * *)"
    instance_type: str = "ml.m5.large"
    instance_count: int = 1
    volume_size_gb: int = 20
    max_runtime_seconds: int = 1800
    baseline: Literal["release", "none"] = "release"


Monitor = DataQuality
