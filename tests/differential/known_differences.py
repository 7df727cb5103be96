"""Scenarios that the two engines live differently, from which step on, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Known:
    """A difference that stays: the first step that shows it, and the reason."""

    step: int
    reason: str


RACE: Final = (
    "a race: the program reads a box that it has imported and changes; what it reads is chance in either engine"
)
UNKNOWN_PROVIDER: Final = (
    "a defect of the real engine: a refresh with targets fails where the provider of a target is none itself "
    '("unknown provider"); the embedded engine refreshes the target'
)
MOVED_PROVIDER: Final = (
    "a race: what is not targeted and moves to another provider is refused unless something else has had its old "
    "provider registered before (https://github.com/pulumi/pulumi/issues/15704)"
)
ORPHAN: Final = (
    "a defect of the real engine: the children of what a refresh finds gone are to be its parent's, says its "
    "undangleParentResources, and come to have no parent; here they are its parent's"
)
KNOWN: Final = {
    49: Known(3, RACE),
    53: Known(1, UNKNOWN_PROVIDER),
    122: Known(2, ORPHAN),
    263: Known(3, MOVED_PROVIDER),
}

CIRCLE: Final = (
    "its program waits for what never comes, in either engine: something depends on a component, that is on its "
    "children, and one of these on it; the embedded engine says so and ends"
)
UNANSWERED: Final = (
    "a defect of the real engine: going on after errors, it never answers the registration of a resource whose deletion "
    "ahead of its replacement failed, and waits for the program that waits for it; the embedded engine answers"
)
#: Scenarios that the real engine does not come to the end of, and which therefore are not recorded.
ENDLESS: Final = {
    **dict.fromkeys((44, 106, 133, 142, 198, 223), CIRCLE),
    **dict.fromkeys((69, 195, 307), UNANSWERED),
}
