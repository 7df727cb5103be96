"""Property values at the edges: the SDK's protobuf structs on one side, providers' `PropertyValue` on the other.

The real engine and its providers speak the same structs; here the program's side still does (the SDK serialises its
arguments whatever the monitor is), while providers are called in process with the SDK's own `PropertyValue`.
https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/provider/experimental/property_value.py
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
from google.protobuf import struct_pb2
from pulumi.provider.experimental import property_value as sdk

from greenroom.sandbox.engine import assets
from greenroom.sandbox.engine.values import (
    ARCHIVE_SIGNATURE,
    ASSET_SIGNATURE,
    OUTPUT_SIGNATURE,
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    PropertyMap,
    Reference,
    Secret,
    Unknown,
    Value,
)
from greenroom.sandbox.sdk_values import SCALARS, mapping, scalar, sequence

#: One sentinel a type: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go
UNKNOWN_STRINGS = frozenset({
    UNKNOWN_STRING,
    "1c4a061d-8072-4f0a-a4cb-0ff528b18fe7",
    "3eeb2bf0-c639-47a8-9e75-3b44932eb421",
    "6a19a0b0-7e62-4c92-b797-7f8e31da9cc2",
    "030794c1-ac77-496b-92df-f27374a8bd58",
    "e48ece36-62e2-4504-bad9-02848725956a",
    "dd056dcd-154b-4c76-9bd3-c8f88648b5ff",
})  # fmt: skip


def from_struct(struct: struct_pb2.Struct) -> PropertyMap:
    """The properties that a struct holds, by name: a map on the wire has no order, and a run must be as the last."""
    return {key: from_wire(struct.fields[key]) for key in sorted(struct.fields)}


def from_wire(value: struct_pb2.Value) -> Value:
    """One value off the wire."""
    kind = value.WhichOneof("kind")
    match kind:
        case "string_value":
            text: str = value.string_value
            return UNKNOWN if text in UNKNOWN_STRINGS else text
        case "struct_value":
            return _from_struct_value(value.struct_value)
        case "list_value":
            return [from_wire(item) for item in value.list_value.values]
        case "number_value":
            return float(value.number_value)
        case "bool_value":
            return bool(value.bool_value)
        case _:
            return None


def _from_struct_value(struct: struct_pb2.Struct) -> Value:
    fields = struct.fields
    signature = fields[SIGNATURE_KEY].string_value if SIGNATURE_KEY in fields else ""
    match signature:
        case "":
            return from_struct(struct)
        case _ if signature == SECRET_SIGNATURE:
            return Secret(from_wire(fields["value"]))
        case _ if signature == RESOURCE_SIGNATURE:
            return _reference_from_wire(fields)
        case _ if signature == OUTPUT_SIGNATURE:
            inner: Value = from_wire(fields["value"]) if "value" in fields else UNKNOWN
            return Secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
        case _ if signature in (ASSET_SIGNATURE, ARCHIVE_SIGNATURE):
            return assets.with_hash(from_struct(struct))
        case _:
            return from_struct(struct)


def _reference_from_wire(fields: Mapping[str, struct_pb2.Value]) -> Reference:
    id_: Value = None
    if "id" in fields:
        id_ = from_wire(fields["id"])
        id_ = UNKNOWN if id_ == "" else id_
    version = fields["packageVersion"].string_value if "packageVersion" in fields else ""
    return Reference(fields["urn"].string_value, id_, version)


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The properties as a struct for the SDK, which takes secrets and resource references."""
    return struct_pb2.Struct(fields={key: to_wire(value) for key, value in properties.items()})


def to_wire(value: Value) -> struct_pb2.Value:  # noqa: PLR0911  # one a kind
    """One value onto the wire."""
    match value:
        case None:
            return struct_pb2.Value(null_value=struct_pb2.NULL_VALUE)
        case bool():
            return struct_pb2.Value(bool_value=value)
        case int() | float():
            return struct_pb2.Value(number_value=value)
        case str():
            return struct_pb2.Value(string_value=value)
        case list():
            return struct_pb2.Value(list_value=struct_pb2.ListValue(values=[to_wire(item) for item in value]))
        case dict():
            return struct_pb2.Value(struct_value=to_struct(value))
        case Unknown():
            return struct_pb2.Value(string_value=UNKNOWN_STRING)
        case Secret():
            return to_wire({SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value})
        case Reference():
            return to_wire(reference_fields(value))


