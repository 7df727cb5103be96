"""One monitoring job: what its schedule, or the job definition that the schedule names, asks for.

A schedule names a job definition of its type, or carries one of its own (`MonitoringJobDefinition`), in another shape.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringScheduleConfig.html
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from greenroom.sandbox.cloud.hosting.capture import split_s3_uri
from greenroom.sandbox.cloud.monitoring.analysis import AnalysisError, JobInputs
from greenroom.sandbox.cloud.sagemaker import job_definitions
from greenroom.sandbox.cloud.sagemaker.monitoring_schedules import MonitoringSchedule, offset_seconds


@dataclass(frozen=True)
class MonitoringJob:
    """What one execution is to do."""

    schedule: MonitoringSchedule
    definition_name: str | None
    input: Mapping[str, Any]
    ground_truth_uri: str | None
    output_uri: str
    app: Mapping[str, Any]
    baseline: Mapping[str, Any]
    role_arn: str
    publishes_metrics: bool

    @classmethod
    def of(cls, schedule: MonitoringSchedule, backend: Any) -> MonitoringJob:
        """The job of a schedule.

        Raises:
            AnalysisError: Its job definition is gone.
        """
        name = schedule.config.get("MonitoringJobDefinitionName")
        if name is None:
            return _inline(schedule)
        definition = job_definitions.of_type(backend, schedule.monitoring_type).get(name)
        if definition is None:
            raise AnalysisError(f"Could not find job definition {name}")
        prefix = _PREFIXES[schedule.monitoring_type]
        job_input = getattr(definition, f"{prefix}_job_input") or {}
        app = getattr(definition, f"{prefix}_app_specification") or {}
        return cls(
            schedule,
            name,
            job_input.get("EndpointInput") or job_input.get("BatchTransformInput") or {},
            (job_input.get("GroundTruthS3Input") or {}).get("S3Uri"),
            _output_uri(getattr(definition, f"{prefix}_job_output_config") or {}),
            app,
            getattr(definition, f"{prefix}_baseline_config") or {},
            definition.role_arn,
            _publishes(app),
        )

    def inputs(self, start: datetime, end: datetime) -> JobInputs:
        """What the job reads of the hours from `start` on and before `end` (UTC).

        Raises:
            AnalysisError: The endpoint captures nothing, the baseline is not there, or the job has a script of its own.
        """
        self._check_scripts()
        captured: list[str] = []
        truth: list[str] = []
        capture_uri = self._capture_uri()
        first = start + timedelta(seconds=offset_seconds(self.input.get("StartTimeOffset")))
        last = end + timedelta(seconds=offset_seconds(self.input.get("EndTimeOffset")))
        for hour in _hours(first, last):
            captured += self._lines(f"{capture_uri}/{hour:%Y/%m/%d/%H}/")
        if self.ground_truth_uri is not None:
            for hour in _hours(first, last):
                truth += self._lines(f"{self.ground_truth_uri.rstrip('/')}/{hour:%Y/%m/%d/%H}/")
        return JobInputs(
            self.schedule.monitoring_type,
            self.input,
            captured,
            self.app.get("ProblemType"),
            truth,
            self._document("StatisticsResource"),
            self._document("ConstraintsResource"),
        )

    def _check_scripts(self) -> None:
        """Refuse what would change the data, or the report, on AWS and is not run here.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html
        """
        for member in ("RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri"):
            if self.app.get(member) is not None:
                raise AnalysisError(f"The local AWS runs no script of a monitor's own: {member} is {self.app[member]}.")

    def _capture_uri(self) -> str:
        if "DataCapturedDestinationS3Uri" in self.input:
            return str(self.input["DataCapturedDestinationS3Uri"]).rstrip("/")
        from moto.sagemaker.models import sagemaker_backends

        backend = sagemaker_backends[self.schedule.account_id][self.schedule.region]
        endpoint = backend.endpoints.get(self.input.get("EndpointName"))
        if endpoint is None or endpoint.live is None:
            raise AnalysisError(f"Endpoint {self.input.get('EndpointName')} was not found or is not in service")
        capture = endpoint.live.data_capture_config
        if not capture:
            raise AnalysisError(f"Endpoint {endpoint.endpoint_name} does not have data capture enabled")
        variant = endpoint.live.variants[0].name
        return f"{capture['DestinationS3Uri'].rstrip('/')}/{endpoint.endpoint_name}/{variant}"

    def _lines(self, uri: str) -> list[str]:
        return [line for content in self._objects(uri).values() for line in content.decode().splitlines()]

    def _document(self, resource: str) -> Mapping[str, Any] | None:
        uri = (self.baseline.get(resource) or {}).get("S3Uri")
        if uri is None:
            return None
        bucket_name, key = split_s3_uri(uri)
        found = self._keys(bucket_name).get(key)
        content = getattr(found, "value", None)  # a delete marker has none
        if content is None:
            raise AnalysisError(f"ClientError: Failed to download data. Cannot find S3 object: {key} in {uri}")
        document: Mapping[str, Any] = json.loads(content)
        return document

    def _objects(self, uri: str) -> dict[str, bytes]:
        """The objects under a URI, sorted by their keys."""
        bucket_name, prefix = split_s3_uri(uri)
        keys = self._keys(bucket_name)
        found = {key: keys.get(key) for key in sorted(key for key in keys if key.startswith(prefix))}
        return {key: bytes(one.value) for key, one in found.items() if hasattr(one, "value")}

    def _keys(self, bucket_name: str) -> Any:
        """A bucket's newest objects and delete markers, by their keys; nothing where there is no such bucket."""
        backend = s3_backends[self.schedule.account_id][get_partition(self.schedule.region)]
        try:
            return backend.get_bucket(bucket_name).keys
        except MissingBucket:
            return {}


_PREFIXES = {
    "DataQuality": "data_quality",
    "ModelQuality": "model_quality",
    "ModelBias": "model_bias",
    "ModelExplainability": "model_explainability",
}
"""What moto's job definitions call their members, by monitoring type."""


def _inline(schedule: MonitoringSchedule) -> MonitoringJob:
    definition: Mapping[str, Any] = schedule.config["MonitoringJobDefinition"]
    given = definition["MonitoringInputs"][0]
    app = definition["MonitoringAppSpecification"]
    return MonitoringJob(
        schedule,
        None,
        given.get("EndpointInput") or given.get("BatchTransformInput") or {},
        None,
        _output_uri(definition["MonitoringOutputConfig"]),
        app,
        definition.get("BaselineConfig") or {},
        definition["RoleArn"],
        (definition.get("Environment") or {}).get("publish_cloudwatch_metrics", "Enabled") == "Enabled",
    )


def _publishes(app: Mapping[str, Any]) -> bool:
    return bool((app.get("Environment") or {}).get("publish_cloudwatch_metrics", "Enabled") == "Enabled")


def _output_uri(config: Mapping[str, Any]) -> str:
    outputs = config.get("MonitoringOutputs") or [{}]
    return str((outputs[0].get("S3Output") or {}).get("S3Uri", "")).rstrip("/")


def _hours(start: datetime, end: datetime) -> Iterator[datetime]:
    """The hours that a window touches."""
    hour = start.replace(minute=0, second=0, microsecond=0)
    while hour < end:
        yield hour
        hour += timedelta(hours=1)
