"""Composite alarms: an alarm whose state follows from other alarms' states.

The state is worked out from the rule whenever an alarm changes, never when it is read: reading changes nothing.
Actions are not sent yet, and nothing suppresses.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.cloudwatch.alarm_rule import Rule
from greenroom.sandbox.cloud.stage import Params

KEPT_MEMBERS = (
    "AlarmDescription",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
    "ActionConfiguration",
)
ACTION_MEMBERS = ("AlarmActions", "OKActions", "InsufficientDataActions")


@dataclass
class CompositeAlarm:
    """A composite alarm as PutCompositeAlarm was given it."""

    params: Params
    arn: str
    rule: Rule
    actions_enabled: bool
    state_value: str = "INSUFFICIENT_DATA"
    state_reason: str = "Unchecked: Initial alarm creation"
    state_updated_at: dt.datetime = field(default_factory=CLOCK.utcnow)
    configuration_updated_at: dt.datetime = field(default_factory=CLOCK.utcnow)

    @property
    def name(self) -> str:
        """AlarmName."""
        return str(self.params["AlarmName"])

    def set_state(self, state_value: str, reason: str) -> bool:
        """Take another state. False, and nothing changes, where it has it already."""
        if state_value == self.state_value:
            return False
        self.state_value, self.state_reason, self.state_updated_at = state_value, reason, CLOCK.utcnow()
        return True

    def describe(self) -> dict[str, Any]:
        """One of DescribeAlarms's CompositeAlarms."""
        return {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmRule": self.params["AlarmRule"],
            "ActionsEnabled": self.actions_enabled,
            **{member: self.params.get(member) or [] for member in ACTION_MEMBERS},
            **{member: self.params[member] for member in KEPT_MEMBERS if member in self.params},
            "StateValue": self.state_value,
            "StateReason": self.state_reason,
            "StateUpdatedTimestamp": self.state_updated_at,
            "StateTransitionedTimestamp": self.state_updated_at,
            "AlarmConfigurationUpdatedTimestamp": self.configuration_updated_at,
        }
