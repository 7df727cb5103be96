"""InvokeEndpoint runs the model's own code; what AWS does beside it is done too.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html
"""

import datetime as dt
import io
import json
import tarfile
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.cloud.conftest import ACCOUNT, SUMS_ITS_ROWS, client_of, variant

pytestmark = pytest.mark.slow

CAPTURE = {
    "EnableCapture": True,
    "InitialSamplingPercentage": 100,
    "DestinationS3Uri": "s3://captured/prefix",
    "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
    "CaptureContentTypeHeader": {"CsvContentTypes": ["text/csv"], "JsonContentTypes": ["application/json"]},
}
FAILS_ON_START = b"raise RuntimeError('the model is broken')\n"
FAILS_ON_CALL = b"""
def model_fn(folder):
    return None

def predict_fn(rows, model):
    raise ValueError("no such row")
"""


@pytest.fixture
def aws(hosting_aws):
    """A role and the buckets; a model named `model` that sums its rows."""
    s3 = hosting_aws.client("s3")
    for bucket in ("artifacts", "captured"):
        s3.create_bucket(Bucket=bucket)
    hosting_aws.execution_role = hosting_aws.role()
    release(hosting_aws, "model", SUMS_ITS_ROWS)
    return hosting_aws


def release(aws, name, code):
    aws.client("s3").put_object(Bucket="artifacts", Key=f"{name}/code/inference.py", Body=code)
    source = {
        "S3Uri": f"s3://artifacts/{name}/",
        "S3DataType": "S3Prefix",
        "CompressionType": "None",
    }
    container = {"Image": "image:1", "ModelDataSource": {"S3DataSource": source}}
    return aws.model(name, PrimaryContainer=container, ExecutionRoleArn=aws.execution_role)


def settled(aws, name="endpoint", timeout_seconds=30):
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        endpoint = aws.sagemaker.describe_endpoint(EndpointName=name)
        if endpoint["EndpointStatus"] in {"InService", "Failed"}:
            return endpoint
        time.sleep(0.05)
    raise AssertionError(endpoint)


def deploy(aws, config="config-1", **more):
    aws.config(config, **more)
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName=config)
    return settled(aws)


def invoke(aws, body=b"1,2,3\n4,5,6\n", **more):
    request = {"EndpointName": "endpoint", "Body": body, "ContentType": "text/csv", "Accept": "application/json"}
    return aws.client("sagemaker-runtime").invoke_endpoint(**(request | more))


def test_the_endpoint_answers_with_what_its_own_code_says(aws):
    assert deploy(aws, DataCaptureConfig=CAPTURE)["EndpointStatus"] == "InService"
    answer = invoke(aws, InferenceId="row-1")
    assert json.loads(answer["Body"].read()) == [6.0, 15.0]
    assert (answer["ContentType"], answer["InvokedProductionVariant"]) == ("application/json", "AllTraffic")
    check_capture(aws)
    check_metrics(aws)
    check_logs(aws)


def check_capture(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html
    s3 = aws.client("s3")
    (captured,) = s3.list_objects_v2(Bucket="captured")["Contents"]
    assert captured["Key"].startswith("prefix/endpoint/AllTraffic/20")
    record = json.loads(s3.get_object(Bucket="captured", Key=captured["Key"])["Body"].read())
    assert record["captureData"] == {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": "1,2,3\n4,5,6\n",
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "application/json",
            "mode": "OUTPUT",
            "data": "[6.0, 15.0]",
            "encoding": "JSON",
        },
    }
    assert record["eventMetadata"]["inferenceId"] == "row-1"


