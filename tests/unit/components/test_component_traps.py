"""The traps of SageMaker as code that components are to keep people out of; the numbers are those of the design's list."""

import json
import re
from itertools import pairwise

import pulumi
import pytest

from components.aws.alarm_definitions import Metric, MetricMath, alarm_definitions, rollback_alarm_definitions
from components.aws.endpoint_config import endpoint_config_name, model_name
from components.aws.model_deployment import deploy_model
from components.aws.model_endpoint import EndpointNotUpdatedError
from components.aws.model_monitor import METRICS_NAMESPACE, DriftBaseline
from components.specs.names import NAME_PATTERN
from stacks.providers import providers_of
from tests.unit.components.deployment_graph import Deployment, record
from tests.unit.components.resolved import KEY_ARN, release, resolved

BASELINE = DriftBaseline(tuple(f"feature {index}" for index in range(12)), comparison_threshold=0.2)
CONFIG = "aws:sagemaker/endpointConfiguration:EndpointConfiguration"
MODEL = "aws:sagemaker/model:Model"
ENDPOINT = "aws-native:sagemaker:Endpoint"
POLICY = "aws:iam/rolePolicy:RolePolicy"
TARGET = "aws:appautoscaling/target:Target"
SCALING_POLICY = "aws:appautoscaling/policy:Policy"
DEFINITION = "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition"
SCHEDULE = "aws:sagemaker/monitoringSchedule:MonitoringSchedule"
ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
STASH = "pulumi:index:Stash"


DEPLOYED: dict[tuple[str, bool], Deployment] = {}
"""What was recorded of a model is recorded once: the tests only look at it."""


def deployed(model=None, *, preview=False, live_config_name=None, **differences) -> Deployment:
    model = resolved(**differences) if model is None else model
    key = (repr(model), preview)
    if live_config_name is not None:
        return recorded(model, preview=preview, live_config_name=live_config_name)
    if key not in DEPLOYED:
        DEPLOYED[key] = recorded(model, preview=preview)
    return DEPLOYED[key]


def recorded(model, *, preview=False, live_config_name=None) -> Deployment:
    def program():
        opts = providers_of(model.account_id, model.region, {}).for_components
        deployment = deploy_model(model, capture_store=None, baseline=BASELINE, opts=opts)
        pulumi.export("model", deployment.outputs())

    return record(program, preview=preview, live_config_name=live_config_name)


def two_variants(first="ml.m5.xlarge"):
    return {
        "production_variants": [{"name": "a", "instance_type": first}, {"name": "b", "instance_type": "ml.m5.large"}]
    }


@pytest.mark.parametrize(
    "difference",
    [
        {"current": release("b")},
        {"serving": two_variants()},
        {"data_capture": {"sampling_percentage": 51}},
        {"security": {"network_isolation": True}},
        {"environment": {"encryption": {"kms_key_arn": KEY_ARN}}},
    ],
)
def test_trap_01_whatever_sagemaker_cannot_update_has_a_name_that_changes_with_its_content(difference):
    before, after = resolved(), resolved(**difference)
    names = [(model_name(one, one.release), endpoint_config_name(one, one.release)) for one in (before, after)]
    assert names[0][1] != names[1][1]
    assert deployed(before).one(ENDPOINT).inputs["endpointName"] == deployed(after).one(ENDPOINT).inputs["endpointName"]


def test_trap_01_an_unchanged_model_has_unchanged_names():
    first, second = recorded(resolved()), recorded(resolved())
    assert {one.key: one.inputs for one in first.resources} == {one.key: one.inputs for one in second.resources}


def test_trap_01_tags_and_alarms_are_no_reason_for_a_new_configuration():
    plain = resolved()
    other = resolved(tags={"team": "x"}, alarms={}, owner="others", log_retention_days=7)
    assert endpoint_config_name(plain, plain.release) == endpoint_config_name(other, other.release)


def test_trap_02_the_last_releases_stay_deployed_as_rollback_targets():
    deployment = deployed(current=release("b"), previous=(release("a"),))
    model = resolved(current=release("b"), previous=(release("a"),))
    for type_, name_of in ((MODEL, model_name), (CONFIG, endpoint_config_name)):
        names = {name_of(model, one) for one in (model.release, *model.previous_releases)}
        assert {one.name for one in deployment.of(type_)} == names
    live = endpoint_config_name(model, model.release)
    assert deployment.one(ENDPOINT).depends_on.count(f"{CONFIG}::{live}") == 1


