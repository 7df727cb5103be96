"""What SageMaker refuses across fields: a row a rule, with the page that says it."""

from __future__ import annotations

from typing import Any

import pytest
from moto.sagemaker.exceptions import AWSValidationException

from greenroom.sandbox.cloud.sagemaker import deployment_rules, endpoint_config_rules
from greenroom.sandbox.cloud.sagemaker.deployment_rules import NewUpdate
from greenroom.sandbox.cloud.sagemaker.instance_types import LOCAL_STORAGE_FAMILIES, hosting_instance_types
from greenroom.sandbox.cloud.sagemaker.models import SageMakerModel, check_new_model
from greenroom.sandbox.cloud.sagemaker.service_limits import check_limits

ACCOUNT = "111122223333"
CONTAINER = {"Image": "image:1"}
MODEL_PARAMS: dict[str, dict[str, Any]] = {
    "model": {"PrimaryContainer": CONTAINER},
    "isolated": {"PrimaryContainer": CONTAINER, "EnableNetworkIsolation": True},
    "in-vpc": {"PrimaryContainer": CONTAINER, "VpcConfig": {"Subnets": ["s"], "SecurityGroupIds": ["g"]}},
    "many": {"PrimaryContainer": CONTAINER | {"Mode": "MultiModel", "ModelDataUrl": "s3://bucket/models/"}},
    "pipeline": {"Containers": [CONTAINER, CONTAINER]},
}
MODELS = {
    name: SageMakerModel({"ModelName": name, **params}, ACCOUNT, "us-east-1") for name, params in MODEL_PARAMS.items()
}
SERVERLESS = {"MemorySizeInMB": 2048, "MaxConcurrency": 5}
CAPTURE = {"InitialSamplingPercentage": 1, "DestinationS3Uri": "s3://b/c", "CaptureOptions": []}
ASYNC = {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}}


def on_instances(name="AllTraffic", **more) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": "model", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1} | more


def serverless(name="AllTraffic", model="model", **more) -> dict[str, Any]:
    return {"VariantName": name, "ModelName": model, "ServerlessConfig": SERVERLESS | more}


def config(*variants, shadow=(), **more) -> dict[str, Any]:
    shadows = {"ShadowProductionVariants": list(shadow)} if shadow else {}
    return {"EndpointConfigName": "config", "ProductionVariants": list(variants), **shadows, **more}


