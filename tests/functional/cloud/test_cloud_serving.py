"""Every kind of endpoint answers, with real containers, and leaves the metrics that AWS publishes of it."""

from __future__ import annotations

import io
import json
import tarfile
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.stage import TransitionTimes
from tests.functional.cloud.conftest import ACCOUNT, SESSION, Aws, variant

pytestmark = pytest.mark.slow

TIMES = b"def model_fn(folder): return None\ndef predict_fn(rows, model): return rows.sum(axis=1) * FACTOR\n"
STREAMS = b"""
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept): return iter(["one ", "two ", "three"]), "text/plain"
"""
WAITS = b"""
import time
def model_fn(folder): return None
def transform_fn(model, body, content_type, accept):
    if content_type == "text/fails": raise ValueError("no such row")
    time.sleep(float(body))
    return "waited", "text/plain"
"""


class Serving(Aws):
    """A local AWS whose endpoints answer, on a clock that can be moved on."""

    def __init__(self, url):
        super().__init__(url)
        self.execution_role = self.role()
        for bucket in ("artifacts", "results"):
            self.client("s3").create_bucket(Bucket=bucket)
        self.runtime = SESSION.client(
            "sagemaker-runtime",
            endpoint_url=url,
            region_name="us-east-1",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}),
        )

    def container(self, name, code, **more):
        self.client("s3").put_object(Bucket="artifacts", Key=f"{name}/code/inference.py", Body=code)
        source = {"S3Uri": f"s3://artifacts/{name}/", "S3DataType": "S3Prefix", "CompressionType": "None"}
        return {"Image": "image:1", "ModelDataSource": {"S3DataSource": source}} | more

    def release(self, name, code):
        return self.model(name, PrimaryContainer=self.container(name, code), ExecutionRoleArn=self.execution_role)

    def factor(self, number):
        name = f"times-{number}"
        if name not in {one["ModelName"] for one in self.sagemaker.list_models()["Models"]}:
            self.release(name, TIMES.replace(b"FACTOR", str(number).encode()))
        return name

    def deploy(self, name, variants, **more):
        self.config(name, variants=variants, **more)
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        assert self.settled(name)["EndpointStatus"] == "InService"

    def settled(self, name, *until):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            told = self.sagemaker.describe_endpoint(EndpointName=name)
            if told["EndpointStatus"] in (until or ("InService", "Failed")):
                return told
            time.sleep(0.05)
        raise AssertionError(told)

    def invoke(self, name, body=b"1,2,3\n", **more):
        request = {"EndpointName": name, "Body": body, "ContentType": "text/csv", "Accept": "application/json"}
        return self.runtime.invoke_endpoint(**(request | more))

    def answer(self, name, **more):
        return json.loads(self.invoke(name, **more)["Body"].read())

    def advance(self, seconds):
        body = json.dumps({"advance_seconds": seconds}).encode()
        with urllib.request.urlopen(f"{self.url}/_greenroom/clock", data=body) as answer:  # noqa: S310  our own
            return json.load(answer)

    def metrics(self, name, namespace="AWS/SageMaker"):
        """The names of an endpoint's metrics, apart from those by configuration."""
        dimensions = [{"Name": "EndpointName", "Value": name}]
        found = self.client("cloudwatch").list_metrics(Namespace=namespace, Dimensions=dimensions)["Metrics"]
        return {one["MetricName"] for one in found if len(one["Dimensions"]) < 3}

    def wait_for(self, find):
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            found = find()
            if found:
                return found
            time.sleep(0.05)
        raise AssertionError(found)


@pytest.fixture(scope="module")
def serving():
    with in_process_cloud(times=TransitionTimes(rollout_wait_factor=1.0)) as address:
        yield Serving(address.url)


CANARY = {
    "BlueGreenUpdatePolicy": {
        "TrafficRoutingConfiguration": {
            "Type": "CANARY",
            "WaitIntervalInSeconds": 600,
            "CanarySize": {"Type": "CAPACITY_PERCENT", "Value": 50},
        },
        "TerminationWaitInSeconds": 600,
    },
    "AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "rollout-errors"}]},
}


