"""Composite alarms: an alarm whose state follows from other alarms' states, and whose actions another can hold back.

The state is worked out from the rule whenever an alarm changes, never when it is read: reading changes nothing.

While actions are owed, a suppressor alarm in ALARM holds them back. It is waited for through the WaitPeriod after the
composite alarm's change, and its end is outlasted by the ExtensionPeriod: "Composite alarms don't take actions when
WaitPeriod and ExtensionPeriod become active. Composite alarms take actions that are based on their currents states when
ExtensionPeriod and WaitPeriod become inactive."

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html and
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm_Suppression.html
"""

from __future__ import annotations

import datetime as dt
import functools
from dataclasses import dataclass, field, replace
from typing import Any, Final

from greenroom.sandbox.cloud.clock import CLOCK, seconds_of, utc
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.cloudwatch.alarm_rule import Rule, alarm_names, name_of
from greenroom.sandbox.cloud.cloudwatch.state_reason import INITIAL, timestamp
from greenroom.sandbox.cloud.stage import Params

KEPT_MEMBERS = (
    "AlarmDescription",
    "ActionsSuppressor",
    "ActionsSuppressorWaitPeriod",
    "ActionsSuppressorExtensionPeriod",
    "ActionConfiguration",
)
ACTION_MEMBERS: Final = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}


@dataclass(frozen=True)
class Owed:
    """Actions that are held back: what the state was before they were owed, and until when they are at most.

    `until_seconds` is None while the suppressor alarm is in ALARM.
    """

    before: AlarmState
    until_seconds: float | None


def _initial() -> AlarmState:
    return AlarmState("INSUFFICIENT_DATA", INITIAL, CLOCK.time())


@dataclass
class CompositeAlarm:
    """A composite alarm as PutCompositeAlarm was given it."""

    params: Params
    arn: str
    rule: Rule
    actions_enabled: bool
    state: AlarmState = field(default_factory=_initial)
    transitioned_at_seconds: float = field(default_factory=CLOCK.time)
    configuration_updated_at: dt.datetime = field(default_factory=CLOCK.utcnow)
    owed: Owed | None = None
    triggering: tuple[tuple[str, AlarmState], ...] = ()

    @property
    def name(self) -> str:
        """AlarmName."""
        return str(self.params["AlarmName"])

    @functools.cached_property
    def children(self) -> frozenset[str]:
        """The alarms that its rule names; asked whenever any alarm changes."""
        return alarm_names(self.rule)

    @property
    def state_value(self) -> str:
        """StateValue."""
        return self.state.value

    @property
    def state_updated_at(self) -> dt.datetime:
        """StateUpdatedTimestamp, as moto keeps instants: UTC, without a time zone."""
        return utc(self.state.since_seconds).replace(tzinfo=None)

    @property
    def suppressor(self) -> str | None:
        """The name of the alarm that holds its actions back."""
        given = self.params.get("ActionsSuppressor")
        return None if given is None else name_of(given)

    @property
    def wait_seconds(self) -> int:
        """ActionsSuppressorWaitPeriod."""
        return int(self.params.get("ActionsSuppressorWaitPeriod") or 0)

    @property
    def extension_seconds(self) -> int:
        """ActionsSuppressorExtensionPeriod."""
        return int(self.params.get("ActionsSuppressorExtensionPeriod") or 0)

    def transition(self, value: str, reason: str, reason_data: str | None) -> AlarmState:
        """Take another state; the one before."""
        before = self.state
        self.state = AlarmState(value, reason, CLOCK.time(), reason_data)
        self.transitioned_at_seconds = CLOCK.time()
        return before

    def hold_back(self, before: AlarmState, phase: str, seconds: int | None) -> None:
        """Owe the actions of the state it is in, for `seconds`, or for as long as the suppressor is in ALARM."""
        self.owed = Owed(before, None if seconds is None else CLOCK.time() + seconds)
        self.state = replace(self.state, suppressed_by=phase, since_seconds=CLOCK.time())

    def release(self) -> None:
        """Owe nothing any more."""
        self.owed = None
        self.state = replace(self.state, suppressed_by=None, since_seconds=CLOCK.time())

    def facts(self, account_id: str, region: str) -> AlarmFacts:
        """What it tells of itself."""
        suppression = {
            "actionsSuppressor": self.params.get("ActionsSuppressor"),
            "actionsSuppressorWaitPeriod": self.params.get("ActionsSuppressorWaitPeriod"),
            "actionsSuppressorExtensionPeriod": self.params.get("ActionsSuppressorExtensionPeriod"),
        }
        given = {key: value for key, value in suppression.items() if value is not None}
        children = [
            {"Arn": arn, "State": {"Value": state.value, "Timestamp": timestamp(state.since_seconds)}}
            for arn, state in self.triggering
        ]
        return AlarmFacts(
            name=self.name,
            arn=self.arn,
            alarm_type="CompositeAlarm",
            account_id=account_id,
            region=region,
            description=self.params.get("AlarmDescription"),
            configured_at_seconds=seconds_of(self.configuration_updated_at),
            actions_enabled=self.actions_enabled,
            actions={state: tuple(self.params.get(member) or ()) for state, member in ACTION_MEMBERS.items()},
            configuration={"alarmRule": self.params["AlarmRule"], **given},
            trigger={"AlarmRule": self.params["AlarmRule"], "TriggeringChildren": children},
        )

    def describe(self) -> dict[str, Any]:
        """One of DescribeAlarms's CompositeAlarms."""
        state = self.state
        suppressed: dict[str, Any] = {}
        if state.suppressed_by is not None:
            suppressed["ActionsSuppressedBy"] = state.suppressed_by
            suppressed["ActionsSuppressedReason"] = f"Actions suppressed by {state.suppressed_by}"
        if state.reason_data is not None:
            suppressed["StateReasonData"] = state.reason_data
        return {
            "AlarmName": self.name,
            "AlarmArn": self.arn,
            "AlarmRule": self.params["AlarmRule"],
            "ActionsEnabled": self.actions_enabled,
            **{member: self.params.get(member) or [] for member in ACTION_MEMBERS.values()},
            **{member: self.params[member] for member in KEPT_MEMBERS if member in self.params},
            "StateValue": state.value,
            "StateReason": state.reason,
            **suppressed,
            "StateUpdatedTimestamp": utc(state.since_seconds),
            "StateTransitionedTimestamp": utc(self.transitioned_at_seconds),
            "AlarmConfigurationUpdatedTimestamp": self.configuration_updated_at,
        }
