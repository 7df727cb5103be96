"""Which alarms are to be evaluated, and when.

An alarm that saw no data, and whose metrics get none, sees the same at its next evaluation: it sleeps until data comes,
until it is configured anew, or until somebody sets its state by hand. So a thousand alarms on silent metrics cost
nothing, and an hour that is advanced steps through the minutes of those only that have something to see.

Nothing of this is state: a restarted cloud finds every alarm awake that has data.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.cloudwatch.evaluation import Verdict
from greenroom.sandbox.cloud.cloudwatch.expression import ExpressionError
from greenroom.sandbox.cloud.cloudwatch.metric_alarms import AlarmDefinition
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricKey, MetricStore

LOG = logging.getLogger("greenroom.sandbox.cloud")


class AlarmWatch:
    """The metric alarms of one account and region."""

    def __init__(self, store: MetricStore) -> None:
        self._store = store
        self._definitions: dict[str, AlarmDefinition] = {}
        self._watching: dict[MetricKey, set[str]] = {}
        self._due_at: dict[str, int] = {}
        self._first_due: int | None = None

    def add(self, name: str, definition: AlarmDefinition) -> None:
        """Watch a new alarm, or one that was configured anew."""
        self.remove(name)
        self._definitions[name] = definition
        for metric in definition.metrics:
            self._watching.setdefault(metric.key, set()).add(name)
        self.wake([name])

    def remove(self, name: str) -> None:
        """Watch the alarm no more."""
        definition = self._definitions.pop(name, None)
        self._due_at.pop(name, None)
        for metric in definition.metrics if definition is not None else ():
            self._watching[metric.key].discard(name)

    def wake_watchers(self, keys: Iterable[MetricKey]) -> None:
        """Data came for these metrics."""
        for key in keys:
            self.wake(self._watching.get(key, ()))

    def wake(self, names: Iterable[str]) -> None:
        """Have these alarms evaluated at their next instant."""
        now = CLOCK.time()
        for name in names:
            if name in self._definitions and name not in self._due_at:
                self._set_due(name, now)

    def _set_due(self, name: str, now: float) -> None:
        interval = self._definitions[name].interval_seconds
        due = int(now // interval + 1) * interval
        self._due_at[name] = due
        if self._first_due is None or due < self._first_due:
            self._first_due = due

    def definition(self, name: str) -> AlarmDefinition:
        """What an alarm watches."""
        return self._definitions[name]

    @property
    def next_due(self) -> int | None:
        """When the next evaluation is due, in seconds since the epoch; None while all sleep."""
        return self._first_due

    def evaluate_due(self) -> list[tuple[str, AlarmDefinition, Verdict]]:
        """What the alarms see whose evaluation is due now."""
        now = CLOCK.time()
        names = [name for name, due in self._due_at.items() if due <= now]
        for name in names:
            del self._due_at[name]
        found = []
        for name in names:
            definition = self._definitions[name]
            verdict = self._look(name, definition, now)
            if verdict is not None:
                found.append((name, definition, verdict))
        self._first_due = min(self._due_at.values(), default=None)
        return found

    def _look(self, name: str, definition: AlarmDefinition, now: float) -> Verdict | None:
        end = int(now // definition.interval_seconds) * definition.interval_seconds
        if definition.is_restless or self._has_data(definition, end - definition.range_seconds):
            self._set_due(name, now)
        try:
            return definition.evaluate(self._store, end)
        except (ExpressionError, ArithmeticError, ValueError) as error:  # one alarm must not end the others
            LOG.warning("alarm %s cannot be evaluated: %s", name, error)
            return None

    def _has_data(self, definition: AlarmDefinition, start: int) -> bool:
        latest = (self._store.latest_at(metric.key) for metric in definition.metrics)
        return any(at is not None and at >= start for at in latest)