def test_trap_02_a_rollback_target_is_what_was_deployed_before():
    before = deployed(current=release("a"))
    after = deployed(current=release("b"), previous=(release("a"),))
    for type_ in (MODEL, CONFIG):
        deployed_before = before.one(type_)
        assert deployed_before.inputs == after.one(type_, deployed_before.name).inputs
    policy = "dev-tumor-aaaaaaaaaa"
    assert before.one(POLICY, policy).inputs == after.one(POLICY, policy).inputs


def test_trap_02_a_release_may_be_read_until_its_configuration_is_gone():
    deployment = deployed(current=release("b"), previous=(release("a"),))
    model = resolved(current=release("b"), previous=(release("a"),))
    for one in (model.release, *model.previous_releases):
        config = deployment.one(CONFIG, endpoint_config_name(model, one))
        assert deployment.reaches(config, deployment.one(POLICY, f"dev-tumor-{one.hex_digest[:10]}"))


def test_trap_03_an_update_that_sagemaker_rolled_back_fails_the_deployment():
    with pytest.raises(EndpointNotUpdatedError) as raised:
        deployed(live_config_name="dev-tumor-0000000000")
    model = resolved()
    assert raised.value.wanted == endpoint_config_name(model, model.release)
    assert raised.value.live == "dev-tumor-0000000000"
    assert "endpoint dev-tumor serves the configuration 'dev-tumor-0000000000'" in str(raised.value)
    assert "pulumi up --refresh" in str(raised.value)


@pytest.mark.parametrize("type_", [MODEL, CONFIG, DEFINITION])
def test_trap_03_what_a_rolled_back_update_leaves_can_be_gone_back_to(type_):
    # A replacement would leave the old one pending deletion, and a new one of its name would be refused as existing.
    for change in ({}, {"serving": two_variants(), "rollout": {"kind": "all_at_once"}}):
        deployment = deployed(**change)
        assert all(one.name == one.inputs["name"] for one in deployment.of(type_))


def test_trap_03_a_preview_asks_nothing_of_the_live_endpoint():
    deployment = deployed(preview=True, live_config_name="dev-tumor-0000000000")
    assert deployment.invokes == []
    assert deployment.outputs["model"]["endpoint_config_name"] == deployment.one(CONFIG).inputs["name"]


def test_trap_04_an_update_keeps_the_instance_count_that_scaling_chose_and_nothing_else():
    endpoint = deployed().one(ENDPOINT).inputs
    assert endpoint["retainAllVariantProperties"] is True
    assert endpoint["excludeRetainedVariantProperties"] == [
        {"variantPropertyType": "DesiredWeight"},
        {"variantPropertyType": "DataCaptureConfig"},
    ]


def test_trap_04_without_scaling_the_specs_instance_count_counts():
    endpoint = deployed(scaling=...).one(ENDPOINT).inputs
    assert endpoint["retainAllVariantProperties"] is False
    assert "excludeRetainedVariantProperties" not in endpoint


def test_trap_05_a_changed_fleet_deregisters_before_the_update_and_registers_after_it():
    deployment = deployed(serving=two_variants(), rollout={"kind": "all_at_once"})
    stash, endpoint = deployment.one(STASH), deployment.one(ENDPOINT)
    assert stash.inputs == {"input": {"a": "ml.m5.xlarge", "b": "ml.m5.large"}}
    assert (stash.replace_on_changes, stash.delete_before_replace) == (("input",), True)
    for variant in ("a", "b"):
        target = deployment.one(TARGET, f"dev-tumor-{variant}")
        policy = deployment.one(SCALING_POLICY, f"dev-tumor-{variant}")
        # Deleting the Stash deletes first what would be replaced with it: a property made of its output.
        assert target.property_dependencies["resourceId"] == (stash.key,)
        assert target.inputs["resourceId"] == f"endpoint/dev-tumor/variant/{variant}"
        assert policy.property_dependencies["resourceId"] == (target.key,)
        assert endpoint.key in target.depends_on
    # The Endpoint comes after the Stash, and no property of it is made of the Stash: it is updated, not replaced.
    assert stash.key in endpoint.depends_on
    assert stash.key not in {urn for urns in endpoint.property_dependencies.values() for urn in urns}


