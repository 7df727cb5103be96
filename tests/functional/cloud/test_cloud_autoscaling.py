"""Scalable targets of endpoint variants.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

import pytest
from botocore.exceptions import ClientError

from tests.functional.cloud.conftest import ACCOUNT, variant

pytestmark = pytest.mark.slow  # a cloud a test

TARGET = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/endpoint/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
MUST_BE_DEREGISTERED = (
    'The variant(s) "[AllTraffic]" must be deregistered as scalable targets with AutoScaling before they can be '
    "removed or have their instance type updated."
)
POLICY = {
    "TargetValue": 70.0,
    "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"},
}


@pytest.fixture
def scaling(aws):
    return aws.client("application-autoscaling")


def register(scaling, **more):
    return scaling.register_scalable_target(**TARGET, MinCapacity=1, MaxCapacity=4, **more)["ScalableTargetARN"]


def refusal(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    error = caught.value.response["Error"]
    return error["Code"], error["Message"]


def put_policy(scaling):
    return scaling.put_scaling_policy(
        **TARGET,
        PolicyName="policy",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=POLICY,
    )["PolicyARN"]


@pytest.mark.parametrize(("instance_type", "keeps_variant"), [("ml.m5.xlarge", True), ("ml.m5.large", False)])
def test_trap_05_a_scaled_variant_is_neither_removed_nor_given_another_instance_type(
    aws, scaling, instance_type, keeps_variant
):
    # hashicorp/terraform-provider-aws#14337
    aws.endpoint()
    register(scaling)
    name = "AllTraffic" if keeps_variant else "Other"
    aws.config("config-2", variants=[variant(name, InstanceType=instance_type)])
    update = {"EndpointName": "endpoint", "EndpointConfigName": "config-2"}
    assert refusal(aws.sagemaker.update_endpoint, **update) == (
        "ValidationException",
        MUST_BE_DEREGISTERED,
    )
    scaling.deregister_scalable_target(**TARGET)
    aws.sagemaker.update_endpoint(**update)
    aws.time.advance(1)
    assert aws.sagemaker.describe_endpoint(EndpointName="endpoint")["EndpointConfigName"] == "config-2"


def test_a_scaled_variant_may_get_another_model(aws, scaling):
    aws.endpoint()
    register(scaling)
    aws.config("config-2", model=aws.model("model-2"))
    aws.sagemaker.update_endpoint(EndpointName="endpoint", EndpointConfigName="config-2")


def test_trap_10_a_burstable_variant_cannot_be_scaled(aws, scaling):
    # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html; wording a guess
    aws.model()
    aws.config("config-1", variants=[variant(InstanceType="ml.t2.medium")])
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config-1")
    aws.time.advance(1)
    assert refusal(register, scaling=scaling) == (
        "ValidationException",
        "Scaling is not supported for burstable instance types: endpoint/endpoint/variant/AllTraffic uses ml.t2.medium",
    )


def test_a_variant_that_is_not_there_or_not_in_service_cannot_be_scaled(aws, scaling):
    assert refusal(register, scaling=scaling)[0] == "ValidationException"
    aws.model()
    aws.config("config-1")
    aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config-1")
    assert "endpoint status Creating" in refusal(register, scaling=scaling)[1]
    aws.time.advance(1)
    register(scaling)


def test_deregistering_deletes_the_targets_policies(aws, scaling):
    # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
    aws.endpoint()
    register(scaling)
    put_policy(scaling)
    scaling.deregister_scalable_target(**TARGET)
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_trap_22_deleting_an_endpoint_deregisters_its_targets(aws, scaling):
    # awslabs/stable-diffusion-aws-extension#161
    aws.endpoint()
    register(scaling)
    put_policy(scaling)
    aws.sagemaker.delete_endpoint(EndpointName="endpoint")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    assert scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"] == []


def test_a_policy_needs_its_target_and_keeps_its_arn_when_it_changes(aws, scaling):
    # https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
    aws.endpoint()
    assert refusal(put_policy, scaling=scaling)[0] == "ObjectNotFoundException"
    register(scaling)
    assert put_policy(scaling) == put_policy(scaling)


def test_targets_have_tags(aws, scaling):
    aws.endpoint()
    arn = register(scaling, Tags={"team": "a", "b": "c"})
    scaling.tag_resource(ResourceARN=arn, Tags={"team": "d"})
    scaling.untag_resource(ResourceARN=arn, TagKeys=["b"])
    assert scaling.list_tags_for_resource(ResourceARN=arn)["Tags"] == {"team": "d"}
    missing = f"arn:aws:application-autoscaling:us-east-1:{ACCOUNT}:scalable-target/none"
    assert refusal(scaling.list_tags_for_resource, ResourceARN=missing)[0] == "ResourceNotFoundException"


def test_nothing_was_scaled_and_nothing_is_said_to_have_been(aws, scaling):
    assert scaling.describe_scaling_activities(ServiceNamespace="sagemaker")["ScalingActivities"] == []
