"""When a model is unwell: thresholds in the units people think in; `None` turns one alarm off."""

from components.specs.base import Spec


class Threshold(Spec):
    """One alarm: breaching when `threshold` is passed in `datapoints_to_alarm` of `evaluation_periods` periods."""

    threshold: float
    period_seconds: int = 60
    evaluation_periods: int = 5
    datapoints_to_alarm: int = 3


class Alarms(Spec):
    """The alarms of one model's endpoint."""

    invocation_5xx_percent: Threshold | None = Threshold(threshold=1.0)
    invocation_4xx_percent: Threshold | None = Threshold(threshold=5.0)
    model_latency_p99_ms: Threshold | None = Threshold(threshold=1000.0)
    overhead_latency_p99_ms: Threshold | None = Threshold(threshold=500.0)
    cpu_utilization_percent: Threshold | None = Threshold(threshold=90.0)
    memory_utilization_percent: Threshold | None = Threshold(threshold=90.0)
    disk_utilization_percent: Threshold | None = Threshold(threshold=80.0)
    no_traffic: Threshold | None = None
    monitor_violations: Threshold | None = Threshold(
        threshold=0.0, period_seconds=3600, evaluation_periods=1, datapoints_to_alarm=1
    )
    notify_emails: tuple[str, ...] = ()