def test_trap_05_the_fleet_is_kept_without_scaling_so_that_taking_scaling_away_deregisters_first():
    assert deployed(scaling=...).one(STASH).inputs == {"input": {"AllTraffic": "ml.m5.xlarge"}}


def test_trap_05_a_new_instance_count_or_release_leaves_scaling_registered():
    counts = {"production_variants": [{"instance_type": "ml.m5.xlarge", "initial_instance_count": 3}]}
    stashes = [deployed(**one).one(STASH).inputs for one in ({}, {"serving": counts}, {"current": release("b")})]
    assert all(one == other for one, other in pairwise(stashes))


def test_trap_07_sagemaker_gives_up_when_the_provider_does():
    policy = deployed().one(ENDPOINT).inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    assert policy == {
        "trafficRoutingConfiguration": {
            "type": "CANARY",
            "canarySize": {"type": "CAPACITY_PERCENT", "value": 10},
            "waitIntervalInSeconds": 600,
        },
        "terminationWaitInSeconds": 0,
        "maximumExecutionTimeoutInSeconds": 3600,
    }


def test_trap_08_all_at_once_is_watched_while_the_old_fleet_is_kept():
    """https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green-all-at-once.html."""
    model = resolved(rollout={"kind": "all_at_once", "wait_seconds": 300, "termination_wait_seconds": 60})
    policy = deployed(model).one(ENDPOINT).inputs["deploymentConfig"]["blueGreenUpdatePolicy"]
    assert policy == {
        "trafficRoutingConfiguration": {"type": "ALL_AT_ONCE", "waitIntervalInSeconds": 300},
        "terminationWaitInSeconds": 360,
        "maximumExecutionTimeoutInSeconds": 3600,
    }


def test_trap_08_rollback_alarms_watch_the_new_fleet_and_come_before_the_endpoint():
    model = resolved()
    deployment = deployed(model)
    endpoint = deployment.one(ENDPOINT)
    names = [one["alarmName"] for one in endpoint.inputs["deploymentConfig"]["autoRollbackConfiguration"]["alarms"]]
    assert names == ["dev-tumor-AllTraffic-rollback-5xx", "dev-tumor-AllTraffic-rollback-model-latency"]
    config = {"EndpointConfigName": endpoint_config_name(model, model.release)}
    for name in names:
        alarm = deployment.one(ALARM, name)
        metrics = [one["metric"] for one in alarm.inputs.get("metricQueries", []) if "metric" in one] or [alarm.inputs]
        assert all(config.items() <= one["dimensions"].items() for one in metrics)
        assert alarm.inputs["treatMissingData"] == "notBreaching"
        assert alarm.key in endpoint.depends_on
        assert not deployment.reaches(alarm, endpoint)


def test_trap_08_the_execution_role_may_read_exactly_the_rollback_alarms():
    policy = json.loads(deployed().one(POLICY, "dev-tumor-execution").inputs["policy"])
    (watch,) = [one for one in policy["Statement"] if one["Action"] == ["cloudwatch:DescribeAlarms"]]
    assert watch["Resource"] == [
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-tumor-AllTraffic-rollback-5xx",
        "arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-tumor-AllTraffic-rollback-model-latency",
    ]


def test_trap_08_latencies_are_written_in_milliseconds_and_compared_in_microseconds():
    by_name = {one.name: one for one in (*alarm_definitions(resolved(), None), *rollback_alarm_definitions(resolved()))}
    assert by_name["dev-tumor-AllTraffic-model-latency"].threshold == 250_000.0
    assert by_name["dev-tumor-AllTraffic-rollback-model-latency"].threshold == 250_000.0
    assert by_name["dev-tumor-AllTraffic-overhead-latency"].threshold == 500_000.0


