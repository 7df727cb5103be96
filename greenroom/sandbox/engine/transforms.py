"""Transforms: functions of the program that see a registration, or a call, before the engine does, and may change it.

They run in the order of the real engine: the resource's own, its parents', the stack's. Legacy `transformations` need
nothing of this: the SDK applies them by itself before it registers the resource.
https://www.pulumi.com/docs/iac/concepts/resources/options/transforms/
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go (`RegisterResource`, `Invoke`)
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from google.protobuf import struct_pb2
from pulumi.runtime.proto import callback_pb2, resource_pb2

from greenroom.sandbox.engine.callbacks import Callbacks
from greenroom.sandbox.engine.errors import CallbackError, RegistrationError
from greenroom.sandbox.engine.values import OUTPUT_SIGNATURE, SECRET_SIGNATURE, SIGNATURE_KEY
from greenroom.sandbox.engine.wire import UNKNOWN_STRINGS

#: A registration's field, and the transform options' field that is the same.
_LISTS = (
    ("dependencies", "depends_on"),
    ("ignoreChanges", "ignore_changes"),
    ("replaceOnChanges", "replace_on_changes"),
    ("additionalSecretOutputs", "additional_secret_outputs"),
    ("hideDiffs", "hide_diff"),
    ("replace_with", "replace_with"),
)
_TEXTS = (
    ("version", "version"),
    ("pluginDownloadURL", "plugin_download_url"),
    ("provider", "provider"),
    ("deletedWith", "deleted_with"),
    ("importId", "import"),
)
_FLAGS = (("protect", "protect"), ("retainOnDelete", "retain_on_delete"))
_MESSAGES = (("customTimeouts", "custom_timeouts"), ("hooks", "hooks"), ("replacement_trigger", "replacement_trigger"))


class Transforms:
    """The transforms of one program."""

    def __init__(self, callbacks: Callbacks) -> None:
        self._callbacks = callbacks
        self._of_stack: list[callback_pb2.Callback] = []
        self._of_invokes: list[callback_pb2.Callback] = []
        self._of_resources: dict[str, tuple[str, Sequence[callback_pb2.Callback]]] = {}
        self._lock = threading.Lock()

    def add_to_stack(self, callback: callback_pb2.Callback) -> None:
        """One more transform of every resource that is registered from now on."""
        with self._lock:
            self._of_stack.append(callback)

    def add_to_invokes(self, callback: callback_pb2.Callback) -> None:
        """One more transform of every function call from now on."""
        with self._lock:
            self._of_invokes.append(callback)

    def remember(self, urn: str, request: resource_pb2.RegisterResourceRequest) -> None:
        """Notes a registered resource's transforms: its children undergo them too."""
        with self._lock:
            self._of_resources[urn] = (request.parent, tuple(request.transforms))

    def _of(self, request: resource_pb2.RegisterResourceRequest) -> list[callback_pb2.Callback]:
        found = list(request.transforms)
        with self._lock:
            parent = request.parent
            while parent in self._of_resources:
                parent, transforms = self._of_resources[parent]
                found.extend(transforms)
            return [*found, *self._of_stack]

    def apply(self, request: resource_pb2.RegisterResourceRequest) -> resource_pb2.RegisterResourceRequest:
        """The registration as its transforms leave it.

        Raises:
            RegistrationError: one of them raised.
        """
        transforms = self._of(request)
        if not transforms:
            return request
        dependencies = _property_dependencies(request) if request.transforms else {}
        properties = _with_outputs(request.object, dependencies)
        options = _options(request)
        for transform in transforms:
            asked = resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=properties,
                options=options,
            )
            answer = resource_pb2.TransformResponse.FromString(
                self._call(transform, asked.SerializeToString(), f"resource {request.name!r} ({request.type})")
            )
            properties = answer.properties if answer.HasField("properties") else properties
            options = answer.options if answer.HasField("options") else options
        return _rewritten(request, properties, options)

    def apply_to_invoke(self, request: resource_pb2.ResourceInvokeRequest) -> resource_pb2.ResourceInvokeRequest:
        """The function call as the stack's transforms leave it.

        Raises:
            RegistrationError: one of them raised.
        """
        with self._lock:
            transforms = list(self._of_invokes)
        if not transforms:
            return request
        new = resource_pb2.ResourceInvokeRequest()
        new.CopyFrom(request)
        for transform in transforms:
            asked = resource_pb2.TransformInvokeRequest(
                token=new.tok,
                args=new.args,
                options=resource_pb2.TransformInvokeOptions(
                    provider=new.provider, version=new.version, plugin_download_url=new.pluginDownloadURL
                ),
            )
            answer = resource_pb2.TransformInvokeResponse.FromString(
                self._call(transform, asked.SerializeToString(), f"function {new.tok}")
            )
            if answer.HasField("args"):
                new.args.CopyFrom(answer.args)
            if answer.HasField("options"):
                new.provider, new.version = answer.options.provider, answer.options.version
                new.pluginDownloadURL = answer.options.plugin_download_url
        return new

    def _call(self, transform: callback_pb2.Callback, request: bytes, where: str) -> bytes:
        try:
            return self._callbacks.call(transform, request)
        except CallbackError as error:
            raise RegistrationError(f"a transform of {where} raised: {error.message}") from error


