"""Monitoring schedules run: they read what was captured, compare, report, and put metrics.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-scheduling.html
"""

from __future__ import annotations

import datetime as dt
import json

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from model_packaging.baseline import DataQualityBaseline
from tests.functional.cloud.conftest import Aws

pytestmark = pytest.mark.slow  # endpoints and data for each

BUCKET = "monitored"
CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": f"s3://{BUCKET}/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
}
BASELINE = DataQualityBaseline.of({"probability": [n / 50 for n in range(50)], "age": [20.0 + n for n in range(50)]})


def watched(aws, schedule="cron(0 * ? * * *)", **app):
    """An endpoint that captures, with a baseline and an hourly data-quality schedule."""
    s3 = aws.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="baseline/statistics.json", Body=BASELINE.statistics_json())
    s3.put_object(Bucket=BUCKET, Key="baseline/constraints.json", Body=BASELINE.constraints_json())
    aws.model()
    aws.config("config", DataCaptureConfig=CAPTURE)
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
    aws.time.advance(1)
    aws.sagemaker.create_data_quality_job_definition(
        JobDefinitionName="definition",
        DataQualityBaselineConfig={
            "StatisticsResource": {"S3Uri": f"s3://{BUCKET}/baseline/statistics.json"},
            "ConstraintsResource": {"S3Uri": f"s3://{BUCKET}/baseline/constraints.json"},
        },
        DataQualityAppSpecification={"ImageUri": "analyzer:1"} | app,
        DataQualityJobInput={"EndpointInput": {"EndpointName": "endpoint", "LocalPath": "/opt/ml/processing/input"}},
        DataQualityJobOutputConfig={
            "MonitoringOutputs": [{"S3Output": {"S3Uri": f"s3://{BUCKET}/reports", "LocalPath": "/opt/ml/out"}}]
        },
        JobResources={"ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}},
        RoleArn=aws.role(),
    )
    aws.sagemaker.create_monitoring_schedule(
        MonitoringScheduleName="schedule",
        MonitoringScheduleConfig={
            "ScheduleConfig": {"ScheduleExpression": schedule},
            "MonitoringJobDefinitionName": "definition",
            "MonitoringType": "DataQuality",
        },
    )


def capture(aws, rows):
    hour = dt.datetime.fromtimestamp(aws.time.time(), tz=dt.UTC)
    lines = [
        json.dumps(
            {
                "captureData": {
                    "endpointInput": {"data": f"{age}\n", "encoding": "CSV"},
                    "endpointOutput": {"data": f"{probability}\n", "encoding": "CSV"},
                },
                "eventMetadata": {"eventId": f"e{n}"},
                "eventVersion": "0",
            }
        )
        for n, (probability, age) in enumerate(rows)
    ]
    key = f"capture/endpoint/AllTraffic/{hour:%Y/%m/%d/%H}/00-00-000-x.jsonl"
    aws.client("s3").put_object(Bucket=BUCKET, Key=key, Body="\n".join(lines).encode())


def executions(aws, **more):
    return aws.sagemaker.list_monitoring_executions(**more)["MonitoringExecutionSummaries"]


SAME = [(n / 50, 20 + n) for n in range(50)]
OLDER = [(n / 50, 45 + n) for n in range(50)]


def test_an_hourly_schedule_tells_drift_from_sound_data_and_from_no_data(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-results.html."""
    watched(aws)
    for rows in (SAME, OLDER, None):
        if rows is not None:
            capture(aws, rows)
        aws.time.advance(3600)
    ran = executions(aws, SortOrder="Ascending")
    assert [one["MonitoringExecutionStatus"] for one in ran] == ["Completed", "CompletedWithViolations", "Failed"]
    assert [one["ScheduledTime"].strftime("%d %H:%M") for one in ran] == ["15 16:00", "15 17:00", "15 18:00"]
    assert ran[2]["FailureReason"] == "Job inputs had no data"
    assert (
        aws.sagemaker.describe_monitoring_schedule(MonitoringScheduleName="schedule")["LastMonitoringExecutionSummary"]
        == executions(aws, MaxResults=1)[0]
    )
    key = "reports/endpoint/schedule/2025/06/15/17/constraint_violations.json"
    found = json.loads(aws.client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read())["violations"]
    assert [(one["feature_name"], one["constraint_check_type"]) for one in found] == [("age", "baseline_drift_check")]
    job = aws.sagemaker.describe_processing_job(ProcessingJobName=ran[1]["ProcessingJobArn"].partition("/")[2])
    assert job["ExitMessage"] == "CompletedWithViolations: Job completed successfully with 1 violations."


@pytest.mark.slow
@pytest.mark.parametrize(
    ("key", "content"),
    [
        ("baseline/constraints.json", b"[1, 2]"),
        ("baseline/statistics.json", b"{"),
        ("capture/endpoint/AllTraffic/2025/06/15/15/binary.jsonl", b"\xff\xfe"),
        ("capture/endpoint/AllTraffic/2025/06/15/15/other.jsonl", b"[]"),
    ],
)
def test_what_a_job_cannot_read_fails_the_job_and_no_later_one(aws, key, content):
    """The status is https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_MonitoringExecutionSummary.html 's,
    the wording a guess."""
    watched(aws)
    capture(aws, SAME)
    s3 = aws.client("s3")
    before = s3.get_object(Bucket=BUCKET, Key=key)["Body"].read() if key.startswith("baseline/") else None
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    aws.time.advance(3600)
    (failed,) = executions(aws)
    assert (failed["MonitoringExecutionStatus"], failed["FailureReason"].partition(":")[0]) == (
        "Failed",
        "AlgorithmError",
    )
    if before is not None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=before)
    capture(aws, SAME)
    aws.time.advance(3600)
    assert executions(aws)[0]["MonitoringExecutionStatus"] == "Completed"


@pytest.mark.parametrize("member", ["RecordPreprocessorSourceUri", "PostAnalyticsProcessorSourceUri"])
def test_a_script_of_the_monitors_own_is_not_left_out_in_silence(aws, member):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html."""
    watched(aws, **{member: f"s3://{BUCKET}/script.py"})
    capture(aws, SAME)
    aws.time.advance(3600)
    (failed,) = executions(aws)
    assert failed["FailureReason"] == (
        f"The local AWS runs no script of a monitor's own: {member} is s3://{BUCKET}/script.py."
    )


def test_captured_numbers_that_json_has_not_are_no_data_points(aws):
    """CloudWatch takes neither NaN nor infinity:
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDatum.html .
    """
    watched(aws)
    capture(aws, [*SAME, (0.5, "nan"), (0.5, "inf")])
    aws.time.advance(3600)
    assert [one["MonitoringExecutionStatus"] for one in executions(aws)] == ["CompletedWithViolations"]


@pytest.mark.slow
def test_drift_is_a_metric_in_both_namespaces(aws):
    """Trap 27: which of the two SageMaker uses is to be verified on an account."""
    watched(aws)
    capture(aws, OLDER)
    aws.time.advance(3600)
    forms = {
        "/aws/sagemaker/Endpoints/data-metric": {"EndpointName": "endpoint", "ScheduleName": "schedule"},
        "aws/sagemaker/Endpoints/data-metrics": {
            "Endpoint": "endpoint",
            "MonitoringSchedule": "schedule",
            "Feature": "age",
        },
    }
    for namespace, dimensions in forms.items():
        (point,) = aws.client("cloudwatch").get_metric_statistics(
            Namespace=namespace,
            MetricName="feature_baseline_drift_age",
            Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
            StartTime=aws.time.time() - 7200,
            EndTime=aws.time.time() + 60,
            Period=10800,
            Statistics=["Sum"],
        )["Datapoints"]
        assert point["Sum"] == pytest.approx(0.14)


@pytest.mark.slow
def test_a_daily_schedule_reads_the_day_and_a_stopped_one_nothing(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-schedule-expression.html."""
    watched(aws, "cron(0 20 ? * * *)")
    capture(aws, SAME)
    aws.time.advance(3600)
    capture(aws, OLDER)
    aws.time.advance(4 * 3600)
    (ran,) = executions(aws)
    assert (ran["ScheduledTime"].strftime("%d %H:%M"), ran["MonitoringExecutionStatus"]) == ("15 20:00", "Completed")
    statistics = aws.client("s3").get_object(
        Bucket=BUCKET, Key="reports/endpoint/schedule/2025/06/15/20/statistics.json"
    )
    assert json.loads(statistics["Body"].read())["dataset"]["item_count"] == 100
    aws.sagemaker.stop_monitoring_schedule(MonitoringScheduleName="schedule")
    aws.time.advance(48 * 3600)
    assert len(executions(aws)) == 1


@pytest.mark.slow
def test_a_schedule_of_now_runs_once(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-manual-schedule.html."""
    watched(aws, "cron(0 20 ? * * *)")
    capture(aws, SAME)
    config = {
        "ScheduleConfig": {
            "ScheduleExpression": "NOW",
            "DataAnalysisStartTime": "-PT1H",
            "DataAnalysisEndTime": "-PT0H",
        },
        "MonitoringJobDefinitionName": "definition",
        "MonitoringType": "DataQuality",
    }
    aws.sagemaker.create_monitoring_schedule(MonitoringScheduleName="once", MonitoringScheduleConfig=config)
    aws.time.advance(2 * 3600)
    (ran,) = executions(aws, MonitoringScheduleName="once")
    assert ran["MonitoringExecutionStatus"] == "Completed"


@pytest.mark.slow
def test_executions_are_filtered_and_outlive_a_restart(tmp_path):
    time = ManualTime()
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        watched(aws)
        capture(aws, OLDER)
        time.advance(2 * 3600)
        before = executions(aws)
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        assert executions(aws) == before
        assert len(executions(aws, StatusEquals="Failed")) == 1
        assert executions(aws, EndpointName="other") == []
        assert len(executions(aws, ScheduledTimeAfter=before[1]["ScheduledTime"])) == 1


@pytest.mark.slow
def test_an_expression_that_is_none_is_refused(aws):
    with pytest.raises(ClientError, match="one of day of month and day of week is `\\?`"):
        watched(aws, "cron(0 * * * * *)")
