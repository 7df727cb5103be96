"""moto's CloudWatch backend with composite alarms."""

from __future__ import annotations

from typing import Any

from moto.cloudwatch import models as moto_models
from moto.cloudwatch.exceptions import ResourceNotFound, ValidationError
from moto.cloudwatch.utils import make_arn_for_alarm

from greenroom.sandbox.cloud.cloudwatch.alarm_rule import AlarmRuleError, Rule, alarm_names, evaluate, parse
from greenroom.sandbox.cloud.cloudwatch.composite_alarms import CompositeAlarm
from greenroom.sandbox.cloud.stage import Params


class CloudWatchBackend(moto_models.CloudWatchBackend):  # type: ignore[misc]  # see pyproject.toml
    """The CloudWatch of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.composite_alarms: dict[str, CompositeAlarm] = {}

    def put_metric_alarm(self, **given: Any) -> Any:
        """PutMetricAlarm. A new alarm has no data yet; a changed one keeps its state and its tags.

        "When an alarm is created, the alarm state is immediately set to INSUFFICIENT_DATA"; "When you update an
        existing alarm, its state is left unchanged"; "any tags you specify in this parameter are ignored":
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        before = self.alarms.get(given["name"])
        alarm = super().put_metric_alarm(**(given if before is None else {**given, "tags": None}))
        alarm.state_value = "INSUFFICIENT_DATA"
        if before is not None:
            for kept in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "history"):
                setattr(alarm, kept, getattr(before, kept))
        return alarm

    def put_composite_alarm(self, params: Params) -> None:
        """PutCompositeAlarm.

        Raises:
            ValidationError: A rule that is none, that names alarms that are not there, or the alarm itself. The
                wordings are guesses.
        """
        name = params["AlarmName"]
        rule = self._checked_rule(name, params["AlarmRule"])
        alarm = CompositeAlarm(
            params=params,
            arn=make_arn_for_alarm(self.region_name, self.account_id, name),
            rule=rule,
            actions_enabled=params.get("ActionsEnabled", True) is not False,
        )
        before = self.composite_alarms.get(name)
        if before is not None:
            alarm.state_value, alarm.state_reason = before.state_value, before.state_reason
            alarm.state_updated_at = before.state_updated_at
        elif params.get("Tags"):
            self.tagger.tag_resource(alarm.arn, params["Tags"])
        self.composite_alarms[name] = alarm
        self.evaluate_composites()

    def _checked_rule(self, name: str, text: str) -> Rule:
        if name in self.alarms:
            raise ValidationError(f"The alarm name {name} is already used by a metric alarm")
        try:
            rule = parse(text)
        except AlarmRuleError as error:
            raise ValidationError(f"Error in AlarmRule: {error}") from error
        unknown = sorted(one for one in alarm_names(rule) if not self._exists(one))
        if name in alarm_names(rule):
            raise ValidationError(f"AlarmRule must not contain a reference to the alarm itself: {name}")
        if unknown:
            raise ValidationError(f"AlarmRule must not contain references to alarms that do not exist: {unknown}")
        return rule

    def _exists(self, name: str) -> bool:
        return name in self.alarms or name in self.composite_alarms

    def evaluate_composites(self) -> None:
        """Bring every composite alarm to the state that follows from the others, until nothing changes.

        Rules that depend on one another in a circle may never settle, so there are no more rounds than alarms.
        """
        for _ in range(len(self.composite_alarms)):
            changed = [self._evaluate(alarm) for alarm in self.composite_alarms.values()]
            if not any(changed):
                return

    def _evaluate(self, alarm: CompositeAlarm) -> bool:
        in_alarm = evaluate(alarm.rule, self._state_of)
        reason = f"AlarmRule evaluated to {str(in_alarm).upper()}"
        return alarm.set_state("ALARM" if in_alarm else "OK", reason)

    def _state_of(self, name: str) -> str:
        alarm = self.composite_alarms.get(name) or self.alarms.get(name)
        return "INSUFFICIENT_DATA" if alarm is None else str(alarm.state_value)

    def composites(self, params: Params) -> list[CompositeAlarm]:
        """The composite alarms that DescribeAlarms's filters take."""
        names, state = params.get("AlarmNames"), params.get("StateValue")
        parents_of, prefix = params.get("ParentsOfAlarmName"), params.get("ActionPrefix", "")
        return [
            one
            for one in self.composite_alarms.values()
            if (not names or one.name in names)
            and one.name.startswith(params.get("AlarmNamePrefix", ""))
            and (state is None or one.state_value == state)
            and (parents_of is None or parents_of in alarm_names(one.rule))
            and (not prefix or any(action.startswith(prefix) for action in one.params.get("AlarmActions") or []))
        ]

    def delete_alarms(self, alarm_names: list[str]) -> None:
        """DeleteAlarms. One that a composite alarm still depends on is refused, and then nothing is deleted.

        "you can't delete any composite alarm that is part of the cycle because there is always still a composite alarm
        that depends on that alarm"; "you can't delete two composite alarms with one operation":
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DeleteAlarms.html
        """
        composites = [name for name in alarm_names if name in self.composite_alarms]
        if len(composites) > 1:
            raise ValidationError("Multiple composite alarms cannot be deleted with one operation")  # a guess
        depended_on = {name for one in self._composites_but(alarm_names) for name in _names(one)}
        for name in alarm_names:
            if name in depended_on:
                raise ValidationError(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
        for name in composites:
            del self.composite_alarms[name]
        super().delete_alarms(alarm_names)

    def _composites_but(self, deleted: list[str]) -> list[CompositeAlarm]:
        return [one for name, one in self.composite_alarms.items() if name not in deleted]

    def set_alarm_state(self, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        """SetAlarmState, of a metric alarm or a composite one.

        A composite alarm "is not guaranteed to return to its actual state" before one of its children changes: here
        it does when any alarm does.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
        """
        if alarm_name in self.composite_alarms:
            self.composite_alarms[alarm_name].set_state(state_value, reason)
            return
        if alarm_name not in self.alarms:
            raise ResourceNotFound(f"Alarm {alarm_name} does not exist")
        super().set_alarm_state(alarm_name, reason, reason_data, state_value)
        self.evaluate_composites()

    def set_composite_actions(self, names: list[str], *, enabled: bool) -> None:
        """EnableAlarmActions and DisableAlarmActions for the composite alarms among `names`."""
        for name in names:
            if name in self.composite_alarms:
                self.composite_alarms[name].actions_enabled = enabled


def _names(alarm: CompositeAlarm) -> frozenset[str]:
    return alarm_names(alarm.rule)


CloudWatchBackend.__module__ = moto_models.__name__  # moto finds a backend's URLs by its module
