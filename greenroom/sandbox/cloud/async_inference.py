"""InvokeEndpointAsync: requests wait in a queue, are read from S3, and their answers are written there.

An endpoint's instances take what their concurrency allows; without instances requests wait until there are some
(scaling from zero) or until they expire. Accepting, ending and expiring are events of the journal; the work between is
a thread's.

https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference.html
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import random
import uuid
from typing import Any, Final

from moto.s3.exceptions import MissingBucket
from moto.s3.models import s3_backends
from moto.utilities.utils import get_partition

from greenroom.sandbox.cloud.application import Answer, LocalAwsApplication
from greenroom.sandbox.cloud.async_queues import AsyncQueues, instance_count_of
from greenroom.sandbox.cloud.async_requests import AsyncRequest, Ending, Outcome, bucket_and_key, output_locations
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.errors import ModelLoadError
from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.hosting import HostingError
from greenroom.sandbox.cloud.invocation_record import invocation_metrics
from greenroom.sandbox.cloud.invocation_targets import NoTargetError, Target, choose_target
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.runtime import endpoint_of
from greenroom.sandbox.cloud.runtime_requests import PATH, PREFIX, InvocationRefusedError, validation
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.service_metrics import Metric
from greenroom.sandbox.cloud.variant_invocations import Answered, Payload, WrongTargetError, invoke_variant
from model_packaging.serving import ContainerStartError

LOG = logging.getLogger("greenroom.sandbox.cloud")
ACCEPTED: Final = "async-accepted"
ENDED: Final = "async-ended"
MINUTE: Final = "async-minute"
DEFAULT_CONCURRENCY = 4
"""MaxConcurrentInvocationsPerInstance: "If no value is provided, SageMaker chooses an optimal value"; 4 is ours."""


class AsyncInference:
    """Every asynchronous endpoint's queue at work; a participant of the agenda."""

    def __init__(self, application: LocalAwsApplication, fleets: Fleets | None) -> None:
        self._application = application
        self._fleets = fleets
        self._queues = AsyncQueues()
        self._in_process: set[str] = set()
        self._random = random.SystemRandom()

    def install(self) -> None:
        """Take over InvokeEndpointAsync."""
        self._application.on_event(ACCEPTED, self._queues.accept)
        self._application.on_event(ENDED, self._queues.end)
        self._application.on_event(MINUTE, self._queues.publish)
        self._application.route(_concerns, self._route)
        self._application.before_requests(self.dispatch)

    # in time

    def next_due(self) -> float | None:
        """When the backlog is told next, or a request expires."""
        waiting = [one for one in self._queues.waiting() if one.inference_id not in self._in_process]
        expiry = min((one.expires_at_seconds for one in waiting), default=None)
        return min((due for due in (expiry, self._queues.next_publication()) if due is not None), default=None)

    def run(self) -> None:
        """Expire what is too old, and tell the backlog."""
        now = CLOCK.time()
        for request in self._queues.waiting():
            if request.expires_at_seconds <= now and request.inference_id not in self._in_process:
                reason = (
                    f"The request was not processed within {request.ttl_seconds} seconds."  # a guess at the wording
                )
                self._end(request, "Expired", reason.encode(), failure_reason=reason)
        publication = self._queues.next_publication()
        if publication is not None and publication <= now:
            self._application.record(MINUTE, {})
        self.dispatch()

    def dispatch(self) -> None:
        """Set the instances to work on what waits."""
        if self._fleets is None or self._fleets.is_stopping or not self._queues.queues:
            return
        with self._application.lock:
            for request in self._queues.waiting():
                endpoint = _endpoint(request)
                if request.inference_id in self._in_process or endpoint is None or endpoint.live is None:
                    continue
                if self._busy(request) < instance_count_of(endpoint) * _concurrency(endpoint):
                    with contextlib.suppress(NoTargetError):  # every weight is 0: it waits
                        self._begin(self._fleets, request, choose_target(endpoint, None, self._random))

    def _busy(self, request: AsyncRequest) -> int:
        key = (request.account_id, request.region, request.endpoint_name)
        return len(self._in_process & set(self._queues.queues[key].requests))

    def _begin(self, fleets: Fleets, request: AsyncRequest, target: Target) -> None:
        self._in_process.add(request.inference_id)
        began = CLOCK.time()

        def work() -> None:
            try:
                self._process(fleets, request, target, began)
            except Exception as error:
                LOG.exception("asynchronous request %s", request.inference_id)
                reason = f"The local AWS could not process it: {type(error).__name__}: {error}"
                self._end(request, "Failed", reason.encode(), failure_reason=reason, began=began)
            finally:
                self._in_process.discard(request.inference_id)
            self.dispatch()

        fleets.in_background(work)

    def _process(self, fleets: Fleets, request: AsyncRequest, target: Target, began: float) -> None:
        try:
            body = self._input(request)
        except LookupError as error:
            reason = f"ClientError: {error}"  # a guess at the wording
            failures: list[Metric] = [("RequestDownloadFailures", 1.0, "Count")]
            self._end(request, "Failed", reason.encode(), failure_reason=reason, metrics=failures, began=began)
            return
        payload = Payload(
            body,
            request.content_type or "application/octet-stream",
            request.accept or "*/*",
            request.custom_attributes,
            timeout_seconds=float(request.timeout_seconds),
        )
        try:
            answered = invoke_variant(fleets, target.fleet, target.fleet_variant_name, payload)
        except (HostingError, ContainerStartError, ModelLoadError, WrongTargetError) as error:
            self._end(request, "Failed", str(error).encode(), failure_reason=f"ClientError: {error}", began=began)
            return
        self._answered(request, target, answered, began)
        fleets.logs.take_over(target.fleet.key)

    def _answered(self, request: AsyncRequest, target: Target, answered: Answered, began: float) -> None:
        invocation = answered.invocation
        metrics, reason = invocation_metrics(invocation, 1, "asynchronous"), None
        if invocation.status >= 400:
            side = "client" if invocation.status < 500 else "server"
            reason = (
                f"ClientError: Received {side} error ({invocation.status}) from model. "
                "See the SageMaker Endpoint logs in your account for more information."
            )
        self._end(
            request,
            "Completed" if reason is None else "Failed",
            invocation.body,
            content_type=invocation.content_type,
            failure_reason=reason,
            metrics=metrics,
            began=began,
            endpoint_config_name=target.deployment.endpoint_config_name,
        )

    def _input(self, request: AsyncRequest) -> bytes:
        bucket, key = bucket_and_key(request.input_location)
        s3 = s3_backends[request.account_id][get_partition(request.region)]
        with self._application.lock:
            try:
                found = s3.get_bucket(bucket).keys.get(key)
            except MissingBucket:
                found = None
            if found is None:
                raise LookupError(f"Failed to download {request.input_location}: there is no such object")
            return bytes(found.value)

    def _end(
        self,
        request: AsyncRequest,
        outcome: Outcome,
        body: bytes,
        *,
        content_type: str = "text/plain",
        failure_reason: str | None = None,
        metrics: list[Metric] | None = None,
        began: float | None = None,
        endpoint_config_name: str | None = None,
    ) -> None:
        if self._fleets is not None and self._fleets.is_stopping:
            return  # its container was ended under it: it is processed again by the next server
        endpoint = _endpoint(request)
        config = {} if endpoint is None else endpoint.shown.config.get("AsyncInferenceConfig") or {}
        output = config.get("OutputConfig") or {}
        location = request.output_location if outcome == "Completed" else request.failure_location
        ending = Ending(outcome, location, content_type, failure_reason)
        self._application.record(
            ENDED,
            {
                "account_id": request.account_id,
                "region": request.region,
                "endpoint_name": request.endpoint_name,
                "inference_id": request.inference_id,
                "variant_name": "" if endpoint is None else endpoint.shown.variants[0].name,
                "endpoint_config_name": endpoint_config_name,
                "ending": dataclasses.asdict(ending),
                "metrics": metrics or [],
                "began_at_seconds": CLOCK.time() if began is None else began,
                "kms_key_id": output.get("KmsKeyId"),
                "notification_config": output.get("NotificationConfig"),
            },
            body,
        )

    # the request

    def _route(self, environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> Answer:
        del body
        try:
            request = self._accept(environ, identity)
        except InvocationRefusedError as error:
            return error.answer()
        self.dispatch()
        content = json.dumps({"InferenceId": request.inference_id}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": str(len(content))}
        locations = {"OutputLocation": request.output_location, "FailureLocation": request.failure_location}
        headers |= {f"X-Amzn-SageMaker-{name}": value for name, value in locations.items() if value is not None}
        return "202 ACCEPTED", [*headers.items()], content

    def _accept(self, environ: dict[str, Any], identity: RequestIdentity) -> AsyncRequest:
        match = PATH.match(environ["PATH_INFO"])
        name = "" if match is None else match[1]
        account_id, region = environ["HTTP_X_MOTO_ACCOUNT_ID"], identity.region or "us-east-1"
        location = environ.get(f"{PREFIX}INPUTLOCATION")
        with self._application.lock:
            config = endpoint_of(account_id, region, name).shown.config.get("AsyncInferenceConfig")
            if config is None:
                # A guess at the wording.
                raise validation(f"Endpoint {name} is not asynchronous: invoke it with InvokeEndpoint.")
            if location is None:
                raise validation("InputLocation is required: the S3 URI of the request payload.")
            output, failure = output_locations(
                config["OutputConfig"],
                str(uuid.uuid4()),
                extension=environ.get(f"{PREFIX}S3OUTPUTPATHEXTENSION"),
                filename=environ.get(f"{PREFIX}FILENAME"),
            )
            request = AsyncRequest(
                account_id=account_id,
                region=region,
                endpoint_name=name,
                inference_id=environ.get(f"{PREFIX}INFERENCE_ID") or str(uuid.uuid4()),
                accepted_at_seconds=CLOCK.time(),
                input_location=location,
                content_type=environ.get(f"{PREFIX}CONTENT_TYPE"),
                accept=environ.get(f"{PREFIX}ACCEPT"),
                custom_attributes=environ.get(f"{PREFIX}CUSTOM_ATTRIBUTES"),
                output_location=output,
                failure_location=failure,
                **_seconds(environ),
            )
            self._application.record(ACCEPTED, request.attributes())
        return request


def _seconds(environ: dict[str, Any]) -> dict[str, int]:
    """RequestTTLSeconds (60 to 21,600) and InvocationTimeoutSeconds (1 to 3,600), where they are given."""
    given = {}
    limits = {
        "ttl_seconds": ("REQUESTTTLSECONDS", "requestTTLSeconds", 60, 21_600),
        "timeout_seconds": ("INVOCATIONTIMEOUTSECONDS", "invocationTimeoutSeconds", 1, 3_600),
    }
    for name, (header, member, least, most) in limits.items():
        text = environ.get(f"{PREFIX}{header}")
        if text is None:
            continue
        if not text.isdigit() or not least <= int(text) <= most:
            raise validation(
                f"1 validation error detected: Value '{text}' at '{member}' failed to satisfy constraint: "
                f"Member must be between {least} and {most}"
            )
        given[name] = int(text)
    return given


def _concerns(environ: dict[str, Any], identity: RequestIdentity) -> bool:
    match = PATH.match(environ.get("PATH_INFO", ""))
    return identity.service == "sagemaker" and match is not None and match[2] == "async-invocations"


def _endpoint(request: AsyncRequest) -> Endpoint | None:
    try:
        return endpoint_of(request.account_id, request.region, request.endpoint_name)
    except InvocationRefusedError:
        return None


def _concurrency(endpoint: Endpoint) -> int:
    client = (endpoint.shown.config.get("AsyncInferenceConfig") or {}).get("ClientConfig") or {}
    return int(client.get("MaxConcurrentInvocationsPerInstance") or DEFAULT_CONCURRENCY)
