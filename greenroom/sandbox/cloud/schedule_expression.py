"""When a schedule fires: AWS's `rate(…)`, `cron(…)` and `at(…)` expressions.

EventBridge rules, Application Auto Scaling's scheduled actions and SageMaker's monitoring schedules write the same
three forms. A cron has six fields (minutes, hours, day of month, month, day of week, year), one of the two days is `?`,
and knows `,` `-` `*` `/` `L` `W` `#`.

Sources: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html and
https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, Protocol
from zoneinfo import ZoneInfo

UTC: Final = ZoneInfo("UTC")
_FORM = re.compile(r"(rate|cron|at)\(([^()]*)\)")
_UNIT_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600, "day": 86400}
_MONTHS: Final = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS: Final = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_LAST_YEAR: Final = 2199


class ScheduleExpressionError(ValueError):
    """A text that is no schedule; says what one looks like."""


class Schedule(Protocol):
    """When something fires, for ever or once."""

    def after(self, instant_seconds: float) -> float | None:
        """The first firing after an instant, both in seconds since the epoch; None where there is none any more."""
        ...


@dataclass(frozen=True)
class Rate:
    """Every `period_seconds`, counted from `start_seconds`, whose own instant is no firing."""

    period_seconds: int
    start_seconds: float

    def after(self, instant_seconds: float) -> float:
        """The next whole period."""
        passed = max((instant_seconds - self.start_seconds) // self.period_seconds, 0)
        return self.start_seconds + (passed + 1) * self.period_seconds


@dataclass(frozen=True)
class Once:
    """At one instant."""

    at_seconds: float

    def after(self, instant_seconds: float) -> float | None:
        """The instant, while it is to come."""
        return self.at_seconds if self.at_seconds > instant_seconds else None


@dataclass(frozen=True)
class Cron:
    """At the minutes that six fields name, as clocks of `zone` show them."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: frozenset[int]
    years: frozenset[int]
    days_of: Callable[[int, int], frozenset[int]]
    """The days of a year's month that fire."""
    zone: ZoneInfo = UTC

    def after(self, instant_seconds: float) -> float | None:
        """The first minute after the instant that every field takes."""
        start = dt.datetime.fromtimestamp(instant_seconds, tz=self.zone)
        for year in range(start.year, max(self.years) + 1):
            for month in sorted(self.months) if year in self.years else ():
                if (year, month) < (start.year, start.month):
                    continue
                found = self._in_month(year, month, instant_seconds)
                if found is not None:
                    return found
        return None

    def _in_month(self, year: int, month: int, instant_seconds: float) -> float | None:
        start = dt.datetime.fromtimestamp(instant_seconds, tz=self.zone).date()
        for day in sorted(self.days_of(year, month)):
            if dt.date(year, month, day) < start:
                continue
            for hour in self.hours:
                for minute in self.minutes:
                    at = dt.datetime(year, month, day, hour, minute, tzinfo=self.zone).timestamp()
                    if at > instant_seconds:
                        return at
        return None


def parse(text: str, *, start_seconds: float = 0.0, zone: ZoneInfo = UTC) -> Schedule:
    """The schedule that an expression names.

    Args:
        text: Such as `rate(5 minutes)`, `cron(0 12 * * ? *)` or `at(2026-01-31T08:00:00)`.
        start_seconds: What a rate counts from, in seconds since the epoch.
        zone: Whose clocks a cron and an `at` read.

    Raises:
        ScheduleExpressionError: It is none; the message says which part, and what is allowed.
    """
    match = _FORM.fullmatch(text.strip())
    if match is None:
        raise ScheduleExpressionError(
            f"{text!r} is no schedule; write rate(VALUE UNIT), cron(MINUTES HOURS DAY-OF-MONTH MONTH DAY-OF-WEEK YEAR) "
            "or at(yyyy-mm-ddThh:mm:ss)"
        )
    form, inner = match.groups()
    if form == "rate":
        return _rate(text, inner, start_seconds)
    return _once(text, inner, zone) if form == "at" else _cron(text, inner, zone)


def _rate(text: str, inner: str, start_seconds: float) -> Rate:
    match = re.fullmatch(r"\s*(\d+)\s+(second|minute|hour|day)(s?)\s*", inner)
    if match is None or int(match[1]) == 0 or (int(match[1]) == 1) == bool(match[3]):
        # "If the value is equal to 1, then the unit must be singular. Likewise, for values greater than 1, the unit
        # must be plural." (eb-rate-expressions)
        raise ScheduleExpressionError(
            f"{text!r}: a rate is rate(1 minute), rate(5 minutes), rate(2 hours), …: a whole number above 0, and the "
            "unit in the singular for 1 and in the plural for more"
        )
    return Rate(int(match[1]) * _UNIT_SECONDS[match[2]], start_seconds)


