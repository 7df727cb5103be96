"""Metric alarms are evaluated as time passes, and tell whom they are to tell.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
"""

from __future__ import annotations

import datetime as dt
import json
from typing import Any

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from tests.functional.cloud.conftest import ACCOUNT, Aws

pytestmark = pytest.mark.slow  # a cloud each; the rules' own tests are in tests/unit/cloud

MINUTE = 60
START = 1_750_000_020.0  # 15:07:00 UTC of 15 June 2025
DIMENSIONS = [{"Name": "EndpointName", "Value": "fraud"}, {"Name": "VariantName", "Value": "AllTraffic"}]
METRIC = {"Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors"}
ALARM = {
    "AlarmName": "errors",
    **METRIC,
    "Dimensions": DIMENSIONS,
    "Statistic": "Sum",
    "Period": MINUTE,
    "EvaluationPeriods": 1,
    "Threshold": 5.0,
    "ComparisonOperator": "GreaterThanThreshold",
}


@pytest.fixture
def aws():
    """Time stands at a whole minute until the test moves it."""
    time = ManualTime(START)
    with in_process_cloud(time_source=time, load_models=False) as address:
        yield Aws(address.url, time)


@pytest.fixture
def cloudwatch(aws):
    return aws.client("cloudwatch")


@pytest.fixture
def topic(aws):
    """A topic, and what it was told."""
    sns, sqs = aws.client("sns"), aws.client("sqs")
    arn = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="alarms")["QueueUrl"]
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:{ACCOUNT}:alarms")

    def told():
        found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", [])
        for one in found:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=one["ReceiptHandle"])
        return [json.loads(one["Body"]) for one in found]

    return arn, told


def put(cloudwatch, value, *, name="Invocation5XXErrors", **more):
    given = {} if value is None else {"Value": value}
    datum = {"MetricName": name, "Dimensions": DIMENSIONS} | given | more
    cloudwatch.put_metric_data(Namespace="AWS/SageMaker", MetricData=[datum])


