"""What AWS holds now, told in the terms of the program's inputs.

AWS answers more than a program gave (defaults), less (what it never tells again), and otherwise (a policy's JSON laid
out anew). So drift is not what differs between inputs and AWS, but what differs between what AWS said when we last
looked (the outputs in the state) and what it says now. What did not change there leaves the inputs as they were.
What AWS has never told, it cannot tell to be gone: these paths are noted when a resource is made (`unread`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from greenroom.sandbox.provider.changes import ABSENT
from greenroom.sandbox.provider.values import joined, same


def outputs_of(given: Any, live: Any) -> Any:
    """A property's output: what AWS says, in the program's own words where they mean the same."""
    if live is ABSENT:
        return given
    if given is ABSENT or given is None:
        return live
    if isinstance(given, Mapping) and isinstance(live, Mapping):
        keys = dict.fromkeys((*given, *live))
        return {key: outputs_of(given.get(key, ABSENT), live.get(key, ABSENT)) for key in keys}
    if isinstance(given, list) and isinstance(live, list):
        if _same_members(given, live):
            return given
        if len(given) == len(live):
            return [outputs_of(one, other) for one, other in zip(given, live, strict=True)]
    return given if same(given, live) else live


def unread_paths(given: Any, live: Any, path: str) -> Iterator[str]:
    """The paths of what a program gave and AWS does not tell."""
    if live is ABSENT:
        if not _empty(given):
            yield path
    elif isinstance(given, Mapping) and isinstance(live, Mapping):
        for key, value in given.items():
            yield from unread_paths(value, live.get(key, ABSENT), joined(path, key))
    elif isinstance(given, list) and isinstance(live, list) and len(given) == len(live):
        for index, (one, other) in enumerate(zip(given, live, strict=True)):
            yield from unread_paths(one, other, joined(path, index))


def drifted(given: Any, then: Any, now: Any, path: str, unread: frozenset[str]) -> Any:
    """A property's input after drift.

    Args:
        given: the input so far, `ABSENT` for none.
        then: the output in the state: what AWS said when we last looked.
        now: what AWS says.
        path: the property's path.
        unread: the paths that AWS never tells.

    Returns:
        `given` where nothing changed, else what AWS says now; `ABSENT` for an input that is no more.
    """
    if path in unread or _alike(then, now):
        return given
    if isinstance(now, Mapping) and isinstance(then, Mapping):
        held = given if isinstance(given, Mapping) else {}
        merged = {
            key: drifted(held.get(key, ABSENT), then.get(key, ABSENT), now.get(key, ABSENT), joined(path, key), unread)
            for key in dict.fromkeys((*held, *now))
        }
        return {key: value for key, value in merged.items() if value is not ABSENT}
    if _aligned(given, then, now):
        return [
            drifted(*values, joined(path, index), unread)
            for index, values in enumerate(zip(given, then, now, strict=True))
        ]
    return now


def _aligned(*lists: Any) -> bool:
    return all(isinstance(one, list) for one in lists) and len({len(one) for one in lists}) == 1


def _alike(then: Any, now: Any) -> bool:
    if _empty(then) and _empty(now):
        return True
    if then is ABSENT or now is ABSENT:
        return False
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        return all(_alike(then.get(key, ABSENT), now.get(key, ABSENT)) for key in {*then, *now})
    if isinstance(then, list) and isinstance(now, list):
        return _same_members(then, now) or (len(then) == len(now) and all(map(_alike, then, now)))
    return same(then, now)


def _empty(value: Any) -> bool:
    return value is ABSENT or value is None or value in ("", [], {})


def _same_members(one: Iterable[Any], other: Iterable[Any]) -> bool:
    """Whether two lists of strings hold the same; AWS keeps actions, subnets and such in no order."""
    one, other = list(one), list(other)
    return all(isinstance(item, str) for item in (*one, *other)) and sorted(one) == sorted(other)
