"""The requests of sagemaker-runtime, read from HTTP, and its refusals, written to it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from moto.core.utils import get_service_model

from greenroom.sandbox.cloud.application import Answer
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.variant_invocations import Payload

PATH = re.compile(r"^/endpoints/([^/]+)/(invocations|async-invocations|invocations-response-stream)$")
PREFIX = "HTTP_X_AMZN_SAGEMAKER_"


class InvocationRefusedError(Exception):
    """An error of sagemaker-runtime: its status, its code and its members."""

    def __init__(self, status: str, code: str, message: str, **members: Any) -> None:
        super().__init__(message)
        self.status, self.code = status, code
        self.content = {"Message": message, "message": message, **members}

    def answer(self) -> Answer:
        """As HTTP."""
        body = json.dumps(self.content).encode()
        headers = {
            "Content-Type": "application/json",
            "x-amzn-ErrorType": self.code,
            "Content-Length": str(len(body)),
        }
        return self.status, [*headers.items()], body


def validation(message: str) -> InvocationRefusedError:
    """A ValidationError."""
    return InvocationRefusedError("400 BAD REQUEST", "ValidationError", message)


@dataclass(frozen=True)
class InvokeRequest:
    """InvokeEndpoint's parameters, or InvokeEndpointWithResponseStream's."""

    account_id: str
    region: str
    endpoint_name: str
    payload: Payload
    target_variant: str | None
    inference_id: str | None
    is_streamed: bool
    inference_component: str | None = None


def concerns(environ: dict[str, Any], identity: RequestIdentity) -> bool:
    """Whether this is a request for a synchronous invocation."""
    match = PATH.match(environ.get("PATH_INFO", ""))
    return identity.service == "sagemaker" and match is not None and match[2] != "async-invocations"


NOT_OFFERED = {
    f"{PREFIX}ENABLE_EXPLANATIONS": "EnableExplanations: explanations need SageMaker Clarify's container",
    f"{PREFIX}SESSION_ID": "SessionId: stateful sessions need a container that keeps them",
    f"{PREFIX}PREFIX_AWARE_ID": "PrefixAwareId: there is one instance to route to",
}
"""What a request may ask for and this local AWS has not."""


def request_of(environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> InvokeRequest:
    """Read a request that `concerns`.

    Raises:
        InvocationRefusedError: It asks for something that is not offered.
    """
    for header, what in NOT_OFFERED.items():
        if header in environ:
            raise InvocationRefusedError(
                "501 NOT IMPLEMENTED", "NotImplemented", f"The local AWS does not offer {what}."
            )
    match = PATH.match(environ["PATH_INFO"])
    name, form = match.groups() if match is not None else ("", "")
    is_streamed = form == "invocations-response-stream"
    accept = environ.get(f"{PREFIX}ACCEPT") if is_streamed else environ.get("HTTP_ACCEPT")
    return InvokeRequest(
        account_id=environ["HTTP_X_MOTO_ACCOUNT_ID"],
        region=identity.region or "us-east-1",
        endpoint_name=name,
        payload=Payload(
            body,
            environ.get("CONTENT_TYPE") or "application/octet-stream",
            accept or "*/*",
            environ.get(f"{PREFIX}CUSTOM_ATTRIBUTES"),
            target_model=environ.get(f"{PREFIX}TARGET_MODEL"),
            target_container=environ.get(f"{PREFIX}TARGET_CONTAINER_HOSTNAME"),
        ),
        target_variant=environ.get(f"{PREFIX}TARGET_VARIANT"),
        inference_id=environ.get(f"{PREFIX}INFERENCE_ID"),
        is_streamed=is_streamed,
        inference_component=environ.get(f"{PREFIX}INFERENCE_COMPONENT"),
    )


def check_size(request: InvokeRequest) -> None:
    """Refuse a body that is too large: 6 MB, as botocore's model of the operation says.

    Raises:
        InvocationRefusedError: It is.
    """
    limit_bytes = get_service_model("sagemaker-runtime").shape_for("BodyBlob").metadata["max"]
    if len(request.payload.body) > limit_bytes:
        raise validation(
            "1 validation error detected: Value at 'body' failed to satisfy constraint: "
            f"Member must have length less than or equal to {limit_bytes}"
        )
