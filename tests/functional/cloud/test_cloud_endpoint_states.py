"""An endpoint's life, as https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html tells it."""

import datetime as dt
from typing import Any

import pytest
from botocore.exceptions import ClientError

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.cloud.sagemaker.instance_types import hosting_instance_types
from tests.functional.cloud.conftest import ACCOUNT, variant

pytestmark = pytest.mark.slow  # a local AWS anew for each

ARN = f"arn:aws:sagemaker:us-east-1:{ACCOUNT}"


def refusal(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def answer(call, **request):
    given = call(**request)
    del given["ResponseMetadata"]
    return given


def test_an_endpoint_is_creating_and_then_in_service(aws):
    aws.model()
    aws.config("config-1", DataCaptureConfig=CAPTURE)
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config-1")
    creating = answer(aws.sagemaker.describe_endpoint, EndpointName="endpoint")
    assert (creating["EndpointStatus"], "ProductionVariants" in creating) == ("Creating", False)
    assert creating["PendingDeploymentSummary"]["EndpointConfigName"] == "config-1"
    aws.time.advance(0.2)
    made = dt.datetime(2025, 6, 15, 15, 6, 40, tzinfo=dt.UTC)
    assert answer(aws.sagemaker.describe_endpoint, EndpointName="endpoint") == {
        "EndpointName": "endpoint",
        "EndpointArn": f"{ARN}:endpoint/endpoint",
        "EndpointConfigName": "config-1",
        "EndpointStatus": "InService",
        "ProductionVariants": [
            {
                "VariantName": "AllTraffic",
                "DeployedImages": [{"SpecifiedImage": "image:1", "ResolutionTime": made}],
                "CurrentWeight": 1.0,
                "DesiredWeight": 1.0,
                "CurrentInstanceCount": 1,
                "DesiredInstanceCount": 1,
            }
        ],
        "DataCaptureConfig": {
            "EnableCapture": True,
            "CaptureStatus": "Started",
            "CurrentSamplingPercentage": 50,
            "DestinationS3Uri": "s3://bucket/capture",
            "KmsKeyId": "",
        },
        "CreationTime": made,
        "LastModifiedTime": made + dt.timedelta(milliseconds=200),
    }


CAPTURE = {
    "InitialSamplingPercentage": 50,
    "DestinationS3Uri": "s3://bucket/capture",
    "CaptureOptions": [{"CaptureMode": "Input"}],
}


def test_an_update_goes_through_updating_to_the_new_configuration(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html
    aws.endpoint()
    aws.config("config-2", variants=[variant(InstanceType="ml.g6e.xlarge")])
    deployment = {"RollingUpdatePolicy": {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": 60}}
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2", DeploymentConfig=deployment)
    updating = aws.sagemaker.describe_endpoint(EndpointName="endpoint")
    assert (updating["EndpointStatus"], updating["EndpointConfigName"]) == ("Updating", "config-1")
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == "config-2"
    aws.time.advance(0.2)
    updated = aws.sagemaker.describe_endpoint(EndpointName="endpoint")
    assert (updated["EndpointStatus"], updated["EndpointConfigName"]) == ("InService", "config-2")
    assert updated["LastDeploymentConfig"] == deployment
    assert "PendingDeploymentSummary" not in updated


HALF = {"Type": "CAPACITY_PERCENT", "Value": 50}


def test_retain_deployment_config_uses_the_last_one_again(aws):
    aws.endpoint()
    deployment = {"RollingUpdatePolicy": {"MaximumBatchSize": HALF, "WaitIntervalInSeconds": 60}}
    for number, more in ((2, {"DeploymentConfig": deployment}), (3, {"RetainDeploymentConfig": True})):
        aws.config(f"config-{number}")
        aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName=f"config-{number}", **more)
        aws.time.advance(1)
        assert aws.sagemaker.describe_endpoint(EndpointName="endpoint")["LastDeploymentConfig"] == deployment


@pytest.mark.parametrize(
    ("retained", "count", "weight"),
    [
        ({}, 2, 1.0),
        ({"RetainAllVariantProperties": True}, 5, 3.0),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
            },
            5,
            1.0,
        ),
        (
            {
                "RetainAllVariantProperties": True,
                "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredInstanceCount"}],
            },
            2,
            3.0,
        ),
    ],
)
def test_trap_04_an_update_keeps_a_scaled_out_variant_only_where_it_retains_its_properties(
    aws, retained, count, weight
):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html
    aws.endpoint()
    aws.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="endpoint",
        DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredWeight": 3.0, "DesiredInstanceCount": 5}],
    )
    assert aws.status() == "Updating"
    aws.time.advance(1)
    aws.config("config-2", variants=[variant(InitialInstanceCount=2)])
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2", **retained)
    aws.time.advance(1)
    shown = aws.sagemaker.describe_endpoint(EndpointName="endpoint")["ProductionVariants"][0]
    assert (shown["CurrentInstanceCount"], shown["CurrentWeight"]) == (count, weight)