DG = "https://docs.aws.amazon.com/sagemaker/latest/dg"
API = "https://docs.aws.amazon.com/sagemaker/latest/APIReference"
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    (
        f"{API}/API_CreateEndpointConfig.html",
        config(on_instances(), on_instances()),
        "Production variant names must be unique: AllTraffic",
    ),
    (
        f"{API}/API_CreateEndpointConfig.html",
        config(*(on_instances(f"v{number}") for number in range(11))),
        "at most 10 production variants, not 11",
    ),
    (
        f"{API}/API_ProductionVariant.html",
        config({"VariantName": "v", "ModelName": "model"}),
        "Variant v needs an InstanceType or a ServerlessConfig.",
    ),
    (
        f"{API}/API_ProductionVariant.html",
        config(on_instances("v", ServerlessConfig=SERVERLESS)),
        "Variant v cannot have both ServerlessConfig and InstanceType and InitialInstanceCount.",
    ),
    (f"{DG}/serverless-endpoints.html", config(serverless("a"), serverless("b")), "host one production variant"),
    (f"{DG}/serverless-endpoints.html", config(serverless(), DataCaptureConfig=CAPTURE), "do not support data capture"),
    (f"{DG}/serverless-endpoints.html", config(serverless(), AsyncInferenceConfig=ASYNC), "asynchronous inference"),
    (f"{DG}/serverless-endpoints.html", config(serverless(model="isolated")), "network isolation: model isolated"),
    (f"{DG}/serverless-endpoints.html", config(serverless(model="in-vpc")), "a VPC configuration: model in-vpc"),
    (f"{DG}/serverless-endpoints.html", config(serverless(model="many")), "multi-model endpoints: model many"),
    (f"{DG}/serverless-endpoints.html", config(serverless(model="pipeline")), "inference pipelines: model pipeline"),
    (
        f"{API}/API_ProductionVariantServerlessConfig.html",
        config(serverless(MemorySizeInMB=1500)),
        "MemorySizeInMB 1500 is not one of 1024, 2048, 3072, 4096, 5120, 6144.",
    ),
    (
        f"{API}/API_ProductionVariantServerlessConfig.html",
        config(serverless(ProvisionedConcurrency=6)),
        "ProvisionedConcurrency 6 must be less than or equal to MaxConcurrency 5.",
    ),
    (
        "https://github.com/aws/aws-cdk-rfcs/pull/433",
        config(on_instances("a"), on_instances("b"), AsyncInferenceConfig=ASYNC),
        "Asynchronous inference endpoints host one production variant.",
    ),
    (
        f"{DG}/shadow-tests-exclusions.html",
        config(on_instances("a"), shadow=[on_instances("b")], AsyncInferenceConfig=ASYNC),
        "Asynchronous inference endpoints do not support shadow variants.",
    ),
    (
        f"{API}/API_CreateEndpointConfig.html",
        config(on_instances("a"), on_instances("b"), shadow=[on_instances("c")]),
        "one in ShadowProductionVariants, not 2 and 1.",
    ),
    (
        f"{DG}/shadow-tests-exclusions.html",
        config(on_instances("a"), shadow=[on_instances("b", InstanceType="ml.inf1.xlarge")]),
        "Shadow tests do not support Inf1 instances: variant b.",
    ),
    (
        f"{DG}/shadow-tests-exclusions.html",
        config(on_instances("a"), shadow=[on_instances("b", ModelName="many")]),
        "Shadow tests do not support multi-model endpoints: model many.",
    ),
    (
        f"{DG}/shadow-tests-exclusions.html",
        config(on_instances("a", ModelName="pipeline"), shadow=[on_instances("b")]),
        "Shadow tests do not support endpoints of several containers: model pipeline.",
    ),
    (
        f"{API}/API_CreateEndpointConfig.html",
        config(on_instances(InstanceType="ml.g5.xlarge"), KmsKeyId="key"),
        "KmsKeyId cannot be given with instance type ml.g5.xlarge",
    ),
    (
        f"{DG}/host-instance-storage.html",
        config(on_instances(InstanceType="ml.m5d.large", VolumeSizeInGB=30)),
        "VolumeSizeInGB cannot be given with instance type ml.m5d.large",
    ),
    (
        f"{API}/API_ProductionVariantManagedInstanceScaling.html",
        config(on_instances("v", ManagedInstanceScaling={"MinInstanceCount": 3, "MaxInstanceCount": 2})),
        "Variant v: MinInstanceCount 3 is above MaxInstanceCount 2.",
    ),
    (
        f"{API}/API_ProductionVariantManagedInstanceScaling.html",
        config(on_instances("v", ManagedInstanceScaling={"MinInstanceCount": 2, "MaxInstanceCount": 4})),
        "Variant v: InitialInstanceCount 1 is outside its ManagedInstanceScaling.",
    ),
    (
        f"{DG}/realtime-endpoints-deploy-models.html",
        config({"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}),
        "inference components need an ExecutionRoleArn",
    ),
]


@pytest.mark.parametrize(("source", "params", "message"), REFUSED, ids=[message for _, _, message in REFUSED])
def test_an_endpoint_configuration_that_aws_refuses_is_refused(source, params, message):
    assert source.startswith("https://")
    (told,) = endpoint_config_rules.violations(params, MODELS)
    assert message in told


@pytest.mark.parametrize(
    "params",
    [
        config(on_instances(), KmsKeyId="key", DataCaptureConfig=CAPTURE),
        config(on_instances("a", ModelName="pipeline"), on_instances("b", ModelName="many")),
        config(on_instances("a", InitialVariantWeight=0.0), shadow=[on_instances("b")]),
        config(on_instances(InstanceType="ml.g5.xlarge")),
        config(serverless(ProvisionedConcurrency=5)),
        config(on_instances(), AsyncInferenceConfig=ASYNC, DataCaptureConfig=CAPTURE),
        config(
            on_instances(ManagedInstanceScaling={"Status": "ENABLED", "MinInstanceCount": 0, "MaxInstanceCount": 2})
        ),
        config({"VariantName": "v", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}, ExecutionRoleArn="role"),
    ],
)
def test_an_endpoint_configuration_that_aws_takes_is_taken(params):
    assert endpoint_config_rules.violations(params, MODELS) == []


def test_every_broken_rule_is_told_at_once():
    params = config(serverless(), on_instances(), KmsKeyId="key", DataCaptureConfig=CAPTURE)
    assert len(endpoint_config_rules.violations(params, MODELS)) == 3


def test_a_family_with_disks_of_its_own_is_one_that_sagemaker_hosts_on():
    families = {one.split(".")[1] for one in hosting_instance_types()}
    assert families >= LOCAL_STORAGE_FAMILIES


def percent(value):
    return {"Type": "CAPACITY_PERCENT", "Value": value}


def instances(value):
    return {"Type": "INSTANCE_COUNT", "Value": value}


def routing(kind, **size):
    return {
        "BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": {"Type": kind, "WaitIntervalInSeconds": 0, **size}}
    }


