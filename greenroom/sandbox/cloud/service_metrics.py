"""The metrics that AWS's services put into CloudWatch by themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from greenroom.sandbox.cloud.clock import CLOCK

Metric = tuple[str, float, str]
"""Name, value and unit."""


def put_metrics(
    where: Mapping[str, Any], namespace: str, metrics: Iterable[Metric], dimensions: Mapping[str, str]
) -> None:
    """Put metrics into the CloudWatch of an event's `account_id` and `region`, now."""
    named = dimension_list(dimensions)
    data = [
        {"MetricName": name, "Value": value, "Unit": unit, "Dimensions": named, "Timestamp": CLOCK.utcnow()}
        for name, value, unit in metrics
    ]
    if data:
        cloudwatch_backends[where["account_id"]][where["region"]].put_metric_data(namespace, data)


def dimension_list(dimensions: Mapping[str, str]) -> list[dict[str, str]]:
    """Dimensions as CloudWatch's requests have them."""
    return [{"Name": name, "Value": value} for name, value in dimensions.items()]
