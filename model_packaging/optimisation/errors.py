"""What can go wrong in an optimisation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from model_packaging.errors import PackagingError, PackagingFailure
from model_packaging.measurements import OptimisationStep


class OptimisationError(PackagingError):
    """A step cannot be taken: what it needs is not installed, or the model has nothing for it."""


class ToleranceExceededError(PackagingFailure):
    """A step changed the model's answers by more than was allowed; nothing was written.

    Attributes:
        steps: every step that was measured, the one that failed last.
    """

    def __init__(self, model: str, steps: Sequence[OptimisationStep]) -> None:
        self.steps = tuple(steps)
        failed = self.steps[-1]
        by_how_much = f", {failed.max_abs_difference / failed.tolerance:.1f} times that" if failed.tolerance > 0 else ""
        super().__init__(
            f"step {failed.step} changes an answer of {model} by {failed.max_abs_difference:.3g}; "
            f"allowed: {failed.tolerance:g}{by_how_much}; nothing was written; take the step out of optimise.yaml, or "
            "give it a `tolerance` that you can live with"
        )


def missing(package: str, extra: str, what: str) -> OptimisationError:
    """The error for a converter that is not installed."""
    return OptimisationError(f"{what} needs {package}, which is not installed; pip install 'greenroom[{extra}]'")


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """What a framework or a converter raises, as one error that says what it was given."""
    try:
        yield
    except (PackagingError, ModuleNotFoundError, OSError):
        raise
    except Exception as error:  # they have no common base
        first = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise OptimisationError(f"{what}: {first[0]}") from error
