"""Alarms that have nothing to see sleep: a thousand of them cost nothing."""

from __future__ import annotations

import pytest

from greenroom.sandbox.cloud.clock import CLOCK, ManualTime, SystemTime
from greenroom.sandbox.cloud.cloudwatch.alarm_watch import AlarmWatch
from greenroom.sandbox.cloud.cloudwatch.evaluation import Rule
from greenroom.sandbox.cloud.cloudwatch.metric_alarms import AlarmDefinition
from greenroom.sandbox.cloud.cloudwatch.metric_queries import MetricQuery, MetricStat
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricKey, MetricStore, sample_of_value

START = 1_750_000_020  # a whole minute
KEY = MetricKey("n", "m", ())


def definition(key=KEY, period_seconds=60):
    query = MetricQuery("m", None, returns_data=True, metric=MetricStat(key, period_seconds, "Sum", None))
    return AlarmDefinition(
        queries=(query,),
        watched_id="m",
        rule=Rule(1, 1, "GreaterThanThreshold", 1.0),
        period_seconds=period_seconds,
        says_minimum=False,
        is_metric_math=False,
        ignores_low_samples=False,
        is_restless=False,
    )


@pytest.fixture
def time():
    CLOCK.source = manual = ManualTime(START)
    yield manual
    CLOCK.source = SystemTime()


class Watched(AlarmWatch):
    """With its metrics and its time at hand."""

    def __init__(self, time):
        self.store, self.time = MetricStore(), time
        super().__init__(self.store)


@pytest.fixture
def watch(time):
    return Watched(time)


def evaluated(watch):
    """Which alarms are evaluated when the next is due, and how many minutes after the start that is."""
    watch.time.advance(watch.next_due - CLOCK.time())
    names = [name for name, _, _ in watch.evaluate_due()]
    return (CLOCK.time() - START) / 60, names


def publish(watch, value=5.0):
    watch.store.add(KEY, [sample_of_value(value, 1.0, CLOCK.time(), None)])
    watch.wake_watchers([KEY])


def test_an_alarm_without_data_is_evaluated_once_and_sleeps(watch):
    watch.add("a", definition())
    assert evaluated(watch) == (1, ["a"])
    assert watch.next_due is None


def test_data_wakes_those_that_watch_its_metric_until_it_is_out_of_their_range(watch):
    watch.add("watching", definition())
    watch.add("other", definition(MetricKey("n", "other", ())))
    evaluated(watch)
    publish(watch)
    found = []
    while watch.next_due is not None:
        found.append(evaluated(watch))
    # The evaluation range is three minutes long; in the fourth evaluation the alarm sees that it is empty.
    assert found == [(minute, ["watching"]) for minute in (2, 3, 4, 5)]


def test_a_high_resolution_alarm_is_due_at_the_next_ten_seconds(watch):
    watch.time.advance(3)
    watch.add("a", definition(period_seconds=10))
    assert watch.next_due == START + 10


def test_a_removed_alarm_is_evaluated_no_more(watch):
    watch.add("a", definition())
    watch.remove("a")
    publish(watch)
    watch.time.advance(60)
    assert watch.evaluate_due() == []
