"""Property values ⇄ members of a botocore request or response.

A codec is built from a property's declared type and a botocore shape, lazily, for some shapes contain themselves.
It encodes what a program gives into what botocore sends, and decodes what AWS answers into what the program reads.
Beyond names it knows four differences between the two worlds:

- a list of one ↔ a structure, either way (`s3DataSources: [{…}]` ↔ `S3DataSource: {…}`);
- a map ↔ a list of pairs (`tags: {a: b}` ↔ `[{Key: a, Value: b}]`);
- scalars, see `scalar_codec`;
- members at another depth (`metric.period` ↔ `MetricStat.Period`, `arn` ↔ `Targets.0.Arn`), given by a table.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from greenroom.sandbox.provider.member_names import find_member
from greenroom.sandbox.provider.property_types import ListOf, MapOf, PropertyType, Scalar, Structure
from greenroom.sandbox.provider.scalar_codec import Codec, DocumentCodec, Place, PresenceCodec, ScalarCodec, Trace
from greenroom.sandbox.provider.values import UNKNOWN, Unknown

# botocore's shapes are of many classes, told apart by `type_name`; the stubs do not follow that.
BotocoreShape = Any

KEY_MEMBERS = ("Key", "TagKey", "Name", "key", "name")
VALUE_MEMBERS = ("Value", "TagValue", "value")


@dataclass(frozen=True)
class ListCodec(Codec):
    """A list on both sides."""

    item: Codec

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """Item by item."""
        trace.note(place)
        if not isinstance(value, list):
            return value
        return [self.item.encode(item, place.into(index, index), trace) for index, item in enumerate(value)]

    def decode(self, value: Any) -> Any:
        """Item by item."""
        return [self.item.decode(item) for item in value]


@dataclass(frozen=True)
class ListOfOneCodec(Codec):
    """A list in the program, a single value for AWS."""

    item: Codec

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """The only item; none when the list is empty."""
        trace.note(place)
        if not isinstance(value, list):
            return value
        if len(value) > 1:
            trace.refuse(place, f"has {len(value)} items; allowed: at most 1")
        return self.item.encode(value[0], place.into(0, None), trace) if value else None

    def decode(self, value: Any) -> Any:
        """A list of the one value."""
        return [self.item.decode(value)]


@dataclass(frozen=True)
class SingleItemCodec(Codec):
    """A single value in the program, a list of one for AWS."""

    item: Codec

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """A list of the value."""
        trace.note(place)
        return [self.item.encode(value, place.into(None, 0), trace)]

    def decode(self, value: Any) -> Any:
        """The first item, None when AWS has none."""
        return self.item.decode(value[0]) if value else None


@dataclass(frozen=True)
class MapCodec(Codec):
    """A map on both sides; its keys are data."""

    item: Codec

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """Value by value."""
        trace.note(place)
        if not isinstance(value, Mapping):
            return value
        return {key: self.item.encode(item, place.into(key, key), trace) for key, item in value.items()}

    def decode(self, value: Any) -> Any:
        """Value by value."""
        return {key: self.item.decode(item) for key, item in value.items()}


@dataclass(frozen=True)
class PairsCodec(Codec):
    """A map in the program, a list of pairs for AWS."""

    item: Codec
    key_member: str
    value_member: str

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """A pair for each entry, in the map's order."""
        trace.note(place)
        if not isinstance(value, Mapping):
            return value
        pairs = []
        for index, (key, item) in enumerate(value.items()):
            pair = place.into(key, index)
            trace.note(pair)
            trace.note(Place(pair.property, f"{pair.member}.{self.key_member}"))
            value_place = Place(pair.property, f"{pair.member}.{self.value_member}")
            pairs.append({self.key_member: key, self.value_member: self.item.encode(item, value_place, trace)})
        return pairs

    def decode(self, value: Any) -> Any:
        """A map of the pairs."""
        return {pair[self.key_member]: self.item.decode(pair.get(self.value_member, "")) for pair in value}


@dataclass(frozen=True)
class Field:
    """A property and the member it is; the member's path is empty where a structure is spread into its parent."""

    property: str
    member: tuple[str, ...]
    codec: Codec


@dataclass(frozen=True)
class StructureCodec(Codec):
    """An object with named properties, a structure with named members."""

    properties: Mapping[str, PropertyType]
    shape: BotocoreShape
    exceptions: Mapping[str, str | None]
    prefixes: tuple[str, ...] = ()
    path: str = ""

    @functools.cached_property
    def fields(self) -> Mapping[str, Field]:
        """Property name → field, for the properties that the shape has a member for."""
        found: dict[str, Field] = {}
        for name, declared in self.properties.items():
            member = self._member_path(name)
            if member is None:
                continue
            shape = _shape_at(self.shape, member)
            path = f"{self.path}.{name}" if self.path else name
            codec = None if shape is None else build(declared, shape, self.exceptions, path)
            if codec is not None:
                found[name] = Field(name, member, codec)
        return found

    def _member_path(self, name: str) -> tuple[str, ...] | None:
        path = f"{self.path}.{name}" if self.path else name
        if path in self.exceptions:
            exception = self.exceptions[path]
            if exception is None:
                return None
            return tuple(exception.split(".")) if exception else ()
        member_name = find_member(name, self.shape.members, self.prefixes)
        return None if member_name is None else (member_name,)

    def encode(self, value: Any, place: Place, trace: Trace) -> Any:
        """Property by property; one that has no member is refused, never dropped."""
        trace.note(place)
        if not isinstance(value, Mapping):
            return value
        request: dict[str, Any] = {}
        for name, item in value.items():
            known = self.fields.get(name)
            if known is None:
                trace.refuse(place.into(name, None), self._why_not(name))
            else:
                _put(request, known, item, place.into(name, None), trace)
        return request

    def _why_not(self, name: str) -> str:
        if name in self.properties:
            return "the sandbox cannot carry this property over to AWS's API; leave it out"
        return f"is no property here; allowed: {', '.join(sorted(self.properties))}"

    def decode(self, value: Any) -> Any:
        """Member by member, as far as AWS answered them."""
        found: dict[str, Any] = {}
        for known in self.fields.values():
            member = _get(value, known.member)
            decoded = None if member is None else known.codec.decode(member)
            if decoded is not None and not (known.member == () and not decoded):
                found[known.property] = decoded
        return found


