"""Why an alarm is in its state, in CloudWatch's words: StateReason and StateReasonData.

The sentences and the JSON are those of the sample events at
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-eventbridge.html and of alarms that people
published (awsdocs/amazon-cloudwatch-user-guide, issues and fixtures on GitHub). Guesses: up to how many data points are
listed in the sentence (3), how many are named at most where they are more (5), and the sentence for real data points
beside filled ones.
"""

from __future__ import annotations

import json
from typing import Any, Final

from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.cloudwatch.evaluation import Datapoint, Rule, Verdict

INITIAL: Final = "Unchecked: Initial alarm creation"
LISTED_DATAPOINTS = 3
NAMED_DATAPOINTS = 5

_COMPARED: Final = {
    "GreaterThanOrEqualToThreshold": "greater than or equal to",
    "GreaterThanThreshold": "greater than",
    "LessThanThreshold": "less than",
    "LessThanOrEqualToThreshold": "less than or equal to",
}
_FILLED: Final = {"breaching": "Breaching", "notBreaching": "NonBreaching"}


def timestamp(seconds: float) -> str:
    """As CloudWatch writes instants in JSON: `2019-10-02T17:04:40.985+0000`."""
    return utc(seconds).isoformat(timespec="milliseconds").replace("+00:00", "+0000")


def reason(rule: Rule, verdict: Verdict, state: str, *, says_minimum: bool) -> str:
    """The StateReason of a metric alarm that comes into `state`.

    Args:
        rule: the alarm's rule.
        verdict: what its data points said.
        state: the new state.
        says_minimum: whether the alarm was given DatapointsToAlarm: then the sentence tells "M out of the last N".
    """
    if state == "INSUFFICIENT_DATA":
        unknown = verdict.filled
        return f"Insufficient Data: {unknown} {_datapoints(unknown)} {_were(unknown)} unknown."
    if not verdict.evaluated:
        periods = "period" if rule.evaluation_periods == 1 else "periods"
        return f"Threshold Crossed: no datapoints were received for {rule.evaluation_periods} {periods}" + _and_filled(
            rule, verdict
        )
    counting = [one for one in verdict.evaluated if rule.is_breaching(one.value) == (state == "ALARM")][::-1]
    if not counting:  # the filled ones decided
        return f"Threshold Crossed: {_filled(rule, verdict)}."
    return (
        f"Threshold Crossed: {_crossed(rule, counting, state, says_minimum=says_minimum)}{_and_filled(rule, verdict)}"
    )


def _crossed(rule: Rule, counting: list[Datapoint], state: str, *, says_minimum: bool) -> str:
    number = len(counting)
    counted = f"{number} {_datapoints(number)}"
    if says_minimum:
        counted = f"{number} out of the last {rule.evaluation_periods} datapoints"
    compared = f"{_were(number)} {'' if state == 'ALARM' else 'not '}{_COMPARED[rule.comparison_operator]}"
    if number <= LISTED_DATAPOINTS:
        sentence = f"{counted} {_listed(counting)} {compared} the threshold ({rule.threshold})"
    else:
        crossed = "crossed" if state == "ALARM" else "did not cross"  # "did not cross" is a guess
        sentence = (
            f"{counted} {compared} the threshold ({rule.threshold}). The most recent datapoints which {crossed} the "
            f"threshold: {_listed(counting[:NAMED_DATAPOINTS])}"
        )
    if not says_minimum:
        return sentence
    minimum = _minimum(rule, state)
    before = "OK -> ALARM" if state == "ALARM" else "ALARM -> OK"
    return f"{sentence} (minimum {minimum} {_datapoints(minimum)} for {before} transition)"


def _minimum(rule: Rule, state: str) -> int:
    """How many data points make the transition: M for ALARM, what leaves fewer than M for OK."""
    to_alarm = rule.datapoints_to_alarm
    return to_alarm if state == "ALARM" else rule.evaluation_periods - to_alarm + 1


def _listed(datapoints: list[Datapoint]) -> str:
    return "[" + ", ".join(f"{one.value} ({_day_first(one.at)})" for one in datapoints) + "]"


def _day_first(seconds: int) -> str:
    return utc(seconds).strftime("%d/%m/%y %H:%M:%S")


def _and_filled(rule: Rule, verdict: Verdict) -> str:
    if not verdict.filled or rule.treat_missing_data not in _FILLED:
        return "."
    return f" and {_filled(rule, verdict)}."


def _filled(rule: Rule, verdict: Verdict) -> str:
    number, treated = verdict.filled, _FILLED.get(rule.treat_missing_data, "Missing")
    return f"{number} missing {_datapoints(number)} {_were(number)} treated as [{treated}]"


def _datapoints(number: int) -> str:
    return "datapoint" if number == 1 else "datapoints"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"


def reason_data(
    rule: Rule,
    verdict: Verdict,
    state: str,
    *,
    at_seconds: float,
    period_seconds: int,
    statistic: str | None,
    unit: str | None,
) -> str:
    """The StateReasonData of a metric alarm. `statistic` is None for metric math, which names none.

    `evaluatedDatapoints` has as many of the newest as make the transition: what published samples show, no rule of
    AWS's.
    """
    content: dict[str, Any] = {"version": "1.0", "queryDate": timestamp(at_seconds)}
    if verdict.evaluated:
        content["startDate"] = timestamp(verdict.evaluated[0].at)
    content |= {key: value for key, value in (("unit", unit), ("statistic", statistic)) if value is not None}
    content |= {
        "period": period_seconds,
        "recentDatapoints": [one.value for one in verdict.evaluated],
        "threshold": rule.threshold,
    }
    shown = verdict.evaluated[::-1][: _minimum(rule, state)]
    if shown:
        content["evaluatedDatapoints"] = [_shown(one) for one in shown]
    return json.dumps(content, separators=(",", ":"))


def _shown(one: Datapoint) -> dict[str, Any]:
    count = {} if one.sample_count is None else {"sampleCount": one.sample_count}
    return {"timestamp": timestamp(one.at), **count, "value": one.value}
