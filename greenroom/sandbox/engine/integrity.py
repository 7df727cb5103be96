"""Whether a state can be gone on from: what the real engine asks of one, every violation at once, with its line.

No command writes a state that breaks these rules; a hand that edits the file may.
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/snapshot.go (`VerifyIntegrity`)
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from greenroom.sandbox.engine import urn as urns

_TOKEN: Final = re.compile(r'"(?:\\.|[^"\\])*"|[{}\[\],:]', re.DOTALL)
_SHOWN: Final = 20
_FIELDS: Mapping[str, type] = {"urn": str, "type": str, "dependencies": list, "inputs": dict, "outputs": dict}


def violations(deployment: Mapping[str, Any], text: str = "") -> list[str]:
    """What is wrong with a deployment, in the order of its resources; nothing is, if the list is empty.

    Args:
        deployment: as JSON has it.
        text: the document that it was read from, for the lines of what is wrong.
    """
    resources = deployment.get("resources") or []
    if not isinstance(resources, list):
        return [f'"resources" is {type(resources).__name__}, not a list']
    found = [(index, problem) for index, item in enumerate(resources) for problem in _malformed(item)]
    if not found:
        found = list(_unsound(resources))
    lines = element_lines(text, ("deployment", "resources")) if text and found else []
    told = [_told(index, problem, resources[index], lines) for index, problem in found]
    return told[:_SHOWN] + ([f"… and {len(told) - _SHOWN} more"] if len(told) > _SHOWN else [])


def _told(index: int, problem: str, resource: Any, lines: Sequence[int]) -> str:
    at = f"line {lines[index]}: " if index < len(lines) else ""
    name = resource.get("urn") if isinstance(resource, dict) else None
    return f"{at}resource {name or f'number {index + 1}'} {problem}"


def _malformed(resource: Any) -> Iterator[str]:
    if not isinstance(resource, dict):
        yield f"is {type(resource).__name__}, not an object"
        return
    for name in ("urn", "type"):
        if not resource.get(name):
            yield f"lacks {name!r}"
    for name, kind in _FIELDS.items():
        value = resource.get(name)
        if value is not None and not isinstance(value, kind):
            yield f"has a {name!r} that is {type(value).__name__}, not {kind.__name__}"
    urn = resource.get("urn")
    if isinstance(urn, str) and urn and not urns.is_urn(urn):
        yield "has no URN of the form urn:pulumi:STACK::PROJECT::TYPE::NAME"


def _unsound(resources: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, str]]:
    everywhere = {item["urn"] for item in resources}
    seen: set[str] = set()
    providers: set[str] = set()
    alive = Counter(item["urn"] for item in resources if not item.get("delete"))
    for index, item in enumerate(resources):
        if not item.get("custom") and item.get("id"):
            yield index, "is a component, and has an id"
        for role, needed in _references(item):
            if needed not in seen:
                yield index, _missing(role, needed, later=needed in everywhere)
        if urns.is_provider_type(item["type"]):
            providers.add(f"{item['urn']}::{item.get('id', '')}")
        provider = item.get("provider")
        if provider and provider not in providers and not item.get("pendingReplacement"):
            yield index, f"has the provider {provider}, which is not there"
        if alive[item["urn"]] > 1 and not item.get("delete") and item["urn"] in seen:
            yield index, "is there a second time, and neither is marked for deletion"
        seen.add(item["urn"])


def _missing(role: str, urn: str, *, later: bool) -> str:
    return f"{role} {urn}, which {'comes after it' if later else 'is not there'}"


def _references(item: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if item.get("parent"):
        yield "has the parent", item["parent"]
    for urn in item.get("dependencies") or ():
        yield "depends on", urn
    for name, found in (item.get("propertyDependencies") or {}).items():
        for urn in found or ():
            yield f"depends (by {name!r}) on", urn
    if item.get("deletedWith"):
        yield "is deleted with", item["deletedWith"]
    for urn in item.get("replaceWith") or ():
        yield "is replaced with", urn


def element_lines(text: str, path: tuple[str, ...]) -> list[int]:
    """The lines on which the elements of a list begin, from 1.

    Args:
        text: a JSON document.
        path: the keys that lead to the list.
    """
    keys: list[str] = []  # the key at which each open object or list stands
    last = key = ""
    starts: list[int] = []
    for match in _TOKEN.finditer(text):
        mark = match[0]
        if mark == ":":
            key = json.loads(last)
        elif mark in "{[":
            if tuple(keys[1:]) == path and mark == "{":
                starts.append(match.start())
            keys.append(key)
            key = ""
        elif mark in "}]" and keys:
            keys.pop()
            key = ""
        elif mark == ",":
            key = ""
        last = mark
    return _line_numbers(text, starts)


def _line_numbers(text: str, starts: Sequence[int]) -> list[int]:
    lines, line, position = [], 1, 0
    for start in starts:
        line += text.count("\n", position, start)
        position = start
        lines.append(line)
    return lines


def repaired(resources: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The resources in an order in which dependencies come first, without references to what is not there.

    As `pulumi state repair` does it; what the rules cannot mend (a URN twice, a resource without a type) is left.
    https://github.com/pulumi/pulumi/blob/master/pkg/cmd/pulumi/state/state_repair.go
    """
    known = {item["urn"] for item in resources}
    mentioned = {urn for item in resources for _, urn in _references(item)}
    pruned = without(resources, dict.fromkeys(mentioned - known, ""))
    by_urn: dict[str, list[dict[str, Any]]] = {}
    for item in pruned:
        by_urn.setdefault(item["urn"], []).append(item)
    done: dict[int, dict[str, Any]] = {}
    for item in pruned:
        _visit(item, by_urn, done)
    return list(done.values())


def _visit(root: dict[str, Any], by_urn: Mapping[str, list[dict[str, Any]]], done: dict[int, dict[str, Any]]) -> None:
    """Puts a resource after what it needs; a cycle is cut where it closes."""
    entered: set[int] = set()
    stack = [root]
    while stack:
        item = stack[-1]
        if id(item) in done:
            stack.pop()
        elif id(item) in entered:
            done[id(item)] = stack.pop()
        else:
            entered.add(id(item))
            needed = [urn for _, urn in _references(item)]
            if item.get("provider"):
                needed.append(item["provider"].rpartition("::")[0])
            found = [other for urn in needed for other in by_urn.get(urn, ()) if id(other) not in entered]
            stack.extend(other for other in reversed(found) if id(other) not in done)


def without(resources: Iterable[Mapping[str, Any]], gone: Mapping[str, str]) -> list[dict[str, Any]]:
    """The resources, referring no more to those that are gone; their children are their parents' now.

    Args:
        resources: as a deployment's JSON has them.
        gone: the URNs of those that are gone, each with its parent's, or an empty text.
    """
    return [_pruned(item, gone) for item in resources]


def _pruned(item: Mapping[str, Any], gone: Mapping[str, str]) -> dict[str, Any]:
    pruned = dict(item)
    while pruned.get("parent") in gone:
        pruned["parent"] = gone[pruned["parent"]]
    if pruned.get("deletedWith") in gone:
        del pruned["deletedWith"]
    for name in ("dependencies", "replaceWith"):
        if pruned.get(name):
            pruned[name] = [urn for urn in pruned[name] if urn not in gone]
    if pruned.get("propertyDependencies"):
        pruned["propertyDependencies"] = {
            key: [urn for urn in found or () if urn not in gone]
            for key, found in pruned["propertyDependencies"].items()
        }
    return pruned
