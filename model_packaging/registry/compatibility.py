"""Which changes of a signature break whoever calls the model, and which do not.

Callers write inputs and read outputs, so that the two go opposite ways: an input may come to accept more, an output may
come to promise more. A signature marks no input as optional: a new one is one that callers do not send yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from model_packaging.release import Release, Signature, TensorSpec

Side = Literal["input", "output"]


@dataclass(frozen=True)
class SignatureChange:
    """One difference between two signatures."""

    side: Side | Literal["content type"]
    name: str
    told: str
    """What changed: `float32 became float64`."""
    breaking: bool
    rule: str
    """Why it breaks callers, or why it does not."""

    def __str__(self) -> str:
        """`input rows: float32 became float64 (callers send what it no longer reads)`."""
        return f"{self.side} {self.name}: {self.told} ({self.rule})"


def signature_changes(before: Signature, after: Signature) -> tuple[SignatureChange, ...]:
    """Every difference, inputs first."""
    return (
        *_side("input", before.inputs, after.inputs),
        *_side("output", before.outputs, after.outputs),
    )


def content_type_changes(before: Release, after: Release) -> tuple[SignatureChange, ...]:
    """What callers may send in, where both releases say it."""
    if before.content_types is None or after.content_types is None:
        return ()
    gone = [one for one in before.content_types if one not in after.content_types]
    new = [one for one in after.content_types if one not in before.content_types]
    return (
        *(SignatureChange("content type", one, "is gone", True, "callers that send it are refused") for one in gone),
        *(SignatureChange("content type", one, "is new", False, "callers need not send it") for one in new),
    )


def _side(side: Side, before: Sequence[TensorSpec], after: Sequence[TensorSpec]) -> Iterator[SignatureChange]:
    old, new = {one.name: one for one in before}, {one.name: one for one in after}
    for name in [one for one in old if one not in new]:
        yield _gone(side, name, old, new)
    for name in [one for one in new if one not in old]:
        yield _added(side, name)
    both = [name for name in old if name in new]
    if both != [name for name in new if name in old]:
        rule = (
            "callers that go by position send one for the other" if side == "input" else "callers that go by position"
        )
        told = f"order {', '.join(both)} became {', '.join(name for name in new if name in old)}"
        yield SignatureChange(side, "order", told, True, rule)
    for name in both:
        yield from _tensor(side, old[name], new[name])


def _gone(side: Side, name: str, old: dict[str, TensorSpec], new: dict[str, TensorSpec]) -> SignatureChange:
    rule = "callers still send it" if side == "input" else "callers still read it"
    alike = [one.name for one in new.values() if one.name not in old and _type_of(one) == _type_of(old[name])]
    told = f"is gone; {alike[0]} may be its new name" if len(alike) == 1 else "is gone"
    return SignatureChange(side, name, told, True, rule)


def _added(side: Side, name: str) -> SignatureChange:
    if side == "input":
        return SignatureChange(side, name, "is new", True, "callers do not send it yet, and no input is optional")
    return SignatureChange(side, name, "is new", False, "callers need not read it")


def _tensor(side: Side, old: TensorSpec, new: TensorSpec) -> Iterator[SignatureChange]:
    if old.dtype != new.dtype:
        rule = "callers send the former type" if side == "input" else "callers expect the former type"
        yield SignatureChange(side, old.name, f"{old.dtype} became {new.dtype}", True, rule)
    if old.shape == new.shape:
        return
    told = f"{shape_text(old.shape)} became {shape_text(new.shape)}"
    if len(old.shape) != len(new.shape):
        rule = "another number of dimensions"
        yield SignatureChange(side, old.name, told, True, rule)
        return
    pairs = [pair for pair in zip(old.shape, new.shape, strict=True) if pair[0] != pair[1]]
    if side == "input":
        fits = all(after is None for _, after in pairs)
        rule = "it takes any size there now" if fits else "what fitted a dimension no longer does"
    else:
        fits = all(before is None for before, _ in pairs)
        rule = "a size that was free is fixed now" if fits else "callers count on a dimension's former size"
    yield SignatureChange(side, old.name, told, not fits, rule)


def _type_of(tensor: TensorSpec) -> tuple[str, tuple[int | None, ...]]:
    return tensor.dtype, tensor.shape


def shape_text(shape: Sequence[int | None]) -> str:
    """`[?, 30]`."""
    return f"[{', '.join('?' if one is None else str(one) for one in shape)}]"
