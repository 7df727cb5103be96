"""moto's CloudWatch backend with metrics that are looked up by metric, and alarms that change, act and remember."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from moto.cloudwatch import models as moto_models
from moto.cloudwatch.exceptions import InvalidFormat, ResourceNotFound, ValidationError
from moto.cloudwatch.utils import make_arn_for_alarm

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.cloudwatch.actions import tell_configuration_change
from greenroom.sandbox.cloud.cloudwatch.alarm_checks import check_alarm
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.cloudwatch.alarm_rule import AlarmRuleError, Rule, alarm_names, parse
from greenroom.sandbox.cloud.cloudwatch.alarm_transitions import AlarmTransitions
from greenroom.sandbox.cloud.cloudwatch.alarm_watch import AlarmWatch
from greenroom.sandbox.cloud.cloudwatch.composite_alarms import CompositeAlarm
from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError
from greenroom.sandbox.cloud.cloudwatch.history import AlarmHistory
from greenroom.sandbox.cloud.cloudwatch.metric_alarm_facts import facts_of, state_of
from greenroom.sandbox.cloud.cloudwatch.metric_alarms import definition_of
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricStore, metric_key, samples_of
from greenroom.sandbox.cloud.cloudwatch.statistics import UnknownStatisticError
from greenroom.sandbox.cloud.stage import Params


class CloudWatchBackend(moto_models.CloudWatchBackend):  # type: ignore[misc]  # see pyproject.toml
    """The CloudWatch of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.composite_alarms: dict[str, CompositeAlarm] = {}
        self.metrics = MetricStore()
        self.watch = AlarmWatch(self.metrics)
        self.history = AlarmHistory()
        self.transitions = AlarmTransitions(self, self.history)

    def put_metric_data(self, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        """PutMetricData: the samples are kept, and the alarms that watch them are looked after."""
        for number, datum in enumerate(metric_data, start=1):
            self._validate_parameters_put_metric_data(datum, number)
        now = CLOCK.time()
        keys = set()
        for datum in metric_data:
            key = metric_key(namespace, datum["MetricName"], datum.get("Dimensions") or ())
            self.metrics.add(key, samples_of(datum, now))
            keys.add(key)
        self.watch.wake_watchers(keys)

    def put_metric_alarm(self, **given: Any) -> Any:
        """PutMetricAlarm. A new alarm has no data yet; a changed one keeps its state and its tags.

        "When an alarm is created, the alarm state is immediately set to INSUFFICIENT_DATA"; "When you update an
        existing alarm, its state is left unchanged"; "any tags you specify in this parameter are ignored":
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
        """
        name = given["name"]
        if name in self.composite_alarms:
            raise ValidationError(f"The alarm name {name} is already used by a composite alarm")  # a guess
        check_alarm(given)
        before = self.alarms.get(name)
        facts_before = None if before is None else facts_of(before, self.account_id)
        tags = given.get("tags") if before is None else None
        extended = given.pop("extended_statistic", None)  # moto knows percentiles only
        alarm = super().put_metric_alarm(**given | {"tags": tags})
        alarm.extended_statistic = extended
        alarm.state_value, alarm.state_reason_data = "INSUFFICIENT_DATA", None
        alarm.state_transitioned_timestamp = alarm.state_updated_timestamp
        if before is not None:
            for kept in ("value", "reason", "reason_data", "updated_timestamp", "transitioned_timestamp"):
                setattr(alarm, f"state_{kept}", getattr(before, f"state_{kept}"))
        try:
            definition = definition_of(alarm)
        except (ExpressionError, UnknownStatisticError) as error:
            self._put_back(name, before)
            raise ValidationError(f"Error in Metrics: {error}") from error
        self.watch.add(name, definition)
        self.transitions.watch_scaling(alarm)
        self._configured(facts_of(alarm, self.account_id), state_of(alarm), facts_before)
        return alarm

    def _put_back(self, name: str, before: Any) -> None:
        del self.alarms[name]
        if before is not None:
            self.alarms[name] = before

    def _configured(self, facts: AlarmFacts, state: AlarmState, before: AlarmFacts | None) -> None:
        operation = "create" if before is None else "update"
        self.history.configured(facts, operation)
        tell_configuration_change(facts, operation, state, before)

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
        self._check_suppressor(alarm)
        before = self.composite_alarms.get(name)
        if before is not None:
            alarm.state, alarm.transitioned_at_seconds = before.state, before.transitioned_at_seconds
            if before.suppressor == alarm.suppressor:
                alarm.owed = before.owed
        elif params.get("Tags"):
            self.tagger.tag_resource(alarm.arn, params["Tags"])
        self.composite_alarms[name] = alarm
        facts_before = None if before is None else before.facts(self.account_id, self.region_name)
        self._configured(alarm.facts(self.account_id, self.region_name), alarm.state, facts_before)
        self.transitions.created(alarm, "created" if before is None else "updated")
        if before is not None and before.owed is not None and alarm.owed is None:
            # "If you replace the action suppressor alarm, any active WaitPeriod or ExtensionPeriod is discarded"
            self.transitions.release(alarm)

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

    def _check_suppressor(self, alarm: CompositeAlarm) -> None:
        """Note that "ActionsSuppressor can be an AlarmName or an ARN from an existing alarm": API_PutCompositeAlarm."""
        if alarm.suppressor is None:
            return
        if not self._exists(alarm.suppressor):
            raise ValidationError(f"ActionsSuppressor must be an existing alarm: {alarm.suppressor}")
        for member in ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod"):
            if alarm.params.get(member) is None:
                raise ValidationError(f"{member} is required when ActionsSuppressor is specified")

    def _exists(self, name: str) -> bool:
        return name in self.alarms or name in self.composite_alarms

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
            and (parents_of is None or parents_of in one.children)
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
        depended_on = {name for one in self._composites_but(alarm_names) for name in one.children}
        for name in alarm_names:
            if name in depended_on:
                raise ValidationError(f"Cannot delete {name} as there are composite alarm(s) depending on it.")
        for name in composites:
            alarm = self.composite_alarms.pop(name)
            self._deleted(alarm.facts(self.account_id, self.region_name), alarm.state)
        for name in alarm_names:
            if name in self.alarms:
                metric_alarm = self.alarms.pop(name)
                self.watch.remove(name)
                self.transitions.calling.pop(name, None)
                self._deleted(facts_of(metric_alarm, self.account_id), state_of(metric_alarm))

    def _deleted(self, facts: AlarmFacts, state: AlarmState) -> None:
        self.history.configured(facts, "delete")
        tell_configuration_change(facts, "delete", state, None)
        self.tagger.delete_all_tags_for_resource(facts.arn)

    def _composites_but(self, deleted: list[str]) -> list[CompositeAlarm]:
        return [one for name, one in self.composite_alarms.items() if name not in deleted]

    def set_alarm_state(self, alarm_name: str, reason: str, reason_data: str | None, state_value: str) -> None:
        """SetAlarmState, of a metric alarm or a composite one, with its actions.

        "Metric alarms returns to their actual state quickly, often within seconds": here at the next evaluation. A
        composite alarm "is not guaranteed to return to its actual state" before one of its children changes.
        https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_SetAlarmState.html
        """
        if not self._exists(alarm_name):
            raise ResourceNotFound(f"Alarm {alarm_name} does not exist")
        if state_value not in {"OK", "ALARM", "INSUFFICIENT_DATA"}:
            raise ValidationError(
                f"1 validation error detected: Value '{state_value}' at 'stateValue' failed to satisfy constraint: "
                "Member must satisfy enum value set: [INSUFFICIENT_DATA, ALARM, OK]"
            )
        if reason_data is not None and not _is_json(reason_data):
            raise InvalidFormat("Unknown")
        self.transitions.change(alarm_name, AlarmState(state_value, reason, CLOCK.time(), reason_data))
        self.watch.wake([alarm_name])

    def set_composite_actions(self, names: list[str], *, enabled: bool) -> None:
        """EnableAlarmActions and DisableAlarmActions for the composite alarms among `names`."""
        for name in names:
            if name in self.composite_alarms:
                self.composite_alarms[name].actions_enabled = enabled

    def enable_alarm_actions(self, alarm_names: list[str]) -> None:
        """EnableAlarmActions: an alarm in ALARM calls its scaling policies again."""
        super().enable_alarm_actions(alarm_names)
        for alarm in self.get_alarms_by_alarm_names(alarm_names):
            self.transitions.watch_scaling(alarm)

    def disable_alarm_actions(self, alarm_names: list[str]) -> None:
        """DisableAlarmActions."""
        super().disable_alarm_actions(alarm_names)
        for alarm in self.get_alarms_by_alarm_names(alarm_names):
            self.transitions.watch_scaling(alarm)

    def get_alarms_by_alarm_names(self, alarm_names: list[str]) -> Iterable[Any]:
        """The metric alarms of these names, by name and not by a look at every alarm."""
        return [self.alarms[name] for name in dict.fromkeys(alarm_names) if name in self.alarms]


def _is_json(text: str) -> bool:
    import json

    try:
        json.loads(text)
    except ValueError:
        return False
    return True


CloudWatchBackend.__module__ = moto_models.__name__  # moto finds a backend's URLs by its module
