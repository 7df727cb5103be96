"""An alarm comes into another state: its history, its actions, EventBridge, and the composite alarms above it.

Everything here follows from the request or the journal's event under way: a replay does the same again.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create_Composite_Alarm.html
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from greenroom.sandbox.cloud.clock import CLOCK, utc
from greenroom.sandbox.cloud.cloudwatch.actions import act, is_scaling_policy, tell_state_change
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.cloudwatch.alarm_rule import evaluate
from greenroom.sandbox.cloud.cloudwatch.composite_alarms import CompositeAlarm
from greenroom.sandbox.cloud.cloudwatch.history import AlarmHistory
from greenroom.sandbox.cloud.cloudwatch.metric_alarm_facts import facts_of, state_of
from greenroom.sandbox.cloud.cloudwatch.state_reason import timestamp


class Alarms(Protocol):
    """The alarms of one account and region."""

    account_id: str
    region_name: str
    alarms: dict[str, Any]
    composite_alarms: dict[str, CompositeAlarm]


class AlarmTransitions:
    """What follows from the changes of one account and region's alarms."""

    def __init__(self, alarms: Alarms, history: AlarmHistory) -> None:
        self._alarms = alarms
        self._history = history
        self.calling: dict[str, float] = {}

    def change(self, name: str, state: AlarmState) -> None:
        """Bring an alarm into a state, with everything that follows where it is another one."""
        if name in self._alarms.composite_alarms:
            composite = self._alarms.composite_alarms[name]
            self._change_composite(composite, state.value, state.reason, state.reason_data, frozenset())
            return
        alarm = self._alarms.alarms[name]
        before = state_of(alarm)
        alarm.state_value, alarm.state_reason, alarm.state_reason_data = state.value, state.reason, state.reason_data
        alarm.state_updated_timestamp = _datetime(state.since_seconds)
        if before.value == state.value:
            return
        alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
        facts = facts_of(alarm, self._alarms.account_id)
        self.watch_scaling(alarm)
        self._history.state_updated(facts, before, state)
        tell_state_change(facts, before, state)
        act(facts, self._history, before, state)
        self._follow(name, alarm.alarm_arn, state, frozenset())

    def watch_scaling(self, alarm: Any) -> None:
        """Keep in `calling` since when a metric alarm calls scaling policies: while it is in ALARM.

        "For Amazon EC2 Auto Scaling actions, the alarm continues to invoke the action for every period that the alarm
        remains in the new state": https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html
        """
        calls = alarm.actions_enabled and any(is_scaling_policy(one) for one in alarm.alarm_actions or ())
        if calls and alarm.state_value == "ALARM":
            self.calling.setdefault(alarm.name, CLOCK.time())
        else:
            self.calling.pop(alarm.name, None)

    def created(self, composite: CompositeAlarm, verb: str) -> None:
        """Work out a composite alarm that was "created" or "updated"."""
        children = self._states_of(sorted(composite.children))
        composite.triggering = tuple(children.items())
        value = self._value_of(composite)
        reason = f"{composite.arn} was {verb} and its alarm rule evaluates to {value}"
        self._change_composite(composite, value, reason, _reason_data(children), frozenset())

    def _follow(self, name: str, arn: str, state: AlarmState, path: frozenset[str]) -> None:
        """Work out the composite alarms that look at an alarm that changed, and those that it suppresses.

        "the evaluation of composite alarms stops if CloudWatch detects a cycle in the evaluation path": `path` has
        the composite alarms that brought the change about.
        """
        for composite in list(self._alarms.composite_alarms.values()):
            if composite.suppressor == name:
                self._suppressor_changed(composite, state.value)
            if name not in composite.children or composite.name in path:
                continue
            value = self._value_of(composite)
            if value != composite.state.value:
                composite.triggering = ((arn, state),)
                moment = _datetime(state.since_seconds).strftime("%A %d %B, %Y %H:%M:%S UTC")
                reason = f"{arn} transitioned to {state.value} at {moment}"
                self._change_composite(composite, value, reason, _reason_data({arn: state}), path)

    def _value_of(self, composite: CompositeAlarm) -> str:
        return "ALARM" if evaluate(composite.rule, self._state_value_of) else "OK"

    def _state_value_of(self, name: str) -> str:
        alarm = self._alarms.composite_alarms.get(name) or self._alarms.alarms.get(name)
        return "INSUFFICIENT_DATA" if alarm is None else str(alarm.state_value)

    def _states_of(self, names: Iterable[str]) -> dict[str, AlarmState]:
        found = {}
        for name in names:
            if name in self._alarms.composite_alarms:
                found[self._alarms.composite_alarms[name].arn] = self._alarms.composite_alarms[name].state
            elif name in self._alarms.alarms:
                found[self._alarms.alarms[name].alarm_arn] = state_of(self._alarms.alarms[name])
        return found

    def _change_composite(
        self, composite: CompositeAlarm, value: str, reason: str, reason_data: str | None, path: frozenset[str]
    ) -> None:
        if value == composite.state.value:
            return
        before = composite.transition(value, reason, reason_data)
        self._history.state_updated(self._facts(composite), before, composite.state)
        if composite.suppressor is None:
            self._tell_and_act(composite, before)
        elif self._state_value_of(composite.suppressor) == "ALARM":
            self._hold_back(composite, before, "Alarm", None)
        elif composite.wait_seconds:
            self._hold_back(composite, before, "WaitPeriod", composite.wait_seconds)
        else:
            composite.release()
            self._tell_and_act(composite, before)
        self._follow(composite.name, composite.arn, composite.state, path | {composite.name})

    def _suppressor_changed(self, composite: CompositeAlarm, value: str) -> None:
        """Actions that are owed are held back by the suppressor alarm, or for the time after it."""
        owed = composite.owed
        if owed is None:
            return
        if value == "ALARM":
            self._hold_back(composite, owed.before, "Alarm", None)
        elif owed.until_seconds is None:
            if composite.extension_seconds:
                self._hold_back(composite, owed.before, "ExtensionPeriod", composite.extension_seconds)
            else:
                self.release(composite)

    def _hold_back(self, composite: CompositeAlarm, before: AlarmState, phase: str, seconds: int | None) -> None:
        composite.hold_back(before, phase, seconds)
        facts = self._facts(composite)
        self._history.suppressed(facts, composite.state)
        tell_state_change(facts, before, composite.state)

    def release(self, composite: CompositeAlarm) -> None:
        """The time is over for which actions were held back: those of the state that it is in now are taken."""
        before = composite.state
        composite.release()
        self._tell_and_act(composite, before)

    def _tell_and_act(self, composite: CompositeAlarm, before: AlarmState) -> None:
        facts = self._facts(composite)
        tell_state_change(facts, before, composite.state)
        act(facts, self._history, before, composite.state)

    def _facts(self, composite: CompositeAlarm) -> AlarmFacts:
        return composite.facts(self._alarms.account_id, self._alarms.region_name)

    def next_release(self) -> float | None:
        """When the next time is over for which actions are held back; None where none is."""
        owed = [one.owed for one in self._alarms.composite_alarms.values() if one.owed is not None]
        return min((one.until_seconds for one in owed if one.until_seconds is not None), default=None)

    def due_releases(self) -> list[str]:
        """The composite alarms whose time is over now."""
        now = CLOCK.time()
        return [
            one.name
            for one in self._alarms.composite_alarms.values()
            if one.owed is not None and one.owed.until_seconds is not None and one.owed.until_seconds <= now
        ]


def _reason_data(children: Mapping[str, AlarmState]) -> str:
    told = [
        {"arn": arn, "state": {"value": state.value, "timestamp": timestamp(state.since_seconds)}}
        for arn, state in children.items()
    ]
    return json.dumps({"triggeringAlarms": told}, separators=(",", ":"))


def _datetime(seconds: float) -> dt.datetime:
    """As moto keeps instants: UTC, without a time zone."""
    return utc(seconds).replace(tzinfo=None)
