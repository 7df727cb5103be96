"""Diff, create, read, update and delete, for any resource type, on plain values.

The state of a resource holds its outputs and three internal keys: `__inputs`, the inputs that made it (as aws-native
keeps them), for a diff is between inputs; `__unread`, the paths that AWS never tells, for `drift`; and `__contents`,
the digests of the assets and archives that were uploaded.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.changes import ABSENT, Change, ChangeKind, input_changes
from greenroom.sandbox.provider.content import Content
from greenroom.sandbox.provider.drift import drifted, outputs_of, unread_paths
from greenroom.sandbox.provider.errors import ProviderError
from greenroom.sandbox.provider.naming import DEFAULTS_KEY
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tags_property import effective_tags, tags_map, tags_of, tags_value
from greenroom.sandbox.provider.values import UNKNOWN, Unknown

INPUTS_KEY = "__inputs"
UNREAD_KEY = "__unread"
CONTENTS_KEY = "__contents"


@dataclass(frozen=True)
class Difference:
    """What would change, and which inputs make a new resource of it.

    aws-native's provider has every replacement delete first: its `Diff` always answers so.
    https://github.com/pulumi/pulumi-aws-native/blob/master/provider/pkg/provider/provider.go
    """

    changes: list[Change]
    replaces: list[str]
    delete_before_replace: bool


@dataclass(frozen=True)
class State:
    """A resource as it is: its id, inputs and outputs (with the internal keys).

    `problem` says why a resource that was made is not yet as wanted; None for one that is.
    """

    resource_id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    problem: str | None = None


def diff(
    kind: ResourceType, session: AccountSession, state: Mapping[str, Any], inputs: Mapping[str, Any], ignored: list[str]
) -> Difference:
    """What the new inputs change."""
    old_inputs = _as_uploaded(
        state.get(INPUTS_KEY) or {name: state[name] for name in kind.structure.properties if name in state}, state
    )
    changes = [change for change in input_changes(old_inputs, inputs) if not _ignored(change, ignored)]
    if kind.tagging is not None and not any(change.property == "tags" for change in changes):
        wanted = effective_tags(session, inputs)
        changes += [Change(path, "tagsAll", ChangeKind.UPDATE) for path in _default_tags_changed(state, wanted)]
    if _region(session, state) != inputs.get("region", session.region) and not any(
        c.property == "region" for c in changes
    ):
        changes.append(Change("region", "region", ChangeKind.UPDATE))
    replaces = list(dict.fromkeys(change.property for change in changes if change.property in kind.replacing))
    deletes_first = kind.package == "aws-native" or kind.delete_before_replace or _same_name(kind, old_inputs, inputs)
    return Difference(changes, replaces, bool(replaces) and deletes_first)


def _as_uploaded(inputs: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs of the state, their assets and archives as what they were then."""
    digests = state.get(CONTENTS_KEY, {})
    return {
        name: replace(value, digest_then=digests[name]) if isinstance(value, Content) and name in digests else value
        for name, value in inputs.items()
    }


def _region(session: AccountSession, state: Mapping[str, Any]) -> Any:
    return state.get("region", session.region)