def reference_fields(reference: Reference) -> dict[str, Any]:
    """A resource reference as the map that stands for it on the wire and in a deployment."""
    fields: dict[str, Any] = {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": reference.urn}
    fields["packageVersion"] = reference.package_version
    if reference.id is not None:
        fields["id"] = "" if reference.id is UNKNOWN else reference.id
    return fields


def to_provider(properties: Mapping[str, Any], *, secrets: bool = True, references: bool = True) -> dict[str, Any]:
    """The properties as a provider takes them.

    Args:
        properties: the engine's.
        secrets: whether the provider said that it accepts secrets; else they are laid bare.
        references: whether it accepts resource references; else it gets the id, or a component's URN.
    """
    return {key: to_property_value(value, secrets=secrets, references=references) for key, value in properties.items()}


def to_property_value(  # noqa: PLR0911  # one a kind
    value: Value, *, secrets: bool = True, references: bool = True
) -> sdk.PropertyValue:
    """One value as the SDK's `PropertyValue`."""
    if type(value) in SCALARS:
        return scalar(value)  # type: ignore[arg-type]  # these are exactly what it takes
    match value:
        case Secret():
            inner = to_property_value(value.value, secrets=secrets, references=references)
            return inner.with_secret(True) if secrets else inner
        case Unknown():
            return sdk.PropertyValue.computed()
        case Reference():
            return _reference_to_provider(value, references=references)
        case list():
            items = [to_property_value(item, secrets=secrets, references=references) for item in value]
            return sequence(items)
        case dict() if SIGNATURE_KEY in value:
            return sdk.PropertyValue(assets.to_sdk(value))
        case dict():
            return mapping(to_provider(value, secrets=secrets, references=references))
        case int() if not isinstance(value, bool):
            return sdk.PropertyValue(float(value))
        case _:
            return sdk.PropertyValue(value)


def _reference_to_provider(reference: Reference, *, references: bool) -> sdk.PropertyValue:
    if not references:
        return to_property_value(reference.urn if reference.id is None else reference.id)
    id_ = None if reference.id is None else to_property_value(reference.id)
    return sdk.PropertyValue(sdk.ResourceReference(reference.urn, id_, reference.package_version or None))


def from_provider(properties: Mapping[str, sdk.PropertyValue] | None) -> PropertyMap:
    """What a provider answered."""
    return {key: from_property_value(value) for key, value in (properties or {}).items()}


def from_property_value(property_value: sdk.PropertyValue) -> Value:
    """One `PropertyValue`; a sentinel string is unknown, since providers behind gRPC have no other word for it."""
    bare: Any = property_value.value
    text_or_number: Any = UNKNOWN if type(bare) is str and bare in UNKNOWN_STRINGS else bare
    value: Value = text_or_number if type(bare) in SCALARS else _bare(bare)
    return Secret(value) if property_value.is_secret else value


def _bare(value: sdk.PythonValue) -> Value:  # noqa: PLR0911  # one a kind
    match value:
        case str():
            return UNKNOWN if value in UNKNOWN_STRINGS else value
        case sdk.Computed():
            return UNKNOWN
        case sdk.ResourceReference():
            id_ = None if value.resource_id is None else from_property_value(value.resource_id)
            return Reference(value.urn, id_, value.package_version or "")
        case pulumi.Asset() | pulumi.Archive():
            return assets.from_sdk(value)
        case Mapping():
            return {key: from_property_value(item) for key, item in value.items()}
        case Sequence():
            return [from_property_value(item) for item in value if isinstance(item, sdk.PropertyValue)]
        case _:
            return value
