"""The SDK's `PropertyValue` without its checks, for values that are of the right kind already.

Its constructor looks at every value and at every part of it, at each level anew; a property passes it a dozen times on
its way from the program to the provider and back. What is made here is equal to what the constructor makes.
https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/provider/experimental/property_value.py
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, Final

from pulumi.provider.experimental.property_value import PropertyValue

#: What `PropertyValue.value` is, exactly, in values that the SDK or this module made, and no class of its own.
SCALARS: Final = frozenset({str, float, bool, type(None)})
_NONE: Final[frozenset[str]] = frozenset()


def scalar(value: str | float | bool | None) -> PropertyValue:
    """A text, a float, a bool or null."""
    return _made(value)


def mapping(value: dict[str, PropertyValue]) -> PropertyValue:
    """A map of property values; the dict is not copied."""
    return _made(MappingProxyType(value))


def sequence(value: list[PropertyValue]) -> PropertyValue:
    """A list of property values."""
    return _made(tuple(value))


def _made(value: Any) -> PropertyValue:
    made = object.__new__(PropertyValue)
    made.__dict__.update(value=value, is_secret=False, dependencies=_NONE)
    return made
