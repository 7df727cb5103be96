"""What stands on an unpickler's stack, as far as it decides what is imported and called."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Followed(Enum):
    """A value of which only so much is known."""

    DATA = 1
    """A number, a list, a long text: it can be neither called nor imported by."""
    INSTANCE = 2
    """An object of an imported class: it is no text."""
    COMPUTED = 3
    """What a call returned, or what only the reading process knows: it may be anything."""


@dataclass(frozen=True)
class Imported:
    """A name that the pickle imports."""

    module: str
    name: str

    @property
    def place(self) -> tuple[str, str]:
        """Module and name."""
        return self.module, self.name


@dataclass
class Made:
    """An object whose state matters: an array's description, or an element type."""

    kind: tuple[str, str]
    args: tuple[Any, ...]
    state: Any = None


@dataclass
class Walk:
    """What a pickle imports and calls."""

    imports: dict[Imported, int] = field(default_factory=dict)
    """Each imported name, and the byte at which it is imported first."""
    computed: list[int] = field(default_factory=list)
    """Where something is imported or called that the pickle's own calls make up."""
    calls: int = 0
    """How many calls of imported names there are."""
    error: str | None = None
    """Why the walk did not get to the STOP opcode; None where it did."""
    stopped_at: int = 0
    """Where it ended, or broke off."""
    has_arrays: bool = False
    """Whether it holds arrays of joblib's."""
    result: Any = None
    """What is unpickled, as far as it was followed."""


class BrokenPickleError(Exception):
    """No unpickler would go on from here."""
