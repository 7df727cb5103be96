"""How a request gets to the local AWS, and its answer back: what stands in for botocore's way through the internet.

botocore signs a request, looks for its endpoint's quirks, sends it by urllib3 and decides whether to try again. All
that is for the real AWS; towards the local one it is two thirds of what a request costs. Here the request that
botocore has built is sent as it is, and its parser reads the answer. The local AWS wants one thing of a signature: its
scope, which says who asks which service where.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

A local AWS in this very process is called as the WSGI application that it is (PEP 3333), without a socket between.
What goes wrong (a connection, an answer that asks to be tried again), and what streams, goes botocore's own way.
"""

from __future__ import annotations

import http.client
import io
import sys
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import unquote_to_bytes, urlsplit

TIMEOUT_SECONDS = 120

WsgiApplication = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass(frozen=True)
class SentRequest:
    """A request as it leaves: `target` is its path and query, as they stand in a request line."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What came back, in the part of botocore's `AWSResponse` that its hooks look at."""

    url: str
    status_code: int
    headers: Mapping[str, str]
    content: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.content.decode("utf-8")


class Transport(Protocol):
    """Takes a request to a local AWS.

    Raises:
        OSError, http.client.HTTPException: it does not answer.
    """

    def __call__(self, request: SentRequest) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the answer."""
        ...


class HttpTransport:
    """HTTP/1.1 over connections that stay open, as many as there are requests at once."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = parts.hostname or "", parts.port
        self._idle: deque[http.client.HTTPConnection] = deque()
        weakref.finalize(self, _close_all, self._idle)

    def __call__(self, request: SentRequest) -> tuple[int, list[tuple[str, str]], bytes]:
        """Sends the request; on a new connection where the server has ended the one that was kept."""
        try:
            connection = self._idle.pop()
        except IndexError:
            return self._exchange(self._connected(), request)
        try:
            return self._exchange(connection, request)
        except (ConnectionError, http.client.BadStatusLine):
            return self._exchange(self._connected(), request)

    def _connected(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_SECONDS)

    def _exchange(
        self, connection: http.client.HTTPConnection, request: SentRequest
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        try:
            connection.request(request.method, request.target, request.body, dict(request.headers))
            response = connection.getresponse()
            body = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close:
            connection.close()
        else:
            self._idle.append(connection)
        return response.status, response.getheaders(), body


def _close_all(connections: deque[http.client.HTTPConnection]) -> None:
    for connection in connections:
        connection.close()


class InProcessTransport:
    """Calls the application that answers at `url` on the caller's own thread."""

    def __init__(self, url: str, application: WsgiApplication) -> None:
        parts = urlsplit(url)
        self._application = application
        self._server = {
            "SERVER_NAME": parts.hostname or "",
            "SERVER_PORT": str(parts.port or 80),
            "HTTP_HOST": parts.netloc,
        }

    def __call__(self, request: SentRequest) -> tuple[int, list[tuple[str, str]], bytes]:
        """Has the application answer."""
        started: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self._application(
            self._environ(request), lambda status, headers, *_: started.append((status, headers))
        )
        body = b"".join(chunks)
        status, headers = started[-1]
        return int(status[:3]), headers, body

    def _environ(self, request: SentRequest) -> dict[str, Any]:
        path, _, query = request.target.partition("?")
        environ: dict[str, Any] = {
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(request.body),
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": False,
            "wsgi.run_once": False,
            "REQUEST_METHOD": request.method,
            "SCRIPT_NAME": "",
            "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),  # as PEP 3333 has it
            "QUERY_STRING": query,
            "RAW_URI": request.target,  # what moto reads the undecoded path from, as from werkzeug's server
            "REQUEST_URI": request.target,
            "REMOTE_ADDR": "127.0.0.1",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "CONTENT_LENGTH": str(len(request.body)),
            **self._server,
        }
        names: dict[str, str] = {}
        for name, value in request.headers.items():
            key = name.upper().replace("-", "_")
            key = key if key in {"CONTENT_TYPE", "CONTENT_LENGTH"} else f"HTTP_{key}"
            if "_" in name:
                if not name.lower().startswith("x-amz-meta-"):
                    continue  # WSGI cannot tell it from the one with dashes
                names[key] = name  # S3's own metadata keep their spelling
            environ[key] = value
        environ["moto.preserved_header_names"] = names
        return environ
