"""Some models of a stack instead of all: `GREENROOM_MODELS=fraud,churn pulumi preview`.

The program then reads and registers these models alone, and what they share. A preview of one model of a hundred takes
as long as a preview of one. Pulumi takes what is not registered for what is to be deleted, so that an update is refused
unless the engine leaves alone what it is not told of: the sandbox's does (`greenroom sandbox up --model`) and says so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

MODELS_VARIABLE = "GREENROOM_MODELS"
PARTIAL_UPDATES_VARIABLE = "GREENROOM_PARTIAL_UPDATES"
"""Set by the engine that updates a part of a stack and leaves the rest alone."""


class UnselectableError(Exception):
    """The models that were selected are not the stack's, or cannot be deployed by themselves."""


def selected_models() -> tuple[str, ...] | None:
    """The models that were selected; `None`: all."""
    given = os.environ.get(MODELS_VARIABLE, "")
    return tuple(dict.fromkeys(name.strip() for name in given.split(",") if name.strip())) or None


def check_selection(selected: Iterable[str], stack: str, models: Sequence[str], *, dry_run: bool) -> None:
    """Refuses models that the stack has not, and an update that would delete the others.

    Raises:
        UnselectableError: says which, and what to do.
    """
    unknown = [name for name in selected if name not in models]
    if unknown:
        known = f"its models: {', '.join(models)}" if models else "it deploys no models"
        raise UnselectableError(f"{MODELS_VARIABLE}: stack {stack!r} deploys no model {', '.join(unknown)}; {known}")
    if not dry_run and os.environ.get(PARTIAL_UPDATES_VARIABLE) != "1":
        raise UnselectableError(
            f"{MODELS_VARIABLE} is for previews: an update of some models would delete the others; "
            "unset it, and name what to update with --target"
        )


@contextmanager
def selection(models: Sequence[str] | None) -> Iterator[None]:
    """Has programs of this process register `models` alone, for an engine that leaves the others as they are."""
    if models is None:
        yield
        return
    before = {name: os.environ.get(name) for name in (MODELS_VARIABLE, PARTIAL_UPDATES_VARIABLE)}
    os.environ.update({MODELS_VARIABLE: ",".join(models), PARTIAL_UPDATES_VARIABLE: "1"})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
