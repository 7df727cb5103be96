"""InvokeEndpoint, for real: the request goes to the endpoint's own container, and what comes back is its answer.

What AWS does beside it is done too: a fleet and a variant chosen as the rollout and the weights say, a copy for a
shadow variant, data capture into the capture prefix, the metrics of namespace AWS/SageMaker, the container's lines in
CloudWatch Logs. Captures and metrics are an event of the journal, so they survive a restart as everything else does.
InvokeEndpointAsync is `async_inference.py`'s.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

import contextlib
import random
from typing import Any

from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import invocation_record
from greenroom.sandbox.cloud.application import Answer, LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK, utc
from greenroom.sandbox.cloud.container_logs import log_group_of, log_stream_of
from greenroom.sandbox.cloud.errors import ModelLoadError
from greenroom.sandbox.cloud.event_stream import CONTENT_TYPE, encode_event
from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.hosting import DataCaptureObject, HostingError
from greenroom.sandbox.cloud.instance_usage import InstanceUsage
from greenroom.sandbox.cloud.invocation_record import Served
from greenroom.sandbox.cloud.invocation_targets import (
    NoCapacityError,
    NoTargetError,
    Target,
    choose_target,
    component_target,
    shadow_of,
)
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.runtime_requests import (
    InvocationRefusedError,
    InvokeRequest,
    check_size,
    concerns,
    request_of,
    validation,
)
from greenroom.sandbox.cloud.sagemaker.endpoints import Endpoint
from greenroom.sandbox.cloud.sagemaker.inference_components import InferenceComponent
from greenroom.sandbox.cloud.serverless_concurrency import ServerlessConcurrency, ThrottledError
from greenroom.sandbox.cloud.service_metrics import Metric
from greenroom.sandbox.cloud.variant_invocations import Answered, WrongTargetError, invoke_variant
from model_packaging.serving import ContainerStartError


class SageMakerRuntime:
    """The service sagemaker-runtime of every account and region. `fleets` is None where no models are loaded."""

    def __init__(self, application: LocalAwsApplication, fleets: Fleets | None) -> None:
        self._application = application
        self._fleets = fleets
        self._random = random.SystemRandom()
        self._concurrency = ServerlessConcurrency()
        self._usage = InstanceUsage()

    def install(self) -> None:
        """Take over the requests to sagemaker-runtime."""
        self._application.on_event(invocation_record.EVENT, invocation_record.apply)
        self._application.route(concerns, self._route)

    def _route(self, environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> Answer:
        try:
            request = request_of(environ, identity, body)
            answered, target = self._invoke(request)
        except InvocationRefusedError as error:
            return error.answer()
        invocation = answered.invocation
        headers = {"x-Amzn-Invoked-Production-Variant": target.variant.name}
        if invocation.custom_attributes is not None:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = invocation.custom_attributes
        if request.is_streamed:
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointWithResponseStream.html
            content = b"".join(encode_event("PayloadPart", one) for one in invocation.parts or (invocation.body,))
            headers |= {"Content-Type": CONTENT_TYPE, "X-Amzn-SageMaker-Content-Type": invocation.content_type}
            return _answer("200 OK", content, headers)
        return _answer("200 OK", invocation.body, {"Content-Type": invocation.content_type, **headers})

    def _invoke(self, request: InvokeRequest) -> tuple[Answered, Target]:
        check_size(request)
        with self._application.lock:
            target = self._target(request)
        if self._fleets is None:
            raise InvocationRefusedError(
                "501 NOT IMPLEMENTED", "NotImplemented", "This local AWS was started without loading models."
            )
        answered = self._answered(self._fleets, request, target)
        shadow = shadow_of(target, self._random)
        if shadow is not None:
            self._fleets.in_background(lambda: self._copy_to_shadow(request, shadow))
        if answered.invocation.status >= 400:
            raise _model_error(request, target, answered)
        return answered, target

    def _answered(self, fleets: Fleets, request: InvokeRequest, target: Target) -> Answered:
        """What the target's container answers, recorded.

        Raises:
            InvocationRefusedError: It is not asked, or does not come up.
        """
        fleet, serverless = target.fleet, target.variant.serverless
        try:
            with contextlib.ExitStack() as in_flight:
                metrics: list[Metric] = []
                if serverless is not None:
                    key = f"{fleet.key.path}/{target.variant.name}"
                    metrics = in_flight.enter_context(self._concurrency.one_more(key, serverless)).metrics()
                answered = invoke_variant(fleets, fleet, target.fleet_variant_name, request.payload)
        except ThrottledError as error:
            raise InvocationRefusedError("429 TOO MANY REQUESTS", "ThrottlingException", str(error)) from error
        except WrongTargetError as error:
            raise validation(str(error)) from error
        except (HostingError, ContainerStartError, ModelLoadError) as error:
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors
            raise InvocationRefusedError("530 DEPENDENCY FAILED", "InternalDependencyException", str(error)) from error
        self._record(fleets, request, target, answered, metrics)
        return answered

    def _copy_to_shadow(self, request: InvokeRequest, shadow: Target) -> None:
        """Answer nobody: "the response of the shadow variant is discarded". Its metrics tell of its errors."""
        if self._fleets is not None:
            with contextlib.suppress(InvocationRefusedError):
                self._answered(self._fleets, request, shadow)

    def _target(self, request: InvokeRequest) -> Target:
        endpoint = endpoint_of(request.account_id, request.region, request.endpoint_name)
        if endpoint.shown.config.get("AsyncInferenceConfig") is not None:
            # A guess at the wording.
            raise validation(f"Endpoint {request.endpoint_name} is asynchronous: invoke it with InvokeEndpointAsync.")
        try:
            if request.inference_component is not None:
                return component_target(endpoint, _component_of(request, request.inference_component))
            return choose_target(endpoint, request.target_variant, self._random)
        except NoCapacityError as error:
            name = str(request.inference_component)
            invocation_record.record_no_capacity(self._application, request.account_id, request.region, name)
            raise validation(str(error)) from error
        except NoTargetError as error:
            raise validation(str(error)) from error  # a guess at the wording

    def _record(
        self, fleets: Fleets, request: InvokeRequest, target: Target, answered: Answered, metrics: list[Metric]
    ) -> None:
        invocation = answered.invocation
        kind: invocation_record.Kind = "real-time" if target.variant.serverless is None else "serverless"
        invocation_record.record(
            self._application,
            Served(
                request.account_id,
                request.region,
                request.endpoint_name,
                target.variant.name,
                target.deployment.endpoint_config_name,
                None if target.component is None else target.component.inference_component_name,
            ),
            [
                *invocation_record.invocation_metrics(invocation, target.instance_count, kind),
                *_per_copy(target.component),
                *metrics,
                *_model_loading(answered),
            ],
            self._captured(request, target, answered),
            self._usage.sample(fleets, target.fleet, target.fleet_variant_name),
        )
        fleets.logs.take_over(target.fleet.key)

    def _captured(self, request: InvokeRequest, target: Target, answered: Answered) -> DataCaptureObject | None:
        if target.capture is None or not target.capture.takes(self._random):
            return None
        invocation = answered.invocation
        return target.capture.capture(
            endpoint_name=request.endpoint_name,
            variant=target.variant.name,
            request=(request.payload.body, request.payload.content_type),
            response=(invocation.body, invocation.content_type),
            when=utc(CLOCK.time()),
            inference_id=request.inference_id,
            custom_attributes=request.payload.custom_attributes,
        )


def endpoint_of(account_id: str, region: str, endpoint_name: str) -> Endpoint:
    """The endpoint of that name, where it serves.

    Raises:
        InvocationRefusedError: There is none. The wording is AWS's for an endpoint that is not there; for one that is
            not yet in service it is a guess.
    """
    endpoint = sagemaker_backends[account_id][region].endpoints.get(endpoint_name)
    if not isinstance(endpoint, Endpoint) or endpoint.live is None or endpoint.endpoint_status == "Deleting":
        raise validation(f"Endpoint {endpoint_name} of account {account_id} not found.")
    return endpoint


def _component_of(request: InvokeRequest, name: str) -> InferenceComponent:
    component = sagemaker_backends[request.account_id][request.region].inference_components.get(name)
    if not isinstance(component, InferenceComponent) or component.status == "Deleting":
        raise validation(f"Inference Component Name {name} not found for Request.")  # a guess at the wording
    return component


def _per_copy(component: InferenceComponent | None) -> list[Metric]:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-inference-component."""
    if component is None:
        return []
    copies = max(component.desired_copy_count, 1)  # the last one may have gone while it answered
    return [("InvocationsPerCopy", 1.0 / copies, "Count")]


