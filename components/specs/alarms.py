"""When a model is unwell: thresholds in the units people think in; `null` turns one alarm off.

Latencies are milliseconds here. SageMaker's metrics are microseconds; the component converts, once.
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidatorFunctionWrapHandler, field_validator, model_validator

from components.specs.base import Many, Spec
from components.specs.fields import Matching, duplicates
from components.specs.violations import Rule, broken

# https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html
DAY_SECONDS = 86_400
WEEK_SECONDS = 604_800
# A real-time request is given up after 60 s (https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints.html).
MAX_LATENCY_MS = 60_000

Email = Annotated[str, Matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address", "name@example.com", max_length=256)]


class Threshold(Spec):
    """One alarm: breaching when `threshold` is passed in `datapoints_to_alarm` of `evaluation_periods` periods."""

    threshold: float
    """The last value that is still well."""
    period_seconds: Annotated[int, Field(ge=60, multiple_of=60)] = 60
    """The length of one datapoint: a multiple of 60, as SageMaker puts its metrics once a minute. Without it: 60, or
    the alarm's own default."""
    evaluation_periods: Annotated[int, Field(ge=1)] = 5
    """How many datapoints are looked at. Without it: 5, or the alarm's own default."""
    datapoints_to_alarm: Annotated[int, Field(ge=1)] = 3
    """How many of them must be beyond the threshold. Without it: 3, or the alarm's own default."""

    @model_validator(mode="after")
    def _windows_fit_cloudwatch(self) -> Threshold:
        rules = []
        if self.datapoints_to_alarm > self.evaluation_periods:
            rules.append(
                Rule(
                    ("datapoints_to_alarm",),
                    f"{self.datapoints_to_alarm} of {self.evaluation_periods} datapoints can never be breaching",
                    self.datapoints_to_alarm,
                    allowed=f"1 to {self.evaluation_periods}, the evaluation_periods",
                )
            )
        window, limit = self.period_seconds * self.evaluation_periods, _longest_window_seconds(self.period_seconds)
        if window > limit:
            rules.append(
                Rule(
                    ("evaluation_periods",),
                    f"{self.evaluation_periods} periods of {self.period_seconds} s are {window} s, "
                    f"{window - limit} too long",
                    self.evaluation_periods,
                    allowed=f"{limit} s in all: 1 day for periods under an hour, 7 days for longer ones",
                    fix=f"take at most {limit // self.period_seconds} periods",
                )
            )
        if rules:
            raise broken(rules)
        return self


def _longest_window_seconds(period_seconds: int) -> int:
    return DAY_SECONDS if period_seconds < 3600 else WEEK_SECONDS


def _within(low: float, high: float | None, unit: str) -> AfterValidator:
    """A threshold between two numbers."""

    def check(alarm: Threshold) -> Threshold:
        if alarm.threshold < low or (high is not None and alarm.threshold > high):
            raise broken(
                [
                    Rule(
                        ("threshold",),
                        f"{alarm.threshold:g} is not a threshold in {unit}",
                        alarm.threshold,
                        allowed=f"{low:g} to {high:g}" if high is not None else f"at least {low:g}",
                    )
                ]
            )
        return alarm

    return AfterValidator(check)


PercentThreshold = Annotated[Threshold, _within(0, 100, "percent")]
LatencyThreshold = Annotated[Threshold, _within(1, MAX_LATENCY_MS, "milliseconds (a request ends after 60 s)")]


class Alarms(Spec):
    """The alarms of one model's endpoint."""

    invocation_5xx_percent: PercentThreshold | None = Threshold(threshold=1.0)
    """Answers that are the model's fault, in percent of all. Without it: above 1; `null`: no alarm."""
    invocation_4xx_percent: PercentThreshold | None = Threshold(threshold=5.0)
    """Answers that are the caller's fault, in percent of all. Without it: above 5; `null`: no alarm."""
    model_latency_p99_ms: LatencyThreshold | None = Threshold(threshold=1000.0)
    """Time in the model's container, 99th percentile, in milliseconds. Without it: above 1000; `null`: no alarm."""
    overhead_latency_p99_ms: LatencyThreshold | None = Threshold(threshold=500.0)
    """Time SageMaker adds, 99th percentile, in milliseconds. Without it: above 500; `null`: no alarm."""
    cpu_utilization_percent: PercentThreshold | None = Threshold(threshold=90.0)
    """Load of all cores together, 100 when all are busy. Without it: above 90; `null`: no alarm."""
    memory_utilization_percent: PercentThreshold | None = Threshold(threshold=90.0)
    """Memory in use. Without it: above 90; `null`: no alarm."""
    disk_utilization_percent: PercentThreshold | None = Threshold(threshold=80.0)
    """Disk in use. Without it: above 80; `null`: no alarm."""
    no_traffic: Annotated[Threshold, _within(1, None, "invocations a period")] | None = None
    """Fewer invocations than this in a period mean that callers are gone. Without it: no alarm."""
    monitor_violations: Annotated[Threshold, _within(0, None, "violations a run")] | None = Threshold(
        threshold=0.0, period_seconds=3600, evaluation_periods=1, datapoints_to_alarm=1
    )
    """Violations a monitor's run finds; a run without data is told apart. Without it: above 0, in one period of
    3600 s; `null`, or no monitor: no alarm."""
    notify_emails: Annotated[Many[Email], Field(max_length=100)] = ()
    """Who is told; each address confirms its subscription once. Without it: nobody; the topic is
    there to subscribe to."""

    @field_validator("*", mode="wrap")
    @classmethod
    def _keep_the_windows_of_the_default(cls, value: Any, handler: ValidatorFunctionWrapHandler, info: Any) -> Any:
        """`{threshold: 2}` keeps the period and datapoints of that alarm's own default."""
        default = cls.model_fields[info.field_name].default
        if not (isinstance(value, dict) and isinstance(default, Threshold)):
            return handler(value)
        alarm = handler({**default.model_dump(exclude={"threshold"}), **value})
        # What was filled in was not written: an environment's own default must still win over it.
        return Threshold.model_construct(_fields_set=set(value), **dict(alarm))

    @model_validator(mode="after")
    def _each_address_once(self) -> Alarms:
        rules = [
            Rule(("notify_emails", index), f"'{email}' is given twice", email, fix="give it once")
            for index, email in duplicates(self.notify_emails)
        ]
        if rules:
            raise broken(rules)
        return self
