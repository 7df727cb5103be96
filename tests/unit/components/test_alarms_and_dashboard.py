"""Which alarms a model gets, in CloudWatch's words, and what its dashboard shows."""

import json
import re

import pytest

from components.aws.alarm_definitions import MetricMath, alarm_definitions
from components.aws.endpoint_alarms import MAX_ALARMS_PER_RULE, MAX_RULE_LENGTH, EndpointAlarms, alarm_rules
from components.aws.endpoint_dashboard import GRID_WIDTH, dashboard_body, dashboard_url
from components.aws.model_monitor import DriftBaseline
from stacks.providers import providers_of
from tests.unit.components.deployment_graph import record
from tests.unit.components.resolved import resolved

ALARM = "aws:cloudwatch/metricAlarm:MetricAlarm"
OFF = {
    "invocation_5xx_percent": None,
    "invocation_4xx_percent": None,
    "model_latency_p99_ms": None,
    "overhead_latency_p99_ms": None,
    "cpu_utilization_percent": None,
    "memory_utilization_percent": None,
    "disk_utilization_percent": None,
    "monitor_violations": None,
}
TWO = {
    "production_variants": [
        {"name": "a", "instance_type": "ml.m5.xlarge"},
        {"name": "b", "instance_type": "ml.c5.18xlarge"},
    ]
}


def deployed(model, baseline=None):
    def program():
        EndpointAlarms(
            "dev-tumor",
            model=model,
            baseline=baseline,
            opts=providers_of(model.account_id, model.region, {}).for_components,
        )

    return record(program)


def test_every_threshold_is_an_alarm_a_variant_by_default():
    names = [one.name for one in alarm_definitions(resolved(), DriftBaseline(("x",)))]
    assert names == [
        "dev-tumor-AllTraffic-5xx",
        "dev-tumor-AllTraffic-4xx",
        "dev-tumor-AllTraffic-model-latency",
        "dev-tumor-AllTraffic-overhead-latency",
        "dev-tumor-AllTraffic-cpu",
        "dev-tumor-AllTraffic-memory",
        "dev-tumor-AllTraffic-disk",
        "dev-tumor-data-quality-0",
    ]


def test_null_turns_one_alarm_off_and_no_other():
    model = resolved(alarms={"cpu_utilization_percent": None})
    names = {one.name for one in alarm_definitions(model, None)}
    assert {one.name for one in alarm_definitions(resolved(), None)} - names == {"dev-tumor-AllTraffic-cpu"}


def test_cpu_is_compared_with_all_cores():
    model = resolved(
        serving=TWO, rollout={"kind": "all_at_once"}, alarms={"cpu_utilization_percent": {"threshold": 50.0}}
    )
    thresholds = {one.name: one.threshold for one in alarm_definitions(model, None) if one.name.endswith("-cpu")}
    assert thresholds == {"dev-tumor-a-cpu": 50.0 * 4, "dev-tumor-b-cpu": 50.0 * 72}


def test_errors_are_percent_of_invocations_and_none_without_any():
    alarm = deployed(resolved()).one(ALARM, "dev-tumor-AllTraffic-5xx").inputs
    dimensions = {"EndpointName": "dev-tumor", "VariantName": "AllTraffic"}
    metric = {"namespace": "AWS/SageMaker", "dimensions": dimensions, "period": 60, "stat": "Sum"}
    assert alarm == {
        "name": "dev-tumor-AllTraffic-5xx",
        "alarmDescription": "More than 1 % of invocations of AllTraffic are answered 5xx",
        "comparisonOperator": "GreaterThanThreshold",
        "threshold": 1.0,
        "evaluationPeriods": 5,
        "datapointsToAlarm": 3,
        "treatMissingData": "notBreaching",
        "metricQueries": [
            {
                "id": "result",
                "expression": "IF(invocations > 0, 100 * errors / invocations, 0)",
                "label": "5xx in percent",
                "returnData": True,
            },
            {"id": "errors", "metric": {"metricName": "Invocation5XXErrors", **metric}, "returnData": False},
            {"id": "invocations", "metric": {"metricName": "Invocations", **metric}, "returnData": False},
        ],
        "tags": {
            "greenroom:environment": "dev",
            "greenroom:model": "tumor",
            "greenroom:owner": "ml-platform",
        },
    }


