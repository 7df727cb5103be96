"""rate, cron and at fire when AWS says that they do.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.schedule_expression import ScheduleExpressionError, parse


def firings(text, since, count=3, **more):
    schedule = parse(text, **more)
    found, at = [], dt.datetime.fromisoformat(since).replace(tzinfo=dt.UTC).timestamp()
    for _ in range(count):
        following = schedule.after(at)
        if following is None:
            break
        found.append(dt.datetime.fromtimestamp(following, tz=dt.UTC).strftime("%Y-%m-%d %H:%M"))
        at = following
    return found


@pytest.mark.parametrize(
    ("text", "since", "expected"),
    [
        # the examples of AWS's table
        ("cron(0 10 * * ? *)", "2026-01-01", ["2026-01-01 10:00", "2026-01-02 10:00", "2026-01-03 10:00"]),
        ("cron(15 12 * * ? *)", "2026-01-01 12:15", ["2026-01-02 12:15", "2026-01-03 12:15", "2026-01-04 12:15"]),
        ("cron(0 18 ? * MON-FRI *)", "2026-01-02", ["2026-01-02 18:00", "2026-01-05 18:00", "2026-01-06 18:00"]),
        ("cron(0 8 1 * ? *)", "2026-01-01 08:00", ["2026-02-01 08:00", "2026-03-01 08:00", "2026-04-01 08:00"]),
        ("cron(0/15 * * * ? *)", "2026-01-01 00:01", ["2026-01-01 00:15", "2026-01-01 00:30", "2026-01-01 00:45"]),
        ("cron(0/10 * ? * MON-FRI *)", "2026-01-03", ["2026-01-05 00:00", "2026-01-05 00:10", "2026-01-05 00:20"]),
        (
            "cron(0/5 8-17 ? * MON-FRI *)",
            "2026-01-02 17:54",
            ["2026-01-02 17:55", "2026-01-05 08:00", "2026-01-05 08:05"],
        ),
        # the wildcards
        ("cron(0 9 L * ? *)", "2028-02-01", ["2028-02-29 09:00", "2028-03-31 09:00", "2028-04-30 09:00"]),
        ("cron(0 9 3W * ? *)", "2026-01-01", ["2026-01-02 09:00", "2026-02-03 09:00", "2026-03-03 09:00"]),
        ("cron(0 9 1W * ? *)", "2026-02-01", ["2026-02-02 09:00", "2026-03-02 09:00", "2026-04-01 09:00"]),
        ("cron(0 9 LW * ? *)", "2026-01-01", ["2026-01-30 09:00", "2026-02-27 09:00", "2026-03-31 09:00"]),
        ("cron(0 9 ? * 3#2 *)", "2026-01-01", ["2026-01-13 09:00", "2026-02-10 09:00", "2026-03-10 09:00"]),
        ("cron(0 9 ? * 6L *)", "2026-01-01", ["2026-01-30 09:00", "2026-02-27 09:00", "2026-03-27 09:00"]),
        ("cron(0 9 ? * FRI-MON *)", "2026-01-01", ["2026-01-02 09:00", "2026-01-03 09:00", "2026-01-04 09:00"]),
        ("cron(0 0 29 2 ? *)", "2026-01-01", ["2028-02-29 00:00", "2032-02-29 00:00", "2036-02-29 00:00"]),
        ("cron(0 0 1 jan,JUL ? 2026)", "2026-01-01", ["2026-07-01 00:00"]),
        ("at(2026-03-01T08:30:00)", "2026-01-01", ["2026-03-01 08:30"]),
        ("at(2026-03-01T08:30:00)", "2026-03-01 08:30", []),
    ],
)
def test_it_fires_when_aws_says(text, since, expected):
    assert firings(text, since) == expected


def test_a_rate_counts_from_its_start_and_does_not_fire_at_it():
    start = dt.datetime(2026, 1, 1, 0, 2, tzinfo=dt.UTC).timestamp()
    assert firings("rate(5 minutes)", "2026-01-01", start_seconds=start) == [
        "2026-01-01 00:07",
        "2026-01-01 00:12",
        "2026-01-01 00:17",
    ]


def test_a_cron_reads_the_clocks_of_its_zone_over_a_change_of_summer_time():
    expected = ["2026-03-28 08:00", "2026-03-29 07:00", "2026-03-30 07:00"]
    assert firings("cron(0 9 * * ? *)", "2026-03-27 12:00", zone=ZoneInfo("Europe/Berlin")) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("every 5 minutes", "is no schedule; write rate(VALUE UNIT), cron("),
        ("rate(1 minutes)", "the unit in the singular for 1"),
        ("rate(5 minute)", "in the plural for more"),
        ("rate(0 minutes)", "a whole number above 0"),
        ("cron(0 10 * * *)", "has 5 fields; a cron has six"),
        ("cron(0 10 * * * *)", "one of day of month and day of week is `?`"),
        ("cron(0 10 ? * ? *)", "one of day of month and day of week is `?`"),
        ("cron(60 10 * * ? *)", "minutes '60': '60' is none of 0-59"),
        ("cron(0 10 * 13 ? *)", "month '13': '13' is none of 1-12"),
        ("cron(0 10 ? * FOO *)", "'FOO' is none of 1-7"),
        ("cron(0/0 10 * * ? *)", "the step '0' is no whole number above 0"),
        ("at(tomorrow)", "write at(yyyy-mm-ddThh:mm:ss)"),
    ],
)
def test_what_is_no_schedule_is_refused_with_what_one_looks_like(text, says):
    with pytest.raises(ScheduleExpressionError) as refused:
        parse(text)
    assert text in str(refused.value)
    assert says in str(refused.value)


@given(
    minute=st.integers(0, 59),
    hour=st.integers(0, 23),
    since=st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2150, 1, 1)),  # noqa: DTZ001
)
def test_a_daily_cron_fires_within_a_day_at_its_minute(minute, hour, since):
    at = since.replace(tzinfo=dt.UTC).timestamp()
    following = parse(f"cron({minute} {hour} * * ? *)").after(at)
    assert following is not None
    fired = dt.datetime.fromtimestamp(following, tz=dt.UTC)
    assert 0 < following - at <= 86400
    assert (fired.hour, fired.minute, fired.second) == (hour, minute, 0)
