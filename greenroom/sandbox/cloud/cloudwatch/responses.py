"""The operations of CloudWatch that moto lacks or answers otherwise than AWS."""
# ruff: noqa: D102  a method an action, named as AWS names it

from __future__ import annotations

from typing import Any, Final

from moto.cloudwatch import responses as moto_responses
from moto.core.responses import ActionResult, EmptyResult

from greenroom.sandbox.cloud.cloudwatch import metric_answers
from greenroom.sandbox.cloud.cloudwatch.alarm_rule import alarm_names
from greenroom.sandbox.cloud.cloudwatch.backend import CloudWatchBackend
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricStore
from greenroom.sandbox.cloud.cloudwatch.provided_metrics import with_provided
from greenroom.sandbox.cloud.extensions import NotOfferedError

NOT_OFFERED: Final = ("EvaluationWindow", "WarmUpConfiguration", "EvaluationCriteria", "EvaluationInterval")
"""Members of PutMetricAlarm that change how an alarm is evaluated, and of which the local AWS knows nothing."""


class CloudWatchResponse(moto_responses.CloudWatchResponse):  # type: ignore[misc]  # see pyproject.toml
    """A method an action; `self.params` has the parsed request."""

    @property
    def _backend(self) -> CloudWatchBackend:
        backend: CloudWatchBackend = self.cloudwatch_backend
        return backend

    @property
    def _metrics(self) -> MetricStore:
        return with_provided(self._backend, dict(self.params))

    def put_metric_alarm(self) -> ActionResult:
        given = [member for member in NOT_OFFERED if self._get_param(member) is not None]
        if given:
            raise NotOfferedError(f"The local AWS does not offer alarms with {', '.join(given)}.")
        return super().put_metric_alarm()

    def put_composite_alarm(self) -> ActionResult:
        self._backend.put_composite_alarm(dict(self.params))
        return EmptyResult()

    def describe_alarms(self) -> ActionResult:
        """DescribeAlarms.

        "If you omit this parameter [AlarmTypes], only metric alarms are returned, even if composite alarms exist":
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
        """
        types = self._get_param("AlarmTypes") or ["MetricAlarm"]
        answer: dict[str, Any] = {"MetricAlarms": [], "CompositeAlarms": []}
        if self._get_param("ChildrenOfAlarmName") is not None:
            return ActionResult(self._children(str(self._get_param("ChildrenOfAlarmName"))))
        parents_only = self._get_param("ParentsOfAlarmName") is not None
        if "MetricAlarm" in types and not parents_only:
            answer["MetricAlarms"] = super().describe_alarms().result["MetricAlarms"]
        if "CompositeAlarm" in types or parents_only:
            answer["CompositeAlarms"] = [one.describe() for one in self._backend.composites(dict(self.params))]
        return ActionResult(answer)

    def _children(self, name: str) -> dict[str, Any]:
        composite = self._backend.composite_alarms.get(name)
        names = () if composite is None else sorted(alarm_names(composite.rule))
        composites = self._backend.composite_alarms
        return {
            "MetricAlarms": self._backend.get_alarms_by_alarm_names(list(names)),
            "CompositeAlarms": [composites[one].describe() for one in names if one in composites],
        }

    def describe_alarms_for_metric(self) -> ActionResult:
        """DescribeAlarmsForMetric: those of exactly this metric, of a single one."""
        wanted = {(one["Name"], one["Value"]) for one in self._get_param("Dimensions", [])}
        found = [
            alarm
            for alarm in super().describe_alarms_for_metric().result["MetricAlarms"]
            if {(one.name, one.value) for one in alarm.dimensions} == wanted
            and self._get_param("Statistic") in {None, alarm.statistic}
            and self._get_param("ExtendedStatistic") in {None, alarm.extended_statistic}
            and self._get_param("Period") in {None, alarm.period}
            and self._get_param("Unit") in {None, alarm.unit}
        ]
        return ActionResult({"MetricAlarms": found})

    def describe_alarm_history(self) -> ActionResult:
        return ActionResult(self._backend.history.answer(dict(self.params)))

    def get_metric_data(self) -> ActionResult:
        return ActionResult(metric_answers.metric_data(self._metrics, dict(self.params)))

    def get_metric_statistics(self) -> ActionResult:
        return ActionResult(metric_answers.metric_statistics(self._metrics, dict(self.params)))

    def list_metrics(self) -> ActionResult:
        return ActionResult(metric_answers.listed_metrics(self._metrics, dict(self.params)))

    def enable_alarm_actions(self) -> ActionResult:
        self._backend.set_composite_actions(self._get_param("AlarmNames", []), enabled=True)
        return super().enable_alarm_actions()

    def disable_alarm_actions(self) -> ActionResult:
        self._backend.set_composite_actions(self._get_param("AlarmNames", []), enabled=False)
        return super().disable_alarm_actions()