def test_a_canary_answers_its_part_of_the_requests_until_an_alarm_rings(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-canary.html ."""
    serving.deploy("rollout", [variant(model=serving.factor(1))])
    serving.client("cloudwatch").put_metric_alarm(
        AlarmName="rollout-errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="ignore",
    )
    serving.config("rollout-2", variants=[variant(model=serving.factor(2))])
    update = {"EndpointName": "rollout", "DeploymentConfig": CANARY}
    serving.sagemaker.update_endpoint(EndpointConfigName="rollout-2", **update)
    serving.wait_for(lambda: serving.answer("rollout") == [12.0])
    assert {serving.answer("rollout")[0] for _ in range(40)} == {6.0, 12.0}
    serving.advance(601)
    assert {serving.answer("rollout")[0] for _ in range(10)} == {12.0}
    serving.advance(601)
    assert serving.settled("rollout")["EndpointConfigName"] == "rollout-2"
    serving.config("rollout-3", variants=[variant(model=serving.factor(3))])
    serving.sagemaker.update_endpoint(EndpointConfigName="rollout-3", **update)
    serving.wait_for(lambda: serving.answer("rollout") == [18.0])
    serving.client("cloudwatch").set_alarm_state(AlarmName="rollout-errors", StateValue="ALARM", StateReason="a test")
    told = serving.settled("rollout")
    assert told["EndpointConfigName"] == "rollout-2"
    assert "rollout-errors" in told["FailureReason"]
    assert {serving.answer("rollout")[0] for _ in range(10)} == {12.0}


def test_trap_08_an_alarm_that_watches_the_new_fleet_only_rolls_a_bad_release_back_by_itself(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html , second example."""
    serving.deploy("guarded", [variant(model=serving.factor(1))])
    serving.release(
        "fails", b"def model_fn(folder): return None\ndef predict_fn(rows, model): raise ValueError('no')\n"
    )
    serving.config("guarded-2", variants=[variant(model="fails")])
    watched = {"EndpointName": "guarded", "VariantName": "AllTraffic", "EndpointConfigName": "guarded-2"}
    serving.client("cloudwatch").put_metric_alarm(
        AlarmName="new-fleet-errors",
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": name, "Value": value} for name, value in watched.items()],
        Statistic="Average",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0.1,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    deployment = CANARY | {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "new-fleet-errors"}]}}
    serving.sagemaker.update_endpoint(
        EndpointName="guarded", EndpointConfigName="guarded-2", DeploymentConfig=deployment
    )

    def fails():
        try:
            return serving.answer("guarded") != [6.0]
        except ClientError as error:
            return error.response["Error"]["Code"] == "ModelError"

    serving.wait_for(fails)
    serving.advance(180)  # of the 600 that the canary is watched for
    told = serving.settled("guarded")
    assert (told["EndpointConfigName"], "new-fleet-errors" in told["FailureReason"]) == ("guarded", True)
    assert {serving.answer("guarded")[0] for _ in range(10)} == {6.0}


