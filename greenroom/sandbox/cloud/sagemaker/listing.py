"""What SageMaker's List operations have in common: filters by equality and by name, an order, newest first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from greenroom.sandbox.cloud.stage import Params


def select(
    entries: Iterable[dict[str, Any]],
    request: Params,
    *,
    equals: Mapping[str, str],
    sort_by: Mapping[str, str],
    default_sort: str = "CreationTime",
    name: str | None = None,
) -> list[dict[str, Any]]:
    """The entries that a request asks for, in its order.

    Args:
        entries: Summaries.
        request: The List operation's.
        equals: A filter of the request → the member that it is held against.
        sort_by: A value of SortBy → the member that it sorts by.
        default_sort: The member that is sorted by otherwise.
        name: The member that NameContains looks into.
    """
    found = [
        one
        for one in entries
        if all(request.get(wanted, one.get(member)) == one.get(member) for wanted, member in equals.items())
        and (name is None or request.get("NameContains", "") in one[name])
    ]
    key = sort_by.get(request.get("SortBy", ""), default_sort)
    return sorted(found, key=lambda one: str(one[key]), reverse=request.get("SortOrder", "Descending") == "Descending")
