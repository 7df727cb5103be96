"""Which release is meant: `tumor`, `tumor@1a2b3c4d`, `tumor@sha256:…`, or `tumor@dev`, what an environment pins.

A release has no time, so that no reference means "the newest": a name alone means a model's only release, and whatever
could be more than one is refused with the ones that it could be.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from model_packaging.registry.errors import UnknownReleaseError
from model_packaging.release import SHOWN_DIGITS, Release
from model_packaging.store import ReleaseStore

SHORTEST_PREFIX = 6

PinnedDigests = Mapping[str, Mapping[str, str]]
"""Environment to model to the digest that it pins."""

_HEX = re.compile(r"[0-9a-fA-F]{1,64}")


@dataclass(frozen=True)
class Reference:
    """A reference, taken apart."""

    name: str
    place: str | None
    """What stands after `@`: a digest, its first digits, or an environment; None without one."""

    @property
    def prefix(self) -> str | None:
        """The digest's first digits, lower-case; None where it is no digest."""
        digits = (self.place or "").removeprefix("sha256:")
        return digits.lower() if _HEX.fullmatch(digits) else None

    def __str__(self) -> str:
        """As it was written."""
        return self.name if self.place is None else f"{self.name}@{self.place}"


def read_reference(text: str) -> Reference:
    """Takes `NAME[@PLACE]` apart.

    Raises:
        UnknownReleaseError: it is none.
    """
    name, at, place = text.partition("@")
    if not name or (at and not place):
        raise UnknownReleaseError(f"{text!r} names no release; allowed: {_ALLOWED}")
    return Reference(name, place or None)


_ALLOWED = f"NAME, NAME@DIGEST (its first {SHORTEST_PREFIX} digits are enough), NAME@ENVIRONMENT"


def find_release(store: ReleaseStore, text: str, pins: PinnedDigests | None = None) -> Release:
    """The release that `text` means.

    Args:
        store: The local store.
        text: `NAME`, `NAME@DIGEST-PREFIX` or `NAME@ENVIRONMENT`.
        pins: What each environment pins.

    Raises:
        UnknownReleaseError: it means none, or could mean several: says which there are.
        ReleaseNotFoundError: the environment pins one that the store does not have.
    """
    reference, pins = read_reference(text), pins or {}
    digests = _digests(store, reference.name)
    if reference.place in pins:
        return store.load(reference.name, _pinned(reference, pins))
    if reference.place is None:
        return store.load(reference.name, _only(reference, digests, pins))
    if reference.prefix is None:
        raise UnknownReleaseError(_no_such_place(reference, pins))
    return store.load(reference.name, _by_prefix(reference, reference.prefix, digests, pins))


def short(digest: str) -> str:
    """The first digits of a digest, as people write them."""
    return digest.removeprefix("sha256:")[:SHOWN_DIGITS]


def could_mean(text: str, digests: Iterable[str], pins: PinnedDigests) -> tuple[str, ...]:
    """Those of a model's digests that the reference means, or would be one of.

    Raises:
        UnknownReleaseError: it is no reference.
    """
    reference = read_reference(text)
    if reference.place is None:
        return tuple(digests)
    if reference.place in pins:
        return tuple(digest for digest in digests if digest == pins[reference.place].get(reference.name))
    prefix = reference.prefix or ""
    if len(prefix) < SHORTEST_PREFIX:
        return ()
    return tuple(digest for digest in digests if digest.removeprefix("sha256:").startswith(prefix))


def environments_with(pins: PinnedDigests, name: str, digest: str) -> tuple[str, ...]:
    """The environments that pin this release."""
    return tuple(environment for environment, models in pins.items() if models.get(name) == digest)


def _digests(store: ReleaseStore, name: str) -> tuple[str, ...]:
    """The digests that the store has of a model.

    Raises:
        UnknownReleaseError: it has none of it.
    """
    known = store.digests()
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        there = ", ".join(known) or "none"
        meant = f"; did you mean {near[0]!r}?" if near else ""
        raise UnknownReleaseError(
            f"{store.root} has no release of model {name!r}; models there: {there}{meant}; "
            f"make one with `greenroom package models/{name}`"
        )
    return known[name]


def _pinned(reference: Reference, pins: PinnedDigests) -> str:
    models = pins[str(reference.place)]
    if reference.name not in models:
        there = ", ".join(models) or "nothing"
        raise UnknownReleaseError(
            f"{reference}: environments/{reference.place}.yaml pins no release of {reference.name!r}; it pins: {there}"
        )
    return models[reference.name]


def _only(reference: Reference, digests: Sequence[str], pins: PinnedDigests) -> str:
    if len(digests) > 1:
        raise UnknownReleaseError(
            f"{reference.name!r} has {len(digests)} releases; name one of them:\n" + _listed(reference, digests, pins)
        )
    return digests[0]


def _by_prefix(reference: Reference, prefix: str, digests: Sequence[str], pins: PinnedDigests) -> str:
    if len(prefix) < SHORTEST_PREFIX:
        raise UnknownReleaseError(
            f"{reference}: {prefix!r} is too short to be sure of; write at least {SHORTEST_PREFIX} digits:\n"
            + _listed(reference, digests, pins)
        )
    found = [digest for digest in digests if digest.removeprefix("sha256:").startswith(prefix)]
    if not found:
        near = difflib.get_close_matches(prefix, [one.removeprefix("sha256:")[: len(prefix)] for one in digests], n=1)
        meant = f"; did you mean {reference.name}@{near[0]}?" if near else ""
        raise UnknownReleaseError(f"{reference}: there is no such release{meant}\n" + _listed(reference, digests, pins))
    if len(found) > 1:
        raise UnknownReleaseError(
            f"{reference}: {len(found)} releases begin so; write more digits:\n" + _listed(reference, found, pins)
        )
    return found[0]


def _listed(reference: Reference, digests: Sequence[str], pins: PinnedDigests) -> str:
    lines = []
    for digest in digests:
        environments = environments_with(pins, reference.name, digest)
        pinned = f"  (pinned in {', '.join(environments)})" if environments else ""
        lines.append(f"  {reference.name}@{digest.removeprefix('sha256:')}{pinned}")
    return "\n".join(lines)


def _no_such_place(reference: Reference, pins: PinnedDigests) -> str:
    near = difflib.get_close_matches(str(reference.place), pins, n=1)
    environments = f"environments: {', '.join(pins)}" if pins else "there are no environments here"
    meant = f"; did you mean {reference.name}@{near[0]}?" if near else ""
    return (
        f"{reference}: {reference.place!r} is neither an environment nor the digits of a digest; "
        f"allowed: {_ALLOWED}; {environments}{meant}"
    )