def _model_loading(answered: Answered) -> list[Metric]:
    """The metrics of a multi-model endpoint.

    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-multimodel-endpoints
    """
    loading_us = answered.model_loading_us
    if loading_us is None:
        return []
    hit: Metric = ("ModelCacheHit", float(loading_us == 0), "None")
    if loading_us == 0:
        return [hit]
    return [hit, *((name, float(loading_us), "Microseconds") for name in ("ModelLoadingWaitTime", "ModelLoadingTime"))]


def _model_error(request: InvokeRequest, target: Target, answered: Answered) -> InvocationRefusedError:
    """ModelError, with what the container said. The wording is AWS's."""
    invocation = answered.invocation
    side = "client" if invocation.status < 500 else "server"
    said = invocation.body.decode(errors="replace")
    key = target.fleet.key
    group = log_group_of(key.endpoint_name)
    console = f"https://{request.region}.console.aws.amazon.com/cloudwatch/home?region={request.region}"
    logs_arn = arn_formatter("", "", request.account_id, request.region).split(":sagemaker:")[0]
    return InvocationRefusedError(
        "424 FAILED DEPENDENCY",
        "ModelError",
        f'Received {side} error ({invocation.status}) from {answered.container} with message "{said}". '
        f"See {console}#logEventViewer:group={group} in account {request.account_id} for more information.",
        OriginalStatusCode=invocation.status,
        OriginalMessage=said,
        LogStreamArn=f"{logs_arn}:logs:{request.region}:{request.account_id}:log-group:{group}:log-stream:"
        f"{log_stream_of(key, target.variant.name)}",
    )


def _answer(status: str, body: bytes, headers: dict[str, str]) -> Answer:
    return status, [*{"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items()], body
