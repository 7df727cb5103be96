"""Lambda's Invoke, and whatever invokes a function beside it: a rule, a topic, a log subscription, a queue.

Functions run outside the lock, as models do; what came of an invocation (log lines, metrics) is an event of the
journal. A replay runs no function: what it asked of AWS the first time is in the journal too.

An asynchronous invocation waits until a place is free: a day that is advanced brings a thousand at once. One that fails
is tried twice more, as on AWS, where it waits a minute and two between; then its event goes to the function's
dead-letter queue or topic.

https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html and
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import base64
import contextlib
import json
import logging
import os
import re
import signal
import subprocess
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from moto.awslambda.exceptions import UnknownFunctionException
from moto.awslambda.models import lambda_backends
from moto.core.exceptions import JsonRESTError

from greenroom.sandbox.cloud.application import Answer, LocalAwsApplication
from greenroom.sandbox.cloud.arns import Arn
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.lambdas.function_process import Function, Outcome, function_of, run
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.service_metrics import put_metrics

LOG = logging.getLogger("greenroom.sandbox.cloud")
EVENT: Final = "function-invoked"
NAMESPACE: Final = "AWS/Lambda"
RETRIES: Final = 2
LOG_TAIL_BYTES: Final = 4096
AT_ONCE: Final = max(4, os.cpu_count() or 1)
"""How many asynchronous invocations run at once; an account of AWS has a thousand."""
_PATH = re.compile(r"^/2015-03-31/functions/([^/]+)/invocations/?$")


class Lambdas:
    """The functions of every account and region, run in processes of this machine."""

    def __init__(self, application: LocalAwsApplication, folder: Path, endpoint_url: Callable[[], str]) -> None:
        self._application = application
        self._folder = folder
        self._endpoint_url = endpoint_url
        self._places = ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="function")
        self._running: set[subprocess.Popen[bytes]] = set()
        self._is_stopping = False

    def install(self) -> None:
        """Take over Invoke, and apply what came of invocations."""
        self._application.on_event(EVENT, _apply)
        self._application.route(_concerns, self._route)

    def invoke_later(self, function: Any, payload: str) -> None:
        """Invoke moto's `function` asynchronously. While the state is being restored, leave it."""
        if self._application.replaying or self._is_stopping:
            return

        def work() -> None:
            try:
                self._invoke_with_retries(function, payload)
            except Exception:
                LOG.exception("function %s", function.function_name)

        self._places.submit(work)

    def stop(self) -> None:
        """Begin no more invocations, and end those under way."""
        self._is_stopping = True
        self._places.shutdown(wait=False, cancel_futures=True)
        for process in list(self._running):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself
                os.killpg(process.pid, signal.SIGKILL)
        self._places.shutdown()

    def _invoke_with_retries(self, function: Any, payload: str) -> None:
        for _ in range(1 + RETRIES):
            if self._is_stopping or self._invoke(function, payload).error is None:
                return
        self._application.record(EVENT, {"dead_letter_of": _key_of(function), "payload": payload})

    def _invoke(self, function: Any, payload: str) -> Outcome:
        request_id = str(uuid.uuid4())
        date = CLOCK.utcnow()
        stream = f"{date:%Y/%m/%d}/[{function.version}]{request_id.replace('-', '')}"
        with self._application.lock:
            needed = function_of(function, request_id, stream)
        outcome = run(needed, payload, self._folder, self._endpoint_url(), self._running)
        if not self._is_stopping:
            self._application.record(EVENT, {"invoked": _told(needed, outcome)})
        return outcome

    def _route(self, environ: dict[str, Any], identity: RequestIdentity, body: bytes) -> Answer:
        match = _PATH.match(environ["PATH_INFO"])
        name = unquote(match[1]) if match is not None else ""
        query = parse_qs(environ.get("QUERY_STRING", ""))
        account_id, region = environ["HTTP_X_MOTO_ACCOUNT_ID"], identity.region or "us-east-1"
        try:
            with self._application.lock:
                backend = lambda_backends[account_id][region]
                function = backend.get_function(_name_of(name), query.get("Qualifier", [_qualifier_of(name)])[0])
        except UnknownFunctionException as error:
            return _refused("404 NOT FOUND", "ResourceNotFoundException", str(error.message))
        return self._answer(function, environ, body)

    def _answer(self, function: Any, environ: dict[str, Any], body: bytes) -> Answer:
        try:
            json.loads(body or b"{}")
        except ValueError as error:
            message = f"Could not parse request body into json: {error}"
            return _refused("400 BAD REQUEST", "InvalidRequestContentException", message)
        kind = environ.get("HTTP_X_AMZ_INVOCATION_TYPE", "RequestResponse")
        if kind == "DryRun":
            return "204 NO CONTENT", [("Content-Length", "0")], b""
        payload = body.decode() or "{}"
        if kind == "Event":
            self.invoke_later(function, payload)
            return "202 ACCEPTED", [("Content-Length", "0")], b""
        outcome = self._invoke(function, payload)
        headers = [("Content-Type", "application/json"), ("X-Amz-Executed-Version", _version_of(function))]
        if outcome.error is not None:
            headers.append(("X-Amz-Function-Error", outcome.error))
        if environ.get("HTTP_X_AMZ_LOG_TYPE") == "Tail":
            tail = "\n".join(outcome.lines).encode()[-LOG_TAIL_BYTES:]
            headers.append(("X-Amz-Log-Result", base64.b64encode(tail).decode()))
        answer = outcome.payload.encode()
        return "200 OK", [*headers, ("Content-Length", str(len(answer)))], answer


