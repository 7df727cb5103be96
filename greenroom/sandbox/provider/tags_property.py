"""The property `tags`: a map in `aws`, a list of `{key, value}` in `aws-native`; a map in between.

With the provider's default tags it makes the effective ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.values import Unknown


def tags_map(tags: Any) -> dict[str, Any]:
    """Tags in either form as a map; none for what is absent or not known yet."""
    match tags:
        case None | Unknown():
            return {}
        case Mapping():
            return dict(tags)
        case list():
            return {
                tag["key"]: tag["value"] for tag in tags if isinstance(tag, Mapping) and isinstance(tag.get("key"), str)
            }
        case _:
            return {}


def tags_value(kind: ResourceType, tags: Mapping[str, Any]) -> Any:
    """A map of tags in the form of the type's package."""
    if kind.package == "aws":
        return dict(tags)
    return [{"key": key, "value": value} for key, value in tags.items()]


def effective_tags(session: AccountSession, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The provider's default tags and the resource's own, which win."""
    return {**session.default_tags, **tags_map(inputs.get("tags"))}


def tags_of(kind: ResourceType, session: AccountSession, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """The effective tags of a resource; none for a type that has no tags."""
    return {} if kind.tagging is None else effective_tags(session, inputs)
