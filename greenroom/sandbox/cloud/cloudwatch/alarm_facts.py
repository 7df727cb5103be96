"""What an alarm tells of itself, whatever its kind: to topics, to EventBridge, to functions and in its history.

The forms are AWS's: the JSON that an SNS topic gets, as people published it (the user guide shows none), the events of
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html, the function's payload
of https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-actions-Lambda.html, and the history of
https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/describe-alarm-history.html
"""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.cloud.cloudwatch.state_reason import timestamp


@dataclass(frozen=True)
class AlarmState:
    """A state with its reason. `since_seconds` is when it was last updated, since the epoch."""

    value: str
    reason: str
    since_seconds: float
    reason_data: str | None = None
    suppressed_by: str | None = None

    def event(self) -> dict[str, Any]:
        """As EventBridge's events have it."""
        told: dict[str, Any] = {}
        if self.suppressed_by is not None:
            told["actionsSuppressedBy"] = self.suppressed_by
            told["actionsSuppressedReason"] = f"Actions suppressed by {self.suppressed_by}"
        told |= {"value": self.value, "reason": self.reason}
        if self.reason_data is not None:
            told["reasonData"] = self.reason_data
        return told | {"timestamp": timestamp(self.since_seconds)}

    def history(self) -> dict[str, Any]:
        """As the history's HistoryData has it."""
        told: dict[str, Any] = {"stateValue": self.value, "stateReason": self.reason}
        return told if self.reason_data is None else told | {"stateReasonData": json.loads(self.reason_data)}


@dataclass(frozen=True)
class AlarmFacts:
    """An alarm's configuration.

    Attributes:
        name: AlarmName.
        arn: its ARN.
        alarm_type: "MetricAlarm" or "CompositeAlarm".
        account_id: whose it is.
        region: where it is.
        description: AlarmDescription.
        configured_at_seconds: when it was last configured, since the epoch.
        actions_enabled: whether it acts at all.
        actions: what it does in each state: ARNs.
        configuration: what EventBridge's events say beside the description.
        rule: the members that only "Configuration Change" events say.
        trigger: what the topic's message says of the metric or the rule.
    """

    name: str
    arn: str
    alarm_type: str
    account_id: str
    region: str
    description: str | None
    configured_at_seconds: float
    actions_enabled: bool
    actions: dict[str, tuple[str, ...]]
    configuration: dict[str, Any] = field(default_factory=dict)
    rule: dict[str, Any] = field(default_factory=dict)
    trigger: dict[str, Any] = field(default_factory=dict)

    def subject(self, state_value: str) -> str:
        """The subject of the topic's message; SNS takes 100 characters."""
        return f'{state_value}: "{self.name}" in {region_name(self.region)}'[:100]

    def message(self, before: AlarmState, now: AlarmState) -> str:
        """The topic's message."""
        content = {
            "AlarmName": self.name,
            "AlarmDescription": self.description,
            "AWSAccountId": self.account_id,
            "AlarmConfigurationUpdatedTimestamp": timestamp(self.configured_at_seconds),
            "NewStateValue": now.value,
            "NewStateReason": now.reason,
            "StateChangeTime": timestamp(now.since_seconds),
            "Region": region_name(self.region),
            "AlarmArn": self.arn,
            "OldStateValue": before.value,
            "OKActions": list(self.actions["OK"]),
            "AlarmActions": list(self.actions["ALARM"]),
            "InsufficientDataActions": list(self.actions["INSUFFICIENT_DATA"]),
            **self.trigger,
        }
        return json.dumps(content, separators=(",", ":"))

    def function_payload(self, before: AlarmState, now: AlarmState) -> str:
        """What a Lambda function gets."""
        content = {
            "source": "aws.cloudwatch",
            "alarmArn": self.arn,
            "accountId": self.account_id,
            "time": timestamp(now.since_seconds),
            "region": self.region,
            "alarmData": self.state_change(before, now),
        }
        return json.dumps(content, separators=(",", ":"))

    def state_change(self, before: AlarmState, now: AlarmState) -> dict[str, Any]:
        """The detail of a "CloudWatch Alarm State Change"."""
        described = {} if self.description is None else {"description": self.description}
        return {
            "alarmName": self.name,
            "state": now.event(),
            "previousState": before.event(),
            "configuration": described | self.configuration,
        }

    def whole_configuration(self) -> dict[str, Any]:
        """What a "CloudWatch Alarm Configuration Change" says of a configuration."""
        return {
            **self.rule,
            **self.configuration,
            "alarmName": self.name,
            **({} if self.description is None else {"description": self.description}),
            "actionsEnabled": self.actions_enabled,
            "timestamp": timestamp(self.configured_at_seconds),
            "okActions": list(self.actions["OK"]),
            "alarmActions": list(self.actions["ALARM"]),
            "insufficientDataActions": list(self.actions["INSUFFICIENT_DATA"]),
        }

    def configuration_change(self, operation: str, state: AlarmState, before: AlarmFacts | None) -> dict[str, Any]:
        """The detail of a "CloudWatch Alarm Configuration Change": `operation` is create, update or delete."""
        told = state.event()
        detail: dict[str, Any] = {
            "alarmName": self.name,
            "operation": operation,
            "state": {key: told[key] for key in ("actionsSuppressedBy", "value", "timestamp") if key in told},
            "configuration": self.whole_configuration(),
        }
        return detail if before is None else detail | {"previousConfiguration": before.whole_configuration()}


@functools.cache
def region_name(region: str) -> str:
    """A region as AWS's console calls it: "US East (N. Virginia)"."""
    from botocore.loaders import Loader

    for partition in Loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region