def _concerns(environ: dict[str, Any], identity: RequestIdentity) -> bool:
    return identity.service == "lambda" and _PATH.match(environ.get("PATH_INFO", "")) is not None


def _name_of(name: str) -> str:
    return name.split(":")[6] if name.startswith("arn:") else name.partition(":")[0]


def _qualifier_of(name: str) -> str | None:
    parts = name.split(":")[6 if name.startswith("arn:") else 0 :]
    return parts[1] if len(parts) > 1 else None


def _version_of(function: Any) -> str:
    return "$LATEST" if str(function.version) in {"1", "$LATEST"} else str(function.version)


def _refused(status: str, code: str, message: str) -> Answer:
    body = json.dumps({"Type": "User", "message": message, "Message": message}).encode()
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", code), ("Content-Length", str(len(body)))]
    return status, headers, body


def _key_of(function: Any) -> dict[str, str]:
    return {"account_id": function.account_id, "region": function.region, "name": function.function_name}


def _told(function: Function, outcome: Outcome) -> dict[str, Any]:
    return {
        "account_id": function.account_id,
        "region": function.region,
        "name": function.name,
        "log_group": function.log_group,
        "log_stream": function.log_stream,
        "lines": list(outcome.lines),
        "failed": outcome.error is not None,
        "duration_ms": outcome.duration_ms,
    }


def _apply(attributes: dict[str, Any], body: bytes) -> None:
    del body
    if "invoked" in attributes:
        _keep(attributes["invoked"])
    else:
        _to_dead_letters(attributes["dead_letter_of"], attributes["payload"])


def _keep(told: dict[str, Any]) -> None:
    from moto.logs.models import logs_backends

    logs = logs_backends[told["account_id"]][told["region"]]
    logs.ensure_log_group(told["log_group"])
    logs.create_log_stream(told["log_group"], told["log_stream"])
    now_ms = int(CLOCK.time() * 1000)
    lines = [{"timestamp": now_ms, "message": line} for line in told["lines"] if line]
    logs.put_log_events(told["log_group"], told["log_stream"], lines)
    metrics = (
        ("Invocations", 1.0, "Count"),
        ("Errors", float(told["failed"]), "Count"),
        ("Duration", told["duration_ms"], "Milliseconds"),
    )
    # https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
    put_metrics(told, NAMESPACE, metrics, {"FunctionName": told["name"]})


def _to_dead_letters(key: dict[str, str], payload: str) -> None:
    from moto.sns.models import sns_backends
    from moto.sqs.models import sqs_backends

    try:
        function = lambda_backends[key["account_id"]][key["region"]].get_function(key["name"], None)
    except UnknownFunctionException:
        return
    target: str = (getattr(function, "dead_letter_config", None) or {}).get("TargetArn", "")
    if not target:
        return
    arn = Arn.parse(target)
    try:
        if arn.service == "sqs":
            sqs_backends[arn.account_id][arn.region].send_message(arn.resource, payload)
        else:
            sns_backends[arn.account_id][arn.region].publish(payload, arn.text)
    except JsonRESTError:
        return  # as on AWS, DeadLetterErrors is all that tells
