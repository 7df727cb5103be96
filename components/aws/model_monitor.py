"""What AWS's own monitor brings along: the metrics it puts.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from components.specs.names import with_suffix
from components.specs.resolved import ResolvedModel

# Two namespaces are in use (trap 27). The Developer Guide names `/aws/sagemaker/Endpoints/data-metric`, with
# EndpointName and ScheduleName:
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-interpreting-cloudwatch.html
# The SageMaker SDK's own dashboards and AWS's samples name the one below, with Endpoint, Feature and MonitoringSchedule
# (aws/sagemaker-python-sdk, `sagemaker/dashboard/data_quality_dashboard.py`). To be verified live.
METRICS_NAMESPACE = "aws/sagemaker/Endpoints/data-metrics"
"""The namespace of drift metrics: the one place that says so."""

GUIDE_METRICS_NAMESPACE = "/aws/sagemaker/Endpoints/data-metric"
"""The Developer Guide's namespace: the monitor may put metrics there as well; no alarm looks at it."""

DEFAULT_COMPARISON_THRESHOLD = 0.1
"""Drift that a baseline without a threshold of its own allows:
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html"""


def data_quality_schedule_name(model: ResolvedModel) -> str:
    """The monitoring schedule's name: stable, as a schedule is updated in place."""
    return with_suffix(model.endpoint_name, "data-quality")


@dataclass(frozen=True)
class DriftBaseline:
    """What drift is measured against, as far as alarms need it.

    Attributes:
        features: The features' names: the monitor puts one drift metric each.
        comparison_threshold: The distance beyond which a feature has drifted: 0 is none, 1 the most.
    """

    features: tuple[str, ...]
    comparison_threshold: float = DEFAULT_COMPARISON_THRESHOLD

    @classmethod
    def parse(cls, statistics: str, constraints: str) -> "DriftBaseline":
        """Reads Model Monitor's `statistics.json` and `constraints.json`.

        https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html
        """
        features = json.loads(statistics).get("features", [])
        distribution = json.loads(constraints).get("monitoring_config", {}).get("distribution_constraints", {})
        return cls(
            tuple(feature["name"] for feature in features),
            float(distribution.get("comparison_threshold", DEFAULT_COMPARISON_THRESHOLD)),
        )


def drift_metric_name(feature: str) -> str:
    """The metric that says how far a feature is from its baseline."""
    return f"feature_baseline_drift_{feature}"


def drift_dimensions(model: ResolvedModel, feature: str) -> Mapping[str, str]:
    """The dimensions of a feature's drift metric (trap 27)."""
    return {
        "Endpoint": model.endpoint_name,
        "Feature": feature,
        "MonitoringSchedule": data_quality_schedule_name(model),
    }
