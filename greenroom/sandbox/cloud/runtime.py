"""InvokeEndpoint, for real: the request goes to the endpoint's own container, and what comes back is its answer.

What AWS does beside it is done too: a variant chosen by its current weight, data capture into the capture prefix, the
metrics of namespace AWS/SageMaker, the container's lines in CloudWatch Logs. Captures and metrics are an event of the
journal, so they survive a restart as everything else does.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
"""

from __future__ import annotations

import datetime as dt
import json
import random
import re
from dataclasses import dataclass
from typing import Any

from moto.core.utils import get_service_model
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import invocation_record
from greenroom.sandbox.cloud.application import Answer, LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.container_logs import log_group_of, log_stream_of
from greenroom.sandbox.cloud.errors import ModelLoadError
from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.hosting import DataCaptureConfig, HostingError, Invocation
from greenroom.sandbox.cloud.hosting.endpoint_host import choose_variant
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment

_PATH = re.compile(r"^/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)$")
_PREFIX = "HTTP_X_AMZN_SAGEMAKER_"


class InvocationRefusedError(Exception):
    """An error of sagemaker-runtime: its status, its code and its members."""

    def __init__(self, status: str, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.content = {"Message": message, "message": message, **members}


@dataclass(frozen=True)
class InvokeRequest:
    """InvokeEndpoint's parameters."""

    account_id: str
    region: str
    endpoint_name: str
    body: bytes
    content_type: str
    accept: str
    target_variant: str | None
    custom_attributes: str | None
    inference_id: str | None


@dataclass(frozen=True)
class Target:
    """Where a request goes: the live deployment, the variant, and how it is captured."""

    deployment: Deployment
    variant: str
    capture: DataCaptureConfig | None
    instance_count: int


class SageMakerRuntime:
    """The service sagemaker-runtime of every account and region. `fleets` is None where no models are loaded."""

    def __init__(self, application: LocalAwsApplication, fleets: Fleets | None) -> None:
        self._application = application
        self._fleets = fleets
        self._random = random.SystemRandom()

    def install(self) -> None:
        """Take over the requests to sagemaker-runtime."""
        self._application.on_event(invocation_record.EVENT, invocation_record.apply)
        self._application.route(_concerns, self._route)

    def _route(self, environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> Answer:
        try:
            invocation, target = self._invoke(_request_of(environ, identity, body))
        except InvocationRefusedError as error:
            return _answer(error.status, json.dumps(error.content).encode(), {"x-amzn-ErrorType": error.code})
        headers = {"Content-Type": invocation.content_type, "x-Amzn-Invoked-Production-Variant": target.variant}
        if invocation.custom_attributes is not None:
            headers["X-Amzn-SageMaker-Custom-Attributes"] = invocation.custom_attributes
        return _answer("200 OK", invocation.body, headers)

    def _invoke(self, request: InvokeRequest) -> tuple[Invocation, Target]:
        _check_size(request)
        with self._application.lock:
            target = self._target(request)
        if self._fleets is None:
            raise InvocationRefusedError(
                "501 NOT IMPLEMENTED", "NotImplemented", "This local AWS was started without loading models."
            )
        fleet = target.deployment.fleet
        try:
            self._fleets.ensure_hosted(fleet)
            invocation = self._fleets.host.invoke(
                fleet.key.path,
                request.body,
                request.content_type,
                request.accept,
                target.variant,
                custom_attributes=request.custom_attributes,
            )
        except (HostingError, ModelLoadError) as error:
            # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors
            raise InvocationRefusedError("530 DEPENDENCY FAILED", "InternalDependencyException", str(error)) from error
        self._record(request, target, invocation)
        if invocation.status >= 400:
            raise _model_error(request, target, invocation)
        return invocation, target

    def _target(self, request: InvokeRequest) -> Target:
        backend = sagemaker_backends[request.account_id][request.region]
        endpoint = backend.endpoints.get(request.endpoint_name)
        if endpoint is None or endpoint.live is None or endpoint.endpoint_status == "Deleting":
            # The wording is AWS's for an endpoint that is not there; for one not yet in service it is a guess.
            raise _validation(f"Endpoint {request.endpoint_name} of account {request.account_id} not found.")
        deployment: Deployment = endpoint.live
        weights = {one.name: one.weight for one in deployment.variants}
        variant = request.target_variant or choose_variant(weights, self._random)
        if variant is None or variant not in weights:
            raise _validation(f"Variant {variant} not found for Request.")  # a guess at the wording
        capture = DataCaptureConfig.from_request(deployment.data_capture_config)
        count = next(one.instance_count for one in deployment.variants if one.name == variant)
        return Target(deployment, variant, capture, count or 1)

    def _record(self, request: InvokeRequest, target: Target, invocation: Invocation) -> None:
        captured = None
        if target.capture is not None and target.capture.takes(self._random):
            captured = target.capture.capture(
                endpoint_name=request.endpoint_name,
                variant=target.variant,
                request=(request.body, request.content_type),
                response=(invocation.body, invocation.content_type),
                when=dt.datetime.fromtimestamp(CLOCK.time(), tz=dt.UTC),
                inference_id=request.inference_id,
                custom_attributes=request.custom_attributes,
            )
        invocation_record.record(
            self._application,
            account_id=request.account_id,
            region=request.region,
            endpoint_name=request.endpoint_name,
            invocation=invocation,
            instance_count=target.instance_count,
            captured=captured,
        )
        if self._fleets is not None:
            self._fleets.logs.take_over(target.deployment.fleet.key)


def _concerns(environ: dict[str, Any], identity: RequestIdentity) -> bool:
    return identity.service == "sagemaker" and _PATH.match(environ.get("PATH_INFO", "")) is not None


def _request_of(environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> InvokeRequest:
    match = _PATH.match(environ["PATH_INFO"])
    name, form = match.groups() if match is not None else ("", "")
    if form != "invocations":
        operation = "InvokeEndpointAsync" if form == "async-invocations" else "InvokeEndpointWithResponseStream"
        raise InvocationRefusedError(
            "501 NOT IMPLEMENTED", "NotImplemented", f"The local AWS does not offer {operation} yet."
        )
    return InvokeRequest(
        account_id=environ["HTTP_X_MOTO_ACCOUNT_ID"],
        region=identity.region or "us-east-1",
        endpoint_name=name,
        body=body,
        content_type=environ.get("CONTENT_TYPE") or "application/octet-stream",
        accept=environ.get("HTTP_ACCEPT") or "*/*",
        target_variant=environ.get(f"{_PREFIX}TARGET_VARIANT"),
        custom_attributes=environ.get(f"{_PREFIX}CUSTOM_ATTRIBUTES"),
        inference_id=environ.get(f"{_PREFIX}INFERENCE_ID"),
    )


def _check_size(request: InvokeRequest) -> None:
    limit_bytes = get_service_model("sagemaker-runtime").shape_for("BodyBlob").metadata["max"]  # 6 MB
    if len(request.body) > limit_bytes:
        raise _validation(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit_bytes}"
        )


def _validation(message: str) -> InvocationRefusedError:
    return InvocationRefusedError("400 BAD REQUEST", "ValidationError", message)


def _model_error(request: InvokeRequest, target: Target, invocation: Invocation) -> InvocationRefusedError:
    """ModelError, with what the container said. The wording is AWS's."""
    side = "client" if invocation.status < 500 else "server"
    said = invocation.body.decode(errors="replace")
    group, key = log_group_of(request.endpoint_name), target.deployment.fleet.key
    console = f"https://{request.region}.console.aws.amazon.com/cloudwatch/home?region={request.region}"
    logs_arn = arn_formatter("", "", request.account_id, request.region).split(":sagemaker:")[0]
    return InvocationRefusedError(
        "424 FAILED DEPENDENCY",
        "ModelError",
        f'Received {side} error ({invocation.status}) from primary with message "{said}". '
        f"See {console}#logEventViewer:group={group} in account {request.account_id} for more information.",
        OriginalStatusCode=invocation.status,
        OriginalMessage=said,
        LogStreamArn=f"{logs_arn}:logs:{request.region}:{request.account_id}:log-group:{group}:log-stream:"
        f"{log_stream_of(key, target.variant)}",
    )


def _answer(status: str, body: bytes, headers: dict[str, str]) -> Answer:
    return status, [*{"Content-Type": "application/json", **headers, "Content-Length": str(len(body))}.items()], body
