"""The process that stands where the serving container stands: `python -m model_packaging.serving.server`.

It serves SageMaker's container contract on a free loopback port that the system chooses and that it writes
to the file named by its one argument: `GET /ping` answers 503 until the model is loaded and 200 from then
on; `POST /invocations` goes to the service of the container's kind (`kinds`). Everything else it learns from its
environment: `SM_MODEL_DIR` (what is `/opt/ml/model` in AWS), `GREENROOM_IMAGE`, and what the kind reads there.

It dies with its parent: the parent holds the other end of its standard input, and the system closes that
end however the parent ends, SIGKILL included. (Linux's PR_SET_PDEATHSIG would not do: it follows the thread
that started the process, and ours come and go.)

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn

from model_packaging.serving.handlers import HandlerResponse, ReleaseCodeError
from model_packaging.serving.kinds import CannotStartError, Service, load_service

EXIT_CANNOT_START = 3
"""Exit status when the release's code or model cannot be loaded."""


class ContainerServer(ThreadingHTTPServer):
    """One container: its service, once it is loaded."""

    daemon_threads = True
    request_queue_size = 128
    service: Service | None = None


class _Request(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet an answer
    disable_nagle_algorithm = True
    server: ContainerServer

    def do_GET(self) -> None:
        if self.path != "/ping":
            self._answer(_plain(404, f"no such path: {self.path}"))
        elif self.server.service is None:
            self._answer(_plain(503, "the model is loading"))
        else:
            self._answer(_plain(200, ""))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.path != "/invocations":
            self._answer(_plain(404, f"no such path: {self.path}"))
        elif self.server.service is None:
            self._answer(_plain(503, "the model is loading"))
        else:
            started = time.perf_counter()
            response = self.server.service.invoke(body, dict(self.headers.items()))
            milliseconds = (time.perf_counter() - started) * 1000
            sizes = f"{len(body)} B in, {len(response.body)} B out"
            _log(f"POST /invocations {response.status} {sizes}, {milliseconds:.1f} ms")
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
    _die_with_parent()
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server = ContainerServer(("127.0.0.1", 0), _Request)
    threading.Thread(target=server.serve_forever, name="container", daemon=True).start()
    _write_atomically(Path(sys.argv[1]), str(server.server_address[1]))
    server.service = _load()
    _log("the model is loaded")
    threading.Event().wait()


def _load() -> Service:
    try:
        return load_service(os.environ.get("GREENROOM_IMAGE", ""), Path(os.environ["SM_MODEL_DIR"]), os.environ)
    except (CannotStartError, ReleaseCodeError) as error:
        _end(str(error))
    except Exception:  # noqa: BLE001 - the release's code may raise anything while it loads
        traceback.print_exc(file=sys.stderr)
        _end("the release's code raised while it loaded (see above)")


def _die_with_parent() -> None:
    lifeline = os.dup(0)
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a descriptor is what is wanted
        os.dup2(nothing.fileno(), 0)
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


def _log(line: str) -> None:
    stamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    with contextlib.suppress(OSError):
        print(f"{stamp} {line}", flush=True)  # noqa: T201 - standard output is the container's log


def _end(reason: str) -> NoReturn:
    _log(f"cannot start: {reason}")
    sys.stderr.flush()
    os._exit(EXIT_CANNOT_START)


if __name__ == "__main__":
    main()
