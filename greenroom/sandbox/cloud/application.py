"""The WSGI application in front of moto: accounts, order, and the journal.

Every request passes here. The whole body is read first, outside the lock, so that a slow client holds nobody up.
Then one request at a time reaches moto (whose models are plain dictionaries), a request that changes state at a
frozen instant and with a seed of its own; it is in the journal before its answer leaves. InvokeEndpoint runs outside
the lock: a model may take its time. `/_greenroom/health` answers without it, also while the state is being restored.
"""

from __future__ import annotations

import io
import json
import logging
import os
import threading
from collections.abc import Callable, Iterable
from typing import Any

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app

from greenroom.sandbox.cloud.accounts import account_of
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.determinism import seeded
from greenroom.sandbox.cloud.journal import Entry, Journal
from greenroom.sandbox.cloud.operations import RequestIdentity, identify
from greenroom.sandbox.cloud.outbound import silenced

LOG = logging.getLogger("greenroom.sandbox.cloud")
HEALTH_PATH = "/_greenroom/health"

Headers = list[tuple[str, str]]
Answer = tuple[str, Headers, bytes]
StartResponse = Callable[..., Any]
EventHandler = Callable[[dict[str, Any], bytes], None]
"""Applies an event: its attributes and its body. Runs under the lock, live and again in a replay."""
Route = Callable[[dict[str, Any], RequestIdentity, bytes], Answer]
OwnPage = Callable[[str, bytes], dict[str, Any]]
"""Answers a request to the local AWS itself with JSON, given its HTTP method and body.

Raises:
    ValueError: The request makes no sense; its text is the answer.
"""


