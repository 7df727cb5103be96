"""The serving container, as a process on this machine: what SageMaker would run, minus the image.

`server` is the process: it serves the container contract (`GET /ping`, `POST /invocations`) with the release's own
inference code, called as AWS's framework containers call it (`handlers`, `codecs`). `VariantContainer` starts it, talks
to it and ends it. The contract check of packaging, `greenroom serve` and the endpoints of the local AWS all run it.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
"""

from model_packaging.serving.container import ContainerResponse, ContainerSpec, VariantContainer
from model_packaging.serving.errors import ContainerStartError
from model_packaging.serving.release_container import release_container, start_release

__all__ = [
    "ContainerResponse",
    "ContainerSpec",
    "ContainerStartError",
    "VariantContainer",
    "release_container",
    "start_release",
]
