"""What moto sends over HTTP to whoever subscribed: later, and not at all while the state is restored.

moto posts a topic's message while the request is under way, and so under the lock: a subscriber that is slow would
hold everybody up, and one that asks the local AWS something before it answers would wait for itself. A replay posts
nothing, since it was sent the first time.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

LOG = logging.getLogger("greenroom.sandbox.cloud")
TIMEOUT_SECONDS: Final = 15.0
"""How long a subscriber has: https://docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.prepare.html ."""


class _SendsLater:
    """In the place of the `requests` module: each request in a thread of its own."""

    def post(self, url: str, **more: Any) -> None:
        """Post, and tell the log alone of what fails."""
        self.request("POST", url, **more)

    def request(self, method: str, url: str, **more: Any) -> None:
        """Send, and tell the log alone of what fails."""
        threading.Thread(target=_send, args=(method, url, more), name="outbound", daemon=True).start()


class _SendsNothing:
    """In the place of the `requests` module."""

    def post(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is sent."""

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Nothing is sent."""


def _send(method: str, url: str, more: dict[str, Any]) -> None:
    import requests

    try:
        requests.request(method, url, timeout=TIMEOUT_SECONDS, **more).raise_for_status()
    except requests.RequestException as error:
        LOG.warning("%s could not be told: %s", url, error)


def _stand_in(sender: Any) -> list[Any]:
    import moto.events.models
    import moto.sns.models

    modules = (moto.events.models, moto.sns.models)
    before = [module.requests for module in modules]
    for module in modules:
        module.requests = sender
    return before


def install_in_moto() -> None:
    """Have SNS topics and EventBridge API destinations call their URLs outside the lock."""
    _stand_in(_SendsLater())


@contextmanager
def silenced() -> Iterator[None]:
    """Within the block they call no URL."""
    before, *_ = _stand_in(_SendsNothing())
    try:
        yield
    finally:
        _stand_in(before)
