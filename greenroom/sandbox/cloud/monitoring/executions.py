"""Monitoring schedules run their jobs: an agenda's participant.

An execution reads what was captured since the firing before, and is over at once; on AWS it starts up to 20 minutes
after its hour and takes minutes. It leaves its reports under `OUTPUT/ENDPOINT/SCHEDULE/yyyy/mm/dd/hh/`, its metrics in
both namespaces that are in use for them, and a processing job that tells how it ended.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-schedule-expression.html,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringExecutionSummary.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-results.html
"""

from __future__ import annotations

import datetime as dt
import json
import logging
from collections.abc import Iterator
from typing import Any, Final

from moto.moto_api._internal import mock_random
from moto.sagemaker.models import FakeProcessingJob, sagemaker_backends

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.clock import CLOCK, utc
from greenroom.sandbox.cloud.events import AwsEvent, emit
from greenroom.sandbox.cloud.hosting.capture import split_s3_uri
from greenroom.sandbox.cloud.invocation_record import put_object
from greenroom.sandbox.cloud.monitoring.analysis import AnalysisError, Report, analyze
from greenroom.sandbox.cloud.monitoring.job import MonitoringJob
from greenroom.sandbox.cloud.sagemaker.listing import select
from greenroom.sandbox.cloud.sagemaker.monitoring_schedules import MonitoringSchedule
from greenroom.sandbox.cloud.service_metrics import dimension_list

LOG = logging.getLogger("greenroom.sandbox.cloud")
EVENT: Final = "monitoring-executed"
GUIDE_NAMESPACE: Final = "/aws/sagemaker/Endpoints/data-metric"
SAMPLES_NAMESPACE: Final = "aws/sagemaker/Endpoints/data-metrics"
"""Which of the two SageMaker puts metrics in is not known without an account; the local AWS puts them in both."""


class MonitoringExecutions:
    """Runs what the schedules of every account and region are due for."""

    def __init__(self, application: LocalAwsApplication) -> None:
        self._application = application
        application.on_event(EVENT, _apply)

    def next_due(self) -> float | None:
        """When the first schedule fires."""
        return min((due for _, due in _dues()), default=None)

    def run(self) -> None:
        """Run the jobs that are due now."""
        now = CLOCK.time()
        for schedule in [schedule for schedule, due in _dues() if due <= now]:
            attributes, report = _execute(schedule)
            self._application.record(EVENT, attributes, json.dumps(_told(report)).encode())


def _dues() -> Iterator[tuple[MonitoringSchedule, float]]:
    for backend in every_backend(sagemaker_backends):
        for schedule in backend.monitoring_schedules.values():
            if schedule.fires_at_seconds is not None and schedule.settled_status == "Scheduled":
                yield schedule, schedule.fires_at_seconds


def _execute(schedule: MonitoringSchedule) -> tuple[dict[str, Any], Report | None]:
    """Run a schedule's job: what is to be recorded of it, and its report where it did not fail."""
    backend = sagemaker_backends[schedule.account_id][schedule.region]
    attributes: dict[str, Any] = {
        "account_id": schedule.account_id,
        "region": schedule.region,
        "schedule": schedule.monitoring_schedule_name,
        "failure_reason": None,
        "output_uri": "",
        "image_uri": "",
        "role_arn": "",
        "publishes_metrics": False,
    }
    try:
        job = MonitoringJob.of(schedule, backend)
        attributes |= {
            "output_uri": job.output_uri,
            "image_uri": job.app["ImageUri"],
            "role_arn": job.role_arn,
            "publishes_metrics": job.publishes_metrics,
        }
        start, end = schedule.window(CLOCK.time())
        return attributes, analyze(job.inputs(utc(start), utc(end)))
    except AnalysisError as error:
        return {**attributes, "failure_reason": str(error)}, None
    except Exception as error:  # a baseline or a capture of any form must not keep the other schedules from running
        LOG.exception("monitoring schedule %s", schedule.monitoring_schedule_name)
        return {**attributes, "failure_reason": f"AlgorithmError: {type(error).__name__}: {error}"}, None


def _told(report: Report | None) -> dict[str, Any]:
    if report is None:
        return {"files": {}, "violations": 0, "metrics": []}
    return {"files": dict(report.files), "violations": len(report.violations), "metrics": list(report.metrics)}


def _apply(attributes: dict[str, Any], body: bytes) -> None:
    report = json.loads(body)
    backend = sagemaker_backends[attributes["account_id"]][attributes["region"]]
    schedule: MonitoringSchedule = backend.monitoring_schedules[attributes["schedule"]]
    failure_reason: str | None = attributes["failure_reason"]
    status = "Failed" if failure_reason else "CompletedWithViolations" if report["violations"] else "Completed"
    if failure_reason is None:
        _put_files(schedule, attributes["output_uri"], report["files"])
        if attributes["publishes_metrics"]:
            _put_metrics(schedule, report["metrics"])
    job = _processing_job(backend, schedule, attributes, report["violations"])
    schedule.executed(status, job.arn, failure_reason)
    emit(
        AwsEvent(
            schedule.account_id,
            schedule.region,
            "aws.sagemaker",
            "SageMaker Processing Job State Change",
            {
                "ProcessingJobName": job.processing_job_name,
                "ProcessingJobArn": job.arn,
                "ProcessingJobStatus": job.processing_job_status,
                "ExitMessage": job.exit_message,
                "MonitoringScheduleArn": schedule.arn,
            },
            (job.arn,),
        )
    )


