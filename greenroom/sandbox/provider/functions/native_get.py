"""aws-native's `getX`: the outputs of the resource of type `X` that has a given identity."""

from __future__ import annotations

import functools
import string
from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import FailedResourceError, InvalidInputsError, Violation
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tags_property import tags_value
from greenroom.sandbox.provider.types import resource_types


@functools.lru_cache(maxsize=1)
def tokens() -> Mapping[str, ResourceType]:
    """`aws-native:sagemaker:getEndpoint` → the type `aws-native:sagemaker:Endpoint`, and so on."""
    found = {}
    for token, kind in resource_types().items():
        package, module, name = token.rsplit(":", maxsplit=2)[-3:]
        if package == "aws-native":
            found[f"{package}:{module}:get{name}"] = kind
    return found


def get_resource(session: AccountSession, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The resource's outputs.

    Raises:
        FailedResourceError: there is none.
    """
    kind = tokens()[token]
    wanted = [name for name in _id_properties(kind) if name in arguments] or list(arguments)[:1]
    parts = [arguments[name] for name in wanted if isinstance(arguments[name], str)]
    if not parts:
        raise InvalidInputsError(token, [Violation("", "the resource's identifier is missing")])
    identifier = "|".join(parts)
    live = kind.live(session, kind.from_id(identifier, session))
    if live is None:
        raise FailedResourceError(f"{token}: resource not found: AWS knows no {identifier}")
    if kind.tagging is not None:
        live = {**live, "tags": tags_value(kind, kind.live_tags(session, live))}
    return {name: value for name, value in live.items() if not name.startswith("__")}


def _id_properties(kind: ResourceType) -> list[str]:
    """The properties of the primary identifier, in its order."""
    return [name for _, name, _, _ in string.Formatter().parse(kind.id_format) if name]