def check_metrics(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    now = dt.datetime.now(dt.UTC)
    sums = {}
    for name in ("Invocations", "ModelLatency", "OverheadLatency", "Invocation4XXErrors", "Invocation5XXErrors"):
        (point,) = aws.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=name,
            Dimensions=[
                {"Name": "EndpointName", "Value": "endpoint"},
                {"Name": "VariantName", "Value": "AllTraffic"},
            ],
            StartTime=now - dt.timedelta(minutes=5),
            EndTime=now + dt.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        sums[name] = point["Sum"]
    assert (sums["Invocations"], sums["Invocation4XXErrors"], sums["Invocation5XXErrors"]) == (1, 0, 0)
    assert 100 < sums["ModelLatency"] < 10_000_000  # microseconds
    assert sums["OverheadLatency"] > 0


def check_logs(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    events = aws.client("logs").filter_log_events(logGroupName="/aws/sagemaker/Endpoints/endpoint")["events"]
    assert any("POST /invocations 200" in event["message"] for event in events)
    assert all(event["logStreamName"].startswith("AllTraffic/") for event in events)


def test_a_model_archive_is_unpacked(aws):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(SUMS_ITS_ROWS)
        archive.addfile(member, io.BytesIO(SUMS_ITS_ROWS))
    aws.client("s3").put_object(Bucket="artifacts", Key="packed/model.tar.gz", Body=packed.getvalue())
    container = {"Image": "image:1", "ModelDataUrl": "s3://artifacts/packed/model.tar.gz"}
    aws.model("packed", PrimaryContainer=container, ExecutionRoleArn=aws.execution_role)
    assert deploy(aws, model="packed")["EndpointStatus"] == "InService"
    assert json.loads(invoke(aws)["Body"].read()) == [6.0, 15.0]


def test_model_data_may_be_in_another_accounts_bucket_that_lets_it_be_read(aws):
    s3 = aws.client("s3", account="123456789012")
    s3.create_bucket(Bucket="shared-artifacts")
    s3.put_object(Bucket="shared-artifacts", Key="m/code/inference.py", Body=SUMS_ITS_ROWS)
    source = {"S3Uri": "s3://shared-artifacts/m/", "S3DataType": "S3Prefix", "CompressionType": "None"}
    aws.model("shared", PrimaryContainer={"Image": "i", "ModelDataSource": {"S3DataSource": source}})
    refused = deploy(aws, model="shared")
    assert refused["EndpointStatus"] == "Failed"
    assert refused["FailureReason"].startswith("Could not access model data at s3://shared-artifacts/m/. Please ensure")
    allow = {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "s3:Get*", "Resource": "arn:aws:s3:::shared-*"}
    s3.put_bucket_policy(Bucket="shared-artifacts", Policy=json.dumps({"Statement": [allow]}))
    aws.config("config-2", model="shared")
    aws.sagemaker.create_endpoint(EndpointName="allowed", EndpointConfigName="config-2")
    assert settled(aws, "allowed")["EndpointStatus"] == "InService"


def test_a_model_that_cannot_be_loaded_leaves_the_endpoint_failed_and_says_why(aws):
    ping = (
        "The primary container for production variant AllTraffic did not pass the ping health check. "
        "Please check CloudWatch logs for this endpoint."
    )
    nobody = f"arn:aws:iam::{ACCOUNT}:role/nobody"
    missing = {"Image": "image:1", "ModelDataUrl": "s3://artifacts/nothing/model.tar.gz"}
    aws.model("missing", PrimaryContainer=missing, ExecutionRoleArn=aws.execution_role)
    aws.model("no-role", PrimaryContainer={"Image": "image:1"}, ExecutionRoleArn=nobody)
    release(aws, "broken", FAILS_ON_START)
    reasons = {
        "missing": "Could not find model data at s3://artifacts/nothing/model.tar.gz.",
        "no-role": f"Could not assume role {nobody}. Please ensure that the role exists and allows principal "
        "'sagemaker.amazonaws.com' to assume the role.",
        "broken": ping,
    }
    for name, reason in reasons.items():
        aws.config(name, model=name)
        aws.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        endpoint = settled(aws, name)
        assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == ("Failed", reason)
    with pytest.raises(ClientError, match="DeleteEndpoint is the only operation"):
        aws.sagemaker.update_endpoint(EndpointName="missing", EndpointConfigName="broken")
    events = aws.client("logs").filter_log_events(logGroupName="/aws/sagemaker/Endpoints/broken")["events"]
    assert any("the model is broken" in event["message"] for event in events)
    aws.sagemaker.delete_endpoint(EndpointName="missing")


def test_trap_03_an_update_that_fails_is_rolled_back_and_the_old_release_goes_on_answering(aws):
    deploy(aws)
    release(aws, "broken", FAILS_ON_START)
    aws.config("config-2", model="broken")
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2")
    endpoint = settled(aws)
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == ("InService", "config-1")
    assert "did not pass the ping health check" in endpoint["FailureReason"]
    assert json.loads(invoke(aws)["Body"].read()) == [6.0, 15.0]


def test_an_update_swaps_the_release_and_nobody_is_refused_meanwhile(aws):
    deploy(aws)
    release(aws, "doubles", SUMS_ITS_ROWS.replace(b"rows.sum(axis=1)", b"rows.sum(axis=1) * 2"))
    aws.config("config-2", model="doubles")
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2")
    seen = []
    while aws.status() == "Updating":
        seen.append(json.loads(invoke(aws)["Body"].read()))
    assert seen
    assert all(answer in ([6.0, 15.0], [12.0, 30.0]) for answer in seen)
    assert json.loads(invoke(aws)["Body"].read()) == [12.0, 30.0]


def test_traffic_follows_the_weights_and_a_caller_may_name_the_variant(aws):
    release(aws, "doubles", SUMS_ITS_ROWS.replace(b"rows.sum(axis=1)", b"rows.sum(axis=1) * 2"))
    none, all_ = {"InitialVariantWeight": 0.0}, {"InitialVariantWeight": 1.0}
    deploy(aws, variants=[variant("old", **all_), variant("new", model="doubles", **none)])
    assert {invoke(aws)["InvokedProductionVariant"] for _ in range(5)} == {"old"}
    assert json.loads(invoke(aws, TargetVariant="new")["Body"].read()) == [12.0, 30.0]
    aws.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="endpoint",
        DesiredWeightsAndCapacities=[
            {"VariantName": "old", "DesiredWeight": 0.0},
            {"VariantName": "new", "DesiredWeight": 1.0},
        ],
    )
    settled(aws)
    assert {invoke(aws)["InvokedProductionVariant"] for _ in range(5)} == {"new"}
    with pytest.raises(ClientError, match="Variant other not found"):
        invoke(aws, TargetVariant="other")


def test_an_error_of_the_model_is_a_model_error_with_what_it_said(aws):
    release(aws, "failing", FAILS_ON_CALL)
    deploy(aws, model="failing")
    with pytest.raises(ClientError) as caught:
        invoke(aws)
    answer: dict[str, Any] = {**caught.value.response}
    assert answer["Error"]["Code"] == "ModelError"
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert (answer["OriginalStatusCode"], answer["OriginalMessage"]) == (500, "ValueError: no such row\n")
    assert answer["Error"]["Message"].startswith('Received server error (500) from primary with message "ValueError:')
    stream = "log-group:/aws/sagemaker/Endpoints/endpoint:log-stream:AllTraffic/generation-1"
    assert answer["LogStreamArn"] == f"arn:aws:logs:us-east-1:{ACCOUNT}:{stream}"
    metrics = aws.client("cloudwatch").list_metrics(Namespace="AWS/SageMaker", MetricName="Invocation5XXErrors")
    # once more by configuration: https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    variant_only, by_config = sorted(
        ({one["Name"] for one in each["Dimensions"]} for each in metrics["Metrics"]), key=len
    )
    assert by_config - variant_only == {"EndpointConfigName"}


def test_an_endpoint_of_another_account_or_of_none_is_not_found(aws):
    deploy(aws)
    other = client_of(aws.url, "sagemaker-runtime", account="444455556666")
    for client, name, account in (
        (other, "endpoint", "444455556666"),
        (aws.client("sagemaker-runtime"), "nobody", ACCOUNT),
    ):
        with pytest.raises(ClientError) as caught:
            client.invoke_endpoint(EndpointName=name, Body=b"")
        error = caught.value.response["Error"]
        assert (error["Code"], error["Message"]) == (
            "ValidationError",
            f"Endpoint {name} of account {account} not found.",
        )


def test_a_body_above_six_megabytes_is_refused(aws):
    # botocore's own model of the operation: BodyBlob, max 6291456
    deploy(aws)
    with pytest.raises(ClientError, match="length less than or equal to 6291456"):
        invoke(aws, body=b"x" * 6_291_457)


def test_trap_29_a_capture_that_has_no_bucket_fails_and_the_caller_never_knows(aws):
    deploy(aws, DataCaptureConfig=CAPTURE | {"DestinationS3Uri": "s3://no-such-bucket/x"})
    assert json.loads(invoke(aws)["Body"].read()) == [6.0, 15.0]
