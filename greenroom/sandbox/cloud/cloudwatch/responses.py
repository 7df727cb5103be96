"""The operations of CloudWatch that moto lacks or answers otherwise than AWS."""
# ruff: noqa: D102  a method an action, named as AWS names it

from __future__ import annotations

from typing import Any

from moto.cloudwatch import responses as moto_responses
from moto.core.responses import ActionResult, EmptyResult

from greenroom.sandbox.cloud.cloudwatch.backend import CloudWatchBackend


class CloudWatchResponse(moto_responses.CloudWatchResponse):  # type: ignore[misc]  # see pyproject.toml
    """A method an action; `self.params` has the parsed request."""

    @property
    def _backend(self) -> CloudWatchBackend:
        backend: CloudWatchBackend = self.cloudwatch_backend
        return backend

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
        parents_only = self._get_param("ParentsOfAlarmName") is not None
        if "MetricAlarm" in types and not parents_only:
            answer["MetricAlarms"] = super().describe_alarms().result["MetricAlarms"]
        if "CompositeAlarm" in types or parents_only:
            answer["CompositeAlarms"] = [one.describe() for one in self._backend.composites(dict(self.params))]
        return ActionResult(answer)

    def enable_alarm_actions(self) -> ActionResult:
        self._backend.set_composite_actions(self._get_param("AlarmNames", []), enabled=True)
        return super().enable_alarm_actions()

    def disable_alarm_actions(self) -> ActionResult:
        self._backend.set_composite_actions(self._get_param("AlarmNames", []), enabled=False)
        return super().disable_alarm_actions()
