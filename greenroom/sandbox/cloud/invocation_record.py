"""What an invocation leaves behind: its metrics and its captured record.

The metrics are those of https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html , with dimensions
EndpointName and VariantName, and once more with EndpointConfigName, by which an alarm watches the new fleet only:
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html . Latencies are in
microseconds. Serverless and asynchronous endpoints publish metrics of their own in place of some.

Instance metrics (CPUUtilization, …) are a local measure of the serving process, at most one a minute.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.hosting import DataCaptureObject, Invocation
from greenroom.sandbox.cloud.service_metrics import Metric, put_metrics
from model_packaging.serving.usage import Utilization

EVENT = "invocation"
NAMESPACE = "AWS/SageMaker"
INSTANCE_NAMESPACE = "/aws/sagemaker/Endpoints"
LOG = logging.getLogger("greenroom.sandbox.cloud")

Kind = Literal["real-time", "serverless", "asynchronous"]


@dataclass(frozen=True)
class Served:
    """Where an invocation was served."""

    account_id: str
    region: str
    endpoint_name: str
    variant_name: str
    endpoint_config_name: str
    inference_component_name: str | None = None

    def attributes(self) -> dict[str, Any]:
        """For an event of the journal."""
        return {
            "account_id": self.account_id,
            "region": self.region,
            "endpoint_name": self.endpoint_name,
            "variant_name": self.variant_name,
            "endpoint_config_name": self.endpoint_config_name,
            "inference_component_name": self.inference_component_name,
        }


def record(
    application: LocalAwsApplication,
    served: Served,
    metrics: list[Metric],
    captured: DataCaptureObject | None,
    utilization: Utilization | None = None,
) -> None:
    """Keep the metrics of one invocation, and its captured record where it was sampled."""
    attributes: dict[str, Any] = served.attributes() | {"metrics": metrics}
    if utilization is not None:
        attributes["instance_metrics"] = instance_metrics(utilization)
    body = b""
    if captured is not None:
        attributes |= {"bucket": captured.bucket, "key": captured.key, "kms_key_id": captured.kms_key_id}
        body = captured.body
    application.record(EVENT, attributes, body)


def record_no_capacity(application: LocalAwsApplication, account_id: str, region: str, component: str) -> None:
    """Count a request that an inference component without copies could not take: what scales it out from zero.

    https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-zero-instances.html
    """
    where = {"account_id": account_id, "region": region, "inference_component_name": component}
    application.record(EVENT, {**where, "metrics": [("NoCapacityInvocationFailures", 1.0, "Count")]})


def invocation_metrics(invocation: Invocation, instance_count: int, kind: Kind) -> list[Metric]:
    """What CloudWatch gets of one invocation.

    "Any metric not listed below is not published if the endpoint is enabled for asynchronous inference. Such metrics
    include: OverheadLatency, Invocations, InvocationsPerInstance":
    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
    """
    is_4xx, is_5xx = 400 <= invocation.status < 500, invocation.status >= 500
    metrics: list[Metric] = [
        ("ModelLatency", float(invocation.model_latency_us), "Microseconds"),
        ("Invocation4XXErrors", float(is_4xx), "Count"),
        ("Invocation5XXErrors", float(is_5xx), "Count"),
    ]
    if kind == "asynchronous":
        return metrics
    metrics += [
        ("Invocations", 1.0, "Count"),
        ("OverheadLatency", float(invocation.overhead_us), "Microseconds"),
        ("InvocationModelErrors", float(is_4xx or is_5xx), "Count"),
    ]
    if kind == "real-time":
        return [*metrics, ("InvocationsPerInstance", 1.0 / instance_count, "Count")]
    # "The time it takes to launch new compute resources for a serverless endpoint"
    return (
        [*metrics, ("ModelSetupTime", float(invocation.setup_us), "Microseconds")] if invocation.setup_us else metrics
    )


def instance_metrics(utilization: Utilization) -> list[Metric]:
    """What namespace /aws/sagemaker/Endpoints gets."""
    return [
        ("CPUUtilization", utilization.cpu_percent, "Percent"),
        ("MemoryUtilization", utilization.memory_percent, "Percent"),
        ("DiskUtilization", utilization.disk_percent, "Percent"),
    ]


def apply(attributes: dict[str, Any], body: bytes) -> None:
    """Put the metrics and the captured object where AWS puts them."""
    component = attributes.get("inference_component_name")
    if component is not None:
        put_metrics(attributes, NAMESPACE, attributes["metrics"], {"InferenceComponentName": component})
    if "endpoint_name" not in attributes:
        return
    variant = {"EndpointName": attributes["endpoint_name"], "VariantName": attributes["variant_name"]}
    put_metrics(attributes, NAMESPACE, attributes["metrics"], variant)
    config_name = attributes.get("endpoint_config_name")  # a journal of an earlier version has none
    if config_name is not None:
        put_metrics(attributes, NAMESPACE, attributes["metrics"], variant | {"EndpointConfigName": config_name})
    put_metrics(attributes, INSTANCE_NAMESPACE, attributes.get("instance_metrics", []), variant)
    if "bucket" in attributes:
        put_object(attributes, attributes["bucket"], attributes["key"], body, attributes["kms_key_id"])


def put_object(where: dict[str, Any], bucket: str, key: str, body: bytes, kms_key_id: str | None) -> bool:
    """Put an object as SageMaker does, for an event's account and region. False where there is no such bucket."""
    s3 = s3_backends[where["account_id"]][get_partition(where["region"])]
    encryption = None if kms_key_id is None else "aws:kms"
    try:
        s3.put_object(bucket, key, body, encryption=encryption, kms_key_id=kms_key_id)
    except MissingBucket:
        # As on AWS the invocation is answered all the same, and nobody is told (trap 29).
        LOG.warning("no bucket %s for what endpoint %s would write there", bucket, where["endpoint_name"])
        return False
    return True