def test_trap_08_without_auto_rollback_nothing_rolls_back():
    deployment = deployed(rollout={"kind": "canary", "auto_rollback": False})
    assert "autoRollbackConfiguration" not in deployment.one(ENDPOINT).inputs["deploymentConfig"]
    assert not [one.name for one in deployment.of(ALARM) if "rollback" in one.name]


def test_trap_08_an_update_watches_at_most_ten_alarms_and_errors_first():
    variants = [{"name": f"fleet-{letter}", "instance_type": "ml.m5.large"} for letter in "ghijklm"]
    model = resolved(serving={"production_variants": variants}, rollout={"kind": "all_at_once"})
    names = [one.name for one in rollback_alarm_definitions(model)]
    assert len(names) == 10
    assert [name for name in names if name.endswith("5xx")] == [
        f"dev-tumor-{variant['name']}-rollback-5xx" for variant in variants
    ]


def test_trap_09_a_scalable_target_names_no_role():
    assert "roleArn" not in deployed().one(TARGET).inputs


def test_trap_11_no_resource_relies_on_ignore_changes():
    # What a user may want to leave alone is an input of a component; `ignore_changes` on it would not reach a child.
    assert deployed(scaling=...).of(TARGET) == []
    assert deployed(monitors=[]).of(SCHEDULE) == []


def test_trap_16_volumes_of_instances_with_local_storage_get_no_key():
    encryption = {"encryption": {"kms_key_arn": KEY_ARN}}
    local = {"production_variants": [{"instance_type": "ml.g5.xlarge"}]}
    with_key = deployed(environment=encryption).one(CONFIG).inputs
    without = deployed(
        environment=encryption, serving=local, security={"encrypt_volumes_with_environment_key": False}
    ).one(CONFIG)
    assert with_key["kmsKeyArn"] == KEY_ARN
    assert "kmsKeyArn" not in without.inputs
    assert without.inputs["dataCaptureConfig"]["kmsKeyId"] == KEY_ARN


def test_trap_17_every_sagemaker_name_is_one():
    deployment = deployed(environment={"endpoint_name_prefix": "d" * 40})
    types = (MODEL, CONFIG, DEFINITION, SCHEDULE, "aws:iam/role:Role")
    names = [one.inputs["name"] for type_ in types for one in deployment.of(type_)]
    assert len(names) == 6
    assert all(re.fullmatch(NAME_PATTERN, name) and len(name) <= 63 for name in names)


def test_trap_18_the_endpoint_and_its_models_come_after_the_roles_policies():
    deployment = deployed()
    for policy in (deployment.one(POLICY, "dev-tumor-execution"), deployment.one(POLICY, "dev-tumor-aaaaaaaaaa")):
        assert deployment.reaches(deployment.one(ENDPOINT), policy)
    assert deployment.reaches(deployment.one(MODEL), deployment.one(POLICY, "dev-tumor-aaaaaaaaaa"))
    assert deployment.reaches(deployment.one(DEFINITION), deployment.one(POLICY, "dev-tumor-data-quality-execution"))


def test_trap_19_the_role_reaches_image_and_key_of_other_accounts():
    deployment = deployed()
    common = json.loads(deployment.one(POLICY, "dev-tumor-execution").inputs["policy"])["Statement"]
    of_release = json.loads(deployment.one(POLICY, "dev-tumor-aaaaaaaaaa").inputs["policy"])["Statement"]
    (decrypt,) = [one for one in common if one["Action"] == ["kms:Decrypt"]]
    (pull,) = [one for one in of_release if "ecr:BatchGetImage" in one["Action"]]
    assert decrypt["Resource"] == ["arn:aws:kms:us-east-1:123456789012:key/*"]
    assert pull["Resource"] == ["arn:aws:ecr:us-east-1:683313688378:repository/sagemaker-scikit-learn"]


def test_trap_22_scaling_is_deregistered_before_the_endpoint_goes():
    deployment = deployed()
    assert deployment.reaches(deployment.one(SCALING_POLICY), deployment.one(TARGET))
    assert deployment.reaches(deployment.one(TARGET), deployment.one(ENDPOINT))


