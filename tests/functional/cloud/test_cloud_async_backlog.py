"""An asynchronous endpoint's queue in time. Nothing is processed here: no models are loaded.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
"""

from __future__ import annotations

import datetime as dt
import json

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from tests.functional.cloud.conftest import ACCOUNT, Aws, variant

pytestmark = pytest.mark.slow  # a cloud a test

START = 1_750_000_020.0  # a full minute


def queued_endpoint(aws, **output):
    aws.model()
    aws.config(
        "queued",
        variants=[variant(InitialInstanceCount=2)],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": "s3://results/out", **output}},
    )
    aws.sagemaker.create_endpoint(EndpointName="queued", EndpointConfigName="queued")
    aws.time.advance(1)
    assert aws.status("queued") == "InService"


def submit(aws, **more):
    request = {"EndpointName": "queued", "InputLocation": "s3://results/in", "ContentType": "text/csv"}
    return aws.client("sagemaker-runtime").invoke_endpoint_async(**(request | more))


def last(aws, metric):
    """A metric's value in the minute that was told last; None where it was not told."""
    now = dt.datetime.fromtimestamp(aws.time.time(), tz=dt.UTC)
    points = aws.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[{"Name": "EndpointName", "Value": "queued"}],
        StartTime=now - dt.timedelta(seconds=59),
        EndTime=now + dt.timedelta(seconds=1),
        Period=60,
        Statistics=["Maximum"],
    )["Datapoints"]
    recent = [one["Maximum"] for one in points if (now - one["Timestamp"]).total_seconds() < 60]
    return recent[-1] if recent else None


BACKLOG = ("ApproximateBacklogSize", "ApproximateBacklogSizePerInstance", "HasBacklogWithoutCapacity")


def backlog(aws):
    return tuple(last(aws, metric) for metric in BACKLOG)


@pytest.fixture
def clocked():
    time = ManualTime(START)
    with in_process_cloud(time_source=time, load_models=False) as address:
        yield Aws(address.url, time)


def test_the_backlog_is_told_every_minute_also_without_instances(clocked):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html ."""
    queued_endpoint(clocked)
    submit(clocked)
    submit(clocked)
    submit(clocked)
    clocked.time.advance(60)
    assert backlog(clocked) == (3, 1.5, 0)
    wanted = [{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}]
    clocked.sagemaker.update_endpoint_weights_and_capacities(EndpointName="queued", DesiredWeightsAndCapacities=wanted)
    clocked.time.advance(60)
    assert backlog(clocked) == (3, None, 1)
    assert last(clocked, "ApproximateAgeOfOldestRequest") == pytest.approx(119, abs=1)


def test_a_request_that_waits_longer_than_its_time_to_live_expires_and_sns_is_told(clocked):
    """ "Maximum age in seconds a request can be in the queue before it is marked as expired":
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html
    """
    topic = clocked.client("sns").create_topic(Name="failures")["TopicArn"]
    sqs = clocked.client("sqs")
    url = sqs.create_queue(QueueName="failures")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:failures"
    clocked.client("sns").subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )
    queued_endpoint(clocked, NotificationConfig={"ErrorTopic": topic})
    accepted = submit(clocked, RequestTTLSeconds=60, InferenceId="mine")
    assert accepted["InferenceId"] == "mine"
    assert accepted["OutputLocation"].startswith("s3://results/out/")
    submit(clocked, RequestTTLSeconds=3600)
    clocked.time.advance(120)
    assert last(clocked, "ApproximateBacklogSize") == 1
    (message,) = sqs.receive_message(QueueUrl=url)["Messages"]
    told = json.loads(message["Body"])
    assert (told["inferenceId"], told["invocationStatus"]) == ("mine", "Failed")


def test_the_backlog_is_told_for_an_hour_after_the_last_request_also_where_time_is_skipped(clocked):
    """The hour is ours: AWS goes on."""
    queued_endpoint(clocked)
    submit(clocked, RequestTTLSeconds=60)
    began = dt.datetime.fromtimestamp(clocked.time.time(), tz=dt.UTC)
    clocked.time.advance(3 * 3600)
    told = clocked.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName="ApproximateBacklogSize",
        Dimensions=[{"Name": "EndpointName", "Value": "queued"}],
        StartTime=began,
        EndTime=began + dt.timedelta(hours=3),
        Period=60,
        Statistics=["Sum"],
    )["Datapoints"]
    assert (len(told), sum(one["Sum"] for one in told)) == (61, 1)


def test_what_waits_outlives_a_restart(tmp_path):
    time = ManualTime(START)
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        queued_endpoint(aws)
        submit(aws)
    time.advance(100)
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        assert last(aws, "ApproximateBacklogSize") == 1


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"EndpointName": "nobody"}, "Endpoint nobody of account 111122223333 not found."),
        ({"RequestTTLSeconds": 21_601}, "at 'requestTTLSeconds' failed to satisfy constraint"),
        ({"InvocationTimeoutSeconds": 3601}, "at 'invocationTimeoutSeconds' failed to satisfy constraint"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(clocked, request_, message):
    queued_endpoint(clocked)
    with pytest.raises(ClientError) as caught:
        submit(clocked, **request_)
    error = caught.value.response["Error"]
    assert error["Code"] == "ValidationError"
    assert message in error["Message"]
