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
        super().__init__(model_name, reason)

    def __str__(self) -> str:
        """The reason, where the log lies as long as it does (a temporary one is gone with its folder), and its tail."""
        log = f" (log: {self.log_path})" if self.log_path.is_file() else ""
        tail = "\n".join(f"    {line}" for line in self.log_tail.splitlines())
        return f"the container of model {self.model_name!r} did not start: {self.reason}{log}\n{tail}".rstrip()
