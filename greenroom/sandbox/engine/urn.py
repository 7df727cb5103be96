"""URNs: the names by which Pulumi knows a resource.

``urn:pulumi:STACK::PROJECT::QUALIFIED_TYPE::NAME``, where the qualified type is the chain of the parents' types and
the resource's own, joined by ``$`` (the root stack's type is left out of it).
https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
"""

from __future__ import annotations

from greenroom.sandbox.engine.errors import RegistrationError

STACK_TYPE = "pulumi:pulumi:Stack"
PROVIDER_TYPE_PREFIX = "pulumi:providers:"
_PREFIX = "urn:pulumi:"


def make(stack: str, project: str, type_: str, name: str, parent: str = "") -> str:
    """The URN of a resource; `parent` is the parent's URN, or empty."""
    qualified = type_
    if parent and qualified_type(parent) != STACK_TYPE:
        qualified = f"{qualified_type(parent)}${type_}"
    return f"{_PREFIX}{stack}::{project}::{qualified}::{name}"


def is_urn(text: str) -> bool:
    """Whether a text has the form of a URN."""
    return text.startswith(_PREFIX) and len(text.split("::", 3)) == 4


def stack_of(urn: str) -> str:
    """The stack that the resource is of."""
    return _parts(urn)[0]


def _parts(urn: str) -> list[str]:
    parts = urn.removeprefix(_PREFIX).split("::", 3)
    if not is_urn(urn):
        raise RegistrationError(f"{urn!r} is not a URN", fix="a URN reads urn:pulumi:STACK::PROJECT::TYPE::NAME")
    return parts


def qualified_type(urn: str) -> str:
    """The chain of types, ``parent$child``."""
    return _parts(urn)[2]


def type_of(urn: str) -> str:
    """The resource's own type token."""
    return qualified_type(urn).rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's logical name."""
    return _parts(urn)[3]


def package_of(type_: str) -> str:
    """The package that manages a type: ``aws`` for ``aws:s3/bucket:Bucket`` and for ``pulumi:providers:aws``."""
    if is_provider_type(type_):
        return type_.removeprefix(PROVIDER_TYPE_PREFIX)
    return type_.split(":", 1)[0]


def is_provider_type(type_: str) -> bool:
    """Whether the type is that of a provider resource, default or explicit."""
    return type_.startswith(PROVIDER_TYPE_PREFIX)


def split_provider_reference(reference: str) -> tuple[str, str]:
    """A provider reference, ``URN::ID``, taken apart."""
    provider_urn, separator, id_ = reference.rpartition("::")
    if not separator:
        raise RegistrationError(f"{reference!r} is not a provider reference (URN::ID)")
    return provider_urn, id_
