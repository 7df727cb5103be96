"""What can go wrong between an invocation and the process that answers it.

```
HostingError
├── EndpointNotHostedError   no such endpoint is being served
├── UnknownVariantError      the endpoint has no variant of that name
└── NoTrafficError           every variant has weight 0 and none was asked for by name
```
A container that does not come up is `model_packaging.serving.ContainerStartError`. An error inside a request is none of
these: it is the container's answer, with its 4XX or 5XX status.
"""

from __future__ import annotations


class HostingError(Exception):
    """The one base of this package's errors."""


class EndpointNotHostedError(HostingError):
    """No endpoint of this name is being served."""

    def __init__(self, endpoint_name: str, known: tuple[str, ...]) -> None:
        self.endpoint_name, self.known = endpoint_name, known
        super().__init__(f"endpoint {endpoint_name!r} is not being served; served: {', '.join(known) or 'none'}")


class UnknownVariantError(HostingError):
    """The endpoint has no production variant of this name."""

    def __init__(self, endpoint_name: str, variant: str, known: tuple[str, ...]) -> None:
        self.endpoint_name, self.variant, self.known = endpoint_name, variant, known
        super().__init__(f"endpoint {endpoint_name!r} has no variant {variant!r}; it has: {', '.join(known)}")


class NoTrafficError(HostingError):
    """Every variant has weight 0, so that an invocation that names none has nowhere to go."""

    def __init__(self, endpoint_name: str, known: tuple[str, ...]) -> None:
        self.endpoint_name, self.known = endpoint_name, known
        super().__init__(
            f"every variant of endpoint {endpoint_name!r} has weight 0; "
            f"name a target variant ({', '.join(known)}) or give one of them a weight"
        )
