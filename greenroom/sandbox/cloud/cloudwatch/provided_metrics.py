"""Metrics that a service works out when it is asked: S3's bucket sizes and numbers of objects, as moto has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from greenroom.sandbox.cloud.clock import seconds_of
from greenroom.sandbox.cloud.cloudwatch.metric_store import MetricKey, MetricStore, Sample, sample_of_value
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.cloudwatch.backend import CloudWatchBackend

PROVIDED_NAMESPACE = "AWS/S3"


def with_provided(backend: CloudWatchBackend, params: Params) -> MetricStore:
    """The backend's metrics, and beside them those that are worked out now, where a request asks for such."""
    if not any(one in {None, PROVIDED_NAMESPACE} for one in _namespaces(params)):
        return backend.metrics
    provided: dict[MetricKey, list[Sample]] = {}
    for datum in backend.aws_metric_data:
        dimensions = tuple(sorted((one.name, one.value) for one in datum.dimensions))
        sample = sample_of_value(datum.value, 1.0, seconds_of(datum.timestamp), datum.unit)
        provided.setdefault(MetricKey(datum.namespace, datum.name, dimensions), []).append(sample)
    return backend.metrics.beside(provided) if provided else backend.metrics


def _namespaces(params: Params) -> Iterator[str | None]:
    if "MetricDataQueries" not in params:
        yield params.get("Namespace")
    for query in params.get("MetricDataQueries") or ():
        if "MetricStat" in query:
            yield query["MetricStat"]["Metric"].get("Namespace")
