"""The process that stands where the serving container stands: `python -m model_packaging.serving.server`.

It serves SageMaker's container contract on a loopback port that it writes to the file named by its first argument; its
second is that port, 0 for one that the system chooses. `GET /ping` answers 503 until the model is loaded and 200 from
then on; `POST /invocations` goes to the service of the container's kind (`kinds`). Everything else it learns from its
environment: `SM_MODEL_DIR` (what is `/opt/ml/model` in AWS), `GREENROOM_IMAGE`, `SAGEMAKER_MODEL_SERVER_WORKERS`
(`worker_pool`), and what the kind reads there.

SIGTERM ends it when the requests under way are answered; meanwhile it answers others with 503.

It dies with its parent: the parent holds the other end of its standard input, and the system closes that
end however the parent ends, SIGKILL included. (Linux's PR_SET_PDEATHSIG would not do: it follows the thread
that started the process, and ours come and go.)

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

from model_packaging.serving.handlers import HandlerResponse, ReleaseCodeError
from model_packaging.serving.kinds import CannotStartError, Service, load_service, worker_count

EXIT_CANNOT_START = 3
"""Exit status when the release's code or model cannot be loaded."""

BACKLOG = 128


class ContainerServer(ThreadingHTTPServer):
    """What answers on a listening socket: a service, once it is loaded."""

    daemon_threads = True

    def __init__(self, listener: socket.socket) -> None:
        """A server on a socket that listens already, and that others may share."""
        super().__init__(listener.getsockname(), _Request, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.service: Service | None = None
        self.is_draining = False
        self._in_flight = 0
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def in_flight(self) -> Iterator[None]:
        """Counts one request while it is being answered."""
        with self._changed:
            self._in_flight += 1
        try:
            yield
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()

    def drain(self) -> None:
        """Returns when every request under way is answered."""
        with self._changed:
            self.is_draining = True
            self._changed.wait_for(lambda: self._in_flight == 0)


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    disable_nagle_algorithm = True
    server: ContainerServer

    def do_GET(self) -> None:
        if self.path != "/ping":
            self._answer(_plain(404, f"no such path: {self.path}"))
        elif self.server.service is None or self.server.is_draining:
            self._answer(_plain(503, "the model is loading, or the container ends"))
        else:
            self._answer(_plain(200, ""))

    def do_POST(self) -> None:
        if self.server.is_draining:
            self.close_connection = True
            self._answer(_plain(503, "the container ends"))
            return
        with self.server.in_flight():
            self._invoke(self.rfile.read(int(self.headers.get("Content-Length") or 0)))
            self.wfile.flush()

    def _invoke(self, body: bytes) -> None:
        if self.path != "/invocations":
            self._answer(_plain(404, f"no such path: {self.path}"))
        elif self.server.service is None:
            self._answer(_plain(503, "the model is loading"))
        else:
            started = time.perf_counter()
            response = self.server.service.invoke(body, dict(self.headers.items()))
            milliseconds = (time.perf_counter() - started) * 1000
            sizes = f"{len(body)} B in, {len(response.body)} B out"
            log(f"POST /invocations {response.status} {sizes}, {milliseconds:.1f} ms")
            self._answer(response)

    def _answer(self, response: HandlerResponse) -> None:
        self.send_response(response.status)
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", response.content_type)
        if response.parts:
            self._answer_in_parts(response.parts)
            return
        self.send_header("Content-Length", str(len(response.body)))
        self.end_headers()
        self.wfile.write(response.body)

    def _answer_in_parts(self, parts: tuple[bytes, ...]) -> None:
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for part in (*(one for one in parts if one), b""):
            self.wfile.write(f"{len(part):x}\r\n".encode() + part + b"\r\n")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        """Says nothing: pings would drown the release's own lines."""


def _plain(status: int, text: str) -> HandlerResponse:
    return HandlerResponse(status, text.encode(), "text/plain; charset=utf-8")


def main() -> None:
    """Serves until the parent ends, or until SIGTERM."""
    die_with_parent(hold_lifeline())
    port = int(sys.argv[2]) if len(sys.argv) > 2 else 0  # 0: the system chooses
    try:
        listener = socket.create_server(("127.0.0.1", port), backlog=BACKLOG)
        workers = worker_count(os.environ)
    except OSError as error:
        _end(f"port {port} of 127.0.0.1: {error.strerror}")
    except CannotStartError as error:
        _end(str(error))
    _write_atomically(Path(sys.argv[1]), str(listener.getsockname()[1]))
    if workers == 1:
        serve_here(listener)
    # Imported only where there are workers: a container's start is time the user waits.
    from model_packaging.serving.worker_pool import run_workers

    run_workers(listener, workers)


def serve_here(listener: socket.socket, when_loaded: Callable[[], None] | None = None) -> NoReturn:
    """Serves in this process, one worker, until SIGTERM.

    Args:
        listener: Where.
        when_loaded: What to do before the first request is accepted; without it they are, and told that it loads.
    """
    terminations, terminate = os.pipe()
    server = ContainerServer(listener)

    def on_sigterm(*_: object) -> None:
        if server.service is None:
            os._exit(0)
        os.write(terminate, b"t")

    signal.signal(signal.SIGTERM, on_sigterm)
    accepting = threading.Thread(target=server.serve_forever, name="container", daemon=True)
    if when_loaded is None:
        accepting.start()
    server.service = load()
    log("the model is loaded")
    if when_loaded is not None:
        when_loaded()
        accepting.start()
    os.read(terminations, 1)
    server.drain()
    os._exit(0)


def load() -> Service:
    """The container's service; a container that cannot start says why in its log, and ends."""
    try:
        return load_service(os.environ.get("GREENROOM_IMAGE", ""), Path(os.environ["SM_MODEL_DIR"]), os.environ)
    except (CannotStartError, ReleaseCodeError) as error:
        _end(str(error))
    except Exception:  # noqa: BLE001 - the release's code may raise anything while it loads
        traceback.print_exc(file=sys.stderr)
        _end("the release's code raised while it loaded (see above)")


def hold_lifeline() -> int:
    """The standard input's descriptor, moved where the release's code does not find it."""
    lifeline = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is what is wanted
        os.dup2(nothing.fileno(), 0)
    return lifeline


def die_with_parent(lifeline: int) -> None:
    """Ends this process, and whatever it started, when the other end of the lifeline is closed."""
    threading.Thread(target=_wait_for_parent, args=(lifeline,), name="lifeline", daemon=True).start()


def _wait_for_parent(lifeline: int) -> None:
    while os.read(lifeline, 1):
        pass
    if hasattr(os, "killpg") and os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGKILL)  # with whatever the release's code started
    os._exit(0)


def _write_atomically(path: Path, text: str) -> None:
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(text, encoding="utf-8")
    draft.replace(path)


def log(line: str) -> None:
    """One line in the container's log."""
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with contextlib.suppress(OSError):
        sys.stdout.write(f"{stamp} {line}\n")  # in one piece: workers and threads share the container's log
        sys.stdout.flush()


def _end(reason: str) -> NoReturn:
    log(f"cannot start: {reason}")
    sys.stderr.flush()
    os._exit(EXIT_CANNOT_START)


if __name__ == "__main__":
    main()
