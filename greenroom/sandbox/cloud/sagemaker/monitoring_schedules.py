"""Monitoring schedules: Pending, then Scheduled; stopped and started.

Their executions, which really run on captured data, are not here yet: ListMonitoringExecutions answers truthfully
that there are none.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeMonitoringSchedule.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteMonitoringSchedule.html
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker import job_definitions
from greenroom.sandbox.cloud.stage import Params

Status = Literal["Pending", "Scheduled", "Stopped"]


@dataclass
class MonitoringSchedule:
    """One monitoring schedule of one account and region."""

    monitoring_schedule_name: str
    account_id: str
    region: str
    config: Params
    endpoint_name: str | None
    tags: list[dict[str, str]]
    settled_status: Status = "Scheduled"
    creation_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    last_modified_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    _changed_at_seconds: float = field(default_factory=CLOCK.time)

    @property
    def arn(self) -> str:
        """The schedule's ARN."""
        return str(arn_formatter("monitoring-schedule", self.monitoring_schedule_name, self.account_id, self.region))

    @property
    def monitoring_type(self) -> str:
        """DataQuality, ModelQuality, ModelBias or ModelExplainability.

        An inline MonitoringJobDefinition is a data-quality one: "The default value is DataQuality" (a guess from the
        console; the API names no default).
        """
        return str(self.config.get("MonitoringType", "DataQuality"))

    @property
    def status(self) -> Status:
        """Pending for a while after each change, then what the change asked for."""
        pending = stage.current().times.monitoring_schedule_pending_seconds
        return "Pending" if CLOCK.time() < self._changed_at_seconds + pending else self.settled_status

    def change(self, *, status: Status | None = None, config: Params | None = None) -> None:
        """Take another configuration, or start or stop; Pending from now."""
        self.settled_status = self.settled_status if status is None else status
        self.config = self.config if config is None else config
        self._changed_at_seconds = CLOCK.time()
        self.last_modified_time = CLOCK.utcnow()

    def describe(self) -> dict[str, Any]:
        """DescribeMonitoringSchedule's answer."""
        answer = {
            "MonitoringScheduleArn": self.arn,
            "MonitoringScheduleName": self.monitoring_schedule_name,
            "MonitoringScheduleStatus": self.status,
            "MonitoringType": self.monitoring_type,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "MonitoringScheduleConfig": self.config,
            "EndpointName": self.endpoint_name,
        }
        return {key: value for key, value in answer.items() if value is not None}

    def summary(self) -> dict[str, Any]:
        """One of ListMonitoringSchedules's entries."""
        answer = {
            "MonitoringScheduleName": self.monitoring_schedule_name,
            "MonitoringScheduleArn": self.arn,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "MonitoringScheduleStatus": self.status,
            "EndpointName": self.endpoint_name,
            "MonitoringJobDefinitionName": self.config.get("MonitoringJobDefinitionName"),
            "MonitoringType": self.monitoring_type,
        }
        return {key: value for key, value in answer.items() if value is not None}

    def matches(self, params: Params) -> bool:
        """Whether ListMonitoringSchedules's filters take it."""
        wanted = {
            "EndpointName": self.endpoint_name,
            "MonitoringJobDefinitionName": self.config.get("MonitoringJobDefinitionName"),
            "MonitoringTypeEquals": self.monitoring_type,
            "StatusEquals": self.status,
        }
        return params.get("NameContains", "") in self.monitoring_schedule_name and all(
            params.get(name, value) == value for name, value in wanted.items()
        )


def endpoint_of(config: Params, job_definition: Any) -> str | None:
    """The endpoint that a schedule watches: its job definition's, or the inline definition's first input's."""
    if job_definition is not None:
        return job_definitions.endpoint_name(job_definition, config["MonitoringType"])
    inline = config.get("MonitoringJobDefinition") or {}
    inputs = inline.get("MonitoringInputs") or [{}]
    name = (inputs[0].get("EndpointInput") or {}).get("EndpointName")
    return None if name is None else str(name)
