"""The HTTP server: werkzeug's, with connections that stay open and that all end when the server does.

moto's own server closes the connection after each answer. A deployment makes thousands of requests, so ours speaks
HTTP/1.1; then a stopped server must also end the connections that its clients keep, or an old client would go on
talking to a cloud that is gone.
"""

from __future__ import annotations

import contextlib
import socket
import threading
from typing import Any

from moto.moto_server.werkzeug_app import MotoRequestHandler
from werkzeug.serving import BaseWSGIServer, make_server

LOOPBACK = "127.0.0.1"

STOP_POLL_SECONDS = 0.1
"""How often the server looks whether it is to stop (the standard library: every 0.5 s)."""


class _OpenConnections:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()

    def add(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.add(connection)

    def discard(self, connection: socket.socket) -> None:
        with self._lock:
            self._sockets.discard(connection)

    def end_all(self) -> None:
        with self._lock:
            for connection in self._sockets:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


class _Handler(MotoRequestHandler):  # type: ignore[misc]  # see pyproject.toml
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    open_connections: _OpenConnections  # each server has a subclass with its own
    wbufsize = -1  # an answer in one packet

    def setup(self) -> None:
        super().setup()
        self.open_connections.add(self.connection)

    def finish(self) -> None:
        self.open_connections.discard(self.connection)
        with contextlib.suppress(OSError):
            super().finish()

    def handle_expect_100(self) -> bool:
        return True  # run_wsgi answers it, as werkzeug's does; twice would be once too many

    def run_wsgi(self) -> None:
        # werkzeug's closes each connection, since it cannot know whether the body was read. Ours always is.
        if self.headers.get("Expect", "").strip().lower() == "100-continue":
            self.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            self.wfile.flush()
        started: list[tuple[str, list[tuple[str, str]]]] = []
        chunks = self.server.app(self.make_environ(), lambda status, headers: started.append((status, headers)))
        self._answer(*started[-1], b"".join(chunks))

    def _answer(self, status: str, headers: list[tuple[str, str]], body: bytes) -> None:
        code, _, reason = status.partition(" ")
        self.send_response(int(code), reason)
        for name, value in headers:
            if name.lower() not in {"connection", "transfer-encoding"}:
                self.send_header(name, value)
        has_length = any(name.lower() == "content-length" for name, _ in headers)
        if not has_length and int(code) not in {204, 304}:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: a deployment makes thousands of requests."""


class HttpServer:
    """`application` on a loopback port, in threads of its own."""

    def __init__(self, application: Any, port: int) -> None:
        """Bind `port`, or a free one where it is 0 or taken."""
        self._connections = _OpenConnections()
        self._server = _bind(
            application, port, type("_ServerHandler", (_Handler,), {"open_connections": self._connections})
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(STOP_POLL_SECONDS,), name="local-aws", daemon=True
        )

    @property
    def port(self) -> int:
        """The port that is bound."""
        return int(self._server.server_address[1])

    def start(self) -> None:
        """Begin to answer."""
        self._thread.start()

    def stop(self) -> None:
        """Answer no more, and end every open connection."""
        self._server.shutdown()
        self._thread.join()
        self._connections.end_all()
        self._server.server_close()


def _bind(application: Any, port: int, handler: Any) -> BaseWSGIServer:
    free = port if port == 0 or _is_free(port) else 0
    return make_server(LOOPBACK, free, application, threaded=True, request_handler=handler)


def _is_free(port: int) -> bool:
    # make_server ends the process where the port is taken, so it is asked before.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True
