"""The instance metrics of an endpoint's variants: what their serving processes use, once a minute at most."""

from __future__ import annotations

import threading

from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.fleets import Fleets
from greenroom.sandbox.cloud.stage import Fleet
from model_packaging.serving.usage import Usage, Utilization, usage_of, utilization

PERIOD_SECONDS = 60.0
"""Metrics are available at a 1-minute frequency."""


class InstanceUsage:
    """What each variant's process had used when it was last looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, tuple[float, int, Usage]] = {}

    def sample(self, fleets: Fleets, fleet: Fleet, variant_name: str) -> Utilization | None:
        """What a variant's first container uses; None within a minute of the last sample, or where nothing runs."""
        name, path = fleet.variant(variant_name).hosted_name(0), fleet.key.path
        key, now_seconds = f"{path}/{name}", CLOCK.time()
        with self._lock:
            last = self._last.get(key)
            if last is not None and now_seconds - last[0] < PERIOD_SECONDS:
                return None
            pid = fleets.host.process_id(path, name)
            usage = None if pid is None else usage_of(pid)
            if pid is None or usage is None:
                return None
            self._last[key] = (now_seconds, pid, usage)
        before = last[2] if last is not None and last[1] == pid else None
        return utilization(before, usage, fleets.model_folder(fleet.key, name))
