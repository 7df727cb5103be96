"""While the state is restored nobody outside hears of it: what moto sends over HTTP was sent the first time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class _SendsNothing:
    """In the place of the `requests` module."""

    def post(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is sent."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is sent."""


@contextmanager
def silenced() -> Iterator[None]:
    """Within the block SNS topics and EventBridge API destinations call no URL."""
    import moto.events.models
    import moto.sns.models

    modules = (moto.events.models, moto.sns.models)
    before = [module.requests for module in modules]
    for module in modules:
        module.requests = _SendsNothing()
    try:
        yield
    finally:
        for module, requests in zip(modules, before, strict=True):
            module.requests = requests
