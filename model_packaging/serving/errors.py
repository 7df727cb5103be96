"""A serving process that does not come up."""

from __future__ import annotations

from pathlib import Path

from model_packaging.errors import PackagingFailure


class ContainerStartError(PackagingFailure):
    """A container did not answer `GET /ping` with 200.

    Attributes:
        model_name: The SageMaker model whose container it is.
        reason: One sentence: it ended, or it was not ready in time.
        log_path: The container's log.
        log_tail: The last lines of that log.
    """

    def __init__(self, model_name: str, reason: str, log_path: Path, log_tail: str) -> None:
        self.model_name, self.reason, self.log_path, self.log_tail = model_name, reason, log_path, log_tail
        tail = "\n".join(f"    {line}" for line in log_tail.splitlines())
        super().__init__(
            f"the container of model {model_name!r} did not start: {reason} (log: {log_path})\n{tail}".rstrip()
        )
