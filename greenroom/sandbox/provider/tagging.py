"""Tags: given with the request that creates, and changed by requests of their own.

Services agree on the idea and on no name, so each has a row. `default_tags` of the provider are part of a resource's
effective tags (its output `tagsAll`), and a tag of the resource's own wins over a default one.
https://www.pulumi.com/registry/packages/aws/api-docs/provider/#defaulttags
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import build
from greenroom.sandbox.provider.errors import MappingError
from greenroom.sandbox.provider.property_types import MapOf, Scalar
from greenroom.sandbox.provider.scalar_codec import Codec, Place, Trace

SYSTEM_PREFIX = "aws:"


@dataclass(frozen=True)
class Tagging:
    """How a service tags.

    Attributes:
        subject: the member that names the tagged resource in the three requests, and the output that holds its value.
        tag, untag, list_: the operations.
        tags: the member that holds tags in `tag`'s request, `keys`: the one that holds keys in `untag`'s.
        listed: the member that holds tags in `list_`'s response.
        create: the member that holds tags in the request that creates.
        constants: members that all three requests carry.
    """

    subject: tuple[str, str]
    tag: str
    untag: str
    list_: str
    tags: str = "Tags"
    keys: str = "TagKeys"
    listed: str = "Tags"
    create: str = "Tags"
    constants: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_resources(cls, member: str, output: str = "arn", **others: Any) -> Self:
        """The row that most services share: three operations on resources by ARN; members all begin as `member` does.

        Args:
            member: the member that holds the ARN, which services spell `ResourceArn`, `ResourceARN` or `resourceArn`.
            output: the output that holds it.
            others: attributes that are the class's own.
        """
        lower = {"tags": "tags", "keys": "tagKeys", "listed": "tags", "create": "tags"}
        named: dict[str, Any] = lower if member[0].islower() else {}
        subject = (member, output)
        return cls(subject, "TagResource", "UntagResource", "ListTagsForResource", **named, **others)

    def encoded(self, service: str, operation: str, member: str, tags: Mapping[str, Any], trace: Trace) -> Any:
        """Tags as `operation` wants them in `member`."""
        codec = _codec(MODELS.operation(service, operation).input_shape, member)
        return codec.encode(dict(tags), Place("tags", f".{member}"), trace)

    def read(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, str]:
        """The tags that AWS holds, without those that AWS itself made."""
        member, output = self.subject
        response = session.call(service, self.list_, {**self.constants, member: outputs[output]})
        codec = _codec(MODELS.operation(service, self.list_).output_shape, self.listed)
        tags: dict[str, str] = codec.decode(response.get(self.listed, {}))
        return {key: value for key, value in tags.items() if not key.startswith(SYSTEM_PREFIX)}

    def change(
        self,
        session: AccountSession,
        service: str,
        outputs: Mapping[str, Any],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> None:
        """Takes away the tags that are gone, and sets those that are new or other."""
        member, output = self.subject
        removed = [key for key in old if key not in new]
        changed = {key: value for key, value in new.items() if old.get(key) != value}
        if removed:
            session.call(service, self.untag, {**self.constants, member: outputs[output], self.keys: removed})
        if changed:
            tags = self.encoded(service, self.tag, self.tags, changed, Trace())
            session.call(service, self.tag, {**self.constants, member: outputs[output], self.tags: tags})


def _codec(shape: Any, member: str) -> Codec:
    codec = build(MapOf(Scalar(str)), shape.members[member], {}, "tags")
    if codec is None:
        raise MappingError(f"{shape.name}.{member} holds no tags")
    return codec
