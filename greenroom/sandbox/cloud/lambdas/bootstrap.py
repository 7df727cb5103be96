"""The process of one invocation: `python bootstrap.py HANDLER RESULT-FILE`, the invocation on standard input.

It runs with the function's folder as its own, and imports nothing of Greenroom. What the handler prints is the log;
what it returns, or the error it raises in Lambda's form, goes to the result file.

https://docs.aws.amazon.com/lambda/latest/dg/python-handler.html and …/python-context.html
"""

from __future__ import annotations

import importlib
import json
import sys
import time
import traceback
from types import SimpleNamespace
from typing import Any


class Context:
    """What the handler gets beside its event."""

    def __init__(self, given: dict[str, Any], deadline: float) -> None:
        self.function_name: str = given["function_name"]
        self.function_version: str = given["function_version"]
        self.invoked_function_arn: str = given["invoked_function_arn"]
        self.memory_limit_in_mb: str = given["memory_limit_in_mb"]
        self.aws_request_id: str = given["aws_request_id"]
        self.log_group_name: str = given["log_group_name"]
        self.log_stream_name: str = given["log_stream_name"]
        self.identity = SimpleNamespace(cognito_identity_id=None, cognito_identity_pool_id=None)
        self.client_context = None
        self._deadline = deadline

    def get_remaining_time_in_millis(self) -> int:
        """Until the invocation is timed out."""
        return max(int((self._deadline - time.monotonic()) * 1000), 0)


def main() -> int:
    """Run the handler once. The status is 0 where it returned, 1 where it raised or could not be found."""
    handler_name, result_path = sys.argv[1:]
    given = json.loads(sys.stdin.read())
    sys.path[:0] = given["path"]
    try:
        result: Any = _handler(handler_name)(
            given["event"], Context(given, time.monotonic() + given["timeout_seconds"])
        )
        text, status = json.dumps(result), 0
    except BaseException as error:  # noqa: BLE001  a function may end with SystemExit; Lambda tells that too
        text, status = json.dumps(_told(error, given["aws_request_id"])), 1
    with open(result_path, "w", encoding="utf-8") as file:  # noqa: PTH123  pathlib costs each invocation its import
        file.write(text)
    return status


def _handler(name: str) -> Any:
    module_name, _, function_name = name.rpartition(".")
    return getattr(importlib.import_module(module_name.replace("/", ".")), function_name)


def _told(error: BaseException, request_id: str) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and "importlib" not in frame.filename]
    sys.stdout.write(f"[ERROR] {type(error).__name__}: {error}\n")
    traceback.print_exception(error, file=sys.stdout)
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "requestId": request_id,
        "stackTrace": traceback.format_list(own),
    }


if __name__ == "__main__":
    sys.exit(main())
