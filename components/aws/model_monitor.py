"""What AWS's own monitor brings along: the analyzer's image in each region, and the metrics it puts.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor.html
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from components.specs.names import with_suffix
from components.specs.resolved import ResolvedModel

# From `image_uri_config/model-monitor.json` of sagemaker-core 2.27, also listed at
# https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-built-container.html
_ANALYZER_ACCOUNTS = {
    "af-south-1": "875698925577",
    "ap-east-1": "001633400207",
    "ap-northeast-1": "574779866223",
    "ap-northeast-2": "709848358524",
    "ap-northeast-3": "990339680094",
    "ap-south-1": "126357580389",
    "ap-southeast-1": "245545462676",
    "ap-southeast-2": "563025443158",
    "ap-southeast-3": "669540362728",
    "ca-central-1": "536280801234",
    "cn-north-1": "453000072557",
    "cn-northwest-1": "453252182341",
    "eu-central-1": "048819808253",
    "eu-central-2": "590183933784",
    "eu-north-1": "895015795356",
    "eu-south-1": "933208885752",
    "eu-south-2": "437450045455",
    "eu-west-1": "468650794304",
    "eu-west-2": "749857270468",
    "eu-west-3": "680080141114",
    "il-central-1": "843974653677",
    "me-central-1": "588750061953",
    "me-south-1": "607024016150",
    "sa-east-1": "539772159869",
    "us-east-1": "156813124566",
    "us-east-2": "777275614652",
    "us-west-1": "890145073186",
    "us-west-2": "159807026194",
}

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


class NoAnalyzerImageError(ValueError):
    """AWS offers no analyzer in the region.

    Attributes:
        region: The region.
        known: Where it is offered.
    """

    def __init__(self, region: str) -> None:
        self.region = region
        self.known = tuple(sorted(_ANALYZER_ACCOUNTS))
        super().__init__(
            f"AWS has no Model Monitor image in the region {region!r}; it has one in {', '.join(self.known)}. "
            "Take the data_quality monitor out of the model's `monitors` for this environment, or deploy elsewhere."
        )


def analyzer_image_uri(region: str) -> str:
    """AWS's Model Monitor analyzer in `region`.

    Raises:
        NoAnalyzerImageError: AWS offers none there.
    """
    account = _ANALYZER_ACCOUNTS.get(region)
    if account is None:
        raise NoAnalyzerImageError(region)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"{account}.dkr.ecr.{region}.{suffix}/sagemaker-model-monitor-analyzer"


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
