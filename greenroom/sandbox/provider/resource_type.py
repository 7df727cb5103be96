"""A resource type: which operations make, read, change and delete it, and how its properties map to them.

Most types are one `ResourceType`, a row of names in `types/`. Everything else follows from the SDK's classes and
botocore's shapes: the requests, the outputs, and which change replaces the resource (an input that the creating
request takes and the updating one does not). A type whose API is of another shape overrides the step that differs.
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import StructureCodec
from greenroom.sandbox.provider.errors import AwsRefusedError, InvalidInputsError, MappingError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.property_types import PropertyType, Structure, TypeSchema, schema
from greenroom.sandbox.provider.scalar_codec import Place, Trace
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.validator import violations_of
from greenroom.sandbox.provider.values import UNKNOWN

# Codes by which services say that there is no such thing; SageMaker and CloudFormation say it in a message only.
GONE_CODE = re.compile(r"NotFound|NoSuch|NonExistent|DoesNotExist|ResourceNotFound|^404$")
GONE_MESSAGE = re.compile(
    r"could not find|\bno \w+(?: \w+)* found|cannot find|does not exist|no longer exists|not found|is not found",
    re.IGNORECASE,
)

# Inputs and outputs that are never members of a type's own requests: tags have a module of their own.
PLUMBING = frozenset({"region", "tags", "tagsAll", "timeouts"})


@dataclass(frozen=True, kw_only=True)
class ResourceType:
    """One resource type.

    Attributes:
        token: Pulumi's name of it, `aws:sagemaker/model:Model`.
        service: botocore's name of its service, `sagemaker`.
        create, read, delete: operations; `update` is None where every change replaces, and `create` again for APIs
            that put.
        identity: the properties by which AWS knows the resource.
        id_format: the resource's id from its properties, as the real provider makes it.
        prefixes: what AWS writes before the type's own members (`EndpointConfig` in `EndpointConfigName`).
        exceptions: property path → member path, where the rules of `member_names` do not hold; see `codec.build`.
        operation_exceptions: the same, for one operation only.
        found: where the read operation's response holds the resource.
        constants: operation → members that every such request carries.
        unsent: inputs that the creating request does not carry; the type sees to them itself.
        steering: inputs that only steer the provider: no request carries them, no change of theirs makes a call.
        refused: inputs that the sandbox does not have, and what to use in their place.
        shared: inputs that other resources may set as well; drift in them counts only where the program gave them.
        read_only: paths inside inputs that AWS alone sets, as it does the counts of what runs; never drift.
        autoname: how it is named when the program does not.
        tagging: how it is tagged, None when it is not.
        replaced_by: inputs whose change replaces the resource; None derives them.
        delete_before_replace: whether AWS has room for one of them only, so that the old one goes first. The official
            provider has such a list: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go.
    """

    token: str = field(kw_only=False)
    service: str
    create: str
    read: str
    delete: str
    update: str | None = None
    identity: tuple[str, ...] = ("name",)
    id_format: str = "{name}"
    prefixes: tuple[str, ...] = ()
    exceptions: Mapping[str, str | None] = field(default_factory=dict)
    operation_exceptions: Mapping[str, Mapping[str, str | None]] = field(default_factory=dict)
    found: tuple[str | int, ...] = ()
    constants: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    unsent: frozenset[str] = frozenset()
    steering: frozenset[str] = frozenset()
    refused: Mapping[str, str] = field(default_factory=dict)
    shared: frozenset[str] = frozenset()
    read_only: frozenset[str] = frozenset()
    autoname: AutoName | None = None
    tagging: Tagging | None = None
    replaced_by: frozenset[str] | None = None
    delete_before_replace: bool = False

    # ---- what the SDK and the service model say ----

    @property
    def package(self) -> str:
        """`aws` or `aws-native`."""
        return self.token.split(":", maxsplit=1)[0]

    @functools.cached_property
    def schema(self) -> TypeSchema:
        """The SDK's declaration; imports the SDK's module on first use."""
        return schema(self.token)

    @functools.cached_property
    def _codecs(self) -> dict[str, StructureCodec]:
        return {}

    def codec(self, operation: str) -> StructureCodec:
        """The codec between this type's properties and an operation's request."""
        known = self._codecs.get(operation)
        if known is None:
            shape = MODELS.operation(self.service, operation).input_shape
            known = self._codecs[operation] = self._codec_over(shape, operation)
        return known

    @functools.cached_property
    def live_codec(self) -> StructureCodec:
        """The codec between this type's outputs and what the read operation answers."""
        shape: Any = MODELS.operation(self.service, self.read).output_shape
        for step in self.found:
            shape = shape.member if isinstance(step, int) else shape.members[step]
        return self._codec_over(shape, "response")

    def _codec_over(self, shape: Any, operation: str) -> StructureCodec:
        properties: dict[str, PropertyType] = {**self.schema.outputs, **self.schema.inputs.properties}
        exceptions = {**self.exceptions, **self.operation_exceptions.get(operation, {})}
        return StructureCodec(properties, shape, exceptions, self.prefixes)

    @functools.cached_property
    def replacing(self) -> frozenset[str]:
        """The inputs whose change makes a new resource."""
        inputs = frozenset(self.schema.inputs.properties)
        # A new prefix is a new name, whatever the update's request carries.
        always = (frozenset({"region"}) | ({self.autoname.prefix_property} if self.autoname else set())) & inputs
        if self.replaced_by is not None:
            return self.replaced_by | always
        if self.update == self.create:
            return (frozenset(self.identity) & inputs) | always
        changeable = frozenset({"tags", "timeouts"}) | self.unsent | self.steering | self.sent_later
        return (inputs - self.refused.keys() - (changeable - frozenset(self.identity))) | always

    @functools.cached_property
    def sent_later(self) -> frozenset[str]:
        """The inputs that the updating request carries."""
        return frozenset() if self.update is None else frozenset(self.codec(self.update).fields)

    @functools.cached_property
    def left_out(self) -> frozenset[str]:
        """The inputs that no request carries by the rules."""
        prefix = frozenset() if self.autoname is None else frozenset({self.autoname.prefix_property})
        return PLUMBING | self.unsent | self.steering | self.refused.keys() | prefix

    # ---- requests ----

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """An operation's request from properties.

        The creating request takes every input, and refuses one that it has no member for. Others take what they have
        members for; those that read and delete take the identity alone.
        """
        trace = Trace() if trace is None else trace
        codec = self.codec(operation)
        given = {name: value for name, value in properties.items() if name not in self.left_out and name[:2] != "__"}
        if operation != self.create:
            wanted = frozenset(self.identity) if operation in {self.read, self.delete} else frozenset(codec.fields)
            given = {name: value for name, value in given.items() if name in wanted and name in codec.fields}
        else:
            only_later = self.sent_later - frozenset(codec.fields)
            given = {name: value for name, value in given.items() if name not in only_later}
        body: dict[str, Any] = codec.encode(given, Place(), trace)
        return {**self.constants.get(operation, {}), **body}

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """The creating request, with the effective tags."""
        request = self.request(self.create, inputs, trace)
        if self.tagging is not None and self.tagging.create and tags:
            member = self.tagging.create
            request[member] = self.tagging.encoded(self.service, self.create, member, tags, trace)
        return request

    def violations(self, inputs: Mapping[str, Any], tags: Mapping[str, Any]) -> list[Violation]:
        """What AWS would refuse of these inputs; unknown values are passed over."""
        trace = Trace()
        request = self.create_request(inputs, tags, trace)
        found = [*trace.violations, *self.broken(self.create, request, trace)]
        if self.update not in {None, self.create}:
            trace = Trace()
            chosen_by_aws = {name: UNKNOWN for name in self.identity if name not in inputs}
            found += self.broken(self.update, self.request(self.update, {**chosen_by_aws, **inputs}, trace), trace)
        return list(dict.fromkeys([*found, *self.extra_violations(inputs)]))

    def broken(self, operation: str, request: Mapping[str, Any], trace: Trace) -> list[Violation]:
        """What a request breaks of the service model, told at the properties that it came from."""
        shape: Any = MODELS.operation(self.service, operation).input_shape
        return violations_of(request, shape, trace.sources)

    # ---- life ----

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the resource; answers the properties by which it is read from then on."""
        trace = Trace()
        request = self.create_request(inputs, tags, trace)
        if trace.violations:
            raise InvalidInputsError(self.token, trace.violations)
        response = session.call_once_propagated(self.service, self.create, request)
        return {**inputs, **self.from_create_response(response)}

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Sends what the creating request does not carry; once more does no harm."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """Properties that only the creating response tells, such as an id that AWS chose."""
        return {}

    def settle(self, session: AccountSession, wanted: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Waits until a made or changed resource is as wanted; most are at once."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """What AWS says of the resource, without tags; None when it is gone."""
        response = self.call_unless_gone(session, self.read, self.request(self.read, known))
        found = None if response is None else self.pick(response, known)
        if found is None:
            return None
        identity = {name: known[name] for name in self.identity if name in known}
        decoded: dict[str, Any] = {**identity, **self.live_codec.decode(found)}
        return self.completed(session, decoded, found)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """What AWS said, with what the type adds: answers of further requests, ARNs that no response tells."""
        return live

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The resource in the read operation's response; None when it is not there."""
        found: Any = response
        for step in self.found:
            missing = len(found) <= step if isinstance(step, int) else step not in found
            if missing:
                return None
            found = found[step]
        return dict(found)

    def live_tags(self, session: AccountSession, live: Mapping[str, Any]) -> dict[str, str]:
        """The tags that AWS holds."""
        if self.tagging is None:
            return {}
        return self.tagging.read(session, self.service, live)

    def change(
        self,
        session: AccountSession,
        known: Mapping[str, Any],
        inputs: Mapping[str, Any],
        changed: frozenset[str],
    ) -> None:
        """Applies changed inputs in place; `known` are the outputs in the state, `changed` has no tags."""
        if self.update is None:
            raise MappingError(f"{self.token} has no update, and yet {sorted(changed)} are to change in place")
        properties = {**{name: known[name] for name in self.identity if name in known}, **inputs}
        session.call_once_propagated(self.service, self.update, self.request(self.update, properties))

    def change_tags(
        self, session: AccountSession, known: Mapping[str, Any], old: Mapping[str, str], new: Mapping[str, str]
    ) -> None:
        """Makes the tags what they should be."""
        if self.tagging is not None:
            self.tagging.change(session, self.service, known, old, new)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the resource; what is gone already is fine."""
        self.call_unless_gone(session, self.delete, self.request(self.delete, known))

    def call_unless_gone(
        self, session: AccountSession, operation: str, request: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """AWS's response; None where AWS says that there is no such resource."""
        try:
            return session.call(self.service, operation, request)
        except AwsRefusedError as refused:
            if not self.is_gone(refused):
                raise
            return None

    def is_gone(self, refused: AwsRefusedError) -> bool:
        """Whether an error says that there is no such resource."""
        return bool(GONE_CODE.search(refused.code)) or (
            refused.code in {"ValidationException", "ValidationError", "400"}
            and bool(GONE_MESSAGE.search(refused.message))
        )

    # ---- ids ----

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """The resource's id from its outputs."""
        return self.id_format.format_map(outputs)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The identity that an id tells: what an import starts from.

        Raises:
            InvalidInputsError: the id is not of this type's form.
        """
        pattern = re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(self.id_format))
        match = re.fullmatch(pattern, resource_id)
        if match is None:
            violation = Violation("id", f"{resource_id!r} is not of the form {self.id_format}")
            raise InvalidInputsError(self.token, [violation])
        return dict(match.groupdict())

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """What this type refuses beyond the service model."""
        return [Violation(name, reason) for name, reason in self.refused.items() if name in inputs]

    @property
    def structure(self) -> Structure:
        """The inputs, as a structure."""
        return self.schema.inputs
