"""What can go wrong between a Pulumi program and the local AWS.

::

    ProviderError
    ├── UnsupportedTypeError      the program uses a resource type that has no row in our tables   (user)
    ├── UnsupportedFunctionError  … or an invoke                                                   (user)
    ├── ConfigurationError        a provider setting that we cannot honour, or a wrong account     (user)
    ├── InvalidInputsError        inputs that cannot become a request; every violation at once     (user)
    ├── AwsRefusedError           the local AWS said no: its code, its message, the operation      (AWS)
    ├── FailedResourceError       AWS took the request, and the resource then came out wrong       (AWS)
    ├── WaitTimeoutError          … or did not come out in time                                    (AWS)
    ├── ResourceInitFailedError   … so that it is there, and unfinished; told to the engine        (AWS)
    └── MappingError              an exception table names a member that botocore does not have    (our bug)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pulumi.provider.experimental.property_value import PropertyValue

REFERENCE_PAGE = "docs/reference/resource-types.md"


class ProviderError(Exception):
    """The root of what this package raises on purpose."""


class MappingError(ProviderError):
    """A table of ours contradicts the SDK or the service model."""


class UnsupportedTypeError(ProviderError):
    """A resource type that the local provider has no row for; `resource` is the logical name, where it is known."""

    def __init__(self, token: str, known: Iterable[str], resource: str = "") -> None:
        self.token = token
        self.known = tuple(sorted(known))
        self.resource = resource
        service = token.split(":")[1].split("/", maxsplit=1)[0]
        near = [other for other in self.known if other.split(":")[1].split("/", maxsplit=1)[0] == service]
        has = f"Of {service} it has {', '.join(near)}" if near else f"It has none of {service}"
        who = f"resource '{resource}': " if resource else ""
        super().__init__(
            f"{who}the sandbox has no resource type '{token}'. {has}; all that it has: {REFERENCE_PAGE}. "
            "Use one of those, or leave the resource out of the program where it runs in the sandbox."
        )


class UnsupportedFunctionError(ProviderError):
    """A function (invoke) that the local provider cannot answer."""

    def __init__(self, token: str, known: Iterable[str]) -> None:
        self.token = token
        self.known = tuple(sorted(known))
        super().__init__(f"the sandbox cannot answer the function '{token}'. It answers {', '.join(self.known)}.")


class ConfigurationError(ProviderError):
    """A provider setting is wrong; `property` is its path."""

    def __init__(self, property_path: str, reason: str) -> None:
        self.property = property_path
        self.reason = reason
        super().__init__(f"{property_path}: {reason}" if property_path else reason)


@dataclass(frozen=True)
class Violation:
    """One refused input: the property's path in Pulumi terms, and why, with the value and what is allowed."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


class InvalidInputsError(ProviderError):
    """A request that AWS would refuse, refused before it is sent."""

    def __init__(self, subject: str, violations: Iterable[Violation]) -> None:
        self.subject = subject
        self.violations = tuple(violations)
        super().__init__(f"{subject}: " + "; ".join(str(violation) for violation in self.violations))


class AwsRefusedError(ProviderError):
    """AWS answered a request with an error.

    Attributes: `operation` (CreateModel), `code` (ValidationException), `message` (AWS's own words).
    """

    def __init__(self, service: str, operation: str, code: str, message: str) -> None:
        self.service = service
        self.operation = operation
        self.code = code
        self.message = message
        super().__init__(f"{service} {operation} was refused with {code}: {message}")


class FailedResourceError(ProviderError):
    """AWS accepted the change, and the resource came out failed or not as asked."""


class WaitTimeoutError(ProviderError):
    """A resource did not settle within its bound."""


class ResourceInitFailedError(ProviderError):
    """A resource was made, and then failed, or could not be asked any more: it is there, and belongs into the state.

    The protocol's `ErrorResourceInitFailed`, for which the SDK has no class.
    https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto

    Attributes: `resource_id`, `properties` (its outputs, as far as they are known) and `reasons`.
    """

    def __init__(self, resource_id: str, properties: Mapping[str, PropertyValue], reasons: Sequence[str]) -> None:
        self.resource_id = resource_id
        self.properties = dict(properties)
        self.reasons = tuple(reasons)
        super().__init__("; ".join(reasons))
