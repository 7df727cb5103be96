"""Composite alarms act, and a suppressor alarm holds their actions back.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
In the guide's examples the WaitPeriod is 2 time units and the ExtensionPeriod 3; here a unit is a minute.
"""

from __future__ import annotations

import json

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from tests.functional.cloud.conftest import ACCOUNT, Aws

pytestmark = pytest.mark.slow  # a cloud each

UNIT = 60
CHILD = {
    "Namespace": "n",
    "MetricName": "m",
    "Statistic": "Sum",
    "Period": 60,
    "EvaluationPeriods": 1,
    "Threshold": 1.0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "ignore",  # stays as the test sets it
}


class Scene:
    """A composite alarm of one child and one suppressor, and what its topic is told."""

    def __init__(self, aws, **more):
        self.aws, self.cloudwatch = aws, aws.client("cloudwatch")
        sns, sqs = aws.client("sns"), aws.client("sqs")
        self.topic = sns.create_topic(Name="page")["TopicArn"]
        self._queue = sqs.create_queue(QueueName="page")["QueueUrl"]
        sns.subscribe(TopicArn=self.topic, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:page")
        for name in ("child", "suppressor"):
            self.cloudwatch.put_metric_alarm(AlarmName=name, **CHILD)
            self.set(name, "OK")
        actions = {"AlarmActions": [self.topic], "OKActions": [self.topic]}
        self.cloudwatch.put_composite_alarm(AlarmName="page", AlarmRule="ALARM(child)", **actions, **more)
        self.aws.time.advance(10 * UNIT)
        self.composite()  # whoever asks brings the clouds' time along
        self.told()

    def set(self, name, state):
        self.cloudwatch.set_alarm_state(AlarmName=name, StateValue=state, StateReason="the test")

    def units(self, number):
        self.aws.time.advance(number * UNIT)

    def composite(self):
        (found,) = self.cloudwatch.describe_alarms(AlarmNames=["page"], AlarmTypes=["CompositeAlarm"])[
            "CompositeAlarms"
        ]
        return found

    def suppressed_by(self):
        return self.composite().get("ActionsSuppressedBy")

    def messages(self):
        self.composite()
        sqs = self.aws.client("sqs")
        found = sqs.receive_message(QueueUrl=self._queue, MaxNumberOfMessages=10).get("Messages", [])
        for one in found:
            sqs.delete_message(QueueUrl=self._queue, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(json.loads(one["Body"])["Message"]) for one in found]

    def told(self):
        return [one["NewStateValue"] for one in self.messages()]


@pytest.fixture
def aws():
    time = ManualTime(1_750_000_020.0)
    with in_process_cloud(time_source=time, load_models=False) as address:
        yield Aws(address.url, time)


@pytest.fixture
def scene(aws):
    return Scene(
        aws,
        ActionsSuppressor="suppressor",
        ActionsSuppressorWaitPeriod=2 * UNIT,
        ActionsSuppressorExtensionPeriod=3 * UNIT,
    )


def test_it_tells_the_child_that_changed(aws):
    scene = Scene(aws, AlarmDescription="somebody looks")
    scene.set("child", "ALARM")
    (message,) = scene.messages()
    child = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:child"
    assert message["NewStateReason"] == f"{child} transitioned to ALARM at Sunday 15 June, 2025 15:17:00 UTC"
    assert message["AlarmRule"] == "ALARM(child)"
    assert message["TriggeringChildren"] == [
        {"Arn": child, "State": {"Value": "ALARM", "Timestamp": "2025-06-15T15:17:00.000+0000"}}
    ]
    assert "Trigger" not in message
    assert json.loads(scene.composite()["StateReasonData"]) == {
        "triggeringAlarms": [{"arn": child, "state": {"value": "ALARM", "timestamp": "2025-06-15T15:17:00.000+0000"}}]
    }
    history = scene.cloudwatch.describe_alarm_history(AlarmName="page", AlarmTypes=["CompositeAlarm"])
    assert [one["HistorySummary"] for one in history["AlarmHistoryItems"]][:2] == [
        f"Successfully executed action {scene.topic}",
        "Alarm updated from OK to ALARM",
    ]


def test_a_new_one_says_that_it_was_created(aws):
    """The sentence is that of the guide's sample event of a composite alarm with a suppressor."""
    arn = f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:page"
    composite = Scene(aws).composite()
    assert (composite["StateValue"], composite["StateReason"]) == (
        "OK",
        f"{arn} was created and its alarm rule evaluates to OK",
    )


def test_example_1_actions_are_not_suppressed_after_the_wait_period(scene):
    scene.set("child", "ALARM")
    assert (scene.told(), scene.suppressed_by()) == ([], "WaitPeriod")
    scene.units(2)
    assert (scene.told(), scene.suppressed_by()) == (["ALARM"], None)


def test_example_2_the_suppressor_comes_before_the_wait_period_expires(scene):
    scene.set("child", "ALARM")
    scene.units(1)
    scene.set("suppressor", "ALARM")
    assert scene.suppressed_by() == "Alarm"
    scene.units(5)
    assert scene.told() == []


def test_example_3_a_transition_in_the_wait_period_starts_a_new_one(scene):
    scene.set("child", "ALARM")
    scene.units(1)
    scene.set("child", "OK")
    scene.units(1)
    assert scene.told() == []
    scene.units(1)
    assert scene.told() == ["OK"]


def test_example_4_the_suppressor_is_in_alarm_already(scene):
    scene.set("suppressor", "ALARM")
    scene.set("child", "ALARM")
    assert (scene.told(), scene.suppressed_by()) == ([], "Alarm")


def test_example_5_actions_are_not_suppressed_after_the_extension_period(scene):
    scene.set("child", "ALARM")
    scene.units(1)
    scene.set("suppressor", "ALARM")
    scene.units(3)
    scene.set("suppressor", "OK")
    assert scene.suppressed_by() == "ExtensionPeriod"
    scene.units(3)
    assert (scene.told(), scene.suppressed_by()) == (["ALARM"], None)


def test_example_6_a_transition_in_the_extension_period_waits_anew(scene):
    scene.set("child", "ALARM")
    scene.units(1)
    scene.set("suppressor", "ALARM")
    scene.units(3)
    scene.set("suppressor", "OK")
    scene.units(1)
    scene.set("child", "OK")
    assert scene.suppressed_by() == "WaitPeriod"
    scene.units(2)
    assert scene.told() == ["OK"]


def test_what_is_held_back_is_in_the_history(scene):
    """The item's wording is a guess."""
    scene.set("child", "ALARM")
    scene.units(2)
    scene.composite()
    found = scene.cloudwatch.describe_alarm_history(
        AlarmName="page", AlarmTypes=["CompositeAlarm"], HistoryItemType="Action", ScanBy="TimestampAscending"
    )["AlarmHistoryItems"]
    assert [one["HistorySummary"] for one in found][-2:] == [
        "Actions suppressed by WaitPeriod",
        f"Successfully executed action {scene.topic}",
    ]


def test_a_suppressor_needs_its_periods_and_must_exist(aws):
    scene = Scene(aws)
    for more, problem in (
        ({"ActionsSuppressor": "suppressor"}, "ActionsSuppressorWaitPeriod is required"),
        ({"ActionsSuppressor": "none"}, "ActionsSuppressor must be an existing alarm: none"),
    ):
        with pytest.raises(scene.cloudwatch.exceptions.ClientError) as refused:
            scene.cloudwatch.put_composite_alarm(AlarmName="other", AlarmRule="ALARM(child)", **more)
        assert problem in refused.value.response["Error"]["Message"]


def test_alarms_that_look_at_each_other_in_a_circle_come_to_an_end(aws):
    """As "the evaluation of composite alarms stops if CloudWatch detects a cycle in the evaluation path":
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
    """
    scene = Scene(aws)
    put = scene.cloudwatch.put_composite_alarm
    put(AlarmName="a", AlarmRule="ALARM(child)")
    put(AlarmName="b", AlarmRule="NOT ALARM(a)")
    put(AlarmName="a", AlarmRule="ALARM(child) AND ALARM(b)")
    scene.set("child", "ALARM")
    names = {
        one["AlarmName"] for one in scene.cloudwatch.describe_alarms(AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
    }
    assert names == {"page", "a", "b"}