def rolling(size, **more):
    return {"RollingUpdatePolicy": {"MaximumBatchSize": size, "WaitIntervalInSeconds": 0, **more}}


def update(deployment_config, count=4, after=None, before=None):
    after = (on_instances(),) if after is None else after
    return NewUpdate(deployment_config, before or after, after, (count,) * len(after))


TWO = (on_instances("a"), on_instances("b"))
REFUSED_UPDATES: list[tuple[NewUpdate, str]] = [
    (
        update(routing("ALL_AT_ONCE") | rolling(percent(50))),
        "Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy",
    ),
    (update(routing("CANARY")), "TrafficRoutingConfiguration of type CANARY needs CanarySize."),
    (update(routing("LINEAR")), "TrafficRoutingConfiguration of type LINEAR needs LinearStepSize."),
    (update(routing("ALL_AT_ONCE", CanarySize=percent(10))), "CanarySize can be given with"),
    (update(routing("CANARY", CanarySize=percent(51))), "CanarySize of 51 (CAPACITY_PERCENT) is 51% of the fleet"),
    (update(routing("CANARY", CanarySize=instances(3))), "75% of the 4 instance(s) of variant AllTraffic"),
    (update(routing("LINEAR", LinearStepSize=percent(9))), "it must be between 10% and 50%."),
    (update(rolling(percent(4))), "MaximumBatchSize of 4 (CAPACITY_PERCENT) is 4% of the fleet"),
    (update(rolling(instances(1)), count=1), "MaximumBatchSize of 1 (INSTANCE_COUNT) is 100% of the 1 instance(s)"),
    (update(rolling(percent(50), RollbackMaximumBatchSize=instances(5))), "RollbackMaximumBatchSize of 5"),
    (update(rolling(percent(50)), after=TWO), "not supported for endpoints of several variants"),
    (update(rolling(percent(50)), after=(serverless(),)), "not supported for serverless endpoints"),
    (
        update(routing("ALL_AT_ONCE"), before=(on_instances("v1"),)),
        "must have the same names as before, v1, not AllTraffic.",
    ),
]


