"""A request reaches the local AWS the same whichever way it takes; what goes wrong goes botocore's own way."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from greenroom.sandbox.cloud.http_server import HttpServer
from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import CloudEndpoint
from greenroom.sandbox.provider.errors import AwsRefusedError, ProviderError
from greenroom.sandbox.provider.transport import HttpTransport, InProcessTransport, SentRequest

ACCOUNT = "111122223333"
REQUEST = SentRequest(
    "PUT",
    "/bucket/a%2Fb%20%C3%BC?x-id=PutObject&list-type=2",
    {"Content-Type": "text/plain", "x-amz-meta-my_key": "kept", "X-Amz-Target": "A.B", "un_kept": "dropped"},
    b"body",
)
# What only a socket has, and headers that http.client adds.
OF_THE_SOCKET = {
    "HTTP_ACCEPT_ENCODING",
    "REMOTE_PORT",
    "SERVER_SOFTWARE",
    "werkzeug.socket",
    "wsgi.errors",
    "wsgi.input",
}


@contextmanager
def served(application: Callable[..., Any]) -> Iterator[str]:
    server = HttpServer(application, 0)
    server.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.stop()


def recording(requests: list[dict[str, Any]], *answers: tuple[str, dict[str, Any]]) -> Callable[..., Any]:
    """An application that answers in turn, the last answer for good."""
    left = list(answers)

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        requests.append({**environ, "body": body})
        status, content = left.pop(0) if len(left) > 1 else left[0]
        answer = json.dumps(content).encode()
        start_response(status, [("Content-Type", "application/json"), ("Content-Length", str(len(answer)))])
        return [answer]

    return application


def test_in_process_a_request_is_what_it_is_by_http() -> None:
    seen: list[dict[str, Any]] = []
    application = recording(seen, ("200 OK", {"a": 1}))
    with served(application) as url:
        answers = [HttpTransport(url)(REQUEST), InProcessTransport(url, application)(REQUEST)]
    by_http, in_process = (
        {name: value for name, value in request.items() if name not in OF_THE_SOCKET} for request in seen
    )
    assert in_process == by_http
    assert [(status, body) for status, _, body in answers] == [(200, b'{"a": 1}')] * 2


def test_a_connection_that_the_server_has_ended_is_made_anew() -> None:
    seen: list[dict[str, Any]] = []
    application = recording(seen, ("200 OK", {}))
    with served(application) as url:
        transport = HttpTransport(url)
        transport(REQUEST)
        for connection in transport._idle:
            assert connection.sock is not None
            connection.sock.shutdown(2)
        assert transport(REQUEST)[0] == 200
    assert len(seen) == 2


@pytest.mark.parametrize("in_process", [True, False])
def test_the_signature_says_who_asks_what_where(in_process: bool) -> None:
    seen: list[dict[str, Any]] = []
    application = recording(seen, ("200 OK", {"EndpointStatus": "InService"}))
    with served(application) as url:
        cloud = CloudEndpoint(url, None, ACCOUNT, in_process=lambda _: application if in_process else None)
        answer = AccountSession(cloud, ACCOUNT, "eu-west-1").call(
            "sagemaker", "DescribeEndpoint", {"EndpointName": "a"}
        )
    (request,) = seen
    scope = request["HTTP_AUTHORIZATION"].split("Credential=")[1].split(",")[0].split("/")
    assert [scope[0], *scope[2:]] == [ACCOUNT, "eu-west-1", "sagemaker", "aws4_request"]
    assert (request["HTTP_X_AMZ_TARGET"], request["body"]) == ("SageMaker.DescribeEndpoint", b'{"EndpointName": "a"}')
    assert answer == {"EndpointStatus": "InService"}


def test_an_error_is_told_with_its_code_and_message() -> None:
    refusal = {"__type": "ValidationException", "message": "Could not find endpoint"}
    with served(recording([], ("400 BAD REQUEST", refusal))) as url:
        session = AccountSession(CloudEndpoint(url, None, ACCOUNT), ACCOUNT, "us-east-1")
        with pytest.raises(AwsRefusedError) as told:
            session.call("sagemaker", "DescribeEndpoint", {"EndpointName": "a"})
    assert (told.value.code, told.value.message) == ("ValidationException", "Could not find endpoint")


@pytest.mark.parametrize(
    "failure",
    [
        ("503 SERVICE UNAVAILABLE", {}),
        ("400 BAD REQUEST", {"__type": "ThrottlingException", "message": "Rate exceeded"}),
    ],
)
def test_what_asks_to_be_tried_again_is(failure: tuple[str, dict[str, Any]]) -> None:
    seen: list[dict[str, Any]] = []
    with served(recording(seen, failure, ("200 OK", {"EndpointStatus": "InService"}))) as url:
        session = AccountSession(CloudEndpoint(url, None, ACCOUNT), ACCOUNT, "us-east-1")
        answer = session.call("sagemaker", "DescribeEndpoint", {"EndpointName": "a"})
    assert (answer, len(seen)) == ({"EndpointStatus": "InService"}, 2)


def test_a_local_aws_in_process_that_has_ended_does_not_answer() -> None:
    cloud = CloudEndpoint("http://127.0.0.1:1", None, ACCOUNT, in_process=lambda _: None)
    with pytest.raises(ProviderError, match="does not answer sagemaker DescribeEndpoint"):
        AccountSession(cloud, ACCOUNT, "us-east-1").call("sagemaker", "DescribeEndpoint", {"EndpointName": "a"})