def test_trap_23_start_up_timeouts_are_the_specs():
    variant = {
        "instance_type": "ml.m5.large",
        "model_data_download_timeout_seconds": 900,
        "container_startup_health_check_timeout_seconds": 600,
    }
    (configured,) = deployed(serving={"production_variants": [variant]}).one(CONFIG).inputs["productionVariants"]
    assert configured["modelDataDownloadTimeoutInSeconds"] == 900
    assert configured["containerStartupHealthCheckTimeoutInSeconds"] == 600


def test_trap_24_model_data_are_an_uncompressed_prefix():
    container = deployed().one(MODEL).inputs["primaryContainer"]
    assert container["modelDataSource"] == {
        "s3DataSources": [
            {
                "s3Uri": f"s3://example-artifacts/releases/tumor/{'a' * 64}/model/",
                "s3DataType": "S3Prefix",
                "compressionType": "None",
            }
        ]
    }
    assert "modelDataUrl" not in container


@pytest.mark.parametrize(
    "difference",
    [
        {"current": release("b")},
        {"monitors": [{"kind": "data_quality", "max_runtime_seconds": 1000}]},
        {"monitors": [{"kind": "data_quality", "instance_type": "ml.m5.xlarge"}]},
        {"monitors": [{"kind": "data_quality", "baseline": "none"}]},
    ],
)
def test_trap_25_a_changed_job_definition_is_a_new_one_and_the_schedule_points_at_it(difference):
    before, after = deployed(), deployed(**difference)
    assert before.one(DEFINITION).inputs["name"] != after.one(DEFINITION).inputs["name"]
    for deployment in (before, after):
        schedule = deployment.one(SCHEDULE).inputs
        assert schedule["name"] == "dev-tumor-data-quality"
        config = schedule["monitoringScheduleConfig"]
        assert config["monitoringJobDefinitionName"] == deployment.one(DEFINITION).inputs["name"]


def test_trap_26_the_schedule_goes_before_its_endpoint():
    deployment = deployed()
    assert deployment.one(ENDPOINT).key in deployment.one(SCHEDULE).depends_on
    assert deployment.one(ENDPOINT).key in deployment.one(DEFINITION).depends_on


def test_trap_27_drift_metrics_are_named_in_one_place():
    drift = [one.watches for one in alarm_definitions(resolved(), BASELINE) if "data-quality" in one.name]
    maths = [one for one in drift if isinstance(one, MetricMath)]
    assert METRICS_NAMESPACE == "aws/sagemaker/Endpoints/data-metrics"
    assert [len(one.metrics) for one in maths] == [10, 2]
    assert maths[1].expression == "(FILL(m0, 0) > 0.2) + (FILL(m1, 0) > 0.2)"
    assert maths[1].metrics["m0"] == Metric(
        METRICS_NAMESPACE,
        "feature_baseline_drift_feature 10",
        {"Endpoint": "dev-tumor", "Feature": "feature 10", "MonitoringSchedule": "dev-tumor-data-quality"},
        "Sum",
    )


def test_trap_28_a_run_without_data_is_no_drift():
    drift = [one for one in alarm_definitions(resolved(), BASELINE) if "data-quality" in one.name]
    assert {one.treat_missing_data for one in drift} == {"notBreaching"}


def test_trap_28_a_run_has_a_limit():
    assert deployed().one(DEFINITION).inputs["stoppingCondition"] == {"maxRuntimeInSeconds": 1800}


def test_trap_29_capture_may_write_under_its_prefix_with_the_environments_key():
    deployment = deployed(environment={"encryption": {"kms_key_arn": KEY_ARN}})
    statements = json.loads(deployment.one(POLICY, "dev-tumor-execution").inputs["policy"])["Statement"]
    by_sid = {one["Sid"]: one for one in statements}
    destination = deployment.one(CONFIG).inputs["dataCaptureConfig"]["destinationS3Uri"]
    (written,) = by_sid["WriteCapturedData"]["Resource"]
    assert written == f"arn:aws:s3:::{destination.removeprefix('s3://')}/dev-tumor/*"
    assert "kms:GenerateDataKey" in by_sid["UseEnvironmentKey"]["Action"]


def test_trap_29_without_capture_nothing_may_be_written():
    policy = deployed(data_capture=..., monitors=[]).one(POLICY, "dev-tumor-execution").inputs["policy"]
    assert "s3:PutObject" not in policy
