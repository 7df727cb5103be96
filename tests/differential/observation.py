"""What one command of either engine came to, in one form: comparable, and small enough to be kept.

Left out: what an engine makes up (ids of providers, ciphertexts, times), places in source files, and the old states of
a preview, which are the states of the step before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from tests.differential.programs import STACK_PREFIX

Json: TypeAlias = Any

STATE_FIELDS: Final = (
    "custom", "delete", "id", "inputs", "outputs", "parent", "protect", "external", "dependencies", "provider",
    "propertyDependencies", "pendingReplacement", "additionalSecretOutputs", "customTimeouts", "initErrors",
    "retainOnDelete", "deletedWith", "replaceWith", "ignoreChanges", "replaceOnChanges", "replacementTrigger",
    "importID",
)  # fmt: skip
UNKNOWN: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
_SIGNATURE: Final = "4dabf18193072939515e22adb298388d"
_REFERENCE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
#: The SDK's gRPC server for providers sends a resource reference's id under another name than the engine's ("resource_id");
#: called in process, a provider gives it back as it was.
_OF_REFERENCES: Final = ("id", "resource_id")
_MADE_UP = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def blinded(value: Json) -> Json:
    """The value without what an engine made up, and with short URNs."""
    if isinstance(value, Mapping):
        left_out = _OF_REFERENCES if value.get(_SIGNATURE) == _REFERENCE else ()
        return {
            _short(key): "…" if key == "ciphertext" else blinded(item)
            for key, item in value.items()
            if key not in left_out
        }
    if isinstance(value, list | tuple):
        return [blinded(item) for item in value]
    return _short(value) if isinstance(value, str) else value


def _short(text: str) -> str:
    text = text.replace(UNKNOWN, "<unknown>").replace(STACK_PREFIX, "~").replace("pulumi:pulumi:Stack$", "$")
    return _MADE_UP.sub("<id>", text)


def resource(state: Mapping[str, Json]) -> Json:
    """A resource of a state or of a plan."""
    found = {key: state[key] for key in STATE_FIELDS if state.get(key)}
    if "dependencies" in found:
        found["dependencies"] = sorted(found["dependencies"])
    if "propertyDependencies" in found:
        told = {key: sorted(urns or ()) for key, urns in found["propertyDependencies"].items()}
        # A refresh of the real engine forgets the properties that depend on nothing, and only those.
        found["propertyDependencies"] = {key: urns for key, urns in sorted(told.items()) if urns}
        if not found["propertyDependencies"]:
            del found["propertyDependencies"]
    return blinded(found)


def state(resources: Iterable[Mapping[str, Json]]) -> Json:
    """A state: each URN's resource, and apart from it those that wait for their deletion."""
    found: dict[str, Json] = {}
    for item in resources:
        key = _short(item["urn"])
        while key in found:
            key += "'"
        found[key] = resource(item)
    # Which of several that wait for deletion comes first is the order in which replacements ended.
    return dict(sorted(found.items()))


def plan(steps: Iterable[Mapping[str, Json]]) -> Json:
    """The steps of a preview, as `pulumi preview --json` prints them, sorted."""
    rows = [
        [
            step["op"],
            _short(step["urn"]),
            blinded(_sorted(step.get("detailedDiff"))),
            sorted(step.get("diffReasons") or ()),
            sorted(step.get("replaceReasons") or ()),
            _planned(step),
        ]
        for step in steps
    ]
    return sorted(rows, key=lambda row: (row[1], row[0], repr(row[2:])))


def _planned(step: Mapping[str, Json]) -> Json:
    """The new state; but the outputs of what stays and of components, and what an import finds, are chance.

    Whether the CLI prints a step's state before or after the provider was asked depends on the step; the outputs of a
    component come later than its step.
    """
    found = resource(step.get("newState") or {})
    unplanned = {"same": {"id", "outputs"}, "import": {"id", "inputs", "outputs"}}.get(step["op"], set())
    if not found.get("custom"):
        unplanned = unplanned | {"outputs"}
    return {key: value for key, value in found.items() if key not in unplanned}


def _sorted(value: Json) -> Json:
    return dict(sorted(value.items())) if isinstance(value, Mapping) else value


Trace: TypeAlias = "list[tuple[str, str, str]]"
"""(phase, op, URN) in order; the phase is "start", "done" or "failed"."""


def operations(trace: Trace) -> Json:
    """What was done, sorted, with failures marked.

    The real engine lists the refresh of what no provider is asked about as well (components, providers, the stack).
    """
    failed = {(op, urn) for phase, op, urn in trace if phase == "failed"}
    return sorted(
        [op + "!" * ((op, urn) in failed), _short(urn)]
        for phase, op, urn in trace
        if phase == "start" and (op != "refresh" or urn.split("$")[-1].removeprefix(STACK_PREFIX).startswith("mem:"))
    )


def order_violations(
    trace: Trace, before: Sequence[Mapping[str, Json]], after: Sequence[Mapping[str, Json]]
) -> list[str]:
    """The edges of the dependency graphs that a trace does not respect.

    What is created or updated comes after all that it depends on, by the state that the command left; what is deleted
    comes after all that depended on it, by the state that the command found.
    """
    place = {(phase, op, urn): number for number, (phase, op, urn) in enumerate(trace)}
    components = {item["urn"] for item in after if not item.get("custom")}
    found = []
    for item in after:
        for needed in () if item.get("delete") else _needs(item):
            # A component is done, for those that depend on it, when it is registered; its outputs come at the end.
            phase = "start" if needed in components else "done"
            done = [place[key] for op in _MAKING if (key := (phase, op, needed)) in place]
            for op in _MAKING:
                start = place.get(("start", op, item["urn"]))
                if start is not None and done and min(done) > start:
                    found.append(f"{op} {item['urn']} began before {needed} was done")
    for item in before:
        for needed in _needs(item):
            start = place.get(("start", "delete", needed))
            done_at = place.get(("done", "delete", item["urn"]))
            if start is not None and done_at is not None and start < done_at:
                found.append(f"delete {needed} began before that of {item['urn']} was done")
    return found


_MAKING: Final = ("same", "create", "update", "create-replacement", "read", "import")


def _needs(item: Mapping[str, Json]) -> set[str]:
    found = {*item.get("dependencies", ()), item.get("parent", ""), item.get("deletedWith", "")}
    found |= {urn for urns in item.get("propertyDependencies", {}).values() for urn in urns or ()}
    return found - {"", item["urn"]}