def _default_tags_changed(state: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    held = state.get("tagsAll")
    if not isinstance(held, Mapping):
        return []
    return ["tagsAll"] if dict(held) != dict(wanted) else []


def _ignored(change: Change, ignored: list[str]) -> bool:
    return any(change.path == path or change.path.startswith((f"{path}.", f"{path}[")) for path in ignored)


def _same_name(kind: ResourceType, old_inputs: Mapping[str, Any], inputs: Mapping[str, Any]) -> bool:
    """Whether old and new cannot stand side by side, for the program gave the name and keeps it.

    The bridged providers' rule: https://github.com/pulumi/pulumi-terraform-bridge, nameRequiresDeleteBeforeReplace.
    """
    if kind.autoname is None or inputs.get("region") != old_inputs.get("region"):
        return False
    name = inputs.get(kind.autoname.property)
    return (
        kind.autoname.property not in inputs.get(DEFAULTS_KEY, ())
        and isinstance(name, str)
        and name == old_inputs.get(kind.autoname.property)
    )


def planned(
    kind: ResourceType, session: AccountSession, inputs: Mapping[str, Any], old: Mapping[str, Any] | None
) -> dict[str, Any]:
    """A preview's outputs: what is given is known, what AWS will choose is unknown, what stands already stays."""
    outputs: dict[str, Any] = {}
    old_inputs = {} if old is None else old.get(INPUTS_KEY, {})
    for name in kind.schema.outputs:
        if name in inputs:
            outputs[name] = inputs[name]
        elif old is not None and name in old and name not in old_inputs:
            outputs[name] = old[name]
        elif name in kind.schema.computed:
            outputs[name] = UNKNOWN
    return {**outputs, **_told_by_provider(kind, session, inputs, effective_tags(session, inputs))}


def _told_by_provider(
    kind: ResourceType, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, Any]
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if "region" in kind.schema.outputs:
        told["region"] = inputs.get("region", session.region)
    if "tagsAll" in kind.schema.outputs:
        told["tagsAll"] = UNKNOWN if isinstance(inputs.get("tags"), Unknown) else dict(tags)
    return told


def create(
    kind: ResourceType, session: AccountSession, inputs: Mapping[str, Any], bound_seconds: float | None
) -> State:
    """Makes the resource, waits until it is as wanted, and reads it back.

    Once it is made it is never lost: where the rest fails, it comes back with its `problem`.

    Raises:
        ProviderError: it was not made, or is gone again.
    """
    session = session.in_region(inputs.get("region"))
    tags = tags_of(kind, session, inputs)
    known = kind.make(session, inputs, tags)
    try:
        kind.complete(session, known)
        kind.settle(session, known, bound_seconds)
        return _read_back(kind, session, known, inputs, tags)
    except ProviderError as error:
        unfinished = _unfinished(kind, session, known, inputs, tags)
        if unfinished is None:
            raise
        return replace(unfinished, problem=str(error))


def _unfinished(
    kind: ResourceType,
    session: AccountSession,
    known: Mapping[str, Any],
    inputs: Mapping[str, Any],
    tags: Mapping[str, Any],
) -> State | None:
    """What is known of a resource that was made and is not as wanted; None where it is gone, or has no id yet."""
    try:
        live = kind.live(session, known)
    except ProviderError:  # the local AWS went away: what the creating request told is all there is
        live = {name: value for name, value in known.items() if name not in inputs}
    try:
        return None if live is None else _state(kind, session, inputs, live, tags)
    except KeyError:
        return None


def _read_back(
    kind: ResourceType,
    session: AccountSession,
    known: Mapping[str, Any],
    inputs: Mapping[str, Any],
    tags: Mapping[str, Any],
) -> State:
    live = kind.live(session, known)
    if live is None:
        raise ProviderError(f"{kind.token} {known.get(kind.identity[0])!r} was made, and AWS does not know it")
    return _state(kind, session, inputs, live, tags)


def _state(
    kind: ResourceType,
    session: AccountSession,
    inputs: Mapping[str, Any],
    live: Mapping[str, Any],
    tags: Mapping[str, Any],
) -> State:
    carried = {name: value for name, value in inputs.items() if not name.startswith("__")}
    outputs = {
        name: outputs_of(carried.get(name, ABSENT), live.get(name, ABSENT)) for name in dict.fromkeys((*carried, *live))
    }
    outputs |= _told_by_provider(kind, session, carried, tags)
    compared = {name: value for name, value in carried.items() if name not in {"tags", "region"}}
    # In one order, whatever order the engine sent the properties in: a map over the wire has none.
    unread = sorted(path for name in compared for path in unread_paths(compared[name], live.get(name, ABSENT), name))
    resource_id = kind.id_of({**outputs, **live})
    outputs[INPUTS_KEY] = carried
    digests = {name: value.digest for name, value in carried.items() if isinstance(value, Content)}
    if digests:
        outputs[CONTENTS_KEY] = digests
    if unread:
        outputs[UNREAD_KEY] = unread
    return State(resource_id, dict(inputs), outputs)


def read(
    kind: ResourceType,
    session: AccountSession,
    resource_id: str,
    outputs: Mapping[str, Any],
    inputs: Mapping[str, Any],
) -> State | None:
    """What AWS holds now, in terms of the inputs; with neither outputs nor inputs, an import. None when it is gone."""
    session = session.in_region(inputs.get("region", outputs.get("region")))
    imported = not outputs
    known = kind.from_id(resource_id, session) if imported else outputs
    live = kind.live(session, known)
    if live is None:
        return None
    tags = kind.live_tags(session, live)
    unread = frozenset(outputs.get(UNREAD_KEY, ()))
    untold = unread | kind.read_only
    now = {
        name: drifted(inputs.get(name, ABSENT), outputs.get(name, ABSENT), live.get(name, ABSENT), name, untold)
        for name in kind.structure.properties
        if name not in {"tags", "region", "timeouts", *kind.refused}
        and (name in inputs or imported or name not in kind.shared)
    }
    drifted_inputs = {name: value for name, value in now.items() if value is not ABSENT}
    if imported:
        drifted_inputs = _without(drifted_inputs, kind.read_only)
    drifted_inputs |= {name: inputs[name] for name in ("region", "timeouts", DEFAULTS_KEY) if name in inputs}
    drifted_inputs |= _drifted_tags(kind, session, inputs, tags)
    drifted_inputs = _as_uploaded(drifted_inputs, outputs)
    state = _state(kind, session, drifted_inputs, live, tags)
    if unread:
        state.outputs[UNREAD_KEY] = list(outputs[UNREAD_KEY])
    return State(resource_id if not imported else state.resource_id, state.inputs, state.outputs)


def _without(inputs: Mapping[str, Any], paths: frozenset[str], at: str = "") -> dict[str, Any]:
    """Inputs without these paths, and without what is left empty by that."""
    kept: dict[str, Any] = {}
    for name, value in inputs.items():
        path = f"{at}{name}"
        inner = _without(value, paths, f"{path}.") if isinstance(value, Mapping) else value
        if path not in paths and not (inner == {} and value != {}):
            kept[name] = inner
    return kept


def _drifted_tags(
    kind: ResourceType, session: AccountSession, inputs: Mapping[str, Any], live: Mapping[str, str]
) -> dict[str, Any]:
    """The resource's own tags: those that are not exactly the provider's default ones, or that it gave itself."""
    if kind.tagging is None or "tags" not in kind.structure.properties:
        return {}
    given = tags_map(inputs.get("tags"))
    own = {key: value for key, value in live.items() if key in given or session.default_tags.get(key) != value}
    if own == given:
        return {"tags": inputs["tags"]} if "tags" in inputs else {}
    return {"tags": tags_value(kind, own)} if own or given else {}


def update(
    kind: ResourceType,
    session: AccountSession,
    state: Mapping[str, Any],
    inputs: Mapping[str, Any],
    *,
    ignored: list[str],
    bound_seconds: float | None,
) -> State:
    """Applies what changed in place, waits, and reads the resource back.

    Where nothing changed, the engine asks since the resource was made and left unfinished: it is finished now.
    """
    session = session.in_region(inputs.get("region", state.get("region")))
    changed = frozenset(change.property for change in diff(kind, session, state, inputs, ignored).changes)
    in_request = changed - {"tags", "tagsAll", "region", "timeouts"} - kind.steering
    if in_request:
        kind.change(session, state, inputs, in_request)
        kind.settle(session, {**state, **inputs}, bound_seconds)
    elif not changed:
        kind.complete(session, {**state, **inputs})
        kind.settle(session, {**state, **inputs}, bound_seconds)
    tags = tags_of(kind, session, inputs)
    if kind.tagging is not None and changed & {"tags", "tagsAll"}:
        old = state.get("tagsAll") or tags_map(state.get("tags"))
        kind.change_tags(session, state, old, tags)
    return _read_back(kind, session, {**state, **inputs}, inputs, tags)


def delete(kind: ResourceType, session: AccountSession, state: Mapping[str, Any], bound_seconds: float | None) -> None:
    """Deletes the resource; what is gone already is fine."""
    kind.remove(session.in_region(state.get("region")), state, bound_seconds)