def _options(registration: resource_pb2.RegisterResourceRequest) -> resource_pb2.TransformResourceOptions:
    request: Any = registration  # its fields are named by the tables above
    options = resource_pb2.TransformResourceOptions()
    for key, name in _LISTS:
        getattr(options, name).extend(getattr(request, key))
    for key, name in _TEXTS:
        setattr(options, name, getattr(request, key))
    for key, name in _FLAGS:
        if request.HasField(key):
            setattr(options, name, getattr(request, key))
    for key, name in _MESSAGES:
        if request.HasField(key):
            getattr(options, name).CopyFrom(getattr(request, key))
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    options.providers.update(request.providers)
    for urn in request.aliasURNs:
        options.aliases.add(urn=urn)
    options.aliases.extend(request.aliases)
    return options


def _rewritten(
    request: resource_pb2.RegisterResourceRequest,
    properties: struct_pb2.Struct,
    transformed: resource_pb2.TransformResourceOptions,
) -> resource_pb2.RegisterResourceRequest:
    """The registration with what the transforms made of it; its name, type and parent are its own."""
    options: Any = transformed
    new: Any = resource_pb2.RegisterResourceRequest()
    new.CopyFrom(request)
    for key in (*(key for key, _ in (*_LISTS, *_FLAGS, *_MESSAGES)), "providers", "aliasURNs", "aliases", "object"):
        new.ClearField(key)
    for key, name in _LISTS:
        getattr(new, key).extend(getattr(options, name))
    for key, name in _TEXTS:
        setattr(new, key, getattr(options, name))
    for key, name in _FLAGS:
        if options.HasField(name):
            setattr(new, key, getattr(options, name))
    for key, name in _MESSAGES:
        if options.HasField(name):
            getattr(new, key).CopyFrom(getattr(options, name))
    new.deleteBeforeReplaceDefined = options.HasField("delete_before_replace")
    new.deleteBeforeReplace = options.delete_before_replace
    new.providers.update(options.providers)
    new.aliases.extend(options.aliases)
    new.object.CopyFrom(properties)
    _rewrite_dependencies(new, properties)
    rewritten: resource_pb2.RegisterResourceRequest = new
    return rewritten


def _rewrite_dependencies(new: resource_pb2.RegisterResourceRequest, properties: struct_pb2.Struct) -> None:
    """A resource with transforms of its own depends on what its properties say then; others keep what they had."""
    found = {key: sorted(set(_output_dependencies(value))) for key, value in properties.fields.items()}
    if new.transforms:
        new.ClearField("propertyDependencies")
    for key, urns in found.items():
        known = new.propertyDependencies[key].urns
        known.extend(urn for urn in urns if urn not in known)
    if new.transforms:
        everything = {*new.dependencies, *(urn for urns in found.values() for urn in urns)}
        new.ClearField("dependencies")
        new.dependencies.extend(sorted(everything))


# -- output values: a value, whether it is known and secret, and what it depends on -----------------------------------


def _property_dependencies(request: resource_pb2.RegisterResourceRequest) -> dict[str, list[str]]:
    if not request.propertyDependencies:
        return {key: list(request.dependencies) for key in request.object.fields}
    return {key: list(item.urns) for key, item in request.propertyDependencies.items()}


def _with_outputs(struct: struct_pb2.Struct, dependencies: dict[str, list[str]]) -> struct_pb2.Struct:
    """The properties as a transform sees them: what is secret, unknown or depends on something is an output."""
    return struct_pb2.Struct(
        fields={key: _as_output(_upgraded(value), dependencies.get(key, [])) for key, value in struct.fields.items()}
    )


def _upgraded(value: struct_pb2.Value) -> struct_pb2.Value:
    kind = value.WhichOneof("kind")
    if kind == "string_value" and value.string_value in UNKNOWN_STRINGS:
        return _output({})
    if kind == "list_value":
        return struct_pb2.Value(
            list_value=struct_pb2.ListValue(values=[_upgraded(item) for item in value.list_value.values])
        )
    if kind != "struct_value":
        return value
    fields = value.struct_value.fields
    if _signature(value) == SECRET_SIGNATURE:
        inner = _upgraded(fields["value"])
        found = dict(inner.struct_value.fields) if _signature(inner) == OUTPUT_SIGNATURE else {"value": inner}
        return _output({**found, "secret": struct_pb2.Value(bool_value=True)})
    if _signature(value):
        return value
    return struct_pb2.Value(
        struct_value=struct_pb2.Struct(fields={key: _upgraded(item) for key, item in fields.items()})
    )


def _as_output(value: struct_pb2.Value, dependencies: list[str]) -> struct_pb2.Value:
    if not dependencies:
        return value
    fields = dict(value.struct_value.fields) if _signature(value) == OUTPUT_SIGNATURE else {"value": value}
    urns = [struct_pb2.Value(string_value=urn) for urn in sorted({*dependencies, *_output_dependencies(value)})]
    return _output({**fields, "dependencies": struct_pb2.Value(list_value=struct_pb2.ListValue(values=urns))})


def _output(fields: dict[str, Any]) -> struct_pb2.Value:
    signed = {**fields, SIGNATURE_KEY: struct_pb2.Value(string_value=OUTPUT_SIGNATURE)}
    return struct_pb2.Value(struct_value=struct_pb2.Struct(fields=signed))


def _signature(value: struct_pb2.Value) -> str:
    fields = value.struct_value.fields
    return str(fields[SIGNATURE_KEY].string_value) if SIGNATURE_KEY in fields else ""


def _output_dependencies(value: struct_pb2.Value) -> Iterator[str]:
    if _signature(value) == OUTPUT_SIGNATURE and "dependencies" in value.struct_value.fields:
        yield from (item.string_value for item in value.struct_value.fields["dependencies"].list_value.values)
    for item in (*value.struct_value.fields.values(), *value.list_value.values):
        yield from _output_dependencies(item)
