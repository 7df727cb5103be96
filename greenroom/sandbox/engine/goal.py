"""What a program asks of one resource: a registration, parsed once off the SDK's request.

https://github.com/pulumi/pulumi/blob/master/proto/pulumi/resource.proto (`RegisterResourceRequest`)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from pulumi.runtime.proto import alias_pb2, resource_pb2

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.errors import RegistrationError, UnsupportedError
from greenroom.sandbox.engine.providers import with_plugin
from greenroom.sandbox.engine.state import NO_TIMEOUTS, ResourceState, Timeouts
from greenroom.sandbox.engine.values import PropertyMap, Value

_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_UNIT_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
#: A registration's hooks by the names that a deployment has for their moments.
_HOOKS = {
    "before_create": "BeforeCreate",
    "after_create": "AfterCreate",
    "before_update": "BeforeUpdate",
    "after_update": "AfterUpdate",
    "before_delete": "BeforeDelete",
    "after_delete": "AfterDelete",
    "on_error": "OnError",
}


@dataclass(frozen=True, slots=True)
class Alias:
    """A name that a resource went by: a whole URN, or the parts that differ from today's."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """What a program asks of one resource. None stands for "not said", where that differs from False."""

    type: str
    name: str
    custom: bool
    inputs: PropertyMap = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    replace_with: tuple[str, ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replacement_trigger: Value = None
    additional_secret_outputs: tuple[str, ...] = ()
    aliases: tuple[Alias, ...] = ()
    timeouts: Timeouts = NO_TIMEOUTS
    import_id: str = ""
    hooks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def state(self, urn: str, old: ResourceState | None) -> ResourceState:
        """The state that the goal leads to, before any provider had its say."""
        return ResourceState(
            urn=urn,
            type=self.type,
            custom=self.custom,
            inputs=self.inputs,
            parent=self.parent,
            protect=bool(self.protect),
            dependencies=self.dependencies,
            provider=self.provider,
            property_dependencies=self.property_dependencies,
            additional_secret_outputs=self.additional_secret_outputs,
            timeouts=self.timeouts,
            import_id=self.import_id,
            retain_on_delete=bool(self.retain_on_delete),
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            created="" if old is None else old.created,
            modified="" if old is None else old.modified,
            ignore_changes=self.ignore_changes,
            replace_on_changes=self.replace_on_changes,
            replacement_trigger=self.replacement_trigger,
            hooks=self.hooks,
        )


def refuse_unsupported(request: resource_pb2.RegisterResourceRequest) -> None:
    """Refuses by name what the engine does not have.

    Raises:
        UnsupportedError: the request asks for such a thing.
    """
    where = f"resource {request.name!r}, type {request.type}"
    refused = {
        "remote (multi-language) components": request.remote,
        "state migrations": len(request.state_migrations) > 0,
        "parameterized packages": bool(request.packageRef),
        "dynamic providers": request.type.startswith("pulumi-python:dynamic"),
        "environment variable mappings of providers": len(request.envVarMappings) > 0,
    }
    for feature, asked in refused.items():
        if asked:
            raise UnsupportedError(feature, where=where)


def parse(request: resource_pb2.RegisterResourceRequest, *, parent: Goal | None, provider: str) -> Goal:
    """The goal of a request.

    Args:
        request: the SDK's.
        parent: the goal of its parent, from which it inherits what it does not say itself.
        provider: the reference of its provider, resolved; empty for components and providers.
    """
    said = inputs = wire.from_struct(request.object)
    if urns.is_provider_type(request.type):
        inputs = with_plugin(inputs, request.version, request.pluginDownloadURL)
    said_dbr = request.deleteBeforeReplaceDefined or request.deleteBeforeReplace
    protect = request.protect if request.HasField("protect") else None
    retain = request.retainOnDelete if request.HasField("retainOnDelete") else None
    return Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=inputs,
        parent=request.parent,
        provider=provider,
        dependencies=tuple(sorted(request.dependencies)),
        property_dependencies=_property_dependencies(request, said),
        protect=parent.protect if protect is None and parent is not None else protect,
        retain_on_delete=parent.retain_on_delete if retain is None and parent is not None else retain,
        delete_before_replace=request.deleteBeforeReplace if said_dbr else None,
        deleted_with=request.deletedWith or (parent.deleted_with if parent is not None else ""),
        replace_with=tuple(request.replace_with),
        ignore_changes=tuple(request.ignoreChanges),
        replace_on_changes=tuple(request.replaceOnChanges),
        replacement_trigger=(
            wire.from_wire(request.replacement_trigger) if request.HasField("replacement_trigger") else None
        ),
        additional_secret_outputs=tuple(request.additionalSecretOutputs),
        aliases=(*(Alias(urn=item) for item in request.aliasURNs), *map(_alias, request.aliases)),
        timeouts=_timeouts(request),
        import_id=request.importId,
        hooks=_hooks(request),
    )


def _property_dependencies(
    request: resource_pb2.RegisterResourceRequest, inputs: PropertyMap
) -> dict[str, tuple[str, ...]]:
    if not request.propertyDependencies:
        # An SDK that does not tell them apart: every property depends on everything.
        found = tuple(sorted(request.dependencies))
        return dict.fromkeys(inputs, found) if found else dict.fromkeys(inputs, ())
    said = {key: tuple(sorted(item.urns)) for key, item in request.propertyDependencies.items()}
    return {**said, **{key: () for key in inputs if key not in said}}


def _hooks(request: resource_pb2.RegisterResourceRequest) -> dict[str, tuple[str, ...]]:
    named = {moment: tuple(getattr(request.hooks, key)) for key, moment in _HOOKS.items()}
    return {moment: names for moment, names in named.items() if names}


def _alias(alias: alias_pb2.Alias) -> Alias:
    if alias.WhichOneof("alias") != "spec":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn,
        no_parent=spec.noParent,
    )


def _timeouts(request: resource_pb2.RegisterResourceRequest) -> Timeouts:
    given = request.customTimeouts
    return Timeouts(*(seconds(getattr(given, key)) for key in ("create", "update", "delete", "read")))


def seconds(duration: str) -> float:
    """A duration such as ``1h30m`` in seconds; 0 for an empty one.

    Raises:
        RegistrationError: it is not one.
    """
    if not duration:
        return 0.0
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise RegistrationError(f"custom timeout {duration!r} is not a duration", fix='write "30s", "5m" or "1h30m"')
    return sum(float(number) * _UNIT_SECONDS[unit] for number, unit in parts)