def alarm_of(cloudwatch, name="errors"):
    (found,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return found


def state(cloudwatch, name="errors"):
    return alarm_of(cloudwatch, name)["StateValue"]


def states_by_the_minute(aws, cloudwatch, values, name="errors"):
    """The alarm's state after each minute; a minute's value is published in it, None is a minute without."""
    found = []
    for value in values:
        if value is not None:
            put(cloudwatch, value)
        aws.time.advance(MINUTE)
        found.append(state(cloudwatch, name))
    return found


NEVER_SAW_DATA = "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as"
STOP = "arn:aws:automate:us-east-1:ec2:stop"
OK, ALARMED, NO_DATA = "OK", "ALARM", "INSUFFICIENT_DATA"


def test_an_alarm_is_evaluated_every_minute_and_says_why_in_awss_words(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    cloudwatch.put_metric_alarm(**ALARM, DatapointsToAlarm=1, Unit="Count")
    created = alarm_of(cloudwatch)
    assert (created["StateValue"], created["StateReason"]) == (NO_DATA, "Unchecked: Initial alarm creation")
    put(cloudwatch, 7.0, Unit="Count")
    aws.time.advance(59)
    assert state(cloudwatch) == NO_DATA
    aws.time.advance(1)
    alarm = alarm_of(cloudwatch)
    assert alarm["StateValue"] == ALARMED
    assert alarm["StateReason"] == (
        "Threshold Crossed: 1 out of the last 1 datapoints [7.0 (15/06/25 15:07:00)] was greater than the threshold "
        "(5.0) (minimum 1 datapoint for OK -> ALARM transition)."
    )
    assert json.loads(alarm["StateReasonData"]) == {
        "version": "1.0",
        "queryDate": "2025-06-15T15:08:00.000+0000",
        "startDate": "2025-06-15T15:07:00.000+0000",
        "unit": "Count",
        "statistic": "Sum",
        "period": 60,
        "recentDatapoints": [7.0],
        "threshold": 5.0,
        "evaluatedDatapoints": [{"timestamp": "2025-06-15T15:07:00.000+0000", "sampleCount": 1.0, "value": 7.0}],
    }
    assert alarm["StateTransitionedTimestamp"] == dt.datetime(2025, 6, 15, 15, 8, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("treatment", "expected"),
    [
        # Two periods back a real data point still decides: the evaluation range has two more than needed (a guess).
        ("missing", [ALARMED, ALARMED, ALARMED, NO_DATA]),
        ("notBreaching", [ALARMED, ALARMED, ALARMED, OK]),
        ("breaching", [ALARMED, ALARMED, ALARMED, ALARMED]),
        ("ignore", [ALARMED, ALARMED, ALARMED, ALARMED]),
    ],
)
def test_missing_data_is_treated_as_the_alarm_says(aws, cloudwatch, treatment, expected):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html"""
    cloudwatch.put_metric_alarm(**ALARM, TreatMissingData=treatment)
    assert states_by_the_minute(aws, cloudwatch, [9, None, None, None]) == expected


@pytest.mark.parametrize(
    ("treatment", "value", "reason"),
    [
        ("missing", NO_DATA, "Unchecked: Initial alarm creation"),
        (
            "breaching",
            ALARMED,
            f"{NEVER_SAW_DATA} [Breaching].",
        ),
        (
            "notBreaching",
            OK,
            f"{NEVER_SAW_DATA} [NonBreaching].",
        ),
    ],
)
def test_an_alarm_that_never_saw_data_says_so(aws, cloudwatch, treatment, value, reason):
    cloudwatch.put_metric_alarm(**ALARM, TreatMissingData=treatment)
    aws.time.advance(MINUTE)
    found = alarm_of(cloudwatch)
    assert (found["StateValue"], found["StateReason"]) == (value, reason)


def test_m_out_of_n_data_points_make_an_alarm(aws, cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM | {"EvaluationPeriods": 3}, DatapointsToAlarm=2)
    assert states_by_the_minute(aws, cloudwatch, [0, 9, 0, 9, 0, 0]) == [OK, OK, OK, ALARMED, OK, OK]


def test_the_guides_figure_three_of_three(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/images/alarm_graph.png

    "when all three datapoints in the most recent three consecutive periods are above the threshold, the alarm goes to
    the ALARM state" in the fifth period; at the sixth "the alarm state changes to OK"; a ninth alone changes nothing.
    """
    cloudwatch.put_metric_alarm(**ALARM | {"EvaluationPeriods": 3})
    found = states_by_the_minute(aws, cloudwatch, [2, 2, 6, 7, 8, 4, 3, 2, 6, 3])
    assert found == [OK] * 4 + [ALARMED] + [OK] * 5


def test_an_hour_at_once_is_sixty_evaluations(aws, cloudwatch):
    """What breached in the middle and was over before the end is in the history, at its own instants."""
    cloudwatch.put_metric_alarm(**ALARM, TreatMissingData="notBreaching")
    aws.time.advance(30 * MINUTE)
    put(cloudwatch, 9.0)
    aws.time.advance(30 * MINUTE)
    items = cloudwatch.describe_alarm_history(AlarmName="errors", ScanBy="TimestampAscending")["AlarmHistoryItems"]
    told = [((one["Timestamp"].timestamp() - START) / MINUTE, one["HistorySummary"]) for one in items]
    assert told == [
        (0, 'Alarm "errors" created'),
        (1, "Alarm updated from INSUFFICIENT_DATA to OK"),
        (31, "Alarm updated from OK to ALARM"),
        (34, "Alarm updated from ALARM to OK"),
    ]


def test_a_high_resolution_alarm_is_evaluated_every_ten_seconds(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html (Period)"""
    cloudwatch.put_metric_alarm(**ALARM | {"Period": 10})
    put(cloudwatch, 9.0, StorageResolution=1)
    aws.time.advance(10)
    assert state(cloudwatch) == ALARMED


def test_a_percentile_of_too_few_samples_changes_nothing_where_that_is_asked_for(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/percentiles-with-low-samples.html"""
    percentile = {key: value for key, value in ALARM.items() if key != "Statistic"} | {"ExtendedStatistic": "p90"}
    for name, mode in (("evaluates", "evaluate"), ("ignores", "ignore")):
        cloudwatch.put_metric_alarm(**percentile | {"AlarmName": name}, EvaluateLowSampleCountPercentile=mode)
    found = []
    for count in (99, 100):  # 10 / (1 - 0.9)
        put(cloudwatch, None, Values=[9.0], Counts=[float(count)])
        aws.time.advance(MINUTE)
        found.append((state(cloudwatch, "evaluates"), state(cloudwatch, "ignores")))
    assert found == [(ALARMED, NO_DATA), (ALARMED, ALARMED)]


def test_only_data_of_the_alarms_unit_counts(aws, cloudwatch):
    cloudwatch.put_metric_alarm(**ALARM, Unit="Count")
    put(cloudwatch, 9.0, Unit="Percent")
    aws.time.advance(MINUTE)
    assert state(cloudwatch) == NO_DATA
    put(cloudwatch, 9.0, Unit="Count")
    aws.time.advance(MINUTE)
    assert state(cloudwatch) == ALARMED


MATH: dict[str, Any] = {
    "AlarmName": "errors",
    "EvaluationPeriods": 1,
    "Threshold": 10.0,
    "ComparisonOperator": "GreaterThanOrEqualToThreshold",
    "Metrics": [
        {"Id": "rate", "Expression": "100 * errors / calls", "Label": "percent", "ReturnData": True},
        *(
            {
                "Id": id_,
                "MetricStat": {
                    "Metric": {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": DIMENSIONS},
                    "Period": MINUTE,
                    "Stat": "Sum",
                },
                "ReturnData": False,
            }
            for id_, name in (("errors", "Invocation5XXErrors"), ("calls", "Invocations"))
        ),
    ],
}


def test_an_alarm_on_metric_math_compares_the_expressions_series(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html"""
    cloudwatch.put_metric_alarm(**MATH)
    put(cloudwatch, 3.0)
    put(cloudwatch, 20.0, name="Invocations")
    aws.time.advance(MINUTE)
    alarm = alarm_of(cloudwatch)
    assert (alarm["StateValue"], alarm["StateReason"]) == (
        ALARMED,
        "Threshold Crossed: 1 datapoint [15.0 (15/06/25 15:07:00)] was greater than or equal to the threshold (10.0).",
    )
    assert "statistic" not in json.loads(alarm["StateReasonData"])


def test_set_alarm_state_acts_and_the_next_evaluation_puts_it_right(aws, cloudwatch, topic):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html"""
    arn, told = topic
    cloudwatch.put_metric_alarm(**ALARM, TreatMissingData="notBreaching", AlarmActions=[arn])
    aws.time.advance(MINUTE)
    cloudwatch.set_alarm_state(AlarmName="errors", StateValue="ALARM", StateReason="a drill")
    assert state(cloudwatch) == ALARMED
    (message,) = told()
    assert json.loads(message["Message"])["NewStateReason"] == "a drill"
    aws.time.advance(MINUTE)
    assert state(cloudwatch) == OK


def test_the_topic_gets_awss_json(aws, cloudwatch, topic):
    """The form is that of messages which people published; AWS's guide shows none."""
    arn, told = topic
    cloudwatch.put_metric_alarm(
        **ALARM, AlarmDescription="too many", AlarmActions=[arn], OKActions=[arn], TreatMissingData="notBreaching"
    )
    states_by_the_minute(aws, cloudwatch, [9])
    (body,) = told()
    assert body["Subject"] == 'ALARM: "errors" in US East (N. Virginia)'
    assert json.loads(body["Message"]) == {
        "AlarmName": "errors",
        "AlarmDescription": "too many",
        "AWSAccountId": ACCOUNT,
        "AlarmConfigurationUpdatedTimestamp": "2025-06-15T15:07:00.000+0000",
        "NewStateValue": "ALARM",
        "NewStateReason": (
            "Threshold Crossed: 1 datapoint [9.0 (15/06/25 15:07:00)] was greater than the threshold (5.0)."
        ),
        "StateChangeTime": "2025-06-15T15:08:00.000+0000",
        "Region": "US East (N. Virginia)",
        "AlarmArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:errors",
        "OldStateValue": "INSUFFICIENT_DATA",
        "OKActions": [arn],
        "AlarmActions": [arn],
        "InsufficientDataActions": [],
        "Trigger": {
            "MetricName": "Invocation5XXErrors",
            "Namespace": "AWS/SageMaker",
            "StatisticType": "Statistic",
            "Statistic": "SUM",
            "Unit": None,
            "Dimensions": [{"value": one["Value"], "name": one["Name"]} for one in DIMENSIONS],
            "Period": 60,
            "EvaluationPeriods": 1,
            "ComparisonOperator": "GreaterThanThreshold",
            "Threshold": 5.0,
            "TreatMissingData": "notBreaching",
            "EvaluateLowSampleCountPercentile": "",
        },
    }
    states_by_the_minute(aws, cloudwatch, [None, None, None])
    (body,) = told()
    assert (body["Subject"], json.loads(body["Message"])["OldStateValue"]) == (
        'OK: "errors" in US East (N. Virginia)',
        "ALARM",
    )


def test_each_state_has_its_actions_and_disabled_ones_are_not_taken(aws, cloudwatch, topic):
    arn, told = topic
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[arn], InsufficientDataActions=[arn])
    cloudwatch.disable_alarm_actions(AlarmNames=["errors"])
    states_by_the_minute(aws, cloudwatch, [9])
    assert told() == []
    cloudwatch.enable_alarm_actions(AlarmNames=["errors"])
    states_by_the_minute(aws, cloudwatch, [0, None, None, None])
    (body,) = told()
    assert json.loads(body["Message"])["NewStateReason"] == "Insufficient Data: 1 datapoint was unknown."


def test_an_action_that_fails_is_in_the_history_and_nowhere_else(aws, cloudwatch):
    """As "CloudWatch doesn't test or validate the actions that you specify": AlarmThatSendsEmail."""
    missing = f"arn:aws:sns:us-east-1:{ACCOUNT}:none"
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[missing, STOP])
    states_by_the_minute(aws, cloudwatch, [9])
    items = cloudwatch.describe_alarm_history(AlarmName="errors", HistoryItemType="Action")["AlarmHistoryItems"]
    assert [one["HistorySummary"] for one in items] == [
        f"Failed to execute action {STOP}. Received error: the local AWS does not offer actions of automate",
        f"Failed to execute action {missing}. Received error: Resource does not exist",
    ]


def test_a_subscriber_that_is_gone_does_not_keep_an_alarm_from_its_state(aws, cloudwatch, topic):
    arn, _ = topic
    sqs = aws.client("sqs")
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName="alarms")["QueueUrl"])
    cloudwatch.put_metric_alarm(**ALARM, AlarmActions=[arn])
    assert states_by_the_minute(aws, cloudwatch, [9, 9, 0]) == [ALARMED, ALARMED, OK]


def test_the_history_tells_states_and_configurations_as_aws_does(aws, cloudwatch):
    """https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/describe-alarm-history.html"""
    cloudwatch.put_metric_alarm(**ALARM)
    states_by_the_minute(aws, cloudwatch, [9])
    cloudwatch.put_metric_alarm(**ALARM | {"Threshold": 20.0})
    cloudwatch.delete_alarms(AlarmNames=["errors"])
    items = cloudwatch.describe_alarm_history(AlarmName="errors")["AlarmHistoryItems"]
    assert [(one["HistoryItemType"], one["HistorySummary"]) for one in items] == [
        ("ConfigurationUpdate", 'Alarm "errors" deleted'),
        ("ConfigurationUpdate", 'Alarm "errors" updated'),
        ("StateUpdate", "Alarm updated from INSUFFICIENT_DATA to ALARM"),
        ("ConfigurationUpdate", 'Alarm "errors" created'),
    ]
    change = json.loads(items[2]["HistoryData"])
    assert change["oldState"] == {
        "stateValue": NO_DATA,
        "stateReason": "Unchecked: Initial alarm creation",
    }
    assert change["newState"]["stateReasonData"]["recentDatapoints"] == [9.0]


def test_eventbridge_hears_of_every_change(aws, cloudwatch):
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html"""
    events, sqs = aws.client("events"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="heard")["QueueUrl"]
    policy = {
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "events.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": "*",
            }
        ]
    }
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": json.dumps(policy)})
    events.put_rule(Name="alarms", EventPattern=json.dumps({"source": ["aws.cloudwatch"]}))
    events.put_targets(Rule="alarms", Targets=[{"Id": "1", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:heard"}])
    cloudwatch.put_metric_alarm(**ALARM, AlarmDescription="too many")
    states_by_the_minute(aws, cloudwatch, [9])
    found = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10)["Messages"]
    created, changed = (json.loads(one["Body"]) for one in found)
    assert (created["detail-type"], created["detail"]["operation"]) == (
        "CloudWatch Alarm Configuration Change",
        "create",
    )
    assert (changed["detail-type"], changed["source"], changed["resources"]) == (
        "CloudWatch Alarm State Change",
        "aws.cloudwatch",
        [f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:errors"],
    )
    detail = changed["detail"]
    (metric,) = detail["configuration"]["metrics"]
    assert metric["metricStat"] == {
        "metric": {
            "namespace": "AWS/SageMaker",
            "name": "Invocation5XXErrors",
            "dimensions": {"EndpointName": "fraud", "VariantName": "AllTraffic"},
        },
        "period": 60,
        "stat": "Sum",
    }
    assert detail["previousState"] == {
        "value": NO_DATA,
        "reason": "Unchecked: Initial alarm creation",
        "timestamp": "2025-06-15T15:07:00.000+0000",
    }
    assert (detail["state"]["value"], detail["state"]["timestamp"]) == (ALARMED, "2025-06-15T15:08:00.000+0000")


def test_a_restarted_cloud_has_the_same_states_history_and_messages(tmp_path):
    time = ManualTime(START)
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        client = aws.client("cloudwatch")
        client.put_metric_alarm(**ALARM)
        states_by_the_minute(aws, client, [9, 0, 9])
        before = (client.describe_alarms()["MetricAlarms"], client.describe_alarm_history()["AlarmHistoryItems"])
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        client = Aws(address.url, time).client("cloudwatch")
        assert (
            client.describe_alarms()["MetricAlarms"],
            client.describe_alarm_history()["AlarmHistoryItems"],
        ) == before


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"DatapointsToAlarm": 2}, "DatapointsToAlarm (2) must be less than or equal to EvaluationPeriods (1)"),
        ({"Period": 45}, "Period is 45: it must be 10, 20, 30 or a multiple of 60"),
        ({"EvaluationPeriods": 1441}, "Metrics cannot be checked across more than a day"),
        ({"TreatMissingData": "maybe"}, "Option maybe is not supported"),
        ({"ExtendedStatistic": "p99"}, "Exactly one of the parameters Statistic and ExtendedStatistic is required"),
        ({"ComparisonOperator": "GreaterThanUpperThreshold"}, "does not offer anomaly detection"),
    ],
)
def test_an_alarm_that_cannot_be_is_refused(cloudwatch, change, problem):
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        cloudwatch.put_metric_alarm(**ALARM | change)
    assert problem in refused.value.response["Error"]["Message"]
    assert cloudwatch.describe_alarms()["MetricAlarms"] == []


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("ANOMALY_DETECTION_BAND(calls)", "does not offer ANOMALY_DETECTION_BAND"),
        ("SELECT AVG(x) FROM y", "does not offer Metrics Insights"),
        ("errors +", "ends where a value should be"),
    ],
)
def test_metric_math_that_cannot_be_evaluated_is_refused_by_name(cloudwatch, expression, problem):
    metrics = [{**MATH["Metrics"][0], "Expression": expression}, *MATH["Metrics"][1:]]
    with pytest.raises(cloudwatch.exceptions.ClientError) as refused:
        cloudwatch.put_metric_alarm(**MATH | {"Metrics": metrics})
    assert problem in refused.value.response["Error"]["Message"]
