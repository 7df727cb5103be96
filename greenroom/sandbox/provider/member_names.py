"""Which member of a botocore shape a Pulumi property is: the rules that hold for nine properties in ten.

In this order: the same name but for case (`volumeSizeInGb` → `VolumeSizeInGB`), the other grammatical number
(`routingConfigs` → `RoutingConfig`), the type's name in front (`name` → `ModelName`), and both of these
(`name` → `AlarmNames`). What no rule finds stands in the exception tables of `types/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator


def numbers(name: str) -> Iterator[str]:
    """The name, its singulars, its plurals."""
    yield name
    if name.endswith("ies"):
        yield name[:-3] + "y"
    if name.endswith("es"):
        yield name[:-2]
    if name.endswith("s"):
        yield name[:-1]
    if name.endswith("y"):
        yield name[:-1] + "ies"
    yield name + "s"
    yield name + "es"


def find_member(property_name: str, members: Iterable[str], prefixes: tuple[str, ...] = ()) -> str | None:
    """The member that a property is, or None.

    Args:
        property_name: the property in camelCase.
        members: the shape's member names.
        prefixes: the names that AWS puts before a type's own members, e.g. (`EndpointConfig`,).
    """
    by_lower_case = {member.lower(): member for member in members}
    for prefix in ("", *prefixes):
        for candidate in numbers(prefix + property_name):
            member = by_lower_case.get(candidate.lower())
            if member is not None:
                return member
    return None