class LocalAwsApplication:
    """moto, with one lock around it and a journal beside it.

    `journal` is None for a cloud that need not outlive its process.
    """

    def __init__(self, *, default_account_id: str, journal: Journal | None = None) -> None:
        self._moto = DomainDispatcherApplication(create_backend_app)
        self._default_account_id = default_account_id
        self._journal = journal
        self.lock = threading.RLock()
        self.replaying = False
        self._events: dict[str, EventHandler] = {}
        self._routes: list[tuple[Callable[[dict[str, Any], RequestIdentity], bool], Route]] = []
        self._own_pages: dict[str, OwnPage] = {}
        self._before_requests: list[Callable[[], None]] = []
        self._before_reads: list[Callable[[RequestIdentity], None]] = []
        self._progress = {"state": "starting", "done": 0, "total": 0}

    def on_event(self, name: str, handler: EventHandler) -> None:
        """Have `handler` apply the events called `name`."""
        self._events[name] = handler

    def route(self, concerns: Callable[[dict[str, Any], RequestIdentity], bool], route: Route) -> None:
        """Have `route` answer the requests that `concerns` accepts, in moto's place and outside the lock."""
        self._routes.append((concerns, route))

    def own_page(self, path: str, page: OwnPage) -> None:
        """Have `page` answer the requests to `path`."""
        self._own_pages[path] = page

    def before_requests(self, hook: Callable[[], None]) -> None:
        """Call `hook` before each request to AWS, outside the lock."""
        self._before_requests.append(hook)

    def before_reads(self, hook: Callable[[RequestIdentity], None]) -> None:
        """Call `hook` before each request that only reads."""
        self._before_reads.append(hook)

    def record(self, event: str, attributes: dict[str, Any], body: bytes = b"") -> None:
        """Something happened inside: apply it and keep it, as one request would be."""
        with self.lock:
            entry = Entry("event", CLOCK.time(), _new_seed(), {"event": event, **attributes}, body)
            self._apply_event(entry)
            self._keep(entry)

    def set_progress(self, state: str, done: int = 0, total: int = 0) -> None:
        """What `/_greenroom/health` tells."""
        self._progress = {"state": state, "done": done, "total": total}

    def replay(self, journal: Journal, total: int) -> None:
        """Run every entry again, telling nobody, at the instants and with the seeds of the first time.

        A request of an earlier version may be refused by now. What happened to what it made is left out then, and told
        in the log: the rest of the state is not lost for it.
        """
        with self.lock, silenced():
            self.replaying = True
            try:
                for done, entry in enumerate(journal.entries(), start=1):
                    if entry.kind == "event":
                        self._apply_again(entry, done)
                    else:
                        self._change(entry)
                    self.set_progress("restoring", done, total)
            finally:
                self.replaying = False

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request (WSGI)."""
        try:
            status, headers, body = self._answer(environ)
        except Exception as error:  # without an answer the client would ask again, five times
            LOG.exception("%s %s failed", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
            status, headers, body = _failure(error, "the local AWS")
        start_response(status, headers)
        return [body]

    def _answer(self, environ: dict[str, Any]) -> Answer:
        path: str = environ.get("PATH_INFO", "")
        body = _read_body(environ)
        if path == HEALTH_PATH:
            return _json_answer("200 OK", {**self._progress, "pid": os.getpid()})
        if path.startswith("/moto-api"):
            return _json_answer(
                "404 NOT FOUND", {"message": "moto's own API is not offered: `greenroom sandbox reset`"}
            )
        if path in self._own_pages:
            return _own_answer(self._own_pages[path], environ.get("REQUEST_METHOD", "GET"), body)
        for before in self._before_requests:
            before()
        identity = identify(environ, body)
        environ["HTTP_X_MOTO_ACCOUNT_ID"] = account_of(identity.access_key_id, self._default_account_id)
        for concerns, route in self._routes:
            if concerns(environ, identity):
                return route(environ, identity, body)
        if identity.only_reads:
            for hook in self._before_reads:
                hook(identity)
            with self.lock:
                return self._ask_moto(environ, body)
        with self.lock:
            entry = Entry("request", CLOCK.time(), _new_seed(), _strings_of(environ), body)
            answer = self._change(entry)
            self._keep(entry)
        return answer

    def _change(self, entry: Entry) -> Answer:
        with CLOCK.frozen_at(entry.at_seconds), seeded(entry.seed):
            return self._ask_moto(dict(entry.environ), entry.body)

    def _apply_event(self, entry: Entry) -> None:
        attributes = dict(entry.environ)
        handler = self._events[attributes.pop("event")]
        with CLOCK.frozen_at(entry.at_seconds), seeded(entry.seed):
            handler(attributes, entry.body)

    def _apply_again(self, entry: Entry, number: int) -> None:
        try:
            self._apply_event(entry)
        except Exception:
            LOG.exception("line %d of the journal cannot be applied and is left out: %s", number, entry.environ)

    def _keep(self, entry: Entry) -> None:
        if self._journal is not None and not self.replaying:
            self._journal.append(entry)

    def _ask_moto(self, environ: dict[str, Any], body: bytes) -> Answer:
        environ["wsgi.input"] = io.BytesIO(body)
        environ["CONTENT_LENGTH"] = str(len(body))
        environ.setdefault("wsgi.errors", io.StringIO())
        started: list[tuple[str, Headers]] = []
        try:
            chunks = self._moto(environ, lambda status, headers, *_: started.append((status, headers)))
            answer_body = b"".join(chunks)
            if hasattr(chunks, "close"):
                chunks.close()
        except Exception as error:  # a request must never take the server down, nor be retried in vain
            LOG.exception("moto failed on %s %s", environ.get("REQUEST_METHOD"), environ.get("PATH_INFO"))
            return _failure(error, "the local AWS (moto)")
        status, headers = started[-1]
        return status, headers, answer_body


def _failure(error: Exception, whose: str) -> Answer:
    # Status 501, since botocore retries 500, and asking again gets the same answer:
    # https://docs.aws.amazon.com/boto3/latest/guide/retries.html
    code = "NotImplemented" if isinstance(error, NotImplementedError) else "InternalFailure"
    message = f"{whose} failed: {type(error).__name__}: {error}. Its log has the traceback."
    return _json_answer("501 NOT IMPLEMENTED", {"__type": code, "message": message})


def _own_answer(page: OwnPage, method: str, body: bytes) -> Answer:
    try:
        return _json_answer("200 OK", page(method, body))
    except ValueError as error:
        return _json_answer("400 BAD REQUEST", {"message": str(error)})


def _json_answer(status: str, content: dict[str, Any]) -> Answer:
    body = json.dumps(content).encode()
    return status, [("Content-Type", "application/json"), ("Content-Length", str(len(body)))], body


def _read_body(environ: dict[str, Any]) -> bytes:
    stream = environ["wsgi.input"]
    if environ.pop("HTTP_TRANSFER_ENCODING", "").lower() == "chunked":
        return bytes(stream.read())  # werkzeug's server has taken the chunks apart
    length = int(environ.get("CONTENT_LENGTH") or 0)
    return bytes(stream.read(length)) if length else b""


def _strings_of(environ: dict[str, Any]) -> dict[str, Any]:
    """The part of a WSGI environment that makes the request: what JSON can hold."""
    kept = {key: value for key, value in environ.items() if isinstance(value, str)}
    names = environ.get("moto.preserved_header_names")  # the spelling of S3 metadata keys with underscores
    return {**kept, "moto.preserved_header_names": names or {}, "wsgi.url_scheme": "http"}


def _new_seed() -> int:
    return int.from_bytes(os.urandom(8))
