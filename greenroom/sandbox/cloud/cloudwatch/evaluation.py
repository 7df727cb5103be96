"""The rule by which an alarm's data points make its state.

CloudWatch retrieves more data points than it needs, the evaluation range, so that real ones can stand in for missing
ones. If there are as many real ones as Evaluation Periods, the most recent of them decide, and nothing is filled in;
if there are fewer, the rest is filled in as TreatMissingData says:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html

How many more it retrieves is documented by example only: 5 for 3 Evaluation Periods. Two more than needed is a guess.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

State = Literal["OK", "ALARM", "INSUFFICIENT_DATA"]
Treatment = Literal["missing", "ignore", "breaching", "notBreaching"]

EXTRA_DATAPOINTS: Final = 2
COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


@dataclass(frozen=True)
class Datapoint:
    """One that there is: `at` is its period's beginning, in seconds since the epoch."""

    at: int
    value: float
    sample_count: float | None = None


@dataclass(frozen=True)
class Rule:
    """M out of N data points against a threshold."""

    evaluation_periods: int
    datapoints_to_alarm: int
    comparison_operator: str
    threshold: float
    treat_missing_data: Treatment = "missing"

    @property
    def range_length(self) -> int:
        """How many data points are retrieved."""
        return self.evaluation_periods + EXTRA_DATAPOINTS

    def is_breaching(self, value: float) -> bool:
        """Whether a value is outside the threshold."""
        return COMPARISONS[self.comparison_operator](value, self.threshold)


@dataclass(frozen=True)
class Verdict:
    """What the data points say. `state` is None where the alarm keeps the state that it has.

    Attributes:
        state: the state.
        evaluated: the real data points that were counted, the oldest first.
        filled: how many missing ones were filled in beside them.
    """

    state: State | None
    evaluated: tuple[Datapoint, ...]
    filled: int


def evaluate(rule: Rule, datapoints: Sequence[Datapoint | None]) -> Verdict:
    """The state that follows from the evaluation range, its oldest data point first; None is a missing one."""
    real = [one for one in datapoints if one is not None]
    evaluated = tuple(real[-rule.evaluation_periods :])
    filled = rule.evaluation_periods - len(evaluated)
    breaching = sum(rule.is_breaching(one.value) for one in evaluated)
    if breaching >= rule.datapoints_to_alarm:
        state: State | None = "ALARM"
    elif filled == 0 or rule.treat_missing_data == "notBreaching":
        state = "OK"
    elif rule.treat_missing_data == "breaching":
        state = "ALARM" if breaching + filled >= rule.datapoints_to_alarm else "OK"
    elif breaching < len(evaluated):
        state = "OK"
    elif rule.treat_missing_data == "ignore":
        state = None
    else:
        state = "ALARM" if _is_premature(rule, datapoints) else "INSUFFICIENT_DATA"
    return Verdict(state, evaluated, filled)


def _is_premature(rule: Rule, datapoints: Sequence[Datapoint | None]) -> bool:
    """Whether too few data points, all of them breaching, make an alarm all the same.

    "alarms are designed to always go into ALARM state when the oldest available breaching datapoint during the
    Evaluation Periods number of data points is at least as old as the value of Datapoints to Alarm, and all other more
    recent data points are breaching or missing":
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    ages = [len(datapoints) - index for index, one in enumerate(datapoints) if one is not None]
    return bool(ages) and max(ages) >= rule.datapoints_to_alarm
