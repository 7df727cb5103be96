"""Property values as the engine holds them: plain Python data, and what JSON has no word for.

A value is None, a bool, a float, a str, a list, a dict with string keys, or one of

- `UNKNOWN`: known only after an operation that a preview does not carry out;
- `Secret`: a value that is never shown, nor stored in the clear;
- `Reference`: another resource, passed as a value;
- an asset or archive: a dict that carries Pulumi's signature key, as in a deployment's JSON.

Every number is a float, as on Pulumi's wire. Values are treated as immutable: a change makes a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias

SIGNATURE_KEY: Final = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE: Final = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105  # Pulumi's mark of a secret, itself none
ASSET_SIGNATURE: Final = "c44067f5952c0a294b673a41bacd8c17"
ARCHIVE_SIGNATURE: Final = "0def7320c3a5731c473e5ecbe6d01bc7"
RESOURCE_SIGNATURE: Final = "5cf8f73096256a8f31e491e813e4eb8e"
OUTPUT_SIGNATURE: Final = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
REDACTED: Final = "[secret]"
UNKNOWN_STRING: Final = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"


class Unknown:
    """The type of `UNKNOWN`; there is one instance."""

    _instance: Any = None

    def __new__(cls) -> Self:
        """The one instance."""
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        instance: Self = cls._instance
        return instance

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that is never shown, nor stored in the clear. Its repr hides it, so that no traceback shows it."""

    value: Value

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True, slots=True)
class Reference:
    """A resource passed as a value. `id` is None for components, `UNKNOWN` before the resource exists."""

    urn: str
    id: Value = None
    package_version: str = ""


Value: TypeAlias = "bool | float | str | list[Any] | dict[str, Any] | Unknown | Secret | Reference | None"
PropertyMap: TypeAlias = "dict[str, Any]"


def contains(value: Value, test: Callable[[Value], bool]) -> bool:
    """Whether the test holds for the value or for any value in it."""
    if test(value):
        return True
    if isinstance(value, Secret):
        return contains(value.value, test)
    if isinstance(value, dict):
        return any(contains(item, test) for item in value.values())
    if isinstance(value, list):
        return any(contains(item, test) for item in value)
    return isinstance(value, Reference) and contains(value.id, test)


def has_unknown(value: Value) -> bool:
    """Whether any part of the value is unknown."""
    return contains(value, lambda item: item is UNKNOWN)


def has_secret(value: Value) -> bool:
    """Whether any part of the value is secret."""
    return contains(value, lambda item: isinstance(item, Secret))


def unwrap(value: Value) -> Value:
    """The value with every secret laid bare: for comparison and for providers that take none, never for display."""
    if isinstance(value, Secret):
        return unwrap(value.value)
    if isinstance(value, dict):
        return {key: unwrap(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unwrap(item) for item in value]
    return value


def redact(value: Value) -> Value:
    """The value for display: secrets read "[secret]"."""
    if isinstance(value, Secret):
        return REDACTED
    if isinstance(value, dict):
        return {key: redact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [redact(item) for item in value]
    return value


def equal(left: Value, right: Value) -> bool:
    """Deep equality that tells True from 1, as Pulumi's does."""
    if isinstance(left, bool) != isinstance(right, bool):
        return False
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(equal(item, right[key]) for key, item in left.items())
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(equal, left, right))
    if isinstance(left, Secret) and isinstance(right, Secret):
        return equal(left.value, right.value)
    return bool(left == right)


def blind(message: str, *values: Value) -> str:
    """A message in which nothing that is secret in the values can be read; texts of one or two letters are left."""
    for value in values:
        for text in sorted(_secret_texts(value, within=False), key=len, reverse=True):
            if len(text) > 2:
                message = message.replace(text, REDACTED)
    return message


def _secret_texts(value: Value, *, within: bool) -> set[str]:
    if isinstance(value, Secret):
        return _secret_texts(value.value, within=True)
    if isinstance(value, dict):
        return set().union(*(_secret_texts(item, within=within) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_secret_texts(item, within=within) for item in value))
    if within and isinstance(value, str | float) and not isinstance(value, bool):
        return {str(whole(value))}
    return set()


def secret_like(outputs: PropertyMap, inputs: Mapping[str, Any]) -> PropertyMap:
    """The outputs, where each one whose input of the same name is secret is secret too."""
    return {
        key: Secret(item) if isinstance(inputs.get(key), Secret) and not isinstance(item, Secret) else item
        for key, item in outputs.items()
    }


def plain(value: Value) -> Any:
    """The value as JSON-able data for display: secrets and unknowns by a word, whole numbers as int."""
    if isinstance(value, Secret):
        return REDACTED
    if value is UNKNOWN:
        return "[unknown]"
    if isinstance(value, Reference):
        return {"urn": value.urn, "id": plain(value.id)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return whole(value)


def whole(value: Any) -> Any:
    """A float that holds a whole number as an int; anything else as it is."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return int(value)
    return value