def _put_files(schedule: MonitoringSchedule, output_uri: str, files: dict[str, str]) -> None:
    bucket, prefix = split_s3_uri(output_uri)
    folder = f"{schedule.endpoint_name}/{schedule.monitoring_schedule_name}/{utc(CLOCK.time()):%Y/%m/%d/%H}"
    for name, content in files.items():
        key = "/".join(part for part in (prefix, folder, name) if part)
        if not put_object(_where(schedule), bucket, key, content.encode(), None):
            return


def _where(schedule: MonitoringSchedule) -> dict[str, Any]:
    return {
        "account_id": schedule.account_id,
        "region": schedule.region,
        "endpoint_name": schedule.endpoint_name,
    }


def _put_metrics(schedule: MonitoringSchedule, metrics: list[tuple[str, float, dict[str, str]]]) -> None:
    from moto.cloudwatch.models import cloudwatch_backends

    name, endpoint_name = schedule.monitoring_schedule_name, schedule.endpoint_name or ""
    forms = {
        GUIDE_NAMESPACE: {"EndpointName": endpoint_name, "ScheduleName": name},
        SAMPLES_NAMESPACE: {"Endpoint": endpoint_name, "MonitoringSchedule": name},
    }
    backend = cloudwatch_backends[schedule.account_id][schedule.region]
    for namespace, dimensions in forms.items():
        data = [
            {
                "MetricName": metric,
                "Value": value,
                # the guide names its two dimensions and no feature
                "Dimensions": dimension_list(dimensions if namespace == GUIDE_NAMESPACE else {**dimensions, **more}),
                "Timestamp": CLOCK.utcnow(),
            }
            for metric, value, more in metrics
        ]
        backend.put_metric_data(namespace, data)


def _processing_job(backend: Any, schedule: MonitoringSchedule, attributes: dict[str, Any], violations: int) -> Any:
    failure_reason: str | None = attributes["failure_reason"]
    suffix = "".join(mock_random.choices("0123456789abcdef", k=24))
    job = FakeProcessingJob(
        app_specification={"ImageUri": attributes["image_uri"]},
        experiment_config=None,
        network_config=None,
        processing_inputs=[],
        processing_job_name=f"model-monitoring-{utc(CLOCK.time()):%Y%m%d%H%M}-{suffix}",
        processing_output_config={
            "Outputs": [{"OutputName": "result", "S3Output": {"S3Uri": attributes["output_uri"]}}]
        },
        account_id=schedule.account_id,
        region_name=schedule.region,
        role_arn=attributes["role_arn"],
        tags=[],
        stopping_condition={"MaxRuntimeInSeconds": 3600},
    )
    job.processing_job_status = "Failed" if failure_reason else "Completed"
    job.failure_reason = failure_reason
    # AWS's words: https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-violations.html
    job.exit_message = (
        f"CompletedWithViolations: Job completed successfully with {violations} violations."
        if violations
        else failure_reason or "Completed: Job completed successfully with no violations."
    )
    job.monitoring_schedule_arn = schedule.arn
    backend.processing_jobs[job.processing_job_name] = job
    return job


def newest_first(executions: list[dict[str, Any]], request: dict[str, Any]) -> list[dict[str, Any]]:
    """ListMonitoringExecutions's entries, filtered and sorted as asked.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListMonitoringExecutions.html
    """
    equals = {
        "EndpointName": "EndpointName",
        "MonitoringScheduleName": "MonitoringScheduleName",
        "StatusEquals": "MonitoringExecutionStatus",
        "MonitoringJobDefinitionName": "MonitoringJobDefinitionName",
        "MonitoringTypeEquals": "MonitoringType",
    }
    return select(
        (one for one in executions if _within(one, request)),
        request,
        equals=equals,
        sort_by={"CreationTime": "CreationTime", "Status": "MonitoringExecutionStatus"},
        default_sort="ScheduledTime",
    )


def _within(one: dict[str, Any], request: dict[str, Any]) -> bool:
    for member in ("ScheduledTime", "CreationTime", "LastModifiedTime"):
        at: dt.datetime = one[member]
        before, after = (_naive(request.get(f"{member}{end}")) for end in ("Before", "After"))
        if (before is not None and at >= before) or (after is not None and at <= after):
            return False
    return True


def _naive(value: dt.datetime | float | None) -> dt.datetime | None:
    """A time as moto keeps it: UTC, without a time zone."""
    if value is None:
        return None
    if isinstance(value, int | float):
        value = utc(value)
    return value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
