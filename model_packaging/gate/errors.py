"""What can go wrong while a gate runs.

::

    PackagingError
    ├── InvalidPackageError     the gate, its data, or a metric that the answers do not allow: exit code 2
    ├── GateExtraError          scikit-learn, polars or matplotlib is not installed: exit code 2
    └── PackagingFailure
        └── GateFailedError     the gate ran, and the model did not pass: exit code 1

`AnswerError` never leaves this package: an answer that is none fails the part of the gate that asked for it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from model_packaging.errors import PackagingError, PackagingFailure

if TYPE_CHECKING:
    from model_packaging.gate.report import GateReport


class GateFailedError(PackagingFailure):
    """A model did not pass its gate.

    Attributes:
        report: All of what was measured.
    """

    def __init__(self, report: GateReport) -> None:
        from model_packaging.gate.report_table import failure_message

        self.report = report
        super().__init__(failure_message(report))


class AnswerError(Exception):
    """The served model's answer cannot be judged: refused, broken off, too short, NaN, not as the gate reads it."""


class GateExtraError(PackagingError):
    """What a gate is run with is not installed."""

    def __init__(self, missing: str | None) -> None:
        super().__init__(
            f"gate.yaml is judged with {missing or 'a package'}, which is not installed; "
            "pip install 'greenroom[package]'"
        )


def with_extra(imported: Callable[[], Any]) -> Any:
    """What `imported` returns: a module that imports from the extra `package`.

    Raises:
        GateExtraError: something of it is not installed.
    """
    try:
        return imported()
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.startswith("model_packaging"):
            raise
        raise GateExtraError(error.name) from error
