"""A container that does not start tells why, with its log's end, and names the log as long as there is one."""

from __future__ import annotations

from pathlib import Path

from model_packaging.serving import ContainerStartError


def test_a_log_is_named_as_long_as_it_is_there(tmp_path: Path) -> None:
    log = tmp_path / "container.log"
    log.touch()
    error = ContainerStartError("tumor", "it ended with exit status 3", log, "Traceback\nOSError: no weights")
    end = "\n    Traceback\n    OSError: no weights"
    assert str(error) == f"the container of model 'tumor' did not start: it ended with exit status 3 (log: {log}){end}"
    log.unlink()
    assert str(error) == f"the container of model 'tumor' did not start: it ended with exit status 3{end}"
