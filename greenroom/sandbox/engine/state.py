"""A stack's state: a Pulumi deployment, version 3, as `pulumi stack export` writes and `pulumi stack import` reads it.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/core.go (`DeploymentV3`, `ResourceV3`)
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.values import (
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    PropertyMap,
    Reference,
    Secret,
    Value,
    equal,
    unwrap,
    whole,
)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Custom timeouts in seconds; 0 leaves the provider's own."""

    create: float = 0.0
    update: float = 0.0
    delete: float = 0.0
    read: float = 0.0


NO_TIMEOUTS: Final = Timeouts()


@dataclass(eq=False, slots=True)
class ResourceState:
    """One resource, as last seen. Two states are the same only if they are the same object."""

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: PropertyMap = field(default_factory=dict)
    outputs: PropertyMap = field(default_factory=dict)
    parent: str = ""
    protect: bool = False
    external: bool = False
    delete: bool = False
    dependencies: tuple[str, ...] = ()
    init_errors: tuple[str, ...] = ()
    provider: str = ""
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    pending_replacement: bool = False
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    timeouts: Timeouts = NO_TIMEOUTS
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    created: str = ""
    modified: str = ""
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Value = None
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def is_provider(self) -> bool:
        """Whether this is a provider resource."""
        return urns.is_provider_type(self.type)

    def copy(self) -> ResourceState:
        """A new state with the same content."""
        return replace(self)

    def depends_on(self) -> set[str]:
        """The URNs that must outlive this resource, its provider's among them, its parent's not."""
        found = set(self.dependencies).union(*self.property_dependencies.values(), self.replace_with)
        if self.deleted_with:
            found.add(self.deleted_with)
        if self.provider:
            found.add(urns.split_provider_reference(self.provider)[0])
        return found

    def drops(self, gone: Mapping[str, str]) -> bool:
        """Forgets what it refers to of resources that are gone; whether anything changed.

        Args:
            gone: their URNs, and their parents': what was theirs is their parent's now.
        """
        if gone.keys().isdisjoint(self.depends_on() | {self.parent}):
            return False
        while self.parent in gone:
            self.parent = gone[self.parent]
        self.dependencies = tuple(item for item in self.dependencies if item not in gone)
        self.property_dependencies = {
            key: tuple(item for item in found if item not in gone) for key, found in self.property_dependencies.items()
        }
        self.replace_with = tuple(item for item in self.replace_with if item not in gone)
        self.deleted_with = "" if self.deleted_with in gone else self.deleted_with
        return True

    def renames(self, old_urn: str, new_urn: str) -> bool:
        """Follows a resource to its new URN wherever this one refers to it; whether anything changed."""

        def follow(urns_: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(new_urn if item == old_urn else item for item in urns_)

        provider_urn, _, id_ = self.provider.rpartition("::")
        refers = old_urn in self.depends_on() or old_urn == self.parent
        if refers:
            self.dependencies, self.replace_with = follow(self.dependencies), follow(self.replace_with)
            self.property_dependencies = {key: follow(item) for key, item in self.property_dependencies.items()}
            self.deleted_with = new_urn if self.deleted_with == old_urn else self.deleted_with
            self.parent = new_urn if self.parent == old_urn else self.parent
            self.provider = f"{new_urn}::{id_}" if provider_urn == old_urn else self.provider
        return refers


_VALUE_FIELDS: Final = ("inputs", "outputs", "replacement_trigger")


def same_record(left: ResourceState, right: ResourceState) -> bool:
    """Whether two states read the same in a deployment."""
    return all(
        equal(getattr(left, name), getattr(right, name))
        if name in _VALUE_FIELDS
        else getattr(left, name) == getattr(right, name)
        for name in ResourceState.__slots__
    )


CREATING: Final = "creating"
"""The type of the operation whose end a read cannot tell."""


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation that was begun and whose end is not known: creating, updating, deleting, reading or importing."""

    type: str
    resource: ResourceState


@dataclass(slots=True)
class Deployment:
    """What a stack consists of.

    Attributes:
        resources: in an order in which dependencies come first.
        pending: operations whose end is not known.
        salt: of its secrets; empty where it has none.
        digest: of the file that it was read from; empty where it was made.
    """

    resources: list[ResourceState] = field(default_factory=list)
    pending: list[Operation] = field(default_factory=list)
    salt: str = ""
    digest: str = ""

    def outputs(self) -> PropertyMap:
        """The stack's outputs."""
        return next((state.outputs for state in self.resources if state.type == urns.STACK_TYPE), {})


_TEXT_FIELDS = (
    ("id", "id"),
    ("parent", "parent"),
    ("provider", "provider"),
    ("import_id", "importID"),
    ("deleted_with", "deletedWith"),
    ("created", "created"),
    ("modified", "modified"),
)
_FLAG_FIELDS = (
    ("protect", "protect"),
    ("external", "external"),
    ("delete", "delete"),
    ("pending_replacement", "pendingReplacement"),
    ("retain_on_delete", "retainOnDelete"),
)
_LIST_FIELDS = (
    ("dependencies", "dependencies"),
    ("init_errors", "initErrors"),
    ("additional_secret_outputs", "additionalSecretOutputs"),
    ("aliases", "aliases"),
    ("replace_with", "replaceWith"),
    ("ignore_changes", "ignoreChanges"),
    ("replace_on_changes", "replaceOnChanges"),
)
_TIMEOUT_FIELDS = ("create", "update", "delete", "read")


def resource_to_json(state: ResourceState, encrypt: Callable[[str, str], str]) -> dict[str, Any]:
    """The state as a deployment's JSON has it; `encrypt(place, text)` gives a secret's ciphertext."""
    data: dict[str, Any] = {"urn": state.urn, "custom": state.custom, "type": state.type}
    data.update({key: getattr(state, name) for name, key in _TEXT_FIELDS if getattr(state, name)})
    data.update({key: True for name, key in _FLAG_FIELDS if getattr(state, name)})
    data.update({key: list(getattr(state, name)) for name, key in _LIST_FIELDS if getattr(state, name)})
    for name in ("inputs", "outputs"):
        properties = getattr(state, name)
        if properties:
            data[name] = value_to_json(properties, f"{state.urn}/{state.id}/{name}", encrypt)
    if state.property_dependencies:
        data["propertyDependencies"] = {key: list(found) for key, found in state.property_dependencies.items()}
    if state.timeouts != NO_TIMEOUTS:
        data["customTimeouts"] = {
            key: whole(getattr(state.timeouts, key)) for key in _TIMEOUT_FIELDS if getattr(state.timeouts, key)
        }
    if state.hooks:
        data["resourceHooks"] = {moment: list(names) for moment, names in state.hooks.items()}
    if state.replacement_trigger is not None:
        place = f"{state.urn}/{state.id}/replacementTrigger"
        data["replacementTrigger"] = value_to_json(state.replacement_trigger, place, encrypt)
    return data


def resource_from_json(data: Mapping[str, Any], decrypt: Callable[[str, str], str]) -> ResourceState:
    """The state that a deployment's JSON holds.

    Raises:
        KeyError: it lacks its URN or type.
    """
    place = f"{data['urn']}/{data.get('id', '')}"
    timeouts = data.get("customTimeouts") or {}
    return ResourceState(
        urn=data["urn"],
        type=data["type"],
        custom=bool(data.get("custom")),
        inputs=value_from_json(data.get("inputs") or {}, f"{place}/inputs", decrypt),
        outputs=value_from_json(data.get("outputs") or {}, f"{place}/outputs", decrypt),
        property_dependencies={key: tuple(found) for key, found in (data.get("propertyDependencies") or {}).items()},
        timeouts=Timeouts(**{key: float(timeouts.get(key) or 0) for key in _TIMEOUT_FIELDS}),
        hooks={moment: tuple(names) for moment, names in (data.get("resourceHooks") or {}).items()},
        replacement_trigger=value_from_json(data.get("replacementTrigger"), f"{place}/replacementTrigger", decrypt),
        **_scalar_fields(data),
    )


def _scalar_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: data.get(key) or "" for name, key in _TEXT_FIELDS},
        **{name: bool(data.get(key)) for name, key in _FLAG_FIELDS},
        **{name: tuple(data.get(key) or ()) for name, key in _LIST_FIELDS},
    }