def test_a_shadow_gets_copies_and_its_answers_are_discarded(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/shadow-tests.html ."""
    shadow = variant("shadow", model=serving.factor(2), InitialVariantWeight=1.0)
    capture = {
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": "s3://results/capture",
        "CaptureOptions": [{"CaptureMode": "Output"}],
    }
    serving.deploy(
        "shadowed",
        [variant(model=serving.factor(1))],
        ShadowProductionVariants=[shadow],
        DataCaptureConfig=capture,
    )
    assert [serving.answer("shadowed") for _ in range(3)] == [[6.0]] * 3
    cloudwatch = serving.client("cloudwatch")
    dimensions = [{"Name": "VariantName", "Value": "shadow"}]
    serving.wait_for(lambda: cloudwatch.list_metrics(Namespace="AWS/SageMaker", Dimensions=dimensions)["Metrics"])
    s3 = serving.client("s3")
    serving.wait_for(lambda: s3.list_objects_v2(Bucket="results", Prefix="capture/shadowed/shadow/").get("Contents"))


def test_a_serverless_variant_starts_when_it_is_called_and_refuses_more_at_once_than_it_may_have(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/serverless-endpoints-monitoring.html ."""
    serving.release("waits", WAITS)
    config = {"MemorySizeInMB": 1024, "MaxConcurrency": 1}
    one = {"VariantName": "AllTraffic", "ModelName": "waits", "ServerlessConfig": config}
    serving.deploy("serverless", [one])
    serving.invoke("serverless", b"0", ContentType="text/plain")
    assert serving.metrics("serverless") == {
        "Invocations",
        "ModelLatency",
        "ModelSetupTime",
        "OverheadLatency",
        "Invocation4XXErrors",
        "Invocation5XXErrors",
        "InvocationModelErrors",
        "ServerlessConcurrentExecutionsUtilization",
    }
    with ThreadPoolExecutor(2) as threads:
        both = [threads.submit(serving.invoke, "serverless", b"5", ContentType="text/plain") for _ in range(2)]
    (answered,) = [one.result() for one in both if one.exception() is None]
    (refused,) = [one.exception() for one in both if one.exception() is not None]
    assert answered["Body"].read() == b"waited"
    assert isinstance(refused, ClientError)
    answer = refused.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("ThrottlingException", 429)


def test_a_pipeline_gives_each_container_what_the_one_before_it_answered(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/inference-pipelines.html ."""
    doubles = b"def model_fn(folder): return 2\ndef predict_fn(rows, model): return (rows * 2).tolist()\n"
    containers = [serving.container("doubles", doubles), serving.container("sums", TIMES.replace(b"FACTOR", b"1"))]
    serving.sagemaker.create_model(ModelName="pipeline", Containers=containers, ExecutionRoleArn=serving.execution_role)
    serving.deploy("pipeline", [variant(model="pipeline")])
    assert serving.answer("pipeline") == [12.0]


def test_containers_that_are_invoked_directly_are_named_by_the_caller(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/multi-container-endpoints.html ."""
    containers = [
        serving.container(f"direct-{number}", TIMES.replace(b"FACTOR", number.encode()), ContainerHostname=f"c{number}")
        for number in ("1", "3")
    ]
    serving.sagemaker.create_model(
        ModelName="direct",
        Containers=containers,
        InferenceExecutionConfig={"Mode": "Direct"},
        ExecutionRoleArn=serving.execution_role,
    )
    serving.deploy("direct", [variant(model="direct")])
    assert [serving.answer("direct", TargetContainerHostname=name) for name in ("c1", "c3")] == [[6.0], [18.0]]
    with pytest.raises(ClientError, match="TargetContainerHostname c2 is none of the endpoint's containers: c1, c3"):
        serving.invoke("direct", TargetContainerHostname="c2")


def archive(code):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        entry = tarfile.TarInfo("code/inference.py")
        entry.size = len(code)
        tar.addfile(entry, io.BytesIO(code))
    return packed.getvalue()


def test_a_multi_model_endpoint_loads_the_model_that_the_caller_names(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/invoke-multi-model-endpoint.html ."""
    for number in ("2", "5"):
        body = archive(TIMES.replace(b"FACTOR", number.encode()))
        serving.client("s3").put_object(Bucket="artifacts", Key=f"many/{number}.tar.gz", Body=body)
    container = {"Image": "image:1", "Mode": "MultiModel", "ModelDataUrl": "s3://artifacts/many/"}
    serving.model("many", PrimaryContainer=container, ExecutionRoleArn=serving.execution_role)
    serving.deploy("many", [variant(model="many")])
    asked = [serving.answer("many", TargetModel=f"{number}.tar.gz") for number in (2, 5, 2)]
    assert asked == [[12.0], [30.0], [12.0]]
    assert serving.metrics("many") >= {"ModelCacheHit", "ModelLoadingTime", "ModelLoadingWaitTime"}
    with pytest.raises(ClientError, match="needs TargetModel"):
        serving.invoke("many")
    with pytest.raises(ClientError, match=r"Could not find model data at s3://artifacts/many/3.tar.gz"):
        serving.invoke("many", TargetModel="3.tar.gz")


def test_a_response_stream_comes_in_the_parts_that_the_release_s_code_gave(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html ."""
    serving.release("streams", STREAMS)
    serving.deploy("streams", [variant(model="streams")])
    answer = serving.runtime.invoke_endpoint_with_response_stream(EndpointName="streams", Body=b"")
    assert answer["ContentType"] == "text/plain"
    assert [event["PayloadPart"]["Bytes"] for event in answer["Body"]] == [b"one ", b"two ", b"three"]
    assert serving.invoke("streams", b"")["Body"].read() == b"one two three"


def test_an_asynchronous_endpoint_writes_answers_and_failures_and_tells_sns(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html ."""
    s3, sqs, sns = (serving.client(name) for name in ("s3", "sqs", "sns"))
    topic = sns.create_topic(Name="results")["TopicArn"]
    queue = sqs.create_queue(QueueName="results")["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:results"
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"})
    s3.put_object(Bucket="results", Key="in/0", Body=b"0")
    if "waits" not in {one["ModelName"] for one in serving.sagemaker.list_models()["Models"]}:
        serving.release("waits", WAITS)
    output = {
        "S3OutputPath": "s3://results/out",
        "S3FailurePath": "s3://results/failed",
        "NotificationConfig": {"SuccessTopic": topic, "ErrorTopic": topic},
    }
    serving.deploy("queued", [variant(model="waits")], AsyncInferenceConfig={"OutputConfig": output})

    def submit(key, content_type):
        return serving.runtime.invoke_endpoint_async(
            EndpointName="queued", InputLocation=f"s3://results/{key}", ContentType=content_type
        )

    def told():
        (message,) = serving.wait_for(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
        sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return json.loads(message["Body"])

    def content(location):
        return s3.get_object(Bucket="results", Key=location.removeprefix("s3://results/"))["Body"].read()

    accepted = submit("in/0", "text/plain")
    message = told()
    assert (message["invocationStatus"], message["inferenceId"]) == ("Completed", accepted["InferenceId"])
    assert message["responseParameters"] == {"contentType": "text/plain", "outputLocation": accepted["OutputLocation"]}
    assert content(accepted["OutputLocation"]) == b"waited"
    accepted = submit("in/0", "text/fails")
    message = told()
    assert message["failureReason"].startswith("ClientError: Received server error (500) from model.")
    assert content(accepted["FailureLocation"]) == b"ValueError: no such row\n"
    submit("in/missing", "text/plain")
    assert "there is no such object" in told()["failureReason"]
    serving.advance(60)
    metrics = serving.metrics("queued")
    assert metrics & {"Invocations", "InvocationsPerInstance", "OverheadLatency"} == set()
    assert metrics >= {"ModelLatency", "InvocationsProcessed", "TimeInBacklog", "ApproximateBacklogSizePerInstance"}
    with pytest.raises(ClientError, match="invoke it with InvokeEndpointAsync"):
        serving.invoke("queued")


def test_what_is_not_offered_is_refused_by_name(serving):
    with pytest.raises(ClientError, match="does not offer EnableExplanations"):
        serving.invoke("nobody", EnableExplanations="`true`")
    with pytest.raises(ClientError, match="does not offer SessionId"):
        serving.invoke("nobody", SessionId="NEW_SESSION")


def test_the_serving_process_is_measured_once_a_minute(serving):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html ; a local measure."""
    serving.deploy("measured", [variant(model=serving.factor(1))])
    for _ in range(3):
        serving.invoke("measured")
    names = serving.metrics("measured", namespace="/aws/sagemaker/Endpoints")
    assert names == {"CPUUtilization", "MemoryUtilization", "DiskUtilization"}