def _once(text: str, inner: str, zone: ZoneInfo) -> Once:
    try:
        at = dt.datetime.fromisoformat(inner.strip())
    except ValueError as error:
        raise ScheduleExpressionError(f"{text!r}: {error}; write at(yyyy-mm-ddThh:mm:ss)") from error
    return Once((at if at.tzinfo is not None else at.replace(tzinfo=zone)).timestamp())


def _cron(text: str, inner: str, zone: ZoneInfo) -> Cron:
    fields = inner.upper().split()
    if len(fields) != 6:
        raise ScheduleExpressionError(f"{text!r} has {len(fields)} fields; a cron has six, the year last")
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        # "You can't specify the Day-of-month and Day-of-week fields in the same cron expression": the other is "?"
        raise ScheduleExpressionError(f"{text!r}: one of day of month and day of week is `?`, and only one")

    def values(name: str, field: str, span: tuple[int, int], names: dict[str, int] | None = None) -> frozenset[int]:
        try:
            return frozenset(_values(field, span, names or {}))
        except ValueError as error:
            raise ScheduleExpressionError(f"{text!r}: {name} {field!r}: {error}") from error

    try:
        days_of = _days_of_month(day) if weekday == "?" else _days_of_week(weekday)
    except ValueError as error:
        raise ScheduleExpressionError(f"{text!r}: {error}") from error
    return Cron(
        tuple(sorted(values("minutes", minutes, (0, 59)))),
        tuple(sorted(values("hours", hours, (0, 23)))),
        values("month", month, (1, 12), _MONTHS),
        values("year", year, (1970, _LAST_YEAR)),
        days_of,
        zone,
    )


def _values(field: str, span: tuple[int, int], names: dict[str, int]) -> Iterable[int]:
    for part in field.split(","):
        body, slash, step = part.partition("/")
        first, last = _range(body, span, names)
        if slash and "-" not in body and body != "*":
            last = span[1]  # `5/15`: from the fifth on
        every = int(step) if step.isdigit() else 0 if slash else 1
        if every < 1:
            raise ValueError(f"the step {step!r} is no whole number above 0")
        if first <= last:
            yield from range(first, last + 1, every)
        else:  # FRI-MON goes over the end
            yield from (*range(first, span[1] + 1, every), *range(span[0], last + 1, every))


def _range(body: str, span: tuple[int, int], names: dict[str, int]) -> tuple[int, int]:
    if body == "*":
        return span
    first, dash, last = body.partition("-")
    return _number(first, span, names), _number(last if dash else first, span, names)


def _number(text: str, span: tuple[int, int], names: dict[str, int]) -> int:
    number = names.get(text, int(text) if text.isdigit() else -1)
    if not span[0] <= number <= span[1]:
        raise ValueError(
            f"{text!r} is none of {span[0]}-{span[1]}" + (f" or {'-'.join((*names,)[:2])}…" if names else "")
        )
    return number


def _days_of_month(field: str) -> Callable[[int, int], frozenset[int]]:
    if field == "L":
        return lambda year, month: frozenset({calendar.monthrange(year, month)[1]})
    nearest = re.fullmatch(r"(\d+|L)W", field)
    if nearest is not None:
        return _nearest_weekday(nearest[1])
    wanted = frozenset(_values(field, (1, 31), {}))
    return lambda year, month: frozenset(day for day in wanted if day <= calendar.monthrange(year, month)[1])


def _nearest_weekday(field: str) -> Callable[[int, int], frozenset[int]]:
    wanted = 31 if field == "L" else _number(field, (1, 31), {})

    def days(year: int, month: int) -> frozenset[int]:
        length = calendar.monthrange(year, month)[1]
        if wanted > length and field != "L":
            return frozenset()
        weekdays = [day for day in range(1, length + 1) if dt.date(year, month, day).weekday() < 5]
        # the nearest within the month; for a Saturday that is the Friday before
        return frozenset({min(weekdays, key=lambda day: (abs(day - min(wanted, length)), day))})

    return days


def _days_of_week(field: str) -> Callable[[int, int], frozenset[int]]:
    nth = re.fullmatch(r"(\w+)#([1-5])", field)
    last = re.fullmatch(r"(\w+)L", field)
    if nth is not None:
        weekday, which = _number(nth[1], (1, 7), _WEEKDAYS), int(nth[2])
        return lambda year, month: frozenset(_days_that_are(year, month, {weekday})[which - 1 : which])
    if last is not None:
        weekday = _number(last[1], (1, 7), _WEEKDAYS)
        return lambda year, month: frozenset(_days_that_are(year, month, {weekday})[-1:])
    wanted = {7} if field == "L" else set(_values(field, (1, 7), _WEEKDAYS))
    return lambda year, month: frozenset(_days_that_are(year, month, wanted))


def _days_that_are(year: int, month: int, weekdays: set[int]) -> list[int]:
    length = calendar.monthrange(year, month)[1]
    return [day for day in range(1, length + 1) if dt.date(year, month, day).isoweekday() % 7 + 1 in weekdays]