def test_latency_is_the_slowest_percent_in_microseconds():
    alarm = deployed(resolved()).one(ALARM, "dev-tumor-AllTraffic-model-latency").inputs
    told = {key: alarm[key] for key in ("namespace", "metricName", "extendedStatistic", "period", "threshold")}
    assert told == {
        "namespace": "AWS/SageMaker",
        "metricName": "ModelLatency",
        "extendedStatistic": "p99",
        "period": 60,
        "threshold": 250_000,
    }
    assert "statistic" not in alarm


def test_no_traffic_is_a_finding_where_there_is_no_metric_at_all():
    model = resolved(serving=TWO, rollout={"kind": "all_at_once"}, alarms={"no_traffic": {"threshold": 10.0}})
    (alarm,) = [one for one in alarm_definitions(model, None) if one.name == "dev-tumor-no-traffic"]
    assert (alarm.comparison, alarm.treat_missing_data) == ("LessThanThreshold", "breaching")
    assert isinstance(alarm.watches, MetricMath)
    assert alarm.watches.expression == "FILL(m0, 0) + FILL(m1, 0)"


@pytest.mark.parametrize("difference", [{"monitors": []}, {"alarms": {"monitor_violations": None}}])
def test_drift_is_watched_only_where_there_is_a_monitor_and_a_threshold(difference):
    names = [one.name for one in alarm_definitions(resolved(**difference), DriftBaseline(("x",)))]
    assert not [name for name in names if "data-quality" in name]


def test_one_composite_alarm_means_unwell_and_it_alone_notifies():
    deployment = deployed(resolved())
    unwell = deployment.one("aws:cloudwatch/compositeAlarm:CompositeAlarm").inputs
    rung = re.findall(r'ALARM\("([^"]+)"\)', unwell["alarmRule"])
    assert rung == [one.name for one in alarm_definitions(resolved(), None)]
    assert unwell["alarmName"] == "dev-tumor-unwell"
    assert unwell["alarmActions"] == unwell["okActions"] == ["arn:of:dev-tumor-alarms"]
    assert not [one.name for one in deployment.of(ALARM) if "alarmActions" in one.inputs]


@pytest.mark.slow
def test_more_alarms_than_one_rule_takes_are_watched_in_parts():
    features = DriftBaseline(tuple(f"feature {index}" for index in range(1000)))
    deployment = deployed(resolved(), features)
    names = [one.name for one in alarm_definitions(resolved(), features)]
    assert len(names) == 107
    alarms = {one.name: one for one in deployment.of("aws:cloudwatch/compositeAlarm:CompositeAlarm")}
    rules = {name: re.findall(r'ALARM\("([^"]+)"\)', one.inputs["alarmRule"]) for name, one in alarms.items()}
    assert rules == {
        "dev-tumor-unwell": ["dev-tumor-unwell-0", "dev-tumor-unwell-1"],
        "dev-tumor-unwell-0": names[:100],
        "dev-tumor-unwell-1": names[100:],
    }
    assert [name for name, one in alarms.items() if "alarmActions" in one.inputs] == ["dev-tumor-unwell"]
    assert all(deployment.reaches(alarms["dev-tumor-unwell"], one) for one in alarms.values())


@pytest.mark.parametrize(("count", "length", "rules"), [(1, 8, 1), (100, 8, 1), (101, 8, 2), (100, 120, 2)])
def test_every_rule_keeps_cloudwatchs_limits_and_no_alarm_is_lost(count, length, rules):
    names = [str(index).zfill(length) for index in range(count)]
    made = alarm_rules(names)
    assert [name for rule in made for name in re.findall(r'ALARM\("(\d+)"\)', rule)] == names
    assert len(made) == rules
    assert max(len(rule) for rule in made) <= MAX_RULE_LENGTH
    assert max(rule.count("ALARM(") for rule in made) <= MAX_ALARMS_PER_RULE