def test_trap_13_a_realtime_variant_is_not_set_to_no_instances(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html ; a guess."""
    aws.endpoint()
    with pytest.raises(ClientError, match="DesiredInstanceCount of variant AllTraffic must be at least 1"):
        aws.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName="endpoint",
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}],
        )
    assert aws.status() == "InService"


def test_an_endpoint_between_two_states_is_neither_updated_nor_deleted(aws):
    # aws/amazon-sagemaker-examples#3188; the wording is a guess
    aws.endpoint()
    aws.config("config-2")
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2")
    in_progress = ("ValidationException", f'Cannot update in-progress endpoint "{ARN}:endpoint/endpoint".')
    again = {"EndpointName": "endpoint", "EndpointConfigName": "config-1"}
    assert refusal(aws.sagemaker.update_endpoint, **again) == in_progress
    assert refusal(aws.sagemaker.delete_endpoint, EndpointName="endpoint") == in_progress


def test_a_deleted_endpoint_is_deleting_and_then_gone(aws):
    aws.endpoint()
    aws.sagemaker.delete_endpoint(EndpointName="endpoint")
    assert aws.status() == "Deleting"
    assert refusal(aws.sagemaker.create_endpoint, EndpointName="endpoint", EndpointConfigName="config-1") == (
        "ValidationException",
        f'Cannot create already existing endpoint "{ARN}:endpoint/endpoint".',
    )
    aws.time.advance(1)
    gone = ("ValidationException", f'Could not find endpoint "{ARN}:endpoint/endpoint".')
    assert refusal(aws.sagemaker.describe_endpoint, EndpointName="endpoint") == gone
    assert aws.sagemaker.list_endpoints()["Endpoints"] == []
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config-1")


def test_names_that_are_taken_or_missing_are_refused_in_aws_words(aws):
    # aws/sagemaker-python-sdk#101, awslabs/spot-tagging-bot-for-digital-assets#2, terraform-provider-aws#40048
    aws.endpoint()
    sagemaker, variants = aws.sagemaker, [variant()]
    config_2 = {"EndpointName": "endpoint", "EndpointConfigName": "config-2"}
    cases: list[tuple[Any, dict[str, Any], str]] = [
        (sagemaker.create_model, {"ModelName": "model"}, f'Cannot create already existing model "{ARN}:model/model".'),
        (
            sagemaker.create_endpoint_config,
            {"EndpointConfigName": "config-1", "ProductionVariants": variants},
            f'Cannot create already existing endpoint configuration "{ARN}:endpoint-config/config-1".',
        ),
        (
            sagemaker.create_endpoint_config,
            {"EndpointConfigName": "other", "ProductionVariants": [variant(model="nope")]},
            f'Could not find model "{ARN}:model/nope".',
        ),
        (
            sagemaker.update_endpoint,
            config_2,
            f'Could not find endpoint configuration "{ARN}:endpoint-config/config-2".',
        ),
        (sagemaker.describe_model, {"ModelName": "nope"}, f'Could not find model "{ARN}:model/nope".'),
        (sagemaker.delete_model, {"ModelName": "nope"}, f'Could not find model "{ARN}:model/nope".'),
        (
            sagemaker.delete_endpoint_config,
            {"EndpointConfigName": "nope"},
            f'Could not find endpoint configuration "{ARN}:endpoint-config/nope".',
        ),
    ]
    for call, request, message in cases:
        assert refusal(call, **request) == ("ValidationException", message)


def test_trap_02_a_configuration_in_use_can_be_deleted_and_the_endpoint_cannot_leave_it_then(aws):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html and terraform#40048
    aws.endpoint()
    aws.config("config-2")
    aws.sagemaker.delete_endpoint_config(EndpointConfigName="config-1")
    assert aws.status() == "InService"
    update = {"EndpointName": "endpoint", "EndpointConfigName": "config-2"}
    assert refusal(aws.sagemaker.update_endpoint, **update) == (
        "ValidationException",
        f'Could not find endpoint configuration "{ARN}:endpoint-config/config-1".',
    )


def test_every_instance_type_of_botocore_can_host_and_no_other(aws):
    assert len(hosting_instance_types()) > 250
    aws.model()
    for instance_type in ("ml.g5.xlarge", "ml.g6.xlarge", "ml.m6i.large", "ml.m7i.large", "ml.p5.48xlarge"):
        aws.config(f"on-{instance_type.replace('.', '-')}", variants=[variant(InstanceType=instance_type)])
    request = {"EndpointConfigName": "c", "ProductionVariants": [variant(InstanceType="ml.m5.tiny")]}
    code, message = refusal(aws.sagemaker.create_endpoint_config, **request)
    assert code == "ValidationException"
    assert message.startswith(
        "1 validation error detected: Value 'ml.m5.tiny' at 'productionVariants.1.member.instanceType' failed to "
        "satisfy constraint: Member must satisfy enum value set: ["
    )


def test_models_and_configurations_are_kept_whole(aws):
    role = aws.role()
    model = {
        "ModelName": "whole",
        "PrimaryContainer": {
            "Image": "image:1",
            "Environment": {"A": "b"},
            "ModelDataSource": {
                "S3DataSource": {
                    "S3Uri": "s3://bucket/prefix/",
                    "S3DataType": "S3Prefix",
                    "CompressionType": "None",
                }
            },
        },
        "ExecutionRoleArn": role,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        "EnableNetworkIsolation": True,
    }
    config = {
        "EndpointConfigName": "whole",
        "ProductionVariants": [variant(model="whole", InitialVariantWeight=0.0, VolumeSizeInGB=30)],
        "ShadowProductionVariants": [variant("shadow", model="whole", InitialVariantWeight=1.0)],
        "ExplainerConfig": {"ClarifyExplainerConfig": {"ShapConfig": {"ShapBaselineConfig": {"MimeType": "text/csv"}}}},
        "ExecutionRoleArn": role,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
        "EnableNetworkIsolation": True,
        "KmsKeyId": "key",
    }
    aws.sagemaker.create_model(**model)
    aws.sagemaker.create_endpoint_config(**config)
    kept = answer(aws.sagemaker.describe_model, ModelName="whole")
    assert {name: kept[name] for name in model} == model
    assert set(kept) - set(model) == {"ModelArn", "CreationTime"}
    kept = answer(aws.sagemaker.describe_endpoint_config, EndpointConfigName="whole")
    assert {name: kept[name] for name in config} == config
    assert set(kept) - set(config) == {"EndpointConfigArn", "CreationTime"}


def test_tags_of_endpoints_models_and_configurations_are_added_replaced_and_deleted(aws):
    aws.endpoint()
    for arn in (f"{ARN}:endpoint/endpoint", f"{ARN}:model/model", f"{ARN}:endpoint-config/config-1"):
        aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
        aws.sagemaker.add_tags(ResourceArn=arn, Tags=[{"Key": "a", "Value": "3"}])
        aws.sagemaker.delete_tags(ResourceArn=arn, TagKeys=["b"])
        assert aws.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "a", "Value": "3"}]


def test_a_second_cloud_in_the_process_is_refused_and_later_ones_start_empty():
    from greenroom.sandbox.cloud import CloudStartError

    for _ in range(2):
        with in_process_cloud(time_source=ManualTime(), load_models=False) as address:
            from tests.functional.cloud.conftest import Aws

            aws = Aws(address.url)
            assert aws.sagemaker.list_models()["Models"] == []
            aws.model()
            with pytest.raises(CloudStartError), in_process_cloud():
                raise AssertionError
            assert len(aws.sagemaker.list_models()["Models"]) == 1


def test_an_instance_type_that_moto_does_not_know_is_taken_wherever_aws_takes_it(aws):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_InferenceSpecification.html and others."""
    containers = [{"Image": "image:1", "ModelDataUrl": "s3://bucket/model.tar.gz"}]
    specification = {
        "Containers": containers,
        "SupportedRealtimeInferenceInstanceTypes": ["ml.g6e.xlarge"],
        "SupportedTransformInstanceTypes": ["ml.m6i.large"],
        "SupportedContentTypes": ["text/csv"],
        "SupportedResponseMIMETypes": ["text/csv"],
    }
    aws.sagemaker.create_model_package(ModelPackageName="package", InferenceSpecification=specification)
    aws.sagemaker.create_notebook_instance(
        NotebookInstanceName="notebook", InstanceType="ml.g6.xlarge", RoleArn=aws.role()
    )
    specification["SupportedTransformInstanceTypes"] = ["ml.nope.large"]
    more = {"Name": "a-second", **specification}
    request = {
        "ModelPackageName": "refused",
        "InferenceSpecification": specification,
        "AdditionalInferenceSpecifications": [more],
    }
    code, message = refusal(aws.sagemaker.create_model_package, **request)
    assert code == "ValidationException"
    assert message.startswith(
        "Value 'ml.nope.large' at 'SupportedTransformInstanceTypes' failed to satisfy constraint:"
    )
