"""Inference components: models that share an endpoint's instances.

https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-deploy-models.html
"""

from __future__ import annotations

import io
import tarfile
import time

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from tests.functional.cloud.conftest import SUMS_ITS_ROWS, Aws

pytestmark = pytest.mark.slow
ENOUGH = {"MinMemoryRequiredInMb": 1024, "NumberOfCpuCoresRequired": 1.0}


def host(aws):
    """An endpoint in service whose instances wait for inference components."""
    variant = {"VariantName": "AllTraffic", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    aws.sagemaker.create_endpoint_config(
        EndpointConfigName="config", ProductionVariants=[variant], ExecutionRoleArn=aws.role()
    )
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")


def component(aws, name="one", **more):
    return aws.sagemaker.create_inference_component(
        **(
            {
                "InferenceComponentName": name,
                "EndpointName": "endpoint",
                "VariantName": "AllTraffic",
                "Specification": {"ModelName": "model", "ComputeResourceRequirements": ENOUGH},
                "RuntimeConfig": {"CopyCount": 1},
            }
            | more
        )
    )


def described(aws, name="one"):
    return aws.sagemaker.describe_inference_component(InferenceComponentName=name)


@pytest.fixture
def hosting(aws):
    aws.model()
    host(aws)
    aws.time.advance(1)
    return aws


def test_a_component_is_creating_then_in_service_and_updates_in_place(hosting):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeInferenceComponent.html."""
    component(hosting)
    assert described(hosting)["InferenceComponentStatus"] == "Creating"
    hosting.time.advance(1)
    told = described(hosting)
    assert told["InferenceComponentStatus"] == "InService"
    assert told["RuntimeConfig"] == {"DesiredCopyCount": 1, "CurrentCopyCount": 1}
    assert told["Specification"] == {"ModelName": "model", "ComputeResourceRequirements": ENOUGH}
    more = {**ENOUGH, "MinMemoryRequiredInMb": 2048}
    hosting.sagemaker.update_inference_component(
        InferenceComponentName="one", Specification={"ComputeResourceRequirements": more}
    )
    assert described(hosting)["InferenceComponentStatus"] == "Updating"
    hosting.time.advance(1)
    hosting.sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="one", DesiredRuntimeConfig={"CopyCount": 3}
    )
    hosting.time.advance(1)
    told = described(hosting)
    assert told["InferenceComponentStatus"] == "InService"
    assert told["Specification"] == {"ModelName": "model", "ComputeResourceRequirements": more}
    assert told["RuntimeConfig"] == {"DesiredCopyCount": 3, "CurrentCopyCount": 3}
    (listed,) = hosting.sagemaker.list_inference_components(EndpointNameEquals="endpoint")["InferenceComponents"]
    assert listed["InferenceComponentArn"] == told["InferenceComponentArn"]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        # trap 13: CopyCount of at least 1 at creation
        ({"RuntimeConfig": {"CopyCount": 0}}, "CopyCount must be at least 1"),
        ({"VariantName": "Other"}, "Variant Other is none of endpoint endpoint: AllTraffic."),
        ({"EndpointName": "other"}, "Could not find endpoint"),
        ({"Specification": {"ComputeResourceRequirements": ENOUGH}}, "needs either ModelName or Container"),
        ({"Specification": {"ModelName": "model"}}, "needs ComputeResourceRequirements"),
        (
            {"Specification": {"ModelName": "gone", "ComputeResourceRequirements": ENOUGH}},
            'Could not find model "arn:aws:sagemaker:us-east-1:111122223333:model/gone"',
        ),
        (
            {"Specification": {"BaseInferenceComponentName": "gone", "ModelName": "model"}},
            "Could not find inference component",
        ),
    ],
)
def test_trap_13_what_cannot_be_hosted_is_refused(hosting, changes, says):
    with pytest.raises(ClientError) as refused:
        component(hosting, **changes)
    assert refused.value.response["Error"]["Code"] == "ValidationException"
    assert says in str(refused.value)
    assert hosting.sagemaker.list_inference_components()["InferenceComponents"] == []


def test_a_variant_with_a_model_hosts_no_components(aws):
    aws.endpoint()
    with pytest.raises(ClientError, match="inference components need one without"):
        component(aws)


def test_a_name_is_taken_once_and_an_endpoint_that_hosts_cannot_be_deleted(hosting):
    component(hosting)
    with pytest.raises(ClientError, match="Cannot create already existing inference component"):
        component(hosting)
    hosting.time.advance(1)
    with pytest.raises(ClientError, match="it hosts inference components: one"):
        hosting.sagemaker.delete_endpoint(EndpointName="endpoint")
    component(hosting, "adapter", Specification={"BaseInferenceComponentName": "one"})
    hosting.time.advance(1)
    with pytest.raises(ClientError, match="has adapter inference components: adapter"):
        hosting.sagemaker.delete_inference_component(InferenceComponentName="one")
    for name in ("adapter", "one"):
        hosting.sagemaker.delete_inference_component(InferenceComponentName=name)
        assert described(hosting, name)["InferenceComponentStatus"] == "Deleting"
        hosting.time.advance(1)
    with pytest.raises(ClientError, match="Could not find inference component"):
        described(hosting)
    hosting.sagemaker.delete_endpoint(EndpointName="endpoint")


def test_components_outlive_a_restart(tmp_path):
    clock = ManualTime()
    with in_process_cloud(tmp_path, time_source=clock, load_models=False) as address:
        aws = Aws(address.url, clock)
        aws.model()
        host(aws)
        clock.advance(1)
        component(aws, Tags=[{"Key": "team", "Value": "ml"}])
        clock.advance(1)
        before = {name: value for name, value in described(aws).items() if name != "ResponseMetadata"}
    with in_process_cloud(tmp_path, time_source=clock, load_models=False) as address:
        aws = Aws(address.url, clock)
        assert {name: value for name, value in described(aws).items() if name != "ResponseMetadata"} == before
        arn = before["InferenceComponentArn"]
        assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "ml"}]


def archive(code):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as file:
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(code)
        file.addfile(member, io.BytesIO(code))
    return content.getvalue()


def eventually(what, timeout_seconds=30):
    deadline = time.monotonic() + timeout_seconds
    while not (found := what()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_each_component_answers_with_its_own_model_and_one_without_copies_says_so(hosting_aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html."""
    aws = hosting_aws
    aws.client("s3").create_bucket(Bucket="models")
    doubles = SUMS_ITS_ROWS.replace(b"sum(axis=1)", b"sum(axis=1) * 2")
    for name, code in (("sums", SUMS_ITS_ROWS), ("doubles", doubles)):
        aws.client("s3").put_object(Bucket="models", Key=f"{name}.tar.gz", Body=archive(code))
    host(aws)
    assert eventually(lambda: aws.status() == "InService")
    for name in ("sums", "doubles"):
        container = {
            "Image": "image:1",
            "ArtifactUrl": f"s3://models/{name}.tar.gz",
            "Environment": {"SAGEMAKER_PROGRAM": "inference.py"},
        }
        component(aws, name, Specification={"Container": container, "ComputeResourceRequirements": ENOUGH})
        assert eventually(lambda name=name: described(aws, name)["InferenceComponentStatus"] == "InService")

    def invoke(**more):
        answer = aws.client("sagemaker-runtime").invoke_endpoint(
            EndpointName="endpoint", Body=b"1,2\n", ContentType="text/csv", Accept="text/csv", **more
        )
        return float(answer["Body"].read())

    assert (invoke(InferenceComponentName="sums"), invoke(InferenceComponentName="doubles")) == (3.0, 6.0)
    with pytest.raises(ClientError, match="InferenceComponentName header is required"):
        invoke()
    aws.sagemaker.update_inference_component_runtime_config(
        InferenceComponentName="sums", DesiredRuntimeConfig={"CopyCount": 0}
    )
    with pytest.raises(ClientError, match="Inference Component has no capacity to process this request"):
        invoke(InferenceComponentName="sums")
    metrics = aws.client("cloudwatch").list_metrics(
        Namespace="AWS/SageMaker", Dimensions=[{"Name": "InferenceComponentName", "Value": "sums"}]
    )["Metrics"]
    assert {"InvocationsPerCopy", "NoCapacityInvocationFailures"} <= {metric["MetricName"] for metric in metrics}
