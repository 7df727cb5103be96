"""botocore's clients, sending by our transport: a hook before the call that answers in botocore's place.

`before-call` is botocore's own event for that: what a handler answers is taken for the response.
https://boto3.amazonaws.com/v1/documentation/api/latest/guide/events.html

A client is made once a process for a service, a region and an account, whichever local AWS it is to reach: each call
says which one (`directed_to`).
"""

from __future__ import annotations

import contextvars
import functools
import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from greenroom.sandbox.provider.transport import Answer, SentRequest, Transport

if TYPE_CHECKING:
    from botocore.client import BaseClient
    from botocore.model import OperationModel

NOWHERE = "http://127.0.0.1:1"
"""The endpoint that clients are made with; no request goes there."""

TRY_AGAIN_STATUS = frozenset({429, 500, 502, 503, 504})
TRY_AGAIN_CODES = frozenset(
    {
        "BandwidthLimitExceeded", "EC2ThrottledException", "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException", "RequestLimitExceeded", "RequestThrottled",
        "RequestThrottledException", "RequestTimeout", "RequestTimeoutException", "SlowDown", "ThrottledException",
        "Throttling", "ThrottlingException", "TooManyRequestsException", "TransactionInProgressException",
    }
)  # fmt: skip
"""What botocore's standard mode tries again: https://docs.aws.amazon.com/boto3/latest/guide/retries.html"""

_target: contextvars.ContextVar[tuple[str, Transport]] = contextvars.ContextVar("greenroom_local_aws")


@contextmanager
def directed_to(url: str, transport: Transport) -> Iterator[None]:
    """Within the block, this thread's calls go to the local AWS at `url`."""
    token = _target.set((url, transport))
    try:
        yield
    finally:
        _target.reset(token)


class DirectCalls:
    """The hook of one client."""

    def __init__(self, client: BaseClient, account: str) -> None:
        meta = client.meta
        self._events = meta.events
        self._service_id = meta.service_model.service_id.hyphenize()
        scope = f"{meta.region_name}/{meta.service_model.signing_name}/aws4_request"
        self._scope = (f"AWS4-HMAC-SHA256 Credential={account}/", f"/{scope}, SignedHeaders=host, Signature=local")

    def install(self) -> None:
        """Have it answer the client's calls, after all of botocore's own handlers have prepared the request."""
        register: Any = self._events.register_last  # the stubs have handlers answer nothing
        register("before-call", self._answer)

    def _answer(self, model: OperationModel, params: dict[str, Any], **_: Any) -> tuple[Answer, dict[str, Any]] | None:
        """The HTTP response and what the parser makes of it; None where botocore is to send the request itself."""
        url, transport = _target.get()
        parts = urlsplit(params["url"])
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        params["url"] = f"{url}{target}"
        if _streams(model, params):
            return None
        from botocore.httpchecksum import apply_request_checksum

        apply_request_checksum(params)
        request = SentRequest(params["method"], target, *self._headers_and_body(params))
        try:
            status, headers, body = transport(request)
        except (OSError, http.client.HTTPException):
            return None
        answer = self._parsed(model, Answer(params["url"], status, _headers(headers), body))
        code = answer[1].get("Error", {}).get("Code")
        return None if status in TRY_AGAIN_STATUS or (status >= 300 and code in TRY_AGAIN_CODES) else answer

    def _headers_and_body(self, params: Mapping[str, Any]) -> tuple[dict[str, str], bytes]:
        body = params["body"]
        if isinstance(body, Mapping):  # the query protocol's
            body = urlencode(list(body.items()), doseq=True)
        content = body.encode() if isinstance(body, str) else bytes(body or b"")
        headers = {name: _text(value) for name, value in params["headers"].items()}
        before, after = self._scope
        headers["Authorization"] = before + time.strftime("%Y%m%d", time.gmtime()) + after
        return headers, content

    def _parsed(self, model: OperationModel, answer: Answer) -> tuple[Answer, dict[str, Any]]:
        response = {
            "headers": answer.headers,
            "status_code": answer.status_code,
            "context": {"operation_name": model.name},
            "body": answer.content,
        }
        customized: dict[str, Any] = {}
        self._events.emit(
            f"before-parse.{self._service_id}.{model.name}",
            operation_model=model,
            response_dict=response,
            customized_response_dict=customized,
        )
        parsed = _parser(model.service_model.resolved_protocol).parse(response, model.output_shape)
        return answer, {**parsed, **customized}


def _streams(model: OperationModel, params: Mapping[str, Any]) -> bool:
    return (
        model.has_streaming_output
        or model.has_event_stream_output
        or hasattr(params["body"], "read")
        or "Expect" in params["headers"]
    )


@functools.cache
def _parser(protocol: str) -> Any:
    from botocore.parsers import ResponseParserFactory

    return ResponseParserFactory().create_parser(protocol)


def _headers(headers: list[tuple[str, str]]) -> Any:
    from botocore.awsrequest import HeadersDict

    return HeadersDict(headers)


def _text(value: Any) -> str:
    return value.decode("utf-8") if isinstance(value, bytes) else str(value)
