"""The queues of asynchronous endpoints: what is in them, how it ends, and the metrics of their backlog.

All of it is made of the journal's events, so that accepted requests survive a restart; those that were being
processed are processed again.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-monitor.html
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

from moto.core.exceptions import ServiceException
from moto.sagemaker.models import sagemaker_backends
from moto.sns.models import sns_backends

from greenroom.sandbox.cloud.arns import Arn
from greenroom.sandbox.cloud.async_requests import AsyncRequest, Ending, bucket_and_key, notification
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.invocation_record import NAMESPACE, put_object
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.service_metrics import Metric, put_metrics
from greenroom.sandbox.cloud.stage import Params

PERIOD_SECONDS = 60.0
QUIET_AFTER_SECONDS = 3600.0
"""An endpoint that had nothing to do for so long publishes no backlog until the next request; AWS's goes on."""

EndpointId = tuple[str, str, str]
"""Account, region and name."""


@dataclass
class AsyncQueue:
    """One endpoint's queue."""

    requests: dict[str, AsyncRequest] = field(default_factory=dict)
    last_active_seconds: float = 0.0


class AsyncQueues:
    """The queues of every asynchronous endpoint."""

    def __init__(self) -> None:
        self.queues: dict[EndpointId, AsyncQueue] = {}
        self.published_at_seconds = -math.inf

    def waiting(self) -> list[AsyncRequest]:
        """Every request that has not ended, in the order of acceptance."""
        return [one for queue in self.queues.values() for one in queue.requests.values()]

    def next_publication(self) -> float | None:
        """When the backlog is next told: at every full minute while an endpoint is active."""
        minutes = [
            minute
            for queue in self.queues.values()
            for minute in [_minute_after(max(self.published_at_seconds, queue.last_active_seconds))]
            if _is_active(queue, minute)
        ]
        return min(minutes, default=None)

    # the events' handlers

    def accept(self, attributes: dict[str, Any], body: bytes) -> None:
        """A request was accepted."""
        del body
        request = AsyncRequest(**attributes)
        queue = self.queues.setdefault((request.account_id, request.region, request.endpoint_name), AsyncQueue())
        queue.requests[request.inference_id] = request
        queue.last_active_seconds = CLOCK.time()

    def end(self, attributes: dict[str, Any], body: bytes) -> None:
        """A request ended: its object is written, SNS is told, CloudWatch gets its metrics."""
        where: EndpointId = (attributes["account_id"], attributes["region"], attributes["endpoint_name"])
        queue = self.queues.get(where)
        request = None if queue is None else queue.requests.pop(attributes["inference_id"], None)
        if queue is None or request is None:
            return
        queue.last_active_seconds = CLOCK.time()
        ending = Ending(**attributes["ending"])
        failures = [*_write(attributes, ending, body), *_notify(attributes, request, ending, body)]
        dimensions = {"EndpointName": request.endpoint_name, "VariantName": attributes["variant_name"]}
        metrics = [*attributes["metrics"], *_metrics_of(request, ending, attributes["began_at_seconds"]), *failures]
        put_metrics(attributes, NAMESPACE, metrics, dimensions)
        config_name = attributes["endpoint_config_name"]
        if config_name is not None:
            by_config = dimensions | {"EndpointConfigName": config_name}
            put_metrics(attributes, NAMESPACE, attributes["metrics"], by_config)

    def publish(self, attributes: dict[str, Any], body: bytes) -> None:
        """A minute is over: the backlog of every endpoint that is active."""
        del attributes, body
        self.published_at_seconds = CLOCK.time()
        for (account_id, region, name), queue in list(self.queues.items()):
            endpoint = sagemaker_backends[account_id][region].endpoints.get(name)
            if not isinstance(endpoint, Endpoint):
                del self.queues[account_id, region, name]
            elif _is_active(queue, CLOCK.time()):
                where = {"account_id": account_id, "region": region}
                put_metrics(where, NAMESPACE, backlog_metrics(queue, endpoint), {"EndpointName": name})


def instance_count_of(endpoint: Endpoint) -> int:
    """How many instances work on an endpoint's queue."""
    if endpoint.live is None:
        return 0
    return sum(one.instance_count or 0 for one in endpoint.live.variants)


def backlog_metrics(queue: AsyncQueue, endpoint: Endpoint) -> list[Metric]:
    """The metrics that scaling goes by; they carry EndpointName only.

    https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-autoscale.html : without instances there is no
    backlog per instance, and HasBacklogWithoutCapacity is 1 "when there are requests in the queue but zero instances".
    """
    backlog, instances = len(queue.requests), instance_count_of(endpoint)
    oldest = min((one.accepted_at_seconds for one in queue.requests.values()), default=CLOCK.time())
    metrics: list[Metric] = [
        ("ApproximateBacklogSize", float(backlog), "Count"),
        ("ApproximateAgeOfOldestRequest", CLOCK.time() - oldest, "Seconds"),
        ("HasBacklogWithoutCapacity", float(backlog > 0 and instances == 0), "Count"),
    ]
    if instances:
        metrics.append(("ApproximateBacklogSizePerInstance", backlog / instances, "Count"))
    return metrics


def _minute_after(seconds: float) -> float:
    return (math.floor(seconds / PERIOD_SECONDS) + 1) * PERIOD_SECONDS


def _is_active(queue: AsyncQueue, now_seconds: float) -> bool:
    return bool(queue.requests) or now_seconds - queue.last_active_seconds <= QUIET_AFTER_SECONDS


def _metrics_of(request: AsyncRequest, ending: Ending, began_at_seconds: float) -> list[Metric]:
    now = CLOCK.time()
    total: Metric = ("TotalProcessingTime", 1000 * (now - request.accepted_at_seconds), "Milliseconds")
    backlog: Metric = ("TimeInBacklog", 1e6 * (began_at_seconds - request.accepted_at_seconds), "Microseconds")
    if ending.outcome == "Expired":
        return [("ExpiredRequests", 1.0, "Count"), backlog]
    failed: list[Metric] = [("InvocationFailures", 1.0, "Count")] if ending.outcome == "Failed" else []
    return [("InvocationsProcessed", 1.0, "Count"), backlog, total, *failed]


def _write(where: dict[str, Any], ending: Ending, body: bytes) -> list[Metric]:
    if ending.location is None:
        return []
    is_written = put_object(where, *bucket_and_key(ending.location), body, where["kms_key_id"])
    return [] if is_written else [("ResponseUploadFailures", 1.0, "Count")]


def _notify(where: dict[str, Any], request: AsyncRequest, ending: Ending, body: bytes) -> list[Metric]:
    config: Params = where["notification_config"] or {}
    is_success = ending.outcome == "Completed"
    topic = config.get("SuccessTopic" if is_success else "ErrorTopic")
    if topic is None:
        return []
    wanted = "SUCCESS_NOTIFICATION_TOPIC" if is_success else "ERROR_NOTIFICATION_TOPIC"
    included = body if wanted in (config.get("IncludeInferenceResponseIn") or []) else None
    message = notification(request, ending, CLOCK.time(), included)
    arn = Arn.parse(topic)
    try:
        sns_backends[arn.account_id][arn.region].publish(message, arn=topic)
    except ServiceException:  # no such topic: the request is done all the same
        return [("NotificationFailures", 1.0, "Count")]
    return []
