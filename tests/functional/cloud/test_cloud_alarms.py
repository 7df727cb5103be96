"""Metric alarms and composite alarms.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

import pytest
from botocore.exceptions import ClientError

from tests.functional.cloud.conftest import ACCOUNT

pytestmark = pytest.mark.slow  # a cloud a test

ROLE = f"arn:aws:iam::{ACCOUNT}:role/execution"
ALARM = {
    "MetricName": "Invocation5XXErrors",
    "Namespace": "AWS/SageMaker",
    "EvaluationPeriods": 1,
    "Period": 60,
    "Statistic": "Sum",
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def cloudwatch(aws):
    client = aws.client("cloudwatch")
    for name in ("errors", "latency"):
        client.put_metric_alarm(AlarmName=name, **ALARM)
    return client


def composite(cloudwatch, name="unwell"):
    return cloudwatch.describe_alarms(AlarmNames=[name], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]


def refusal(call, **request):
    with pytest.raises(ClientError) as caught:
        call(**request)
    return caught.value.response["Error"]["Message"]


def test_a_composite_alarm_is_kept_whole(aws, cloudwatch):
    given = {
        "AlarmName": "unwell",
        "AlarmRule": 'ALARM("errors") OR ALARM("latency")',
        "AlarmDescription": "the model is unwell",
        "AlarmActions": [f"arn:aws:sns:us-east-1:{ACCOUNT}:topic"],
        "OKActions": [],
        "InsufficientDataActions": [],
        "ActionsEnabled": False,
        "ActionsSuppressor": "latency",
        "ActionsSuppressorWaitPeriod": 60,
        "ActionsSuppressorExtensionPeriod": 120,
    }
    cloudwatch.put_composite_alarm(**given, Tags=[{"Key": "a", "Value": "b"}])
    (kept,) = composite(cloudwatch)
    assert {name: kept[name] for name in given} == given
    assert kept["AlarmArn"] == f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:unwell"
    assert cloudwatch.list_tags_for_resource(ResourceARN=kept["AlarmArn"])["Tags"] == [{"Key": "a", "Value": "b"}]
    cloudwatch.enable_alarm_actions(AlarmNames=["unwell"])
    assert composite(cloudwatch)[0]["ActionsEnabled"] is True


def test_its_state_follows_from_its_rule(cloudwatch):
    cloudwatch.put_composite_alarm(AlarmName="unwell", AlarmRule="ALARM(errors) AND NOT ALARM(latency)")
    cloudwatch.put_composite_alarm(AlarmName="page", AlarmRule='ALARM("unwell")')
    states = []
    for name, state in (("errors", "ALARM"), ("latency", "ALARM"), ("latency", "OK")):
        cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="test")
        states.append([composite(cloudwatch, one)[0]["StateValue"] for one in ("unwell", "page")])
    assert states == [["ALARM", "ALARM"], ["OK", "OK"], ["ALARM", "ALARM"]]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ('ALARM("nope") OR ALARM("errors")', "references to alarms that do not exist: ['nope']"),
        ("ALARM(", "Error in AlarmRule: the end, where an alarm's name should be"),
    ],
)
def test_a_rule_that_is_none_or_names_what_is_not_there_is_refused(cloudwatch, rule, problem):
    assert problem in refusal(cloudwatch.put_composite_alarm, AlarmName="unwell", AlarmRule=rule)


def test_an_alarm_that_a_composite_depends_on_cannot_be_deleted_before_it(cloudwatch):
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
    cloudwatch.put_composite_alarm(AlarmName="unwell", AlarmRule="ALARM(errors)")
    message = "Cannot delete errors as there are composite alarm(s) depending on it."
    assert refusal(cloudwatch.delete_alarms, AlarmNames=["latency", "errors"]) == message
    assert len(cloudwatch.describe_alarms()["MetricAlarms"]) == 2
    cloudwatch.delete_alarms(AlarmNames=["unwell", "errors", "latency"])
    assert cloudwatch.describe_alarms()["MetricAlarms"] == composite(cloudwatch) == []


def test_only_metric_alarms_are_described_unless_asked_for(cloudwatch):
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
    cloudwatch.put_composite_alarm(AlarmName="unwell", AlarmRule="ALARM(errors)")

    def names(**request):
        found = cloudwatch.describe_alarms(**request)
        return [one["AlarmName"] for one in (*found["MetricAlarms"], *found["CompositeAlarms"])]

    assert names() == ["errors", "latency"]
    assert names(AlarmTypes=["CompositeAlarm"]) == ["unwell"]
    assert names(AlarmTypes=["CompositeAlarm", "MetricAlarm"]) == ["errors", "latency", "unwell"]
    assert names(ParentsOfAlarmName="errors") == ["unwell"]


def test_a_new_alarm_has_no_data_and_a_changed_one_keeps_its_state_and_tags(cloudwatch):
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert alarm["StateValue"] == "INSUFFICIENT_DATA"
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="test")
    cloudwatch.put_metric_alarm(AlarmName="errors", **(ALARM | {"Threshold": 2.0}), Tags=[{"Key": "a", "Value": "b"}])
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["errors"])["MetricAlarms"]
    assert (alarm["StateValue"], alarm["Threshold"]) == ("ALARM", 2.0)
    assert cloudwatch.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"] == []


def test_an_alarm_on_metric_math_is_kept_whole(cloudwatch):
    metric = {"Namespace": "AWS/SageMaker", "MetricName": "Invocations", "Dimensions": [{"Name": "a", "Value": "b"}]}
    metrics = [
        {"Id": "e", "Expression": "m * 100", "Label": "percent", "ReturnData": True},
        {"Id": "m", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum"}, "ReturnData": False},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="math",
        Metrics=metrics,
        EvaluationPeriods=3,
        DatapointsToAlarm=2,
        Threshold=1.0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )
    (alarm,) = cloudwatch.describe_alarms(AlarmNames=["math"])["MetricAlarms"]
    assert alarm["Metrics"] == metrics
    assert (alarm["DatapointsToAlarm"], alarm["TreatMissingData"]) == (2, "notBreaching")


def test_an_operation_that_is_not_offered_says_so_at_once(aws, cloudwatch):
    calls = [
        cloudwatch.list_metric_streams,
        lambda: aws.client("iam").simulate_principal_policy(PolicySourceArn=ROLE, ActionNames=["s3:GetObject"]),
    ]
    for call in calls:
        with pytest.raises(ClientError) as caught:
            call()
        answer = caught.value.response
        assert answer["Error"]["Code"] == "NotImplemented"
        assert "The local AWS does not offer" in answer["Error"]["Message"]
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 501
        assert answer["ResponseMetadata"]["RetryAttempts"] == 0
