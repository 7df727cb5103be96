"""Monitoring schedules: Pending, then Scheduled; stopped and started; when their jobs run, and what came of them.

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
from greenroom.sandbox.cloud.sagemaker import job_definitions, refusals
from greenroom.sandbox.cloud.schedule_expression import ScheduleExpressionError, parse
from greenroom.sandbox.cloud.stage import Params

Status = Literal["Pending", "Scheduled", "Stopped"]
NOW = "NOW"
"""The expression of a schedule that runs its job once."""


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
    fires_at_seconds: float | None = None
    """When its next job runs, in seconds since the epoch; None where none does any more."""
    executions: list[dict[str, Any]] = field(default_factory=list)
    """MonitoringExecutionSummary of every job that ran, without what the schedule itself says."""

    def __post_init__(self) -> None:
        """Find when it fires first.

        Raises:
            AWSValidationException: Its expression is none.
        """
        self._plan()

    @property
    def _expression(self) -> str | None:
        expression: str | None = (self.config.get("ScheduleConfig") or {}).get("ScheduleExpression")
        return expression

    def _plan(self) -> None:
        expression = self._expression
        if expression is None or expression == NOW:
            settles_at = CLOCK.time() + stage.current().times.monitoring_schedule_pending_seconds
            self.fires_at_seconds = None if expression is None else settles_at
            return
        try:
            self.fires_at_seconds = parse(expression).after(CLOCK.time())
        except ScheduleExpressionError as error:
            raise refusals.invalid(f"Invalid schedule expression: {error}") from error  # a guess at the wording

    def window(self, at_seconds: float) -> tuple[float, float]:
        """What a job that runs at an instant looks at: since the firing before; for NOW, what the schedule says."""
        expression = self._expression
        config = self.config.get("ScheduleConfig") or {}
        if expression is None or expression == NOW:
            start, end = (offset_seconds(config.get(f"DataAnalysis{side}Time")) for side in ("Start", "End"))
            return at_seconds + start, at_seconds + end
        following = parse(expression).after(at_seconds)
        period_seconds = 3600.0 if following is None else following - at_seconds
        return at_seconds - period_seconds, at_seconds

    def executed(self, status: str, processing_job_arn: str, failure_reason: str | None) -> None:
        """A job has run, now; find when the next one does."""
        now = CLOCK.utcnow()
        execution = {
            "ScheduledTime": now,
            "CreationTime": now,
            "LastModifiedTime": now,
            "MonitoringExecutionStatus": status,
            "ProcessingJobArn": processing_job_arn,
            "FailureReason": failure_reason,
        }
        self.executions.append({name: value for name, value in execution.items() if value is not None})
        self.fires_at_seconds = None
        if self._expression != NOW:
            self._plan()

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
        self._plan()
        self._changed_at_seconds = CLOCK.time()
        self.last_modified_time = CLOCK.utcnow()

    def execution_summaries(self) -> list[dict[str, Any]]:
        """ListMonitoringExecutions's entries of this schedule, in the order in which they ran."""
        own = {
            "MonitoringScheduleName": self.monitoring_schedule_name,
            "EndpointName": self.endpoint_name,
            "MonitoringJobDefinitionName": self.config.get("MonitoringJobDefinitionName"),
            "MonitoringType": self.monitoring_type,
        }
        told = {name: value for name, value in own.items() if value is not None}
        return [{**told, **execution} for execution in self.executions]

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
            "LastMonitoringExecutionSummary": self.execution_summaries()[-1] if self.executions else None,
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


def offset_seconds(text: str | None) -> float:
    """An offset of whole hours or days such as `-PT1H` or `-P1D`, in seconds; 0 where there is none.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ScheduleConfig.html
    """
    if not text:
        return 0.0
    sign = -1.0 if text.startswith("-") else 1.0
    days, _, hours = text.lstrip("-").removeprefix("P").partition("T")
    return sign * (float(days.removesuffix("D") or 0) * 86400 + float(hours.removesuffix("H") or 0) * 3600)


def endpoint_of(config: Params, job_definition: Any) -> str | None:
    """The endpoint that a schedule watches: its job definition's, or the inline definition's first input's."""
    if job_definition is not None:
        return job_definitions.endpoint_name(job_definition, config["MonitoringType"])
    inline = config.get("MonitoringJobDefinition") or {}
    inputs = inline.get("MonitoringInputs") or [{}]
    name = (inputs[0].get("EndpointInput") or {}).get("EndpointName")
    return None if name is None else str(name)
