"""What keeps a baseline from being made: everything wrong with the data, or with `baseline.yaml`, at once."""

from __future__ import annotations

from collections.abc import Iterable

from model_packaging.errors import PackagingError, Violation


class BaselineDataError(PackagingError):
    """Everything that keeps a baseline from being made of a file."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("\n".join(str(one) for one in self.violations))


class MissingExtraError(PackagingError):
    """What reads large data is not installed."""

    def __init__(self, module: str) -> None:
        self.module = module
        super().__init__(
            f"reading data for a baseline needs {module}, which is not installed; pip install 'greenroom[package]'"
        )


class PredictionsError(PackagingError):
    """Predictions and what was true do not fit together: lengths, labels, or what a metric needs."""
