"""What someone changed behind our back is found, and told in the terms of the program."""

from __future__ import annotations

import json
from typing import Any

import boto3
import pytest

from tests.functional.provider.aws_samples_bucket import BUCKET_TYPE
from tests.functional.provider.aws_samples_cloudwatch import ALARM, ALARM_TYPE
from tests.functional.provider.aws_samples_messaging import TOPIC_TYPE
from tests.functional.provider.aws_stage import ACCOUNT, REGION, AwsStage
from tests.functional.provider.sample import BUCKET, EXECUTION_ROLE, ROLE_TYPE, policy

pytestmark = pytest.mark.slow  # a cloud a test


def client(stage: AwsStage, service: str) -> Any:
    """Someone else's client."""
    session: Any = boto3.session.Session(aws_access_key_id=ACCOUNT, aws_secret_access_key="test", region_name=REGION)
    return session.client(service, endpoint_url=stage.url)


def test_a_deleted_alarm_is_found_gone_and_made_again(stage: AwsStage) -> None:
    made = stage.create(ALARM_TYPE, ALARM)
    client(stage, "cloudwatch").delete_alarms(AlarmNames=[ALARM["name"]])
    assert stage.read(made) is None
    assert stage.create(ALARM_TYPE, ALARM).outputs == made.outputs


def test_a_changed_threshold_is_found_and_put_back(stage: AwsStage) -> None:
    made = stage.create(ALARM_TYPE, ALARM)
    cloudwatch = client(stage, "cloudwatch")
    cloudwatch.put_metric_alarm(
        AlarmName=ALARM["name"],
        Namespace="AWS/SageMaker",
        MetricName="Invocation5XXErrors",
        Dimensions=[{"Name": "EndpointName", "Value": "dev-tumor"}],
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=5,
        DatapointsToAlarm=3,
        ComparisonOperator="GreaterThanThreshold",
        Threshold=99.0,
        TreatMissingData="notBreaching",
        AlarmDescription=ALARM["alarmDescription"],
        Unit="Count",
    )
    found = stage.read(made)
    assert found is not None
    expected = {
        **ALARM,
        "threshold": 99.0,
        "dimensions": {"EndpointName": "dev-tumor"},
        "alarmActions": [],
        "unit": "Count",
    }
    assert found.inputs == expected
    planned = stage.diff(found, ALARM)
    assert sorted(planned.detailed_diff) == ["alarmActions[0]", "dimensions.VariantName", "threshold", "unit"]
    assert stage.update(found, ALARM).outputs["threshold"] == 1.5


def test_a_policy_laid_out_anew_is_no_drift(stage: AwsStage) -> None:
    stage.create(BUCKET_TYPE, {"bucket": BUCKET})
    document = policy("one", {"AWS": ACCOUNT}, f"arn:aws:s3:::{BUCKET}/*")
    made = stage.create("aws:s3/bucketPolicy:BucketPolicy", {"bucket": BUCKET, "policy": document})
    client(stage, "s3").put_bucket_policy(Bucket=BUCKET, Policy=json.dumps(json.loads(document), indent=4))
    found = stage.read(made)
    assert found is not None
    assert found.inputs["policy"] == document


def test_policies_of_other_resources_are_no_drift_of_a_role(stage: AwsStage) -> None:
    made = stage.create(*EXECUTION_ROLE)
    stage.create("aws:iam/rolePolicy:RolePolicy", {"name": "read", "role": "execution", "policy": policy()})
    found = stage.read(made)
    assert found is not None
    assert found.inputs == made.inputs
    assert found.outputs["inlinePolicies"] == [{"name": "read", "policy": policy()}]


def test_a_policy_that_the_role_did_not_have_is_drift_of_a_role_that_lists_its_own(stage: AwsStage) -> None:
    inputs = {**EXECUTION_ROLE[1], "inlinePolicies": []}
    made = stage.create(ROLE_TYPE, inputs)
    client(stage, "iam").put_role_policy(RoleName="execution", PolicyName="rogue", PolicyDocument=policy())
    found = stage.read(made)
    assert found is not None
    assert [one["name"] for one in found.inputs["inlinePolicies"]] == ["rogue"]
    stage.update(found, inputs)
    assert client(stage, "iam").list_role_policies(RoleName="execution")["PolicyNames"] == []


def test_tags_that_someone_added_are_found_and_taken_away(stage: AwsStage) -> None:
    made = stage.create(TOPIC_TYPE, {"name": "alarms", "tags": {"a": "b"}})
    client(stage, "sns").tag_resource(ResourceArn=made.resource_id, Tags=[{"Key": "rogue", "Value": "yes"}])
    found = stage.read(made)
    assert found is not None
    assert found.inputs["tags"] == {"a": "b", "rogue": "yes"}
    stage.update(found, {"name": "alarms", "tags": {"a": "b"}})
    tags = client(stage, "sns").list_tags_for_resource(ResourceArn=made.resource_id)["Tags"]
    assert tags == [{"Key": "a", "Value": "b"}]


class TestDefaultTags:
    @pytest.fixture
    def tagging(self, stage: AwsStage) -> AwsStage:
        return AwsStage(
            stage.url, settings={"region": REGION, "defaultTags": '{"tags": {"env": "dev", "team": "all"}}'}
        )

    def test_they_are_on_every_resource_and_its_own_win(self, tagging: AwsStage) -> None:
        made = tagging.create(TOPIC_TYPE, {"name": "alarms", "tags": {"team": "oncology"}})
        assert made.outputs["tagsAll"] == {"env": "dev", "team": "oncology"}
        tags = client(tagging, "sns").list_tags_for_resource(ResourceArn=made.resource_id)["Tags"]
        assert {tag["Key"]: tag["Value"] for tag in tags} == {"env": "dev", "team": "oncology"}

    def test_they_are_no_drift(self, tagging: AwsStage) -> None:
        made = tagging.create(TOPIC_TYPE, {"name": "alarms"})
        found = tagging.read(made)
        assert found is not None
        assert found.inputs == {"name": "alarms"}
        assert tagging.diff(found, {"name": "alarms"}).changes is False

    def test_a_change_of_them_changes_every_resource(self, stage: AwsStage, tagging: AwsStage) -> None:
        made = tagging.create(TOPIC_TYPE, {"name": "alarms"})
        planned = stage.diff(made, {"name": "alarms"})
        assert (planned.changes, planned.diffs, planned.replaces) == (True, ["tagsAll"], [])
        assert stage.update(made, {"name": "alarms"}).outputs["tagsAll"] == {}

    def test_aws_native_resources_have_them_among_their_inputs(self, tagging: AwsStage) -> None:
        checked = tagging.check("aws-native:sagemaker:Endpoint", {"endpointConfigName": "c", "endpointName": "e"})
        assert checked["tags"] == [{"key": "env", "value": "dev"}, {"key": "team", "value": "all"}]