@pytest.mark.parametrize(("new", "message"), REFUSED_UPDATES, ids=[message for _, message in REFUSED_UPDATES])
def test_trap_06_an_update_that_guardrails_do_not_take_is_refused(new, message):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-exclusions.html ,
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_TrafficRoutingConfig.html and
    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_RollingUpdatePolicy.html .
    """
    (told,) = deployment_rules.violations(new)
    assert message in told


@pytest.mark.parametrize(
    "new",
    [
        update(routing("CANARY", CanarySize=percent(50))),
        update(routing("CANARY", CanarySize=instances(2))),
        update(routing("LINEAR", LinearStepSize=percent(10))),
        update(rolling(percent(5), RollbackMaximumBatchSize=percent(100))),
        update(routing("ALL_AT_ONCE"), after=TWO),
        update({"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": "a"}]}}, before=(on_instances("v1"),)),
        NewUpdate(routing("CANARY", CanarySize=instances(3))),  # at CreateEndpoint nothing is known of the update
    ],
)
def test_an_update_that_guardrails_take_is_taken(new):
    assert deployment_rules.violations(new) == []


MANY = {"Image": "image:1", "Mode": "MultiModel"}
REFUSED_MODELS: list[tuple[dict[str, Any], str]] = [
    ({"PrimaryContainer": CONTAINER, "Containers": [CONTAINER]}, "Only one of PrimaryContainer and Containers"),
    ({"Containers": [CONTAINER] * 16}, "A model has at most 15 containers, not 16."),
    ({"Containers": [CONTAINER | {"ContainerHostname": "a"}] * 2}, "ContainerHostname must be unique: a"),
    (
        {"Containers": [CONTAINER], "InferenceExecutionConfig": {"Mode": "Direct"}},
        "Containers that are invoked directly each need a ContainerHostname.",
    ),
    ({"PrimaryContainer": MANY}, "A container of mode MultiModel needs a ModelDataUrl"),
]


@pytest.mark.parametrize(("params", "message"), REFUSED_MODELS, ids=[message for _, message in REFUSED_MODELS])
def test_containers_that_do_not_go_together_are_refused(params, message):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html ."""
    with pytest.raises(AWSValidationException) as refused:
        check_new_model({"ModelName": "new", **params}, "arn", {})
    assert message in str(refused.value)


def test_the_limits_of_single_fields_are_told_all_at_once_in_aws_s_words():
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ProductionVariant.html ."""
    params = config(
        on_instances(ContainerStartupHealthCheckTimeoutInSeconds=3601, VolumeSizeInGB=0),
        serverless("b", MaxConcurrency=201),
        DataCaptureConfig=CAPTURE | {"InitialSamplingPercentage": 101},
    )
    with pytest.raises(AWSValidationException) as refused:
        check_limits("CreateEndpointConfig", params)
    at = "productionVariants"
    capture = "dataCaptureConfig"
    assert str(refused.value.message) == (
        "5 validation errors detected: "
        f"Value '0' at '{at}.1.member.volumeSizeInGB' failed to satisfy constraint: "
        "Member must have value greater than or equal to 1; "
        f"Value '3601' at '{at}.1.member.containerStartupHealthCheckTimeoutInSeconds' failed to satisfy constraint: "
        "Member must have value less than or equal to 3600; "
        f"Value '201' at '{at}.2.member.serverlessConfig.maxConcurrency' failed to satisfy constraint: "
        "Member must have value less than or equal to 200; "
        f"Value '101' at '{capture}.initialSamplingPercentage' failed to satisfy constraint: "
        "Member must have value less than or equal to 100; "
        f"Value '[...]' at '{capture}.captureOptions' failed to satisfy constraint: "
        "Member must have length greater than or equal to 1"
    )


def test_a_deployment_configuration_waits_an_hour_at_most():
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_BlueGreenUpdatePolicy.html ."""
    policy = routing("ALL_AT_ONCE")["BlueGreenUpdatePolicy"] | {"TerminationWaitInSeconds": 3601}
    request = {"EndpointName": "e", "EndpointConfigName": "c", "DeploymentConfig": {"BlueGreenUpdatePolicy": policy}}
    with pytest.raises(AWSValidationException, match="less than or equal to 3600"):
        check_limits("UpdateEndpoint", request)
