"""Tokens, logical names, parents and the order of things are public contract: a change here is a change for users.

A renamed resource is deleted and created anew unless it carries an alias. `pytest --snapshot-update` writes the
snapshots.
"""

import pulumi
import pytest

from components.aws.artifact_store import ArtifactStore
from components.aws.data_capture_store import DataCaptureStore
from components.aws.model_deployment import deploy_model
from components.aws.model_monitor import DriftBaseline
from components.specs.environment import CaptureStore, Encryption
from stacks.providers import providers_of
from tests.unit.components.deployment_graph import record
from tests.unit.components.resolved import ARTIFACTS, KEY_ARN, release, resolved


def artifact_store(readers=("111122223333", "123456789012", "111122223333")):
    def program():
        ArtifactStore(
            "artifacts",
            spec=ARTIFACTS,
            reader_account_ids=readers,
            model_names=["churn", "tumor"],
            tags={"greenroom:environment": "artifacts"},
            opts=providers_of("123456789012", "us-east-1", {}).for_components,
        )

    return record(program, stack="artifacts")


def capture_store(encryption=None):
    def program():
        DataCaptureStore(
            "dev-capture",
            bucket_name="greenroom-capture-dev-111122223333-us-east-1",
            account_id="111122223333",
            region="us-east-1",
            spec=CaptureStore(retention_days=7, force_destroy=True),
            encryption=encryption,
            tags={"greenroom:environment": "dev"},
            opts=providers_of("111122223333", "us-east-1", {}).for_components,
        )

    return record(program)


def whole_model(**differences):
    def program():
        model = resolved(**differences)
        opts = providers_of(model.account_id, model.region, {"stage": "dev"}).for_components
        deployment = deploy_model(model, capture_store=None, baseline=DriftBaseline(("x",)), opts=opts)
        pulumi.export("model", deployment.outputs())

    return record(program)


def inputs_of(deployment):
    return {one.key: one.inputs for one in sorted(deployment.resources, key=lambda one: one.key)}


@pytest.mark.parametrize("deploy", [artifact_store, capture_store, whole_model])
def test_who_comes_after_whom(deploy, snapshot):
    assert deploy().graph() == snapshot


@pytest.mark.parametrize("deploy", [artifact_store, capture_store, whole_model])
def test_what_is_asked_of_aws(deploy, snapshot):
    assert inputs_of(deploy()) == snapshot


def test_a_rollback_target_adds_its_policy_model_and_configuration_only(snapshot):
    alone = {one.key for one in whole_model(current=release("b")).resources}
    assert (
        sorted({one.key for one in whole_model(current=release("b"), previous=(release("a"),)).resources} - alone)
        == snapshot
    )


@pytest.mark.parametrize("deploy", [artifact_store, capture_store, whole_model])
def test_every_resource_is_a_components_child_and_acts_through_an_explicit_provider(deploy):
    for one in deploy().resources:
        if one.type.startswith(("pulumi:providers:", "greenroom:aws:")):
            continue
        assert one.parent.startswith("greenroom:aws:"), one.key
        if one.type != "pulumi:index:Stash":
            package = one.type.split(":")[0]
            assert one.provider == f"pulumi:providers:{package}::{package}", one.key


def test_a_provider_is_bound_to_the_environments_account():
    deployment = whole_model()
    for package in ("aws", "aws-native"):
        inputs = deployment.one(f"pulumi:providers:{package}").inputs
        assert inputs["region"] == "us-east-1"
        assert inputs["allowedAccountIds"] in (["111122223333"], '["111122223333"]')


def test_what_users_need_to_know_is_an_output():
    assert whole_model().outputs["model"] == {
        "endpoint_name": "dev-tumor",
        "endpoint_arn": "arn:of:dev-tumor",
        "endpoint_config_name": whole_model()
        .one("aws:sagemaker/endpointConfiguration:EndpointConfiguration")
        .inputs["name"],
        "capture_uri": "s3://greenroom-capture-dev-111122223333-us-east-1/data-capture/dev-tumor/",
        "alarm_arns": {
            one.name: f"arn:of:{one.name}" for one in whole_model().of("aws:cloudwatch/metricAlarm:MetricAlarm")
        },
        "unwell_alarm_arn": "arn:of:dev-tumor-unwell",
        "alarm_topic_arn": "arn:of:dev-tumor-alarms",
        "dashboard_url": (
            "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/dev-tumor"
        ),
        "monitoring_schedule_arn": "arn:of:dev-tumor-data-quality",
    }


def test_without_scaling_monitor_and_capture_there_is_none_of_them():
    deployment = whole_model(scaling=..., monitors=[], data_capture=...)
    types = {one.type for one in deployment.resources}
    assert not types & {"greenroom:aws:EndpointAutoscaling", "greenroom:aws:DataQualityMonitor"}
    assert deployment.outputs["model"].get("capture_uri") is None
    config = deployment.one("aws:sagemaker/endpointConfiguration:EndpointConfiguration")
    assert "dataCaptureConfig" not in config.inputs


def test_an_environments_key_encrypts_captured_data():
    rules = capture_store(Encryption(kms_key_arn=KEY_ARN)).one(
        "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
    )
    assert rules.inputs["rules"] == [
        {
            "bucketKeyEnabled": True,
            "applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": KEY_ARN},
        }
    ]


def test_a_store_that_only_its_own_account_reads_grants_nothing():
    alone = artifact_store(readers=("123456789012",))
    assert "Environments" not in alone.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]
    assert "Environments" not in alone.one("aws:kms/key:Key").inputs["policy"]