def value_to_json(value: Value, place: str, encrypt: Callable[[str, str], str]) -> Any:
    """A value as a deployment's JSON has it."""
    match value:
        case dict():
            return {key: value_to_json(item, f"{place}/{key}", encrypt) for key, item in value.items()}
        case list():
            return [value_to_json(item, f"{place}/{index}", encrypt) for index, item in enumerate(value)]
        case Secret():
            # What is inside needs no second encryption.
            text = json.dumps(value_to_json(unwrap(value.value), place, encrypt), separators=(",", ":"), sort_keys=True)
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": encrypt(place, text)}
        case Reference():
            data = {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": value.urn, "packageVersion": value.package_version}
            if value.id is not None:
                data["id"] = "" if value.id is UNKNOWN else str(value.id)
            return data
        case _ if value is UNKNOWN:
            return UNKNOWN_STRING
        case _:
            return whole(value)


_AS_THEY_ARE: Final = frozenset({str, bool, float, type(None)})
"""Most of a state is of these: a command on a large stack reads a hundred thousand."""


def _leave(_place: str, text: str) -> str:
    return text


def value_from_json(  # noqa: PLR0911  # one a kind
    data: Any, place: str, decrypt: Callable[[str, str], str]
) -> Any:
    """A value out of a deployment's JSON."""
    match data:
        case dict() if data.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            text = data["plaintext"] if "plaintext" in data else decrypt(place, data["ciphertext"])
            # A secret within a secret was left plain by whoever wrote it.
            return Secret(value_from_json(json.loads(text), place, _leave))
        case dict() if data.get(SIGNATURE_KEY) == RESOURCE_SIGNATURE:
            id_ = data.get("id")
            return Reference(data["urn"], UNKNOWN if id_ == "" else id_, data.get("packageVersion", ""))
        case dict():
            return {
                key: item
                if type(item) in _AS_THEY_ARE and item != UNKNOWN_STRING
                else value_from_json(item, f"{place}/{key}", decrypt)
                for key, item in data.items()
            }
        case list():
            return [value_from_json(item, f"{place}/{index}", decrypt) for index, item in enumerate(data)]
        case str() if data == UNKNOWN_STRING:
            return UNKNOWN
        case int() if not isinstance(data, bool):
            return float(data)
        case _:
            return data
