"""Requests of InvokeEndpointAsync, and what SageMaker tells of how they ended.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpointAsync.html and, for the
notifications, https://docs.aws.amazon.com/sagemaker/latest/dg/async-inference-check-predictions.html
"""

from __future__ import annotations

import base64
import dataclasses
import json
from dataclasses import dataclass
from typing import Any, Literal

from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.hosting.capture import split_s3_uri
from greenroom.sandbox.cloud.stage import Params

REQUEST_TTL_SECONDS = 21_600
INVOCATION_TIMEOUT_SECONDS = 900
Outcome = Literal["Completed", "Failed", "Expired"]


@dataclass(frozen=True)
class AsyncRequest:
    """One request in an endpoint's queue."""

    account_id: str
    region: str
    endpoint_name: str
    inference_id: str
    accepted_at_seconds: float
    input_location: str
    content_type: str | None
    accept: str | None
    custom_attributes: str | None
    output_location: str | None
    failure_location: str | None
    ttl_seconds: int = REQUEST_TTL_SECONDS
    timeout_seconds: int = INVOCATION_TIMEOUT_SECONDS

    @property
    def expires_at_seconds(self) -> float:
        """When it is too old to be processed."""
        return self.accepted_at_seconds + self.ttl_seconds

    def attributes(self) -> dict[str, Any]:
        """For an event of the journal."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Ending:
    """How a request ended: the object that is written, and the notification that is sent."""

    outcome: Outcome
    location: str | None
    content_type: str
    failure_reason: str | None = None


def output_locations(config: Params, output_id: str, *, extension: str | None, filename: str | None) -> tuple[
    str | None, str | None
]:  # fmt: skip
    """Where the response is stored, and where a failure is: `ID.out` and `ID-error.out` (the latter is a guess).

    Args:
        config: OutputConfig.
        output_id: The file's name, where the caller gives none.
        extension: S3OutputPathExtension, appended to the path (a guess at where).
        filename: The caller's own.
    """
    output, failure = config.get("S3OutputPath"), config.get("S3FailurePath")
    return (
        None if output is None else _under(output, extension, filename or f"{output_id}.out"),
        None if failure is None else _under(failure, None, f"{output_id}-error.out"),
    )


def _under(path: str, extension: str | None, name: str) -> str:
    parts = [path.rstrip("/"), *([] if extension is None else [extension.strip("/")]), name]
    return "/".join(parts)


def notification(request: AsyncRequest, ending: Ending, now_seconds: float, body: bytes | None) -> str:
    """The SNS message: as seen in AWS's page, with `responseBody` where IncludeInferenceResponseIn asks for it."""
    parameters = {
        "accept": request.accept,
        "contentType": request.content_type,
        "endpointName": request.endpoint_name,
        "inputLocation": request.input_location,
    }
    message: dict[str, Any] = {
        "awsRegion": request.region,
        "eventTime": _iso(now_seconds),
        "receivedTime": _iso(request.accepted_at_seconds),
        "invocationStatus": "Completed" if ending.outcome == "Completed" else "Failed",
    }
    if ending.failure_reason is not None:
        message["failureReason"] = ending.failure_reason
    message["requestParameters"] = {key: value for key, value in parameters.items() if value is not None}
    if ending.outcome == "Completed":
        message["responseParameters"] = {"contentType": ending.content_type, "outputLocation": ending.location}
    if body is not None:
        message["responseBody"] = {
            "content": base64.b64encode(body).decode(),
            "message": "Check S3 path location(if configured) or Cloudwatch for additional details.",
            "encoding": "BASE64",
        }
    message |= {
        "inferenceId": request.inference_id,
        "eventVersion": "1.0",
        "eventSource": "aws:sagemaker",
        "eventName": "InferenceResult",
    }
    return json.dumps(message, separators=(",", ":"))


def bucket_and_key(uri: str) -> tuple[str, str]:
    """Of an `s3://` location."""
    return split_s3_uri(uri)


def _iso(seconds: float) -> str:
    moment = utc(seconds)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"
