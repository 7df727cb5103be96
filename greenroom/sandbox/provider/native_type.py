"""What all types of aws-native have in common, for its real provider knows them from CloudFormation's schemas only.

Their ids are CloudFormation's primary identifiers, joined by `|` where there are several. Which inputs make a new
resource the SDK says itself (`replace_on_changes`), and a replacement deletes before it creates, always.
https://github.com/pulumi/pulumi-aws-native/blob/master/provider/pkg/provider/provider.go (Diff, Read, Create)
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import functools
import inspect
import re
import string
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError, InvalidInputsError, Violation
from greenroom.sandbox.provider.member_names import find_member
from greenroom.sandbox.provider.property_types import resource_class
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging

CREATE_ONLY = re.compile(r"replace_on_changes=\[([^\n]*)\]\)")
PROPERTY = re.compile(r'"(\w+)[^"]*"')


@functools.cache
def create_only(token: str) -> frozenset[str]:
    """The inputs of an aws-native type whose change replaces it, as its SDK module says in `replace_on_changes`."""
    source = inspect.getsource(sys.modules[resource_class(token).__module__])
    listed = CREATE_ONLY.search(source)
    return frozenset() if listed is None else frozenset(PROPERTY.findall(listed[1]))


@dataclass(frozen=True, kw_only=True)
class ArnTagging(Tagging):
    """Tags of a type whose ARN is no output, so that it is put together.

    Attributes:
        arn: the ARN's resource part, from outputs: `pipeline/{pipelineName}`.
    """

    arn: str

    def read(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, str]:
        """The tags of the ARN."""
        return super().read(session, service, self._with_arn(session, service, outputs))

    def change(
        self,
        session: AccountSession,
        service: str,
        outputs: Mapping[str, Any],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> None:
        """Changes the tags of the ARN."""
        super().change(session, service, self._with_arn(session, service, outputs), old, new)

    def _with_arn(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, Any]:
        return {**outputs, self.subject[1]: session.arn(service, self.arn.format_map(outputs))}


@dataclass(frozen=True, kw_only=True)
class NativeType(ResourceType):
    """A type of aws-native."""

    @functools.cached_property
    def replacing(self) -> frozenset[str]:
        """What the SDK names in `replace_on_changes`, where the table has nothing to add."""
        return (self.replaced_by or frozenset()) | (create_only(self.token) - self.refused.keys())

    @property
    def id_properties(self) -> tuple[str, ...]:
        """The properties of the primary identifier, in its order."""
        return tuple(name for _, name, _, _ in string.Formatter().parse(self.id_format) if name)

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """What the response tells of the primary identifier, so that what is made is never lost."""
        told = {}
        for name in self.id_properties:
            exception = self.exceptions.get(name)
            member = exception if exception in response else find_member(name, response, self.prefixes)
            if member is not None:
                told[name] = response[member]
        return told

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With CloudFormation's `Id`, which the SDK calls `awsId`: the primary identifier, where it is no other."""
        return {"awsId": self.id_of(live), **live} if "awsId" in self.schema.outputs else live

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The identity from the primary identifier; from an ARN where AWS asks for the name at its end."""
        parts = resource_id.split("|")
        if len(parts) != len(self.id_properties):
            violation = Violation("id", f"{resource_id!r} is not of the form {self.id_format}")
            raise InvalidInputsError(self.token, [violation])
        known = dict(zip(self.id_properties, parts, strict=True))
        if not set(self.identity) <= known.keys():
            known[self.identity[0]] = re.split("[/:]", parts[0])[-1]
        return known

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Sends the updating request.

        Raises:
            FailedResourceError: CloudFormation's schema lets an input change that no request can change.
        """
        fixed = changed - self.sent_later
        if fixed:
            raise FailedResourceError(
                f"{self.token}: AWS has no request that changes {', '.join(sorted(fixed))} of a resource that stands. "
                "Give the option replace_on_changes for it, or put the old value back."
            )
        super().change(session, known, inputs, changed)
