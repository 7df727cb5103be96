"""What a metric alarm tells of itself: its metrics as requests, events and messages have them, and its state.

moto keeps an alarm as an object whose attributes are DescribeAlarms's members; here it is read, nowhere changed.
"""

from __future__ import annotations

import uuid
from typing import Any

from greenroom.sandbox.cloud.clock import seconds_of
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.cloudwatch.metric_queries import DEFAULT_PERIOD_SECONDS


def members_of(alarm: Any) -> list[dict[str, Any]]:
    """What the alarm watches, as a list of MetricDataQueries: its Metrics, or one of its single metric."""
    if alarm.metric_data_queries:
        return [_query_member(one) for one in alarm.metric_data_queries]
    dimensions = [{"Name": one.name, "Value": one.value} for one in alarm.dimensions]
    metric = {"Namespace": alarm.namespace, "MetricName": alarm.metric_name, "Dimensions": dimensions}
    stat = {"Metric": metric, "Period": int(alarm.period), "Stat": alarm.statistic or alarm.extended_statistic}
    if alarm.unit is not None:
        stat["Unit"] = alarm.unit
    return [{"Id": str(uuid.uuid5(uuid.NAMESPACE_URL, alarm.alarm_arn)), "MetricStat": stat, "ReturnData": True}]


def _query_member(query: Any) -> dict[str, Any]:
    member: dict[str, Any] = {"Id": query.id, "ReturnData": query.return_data is not False}
    given = {"Label": query.label, "Period": query.period, "Expression": query.expression}
    member |= {name: value for name, value in given.items() if value is not None}
    if query.metric_stat is not None:
        stat = query.metric_stat
        dimensions = [{"Name": one.name, "Value": one.value} for one in stat.metric.dimensions]
        metric = {"Namespace": stat.metric.namespace, "MetricName": stat.metric.metric_name, "Dimensions": dimensions}
        member["MetricStat"] = {"Metric": metric, "Period": stat.period, "Stat": stat.stat}
        if stat.unit is not None:
            member["MetricStat"]["Unit"] = stat.unit
    return member


def state_of(alarm: Any) -> AlarmState:
    """The state that one of moto's alarms is in."""
    return AlarmState(
        alarm.state_value, alarm.state_reason, seconds_of(alarm.state_updated_timestamp), alarm.state_reason_data
    )


def facts_of(alarm: Any, account_id: str) -> AlarmFacts:
    """What one of moto's alarms tells of itself."""
    members = members_of(alarm)
    rule = {
        "evaluationPeriods": alarm.evaluation_periods,
        **({} if alarm.datapoints_to_alarm is None else {"datapointsToAlarm": alarm.datapoints_to_alarm}),
        "threshold": alarm.threshold,
        "comparisonOperator": alarm.comparison_operator,
        "treatMissingData": alarm.treat_missing_data or "missing",
    }
    return AlarmFacts(
        name=alarm.name,
        arn=alarm.alarm_arn,
        alarm_type="MetricAlarm",
        account_id=account_id,
        region=alarm.region_name,
        description=alarm.description,
        configured_at_seconds=seconds_of(alarm.configuration_updated_timestamp),
        actions_enabled=bool(alarm.actions_enabled),
        actions={
            "OK": tuple(alarm.ok_actions or ()),
            "ALARM": tuple(alarm.alarm_actions or ()),
            "INSUFFICIENT_DATA": tuple(alarm.insufficient_data_actions or ()),
        },
        configuration={"metrics": [_event_metric(one) for one in members]},
        rule=rule,
        trigger={"Trigger": _trigger(alarm, members)},
    )


def _event_metric(member: dict[str, Any]) -> dict[str, Any]:
    """A metric as EventBridge's events have it."""
    told: dict[str, Any] = {"id": member["Id"]}
    for name, shown in (("Expression", "expression"), ("Label", "label"), ("Period", "period")):
        if name in member:
            told[shown] = member[name]
    if "MetricStat" in member:
        stat = member["MetricStat"]
        metric = stat["Metric"]
        told["metricStat"] = {
            "metric": {
                "namespace": metric["Namespace"],
                "name": metric["MetricName"],
                "dimensions": {one["Name"]: one["Value"] for one in metric["Dimensions"]},
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
            **({"unit": stat["Unit"]} if "Unit" in stat else {}),
        }
    return told | {"returnData": member["ReturnData"]}


def _trigger(alarm: Any, members: list[dict[str, Any]]) -> dict[str, Any]:
    """What the topic's message says of the metric."""
    rule: dict[str, Any] = {"Period": _period_of(members), "EvaluationPeriods": alarm.evaluation_periods}
    if alarm.datapoints_to_alarm is not None:
        rule["DatapointsToAlarm"] = alarm.datapoints_to_alarm
    rule |= {
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return rule | {"Metrics": [_trigger_metric(one) for one in members]}
    stat = members[0]["MetricStat"]
    kind = "Statistic" if alarm.statistic else "ExtendedStatistic"
    name = alarm.statistic.upper() if alarm.statistic else alarm.extended_statistic
    return {
        "MetricName": stat["Metric"]["MetricName"],
        "Namespace": stat["Metric"]["Namespace"],
        "StatisticType": kind,
        kind: name,
        "Unit": alarm.unit,
        "Dimensions": _trigger_dimensions(stat["Metric"]),
        **rule,
    }


def _period_of(members: list[dict[str, Any]]) -> int:
    """The period of the metrics that an alarm watches."""
    found = [one["MetricStat"]["Period"] for one in members if "MetricStat" in one]
    found += [one["Period"] for one in members if "Period" in one]
    return max(found, default=DEFAULT_PERIOD_SECONDS)


def _trigger_dimensions(metric: dict[str, Any]) -> list[dict[str, str]]:
    return [{"value": one["Value"], "name": one["Name"]} for one in metric["Dimensions"]]


def _trigger_metric(member: dict[str, Any]) -> dict[str, Any]:
    told: dict[str, Any] = {key: member[key] for key in ("Expression", "Id", "Label", "Period") if key in member}
    if "MetricStat" in member:
        stat = member["MetricStat"]
        metric = {"Dimensions": _trigger_dimensions(stat["Metric"])}
        metric |= {key: stat["Metric"][key] for key in ("MetricName", "Namespace")}
        told["MetricStat"] = {"Metric": metric} | {key: value for key, value in stat.items() if key != "Metric"}
    return told | {"ReturnData": member["ReturnData"]}
