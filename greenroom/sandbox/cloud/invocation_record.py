"""What an invocation leaves behind: its metrics and its captured record.

The metrics are those of https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html, with dimensions
EndpointName and VariantName; latencies are in microseconds. Utilization is left out: one local process says nothing
about an instance.
"""

from __future__ import annotations

import logging
from typing import Any

from moto.cloudwatch.models import cloudwatch_backends
from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.hosting import DataCaptureObject, Invocation

EVENT = "invocation"
NAMESPACE = "AWS/SageMaker"
LOG = logging.getLogger("greenroom.sandbox.cloud")


def record(
    application: LocalAwsApplication,
    *,
    account_id: str,
    region: str,
    endpoint_name: str,
    invocation: Invocation,
    instance_count: int,
    captured: DataCaptureObject | None,
) -> None:
    """Keep the metrics of one invocation, and its captured record where it was sampled."""
    attributes: dict[str, Any] = {
        "account_id": account_id,
        "region": region,
        "endpoint_name": endpoint_name,
        "variant_name": invocation.variant,
        "metrics": _metrics(invocation, instance_count),
    }
    body = b""
    if captured is not None:
        attributes |= {"bucket": captured.bucket, "key": captured.key, "kms_key_id": captured.kms_key_id}
        body = captured.body
    application.record(EVENT, attributes, body)


def _metrics(invocation: Invocation, instance_count: int) -> list[tuple[str, float, str]]:
    is_4xx, is_5xx = 400 <= invocation.status < 500, invocation.status >= 500
    return [
        ("Invocations", 1.0, "Count"),
        ("InvocationsPerInstance", 1.0 / instance_count, "Count"),
        ("ModelLatency", float(invocation.model_latency_us), "Microseconds"),
        ("OverheadLatency", float(invocation.overhead_us), "Microseconds"),
        ("Invocation4XXErrors", float(is_4xx), "Count"),
        ("Invocation5XXErrors", float(is_5xx), "Count"),
        ("InvocationModelErrors", float(is_4xx or is_5xx), "Count"),
    ]


def apply(attributes: dict[str, Any], body: bytes) -> None:
    """Put the metrics and the captured object where AWS puts them."""
    dimensions = [
        {"Name": "EndpointName", "Value": attributes["endpoint_name"]},
        {"Name": "VariantName", "Value": attributes["variant_name"]},
    ]
    data = [
        {"MetricName": name, "Value": value, "Unit": unit, "Dimensions": dimensions, "Timestamp": CLOCK.utcnow()}
        for name, value, unit in attributes["metrics"]
    ]
    cloudwatch_backends[attributes["account_id"]][attributes["region"]].put_metric_data(NAMESPACE, data)
    if "bucket" in attributes:
        _put_capture(attributes, body)


def _put_capture(attributes: dict[str, Any], body: bytes) -> None:
    s3 = s3_backends[attributes["account_id"]][get_partition(attributes["region"])]
    kms_key_id = attributes["kms_key_id"]
    try:
        s3.put_object(
            attributes["bucket"],
            attributes["key"],
            body,
            encryption=None if kms_key_id is None else "aws:kms",
            kms_key_id=kms_key_id,
        )
    except MissingBucket:
        # As on AWS the invocation is answered all the same, and nobody is told (trap 29).
        LOG.warning("data capture: no bucket %s for endpoint %s", attributes["bucket"], attributes["endpoint_name"])