def test_who_is_to_be_told_is_subscribed():
    deployment = deployed(resolved(alarms={"notify_emails": ["a@example.com", "b@example.com"]}))
    subscriptions = deployment.of("aws:sns/topicSubscription:TopicSubscription")
    assert {(one.name, one.inputs["endpoint"], one.inputs["protocol"]) for one in subscriptions} == {
        ("dev-tumor-alarms-a@example.com", "a@example.com", "email"),
        ("dev-tumor-alarms-b@example.com", "b@example.com", "email"),
    }


def test_without_any_alarm_there_is_no_composite_one():
    deployment = deployed(resolved(alarms=OFF))
    assert deployment.of(ALARM) == []
    assert deployment.of("aws:cloudwatch/compositeAlarm:CompositeAlarm") == []
    assert deployment.component_outputs["greenroom:aws:EndpointAlarms::dev-tumor"].get("unwell_alarm_arn") is None


def test_metric_queries_have_ids_cloudwatch_takes():
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricDataQuery.html
    alarms = deployed(resolved(), DriftBaseline(tuple("abcdefghijkl"))).of(ALARM)
    ids = [query["id"] for alarm in alarms for query in alarm.inputs.get("metricQueries", [])]
    assert ids
    assert all(re.fullmatch(r"[a-z][a-zA-Z0-9_]*", one) for one in ids)


def test_the_baseline_is_read_from_model_monitors_own_files():
    statistics = json.dumps({"version": 0.0, "features": [{"name": "mean radius"}, {"name": "_c1"}]})
    strict = json.dumps({"monitoring_config": {"distribution_constraints": {"comparison_threshold": 0.3}}})
    assert DriftBaseline.parse(statistics, strict) == DriftBaseline(("mean radius", "_c1"), 0.3)
    assert DriftBaseline.parse(statistics, "{}") == DriftBaseline(("mean radius", "_c1"), 0.1)


def test_the_dashboard_shows_traffic_errors_latency_instances_and_alarms():
    model = resolved(serving=TWO, rollout={"kind": "all_at_once"})
    widgets = json.loads(dashboard_body(model, alarm_definitions(model, None)))["widgets"]
    assert [one["properties"].get("title", "") for one in widgets] == [
        "",
        "Invocations a minute",
        "Errors a minute",
        "Latency in microseconds, median and p99",
        "CPU in percent of all cores",
        "Memory and disk in percent",
        "Instances",
        "Alarms",
    ]
    assert model.release.digest in widgets[0]["properties"]["markdown"]
    assert len(widgets[-1]["properties"]["alarms"]) == len(alarm_definitions(model, None))


def test_no_two_widgets_overlap_and_none_leaves_the_grid():
    model = resolved()
    widgets = json.loads(dashboard_body(model, alarm_definitions(model, None)))["widgets"]
    cells = [
        (x, y)
        for one in widgets
        for x in range(one["x"], one["x"] + one["width"])
        for y in range(one["y"], one["y"] + one["height"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < GRID_WIDTH


def test_the_same_model_has_the_same_dashboard():
    assert dashboard_body(resolved(), []) == dashboard_body(resolved(), [])


def test_the_dashboard_is_found_in_the_regions_console():
    assert dashboard_url(resolved()) == (
        "https://us-east-1.console.aws.amazon.com/cloudwatch/home?region=us-east-1#dashboards/dashboard/dev-tumor"
    )


def test_public_outputs_are_registered():
    outputs = deployed(resolved()).component_outputs["greenroom:aws:EndpointAlarms::dev-tumor"]
    assert set(outputs) == {"alarm_arns", "unwell_alarm_arn", "topic_arn", "dashboard_url"}
