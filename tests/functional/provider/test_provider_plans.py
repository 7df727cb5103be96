"""What a preview shows, what is refused before anything is made, and who a provider acts as."""

from __future__ import annotations

import asyncio
from typing import Any

import pulumi
import pytest
from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import Computed, PropertyValue

from greenroom.sandbox.provider import AwsProvider, CloudEndpoint
from greenroom.sandbox.provider.errors import ConfigurationError, UnsupportedFunctionError, UnsupportedTypeError
from greenroom.sandbox.provider.values import UNKNOWN, plain, property_values
from tests.functional.provider.aws_samples_cloudwatch import ALARM, ALARM_TYPE
from tests.functional.provider.aws_samples_messaging import TOPIC_TYPE
from tests.functional.provider.aws_samples_sagemaker import (
    CONFIG,
    CONFIG_TYPE,
    ENDPOINT,
    ENDPOINT_TYPE,
    MODEL,
    MODEL_TYPE,
)
from tests.functional.provider.aws_stage import ACCOUNT, REGION, AwsStage, CheckFailedError
from tests.functional.provider.sample import ROLE_TYPE, trust

CLOUD = CloudEndpoint("http://127.0.0.1:1", frozenset({ACCOUNT}), ACCOUNT)


def test_a_preview_knows_what_is_given_and_not_what_aws_will_choose(stage: AwsStage) -> None:
    inputs = {**MODEL, "executionRoleArn": UNKNOWN}
    planned = stage.preview(MODEL_TYPE, inputs)
    assert planned == {
        **MODEL,
        "arn": UNKNOWN,
        "executionRoleArn": UNKNOWN,
        "inferenceExecutionConfig": UNKNOWN,
        "region": REGION,
        "tagsAll": MODEL["tags"],
    }


def test_a_preview_of_an_update_keeps_what_stands(stage: AwsStage) -> None:
    made = stage.create(ALARM_TYPE, ALARM)
    request = sdk.UpdateRequest(
        made.urn,
        made.resource_id,
        property_values(made.outputs),
        property_values({**ALARM, "threshold": UNKNOWN}),
        0,
        [],
        True,
    )
    planned = asyncio.run(stage.of(ALARM_TYPE).update(request)).properties
    assert planned["arn"].value == made.outputs["arn"]
    assert isinstance(planned["threshold"].value, Computed)