def _put(request: dict[str, Any], known: Field, item: Any, place: Place, trace: Trace) -> None:
    """Encodes one property and stores it where its member path says."""
    target = request
    for step, following in pairwise(known.member):
        target = _inside(target, step, following)
        place = place.into(None, int(step) if step.isdigit() else step)
    if not known.member:
        encoded = known.codec.encode(item, place, trace)
        request.update(encoded if isinstance(encoded, Mapping) else {})
        return
    place = place.into(None, known.member[-1])
    encoded = UNKNOWN if isinstance(item, Unknown) else known.codec.encode(item, place, trace)
    trace.note(place)
    if encoded is not None:
        target[known.member[-1]] = encoded


def _inside(target: Any, step: str, following: str) -> Any:
    """The structure, or the only item of the list, one step further into a request; made where it is not there yet."""
    empty: Any = [] if following.isdigit() else {}
    if isinstance(target, list):
        target.extend([empty] if not target else [])
        return target[0]
    return target.setdefault(step, empty)


def _get(value: Any, member: tuple[str, ...]) -> Any:
    for step in member:
        if step.isdigit() and isinstance(value, list):
            value = value[0] if value else None
            continue
        if not isinstance(value, Mapping) or step not in value:
            return None
        value = value[step]
    return value


def _shape_at(shape: BotocoreShape, member: tuple[str, ...]) -> BotocoreShape | None:
    """The shape at a member path, through a map (SNS's attributes) or a list's only item (`Targets.0`) as well."""
    for step in member:
        if shape.type_name == "list" and step.isdigit():
            shape = shape.member
        elif shape.type_name == "map":
            shape = shape.value
        elif shape.type_name == "structure" and step in shape.members:
            shape = shape.members[step]
        else:
            return None
    return shape


def build(
    declared: PropertyType, shape: BotocoreShape, exceptions: Mapping[str, str | None], path: str
) -> Codec | None:
    """The codec between a declared type and a shape; None where neither rule nor table relates them.

    Args:
        declared: the property's type.
        shape: the member's shape.
        exceptions: property path (no indices) → member path (dotted, relative to the structure that the property's
            own structure became; empty to spread it into its parent; a step `0` is a list's only item), or None for
            "no member".
        path: the property's path so far, as in the keys of `exceptions`.
    """

    def inner(item: PropertyType, item_shape: BotocoreShape, wrap: Callable[[Codec], Codec]) -> Codec | None:
        codec = build(item, item_shape, exceptions, path)
        return None if codec is None else wrap(codec)

    wire_type = shape.type_name
    codec: Codec | None = None
    match declared:
        case Scalar() | Structure() if wire_type == "list":
            codec = inner(declared, shape.member, SingleItemCodec)
        case Scalar(python_type=python_type):
            codec = _scalar(python_type, shape)
        case ListOf(item=item) if wire_type == "list":
            codec = inner(item, shape.member, ListCodec)
        case ListOf(item=item):
            codec = inner(item, shape, ListOfOneCodec)
        case MapOf(item=item) if wire_type == "map":
            codec = inner(item, shape.value, MapCodec)
        case MapOf(item=item) if wire_type == "list":
            codec = _pairs(item, shape.member, exceptions, path)
        case Structure() if wire_type == "structure":
            codec = StructureCodec(declared.properties, shape, exceptions, path=path)
    return codec


def _scalar(python_type: type, shape: BotocoreShape) -> Codec | None:
    """The codec of a value without declared parts; of one of any type (`Any`), which is a JSON document or a map."""
    match shape.type_name:
        case "structure" if not shape.members and (python_type is bool or python_type is Any):
            return PresenceCodec() if python_type is bool else Codec()
        case "map" if python_type is Any:
            return MapCodec(ScalarCodec(str, shape.value.type_name))
        case "structure" | "map":
            return None
        case "string" if python_type is Any:
            return DocumentCodec()
        case wire_type:
            return ScalarCodec(python_type, wire_type)


def _pairs(
    item_type: PropertyType, pair: BotocoreShape, exceptions: Mapping[str, str | None], path: str
) -> Codec | None:
    if pair.type_name != "structure":
        return None
    key = next((member for member in KEY_MEMBERS if member in pair.members), None)
    value = next((member for member in VALUE_MEMBERS if member in pair.members), None)
    if key is None or value is None:
        return None
    item = build(item_type, pair.members[value], exceptions, path)
    return None if item is None else PairsCodec(item, key, value)
