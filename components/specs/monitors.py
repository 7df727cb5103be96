"""Monitors on captured data: a discriminated union that later kinds join.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor.html
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from components.specs.base import Spec
from components.specs.fields import Matching, OneOf
from components.specs.instance_types import INSTANCE_TYPES, PROCESSING_INSTANCE_TYPES
from components.specs.serving import known_kind
from components.specs.violations import Rule, broken

# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ScheduleConfig.html
HOURLY = "cron(0 * ? * * *)"
_HOUR = r"(?:[01]?\d|2[0-3])"
_STEP = r"(?:0?[1-9]|1\d|2[0-4])"
SCHEDULE_PATTERN = rf"cron\(0 (?:\*|{_HOUR}(?:/{_STEP})?) \? \* \* \*\)"

Schedule = Annotated[
    str,
    Matching(
        SCHEDULE_PATTERN,
        "a schedule of SageMaker Model Monitor",
        "cron(0 * ? * * *) every hour, cron(0 H ? * * *) every day at H, cron(0 H/N ? * * *) every N hours from H; UTC",
    ),
]

ProcessingInstanceType = Annotated[
    str,
    OneOf(
        PROCESSING_INSTANCE_TYPES,
        "an instance type of SageMaker processing",
        f"one of {len(PROCESSING_INSTANCE_TYPES)}, such as ml.m5.large or ml.c5.xlarge",
    ),
]


def schedule_period_seconds(schedule: str) -> int:
    """Seconds from one run of `schedule` to the next."""
    if schedule == HOURLY:
        return 3600
    step = re.search(r"/(\d+)", schedule)
    return 3600 * (24 if step is None else int(step[1]))


class DataQuality(Spec):
    """SageMaker's data-quality monitor: captured inputs against a baseline."""

    kind: Literal["data_quality"] = "data_quality"
    """Without it: `data_quality`."""
    schedule: Schedule = HOURLY
    """When the monitor runs, in UTC; a run starts up to 20 minutes later. Without it: every hour."""
    instance_type: ProcessingInstanceType = "ml.m5.large"
    """The instance the analysis runs on. Without it: ml.m5.large."""
    # Limits: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringClusterConfig.html
    instance_count: Annotated[int, Field(ge=1, le=100)] = 1
    """How many of them. Without it: 1."""
    volume_size_gb: Annotated[int, Field(ge=1, le=16384)] = 20
    """The analysis's disk, in GB. Without it: 20."""
    max_runtime_seconds: Annotated[int, Field(ge=1, le=86400)] = 1800
    """A run is stopped after this time; at most the time between two runs. Without it: 1800."""
    baseline: Literal["release", "none"] = "release"
    """What captured data are compared with: the statistics and constraints that the release was packaged with, or
    nothing, in which case a run only describes the data. Without it: `release`."""

    @property
    def period_seconds(self) -> int:
        """Seconds from one run to the next."""
        return schedule_period_seconds(self.schedule)

    @model_validator(mode="after")
    def _a_run_ends_before_the_next(self) -> DataQuality:
        rules = []
        # "The MaxRuntimeInSeconds cannot exceed the frequency of the job": 3600 for an hourly data-quality schedule.
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringStoppingCondition.html
        if self.max_runtime_seconds > self.period_seconds:
            rules.append(
                Rule(
                    ("max_runtime_seconds",),
                    f"{self.max_runtime_seconds} s is longer than the {self.period_seconds} s between two runs",
                    self.max_runtime_seconds,
                    allowed=f"1 to {self.period_seconds}",
                    fix="shorten it, or let the schedule run less often",
                )
            )
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProcessingClusterConfig.html
        local_storage_gb = INSTANCE_TYPES[self.instance_type].local_storage_gb
        if local_storage_gb and self.volume_size_gb > local_storage_gb:
            rules.append(
                Rule(
                    ("volume_size_gb",),
                    f"{self.instance_type} has {local_storage_gb} GB of local storage and takes no larger volume",
                    self.volume_size_gb,
                    allowed=f"1 to {local_storage_gb}",
                )
            )
        if rules:
            raise broken(rules)
        return self


Monitor = Annotated[DataQuality, BeforeValidator(known_kind("data_quality"))]
