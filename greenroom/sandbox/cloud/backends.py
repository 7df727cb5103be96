"""moto's backends of a service, over accounts and regions."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def every_backend(backends: Any) -> Iterator[Any]:
    """Each backend that was made so far, such as of `sagemaker_backends`; others may be made meanwhile."""
    for regions in list(backends.values()):
        yield from list(regions.values())
