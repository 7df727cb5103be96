"""Inert stand-ins for what a pickle says: a class is its name, an object its class, arguments and state.

They are what `pickle_reader` and `skops_file` make, and what `sklearn_models` asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

KEPT_BYTES = 1 << 16
"""Longer strings and arrays are stepped over; only their length is told."""


class NotAPickleError(ValueError):
    """The bytes are not a pickle, or end in the middle of one."""


@dataclass(frozen=True)
class PickledClass:
    """A class or function that the pickle names."""

    module: str
    name: str

    def __str__(self) -> str:
        return f"{self.module}.{self.name}"


@dataclass(eq=False)
class PickledObject:
    """An object that unpickling would make."""

    made_by: Any
    """Its class, or the function that makes it."""
    arguments: Any = ()
    state: Any = None
    items: list[Any] = field(default_factory=list)
    raw: bytes | None = None
    """Of an array: its data, where that is short."""

    @property
    def class_name(self) -> str:
        """`module.name` of its class."""
        if str(self.made_by) in {"copy_reg._reconstructor", "copyreg._reconstructor"} and self.arguments:
            return str(self.arguments[0])  # how protocols 0 and 1 make an object
        return str(self.made_by)

    def attribute(self, name: str) -> Any:
        """An attribute of its state; None where it has no such one."""
        states = self.state if isinstance(self.state, tuple) else (self.state,)
        return next((one[name] for one in states if isinstance(one, dict) and name in one), None)


@dataclass(frozen=True)
class LongSpan:
    """A string of bytes or characters too long to keep."""

    length: int


@dataclass(frozen=True)
class PickleContent:
    """A pickle that was read to its end."""

    root: Any
    classes: frozenset[PickledClass]
    """Every class and function it names."""
    by_joblib: bool
    """Whether it holds arrays in joblib's way."""

    @property
    def modules(self) -> frozenset[str]:
        """The top-level modules it would import."""
        return frozenset(one.module.split(".")[0] for one in self.classes)


def dtype_code(dtype: Any) -> str:
    """`f8`, `O8`, `U5`, … of a pickled numpy dtype; empty where it is none."""
    if isinstance(dtype, PickledObject) and isinstance(dtype.arguments, tuple) and dtype.arguments:
        return str(dtype.arguments[0])
    return ""


def item_bytes(dtype: Any) -> int:
    """How long an item of that dtype is."""
    state = dtype.state if isinstance(dtype, PickledObject) else None
    if isinstance(state, tuple) and len(state) > 5 and isinstance(state[5], int) and state[5] > 0:
        return state[5]
    code = dtype_code(dtype)
    if not code[1:].isdigit():
        raise NotAPickleError(f"an array of an unknown dtype {code!r}")
    return int(code[1:]) * (4 if code[0] == "U" else 1)
