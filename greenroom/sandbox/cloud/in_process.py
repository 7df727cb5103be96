"""The local AWS inside a test's process.

It answers at its URL, as any does; who is in the same process finds its application by that URL (`application_at`).
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.sandbox.cloud.address import CloudAddress

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.application import LocalAwsApplication
    from greenroom.sandbox.cloud.clock import TimeSource
    from greenroom.sandbox.cloud.stage import TransitionTimes

_applications: dict[str, LocalAwsApplication] = {}


def application_at(url: str) -> LocalAwsApplication | None:
    """The application that answers at a URL, while it runs in this process."""
    return _applications.get(url)


@contextmanager
def in_process_cloud(
    home: Path | None = None,
    *,
    default_account_id: str = "123456789012",
    load_models: bool = True,
    times: TransitionTimes | None = None,
    time_source: TimeSource | None = None,
) -> Iterator[CloudAddress]:
    """Run the whole local AWS in this process, on a free loopback port, until the block ends.

    Its state starts empty and is forgotten at the end; with `home` it is recorded under `home/cloud`, and a later
    cloud in the same home goes on from it.

    Args:
        home: Where to keep the state; a temporary folder and no record by default.
        default_account_id: The account of whoever signs with another access key id than an account's number.
        load_models: Whether endpoints fetch their model data, start containers and answer. Without, they come into
            service at once whatever their model, and InvokeEndpoint is refused.
        times: How long endpoints are Creating, Updating, …; 0.2 seconds each by default.
        time_source: The clock of states and time stamps, such as `ManualTime`; the machine's by default.

    Yields:
        Where it answers.
    """
    from greenroom.sandbox.cloud.served_cloud import ServedCloud

    with tempfile.TemporaryDirectory(prefix="greenroom-cloud-") as temporary:
        folder = Path(temporary) if home is None else home / "cloud"
        cloud = ServedCloud(
            folder,
            is_kept=home is not None,
            default_account_id=default_account_id,
            times=times,
            time_source=time_source,
            load_models=load_models,
        )
        try:
            cloud.start()
            cloud.restore()
            _applications[cloud.url] = cloud.application
            yield CloudAddress(cloud.url, os.getpid(), default_account_id)
        finally:
            _applications.pop(cloud.url, None)
            cloud.stop()
