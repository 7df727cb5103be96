"""Endpoints that answer for real: a local process stands where SageMaker's serving container stands.

An `EndpointHost` holds one `VariantContainer` a production variant, chooses one by weight for every
invocation, and measures what SageMaker measures. A container is a process of its own that serves the
container contract (`GET /ping`, `POST /invocations`) and runs the release's own inference code.
`capture` writes what went through in SageMaker's data-capture format. Nothing here knows AWS's API: the
local AWS decides when an endpoint is hosted, and where its model data lies.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from greenroom.sandbox.cloud.hosting.capture import DataCaptureConfig, DataCaptureObject
from greenroom.sandbox.cloud.hosting.endpoint_host import EndpointHost, HostedVariant, Invocation
from greenroom.sandbox.cloud.hosting.errors import (
    EndpointNotHostedError,
    HostingError,
    NoTrafficError,
    UnknownVariantError,
)

__all__ = [
    "DataCaptureConfig",
    "DataCaptureObject",
    "EndpointHost",
    "EndpointNotHostedError",
    "HostedVariant",
    "HostingError",
    "Invocation",
    "NoTrafficError",
    "UnknownVariantError",
]