@pytest.mark.parametrize(
    ("token", "inputs", "failures"),
    [
        (
            CONFIG_TYPE,
            {**CONFIG, "productionVariants": [{**CONFIG["productionVariants"][0], "instanceType": "ml.m6i.larg"}]},
            {"productionVariants[0].instanceType": "'ml.m6i.larg' is not allowed; allowed: ml.m6i.large, "},
        ),
        (
            MODEL_TYPE,
            {"name": "a_b", "executionRoleArn": "x"},
            {
                "name": "'a_b' does not match; allowed: ",
                "executionRoleArn": "length 1; allowed: 20 or more",
            },
        ),
        (MODEL_TYPE, {"name": "tumor"}, {"executionRoleArn": "is required and is missing"}),
        (
            MODEL_TYPE,
            {**MODEL, "executionRoleARN": "x"},
            {"executionRoleARN": "is no property of this type; did you mean 'executionRoleArn'?"},
        ),
        (
            MODEL_TYPE,
            {**MODEL, "primaryContainer": "image"},
            {"primaryContainer": "'image' is of the wrong type; allowed: an object"},
        ),
        (MODEL_TYPE, {**MODEL, "tags": {"a" * 129: "b"}}, {f"tags.{'a' * 129}": "129 characters"}),
        (ALARM_TYPE, {**ALARM, "evaluationPeriods": 1.5}, {"evaluationPeriods": "1.5 is of type float; allowed: int"}),
        (ALARM_TYPE, {**ALARM, "evaluationPeriods": True}, {"evaluationPeriods": "True is a bool; allowed: integer"}),
        (
            ENDPOINT_TYPE,
            {**ENDPOINT, "excludeRetainedVariantProperties": [{"variantPropertyType": "Nonsense"}]},
            {
                "excludeRetainedVariantProperties[0].variantPropertyType": "'Nonsense' is not allowed; allowed: DesiredInstanceCount, "
            },
        ),
        (
            "aws:s3/bucket:Bucket",
            {
                "bucket": "data",
                "requestPayer": "Requester",
                "lifecycleRules": [{"enabled": True, "transitions": [{"days": 1.0, "storageClass": "COLD"}]}],
                "serverSideEncryptionConfiguration": {
                    "rule": {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "AES"}}
                },
            },
            {
                "requestPayer": "is not in the sandbox; leave it out",
                "lifecycleRules[0].transitions[0].storageClass": "'COLD' is not allowed; allowed: GLACIER, ",
                "serverSideEncryptionConfiguration.applyServerSideEncryptionByDefault.sseAlgorithm": "'AES' is not",
            },
        ),
        (
            "aws:s3/bucketObjectv2:BucketObjectv2",
            {"bucket": "data", "key": "x", "source": pulumi.FileAsset("/nowhere/x")},
            {"source": "the file '/nowhere/x' is not there; relative paths start at "},
        ),
        (
            "aws:lambda/function:Function",
            {"name": "x", "role": "arn:aws:iam::111122223333:role/x", "runtime": "python3.12", "handler": "a.b"},
            {"code": "a function has its code from one place, and this one from none; give one of code, "},
        ),
        (
            "aws:kms/key:Key",
            {"deletionWindowInDays": 5.0},
            {"deletionWindowInDays": "5 is not allowed; allowed: 7 to 30"},
        ),
        (
            "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration",
            {"bucket": "data", "rules": [{"id": "x", "status": "enabled", "expiration": {"days": 1.0}}]},
            {"rules[0].status": "'enabled' is not allowed; allowed: Enabled, Disabled"},
        ),
        (
            ALARM_TYPE,
            {
                "name": "x",
                "evaluationPeriods": 1.0,
                "comparisonOperator": "GreaterThanThreshold",
                "metricQueries": [{"id": "a", "metric": {"metricName": "", "period": 60.0, "stat": "Sum"}}],
            },
            {"metricQueries[0].metric.metricName": "length 0; allowed: 1 or more"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_aws_would_refuse_is_refused_at_its_property(
    stage: AwsStage, token: str, inputs: dict[str, Any], failures: dict[str, str]
) -> None:
    with pytest.raises(CheckFailedError) as refused:
        stage.check(token, inputs)
    found = refused.value.failures
    assert found.keys() == failures.keys()
    assert all(found[path].startswith(reason) for path, reason in failures.items()), found


def test_a_type_that_the_sandbox_does_not_have_is_refused_by_name(stage: AwsStage) -> None:
    with pytest.raises(UnsupportedTypeError) as refused:
        stage.check("aws:sagemaker/domain:Domain", {})
    assert "resource 'it': the sandbox has no resource type 'aws:sagemaker/domain:Domain'" in str(refused.value)
    assert "aws:sagemaker/model:Model" in str(refused.value)
    assert "docs/reference/resource-types.md" in str(refused.value)
    assert "leave the resource out of the program where it runs in the sandbox" in str(refused.value)


def test_a_function_that_the_sandbox_does_not_have_is_refused_by_name(stage: AwsStage) -> None:
    with pytest.raises(UnsupportedFunctionError, match="cannot answer the function 'aws:ec2/getAmi:getAmi'"):
        stage.invoke("aws:ec2/getAmi:getAmi", {})


def test_a_secret_input_is_secret_in_its_output_and_in_the_kept_inputs(stage: AwsStage) -> None:
    inputs = property_values({**ALARM}, frozenset({"alarmDescription"}))
    request = sdk.CreateRequest(stage.urn(ALARM_TYPE, "it"), inputs, 0, False)
    outputs = asyncio.run(stage.of(ALARM_TYPE).create(request)).properties
    kept = outputs["__inputs"].value
    assert isinstance(kept, dict) or hasattr(kept, "keys")
    assert {name for name, value in outputs.items() if value.contains_secret()} == {"alarmDescription", "__inputs"}
    assert {name for name, value in kept.items() if value.contains_secret()} == {"alarmDescription"}  # type: ignore[union-attr]


def test_an_output_that_tells_a_secret_of_another_input_is_secret_too(stage: AwsStage) -> None:
    tags = PropertyValue({"team": PropertyValue("oncology"), "key": PropertyValue("hunter2").with_secret(True)})
    inputs = {"name": PropertyValue("swordfish").with_secret(True), "tags": tags}
    for preview in (True, False):
        request = sdk.CreateRequest(stage.urn(TOPIC_TYPE, "it"), inputs, 0, preview)
        created = asyncio.run(stage.of(TOPIC_TYPE).create(request))
        in_clear = {name: plain(value) for name, value in created.properties.items() if not value.contains_secret()}
        assert not any(secret in str(in_clear) for secret in ("hunter2", "swordfish"))
        assert created.properties["tagsAll"].is_secret
        assert not created.properties["region"].is_secret
    read = sdk.ReadRequest(request.urn, created.resource_id or "", created.properties, inputs)
    found = asyncio.run(stage.of(TOPIC_TYPE).read(read))
    assert {name for name, value in found.properties.items() if value.contains_secret()} == {
        name for name, value in created.properties.items() if value.contains_secret()
    }


def test_a_document_given_as_an_object_becomes_text(stage: AwsStage) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": "*"}],
    }
    checked = stage.check(ROLE_TYPE, {"name": "r", "assumeRolePolicy": document})
    assert checked["assumeRolePolicy"].startswith('{"Version": "2012-10-17"')
    unknown = {**document, "Statement": UNKNOWN}
    assert stage.check(ROLE_TYPE, {"name": "r", "assumeRolePolicy": unknown})["assumeRolePolicy"] is UNKNOWN


@pytest.mark.slow
class TestNames:
    def test_a_resource_without_a_name_is_named_after_its_logical_name(self, stage: AwsStage) -> None:
        checked = stage.check(MODEL_TYPE, {"executionRoleArn": MODEL["executionRoleArn"]}, name="tumor")
        assert checked["name"][:6] == "tumor-"
        assert len(checked["name"]) == len("tumor-") + 7
        assert checked["__defaults"] == ["name"]

    def test_the_name_is_kept(self, stage: AwsStage) -> None:
        made = stage.create(ROLE_TYPE, {"assumeRolePolicy": trust("sagemaker.amazonaws.com")}, name="execution")
        again = stage.check(ROLE_TYPE, {"assumeRolePolicy": "{}"}, {**made.inputs, "name": "kept"}, "execution")
        assert again["name"] == "kept"

    def test_a_replacement_with_the_same_given_name_waits_for_the_old_one_to_go(self, stage: AwsStage) -> None:
        made = stage.create(MODEL_TYPE, MODEL)
        planned = stage.diff(made, {**MODEL, "enableNetworkIsolation": False})
        assert (planned.replaces, planned.delete_before_replace) == (["enableNetworkIsolation"], True)

    def test_a_replacement_with_another_name_comes_first(self, stage: AwsStage) -> None:
        made = stage.create(MODEL_TYPE, MODEL)
        planned = stage.diff(made, {**MODEL, "name": "tumor-2", "enableNetworkIsolation": False})
        assert planned.delete_before_replace is False


class TestAccounts:
    @staticmethod
    def check(settings: dict[str, Any], cloud: CloudEndpoint = CLOUD, package: Any = "aws") -> dict[str, str]:
        provider = AwsProvider(package, cloud)
        request = sdk.CheckRequest("urn:pulumi:dev::p::pulumi:providers:aws::it", {}, property_values(settings), b"")
        response = asyncio.run(provider.check_config(request))
        return {failure.property: failure.reason for failure in response.failures or []}

    @staticmethod
    def account(settings: dict[str, Any], cloud: CloudEndpoint = CLOUD) -> str:
        provider = AwsProvider("aws", cloud)
        asyncio.run(provider.configure(sdk.ConfigureRequest({}, property_values(settings), True, True)))
        return provider.session.account

    def test_a_provider_that_allows_another_account_is_refused(self) -> None:
        settings = {"region": REGION, "allowedAccountIds": '["777788889999"]'}
        reason = "the provider allows account 777788889999, and the local AWS answers as 111122223333"
        assert self.check(settings) == {"allowedAccountIds": reason}
        with pytest.raises(ConfigurationError, match=reason):
            self.account(settings)

    def test_a_provider_that_forbids_the_only_account_is_refused(self) -> None:
        assert self.check({"region": REGION, "forbiddenAccountIds": [ACCOUNT]}) == {
            "forbiddenAccountIds": "forbids account 111122223333, which the local AWS answers as (111122223333)"
        }

    def test_a_provider_acts_as_the_one_account_that_is_allowed_and_offered(self) -> None:
        cloud = CloudEndpoint(CLOUD.url, None, ACCOUNT)
        assert self.account({"region": REGION, "allowedAccountIds": ["777788889999"]}, cloud) == "777788889999"
        assert self.account({"region": REGION}, cloud) == ACCOUNT

    def test_a_provider_that_allows_several_offered_accounts_is_refused(self) -> None:
        cloud = CloudEndpoint(CLOUD.url, None, ACCOUNT)
        failures = self.check({"region": REGION, "allowedAccountIds": ["777788889999", "444455556666"]}, cloud)
        assert failures["allowedAccountIds"].endswith("more than one of them; allow one")

    @pytest.mark.parametrize(
        ("settings", "failures"),
        [
            ({"region": "us-east-99"}, {"region": "'us-east-99' is no region that botocore knows"}),
            (
                {"region": REGION, "endpoints": '[{"s3": "http://x"}]'},
                {
                    "endpoints": "the sandbox sends everything to its own local AWS; leave the setting out for this stack"
                },
            ),
            (
                {"region": REGION, "nonsense": "x"},
                {
                    "nonsense": "is no setting that the sandbox has; it honours allowedAccountIds, defaultTags, forbiddenAccountIds, region"
                },
            ),
            (
                {"region": REGION, "allowedAccountIds": ["12"]},
                {"allowedAccountIds": "the provider allows account 12, and the local AWS answers as 111122223333"},
            ),
            ({"region": REGION, "skipCredentialsValidation": "true", "maxRetries": "3"}, {}),
            ({"region": UNKNOWN}, {}),
        ],
    )
    def test_settings_are_honoured_passed_over_or_refused_by_name(
        self, settings: dict[str, Any], failures: dict[str, str]
    ) -> None:
        assert self.check(settings) == failures

    def test_a_missing_region_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("AWS_REGION", raising=False)
        monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
        assert self.check({}, package="aws-native") == {
            "region": "is missing; set it with `pulumi config set aws-native:region us-east-1` or on the provider"
        }

    def test_a_cloud_that_is_not_there_is_told(self) -> None:
        stage = AwsStage(CLOUD.url)
        with pytest.raises(
            Exception, match=r"the local AWS at http://127\.0\.0\.1:1 does not answer cloudwatch PutMetricAlarm"
        ):
            stage.create(ALARM_TYPE, ALARM)


def test_resources_of_two_accounts_and_regions_do_not_meet(stage: AwsStage) -> None:
    other = AwsStage(stage.url, account="444455556666", settings={"region": "eu-west-1"})
    ours, theirs = (one.create(ALARM_TYPE, ALARM).outputs["arn"] for one in (stage, other))
    assert ours == "arn:aws:cloudwatch:us-east-1:111122223333:alarm:dev-tumor-5xx"
    assert theirs == "arn:aws:cloudwatch:eu-west-1:444455556666:alarm:dev-tumor-5xx"


def test_a_resource_can_be_in_another_region_than_its_provider(stage: AwsStage) -> None:
    made = stage.create(ALARM_TYPE, {**ALARM, "region": "eu-west-1"})
    assert made.outputs["arn"].startswith("arn:aws:cloudwatch:eu-west-1:")
    assert stage.diff(made, ALARM).replaces == ["region"]
    stage.delete(made)
    assert stage.read(made) is None
