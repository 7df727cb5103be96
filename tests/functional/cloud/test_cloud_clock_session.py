"""The sandbox's session reads and moves the local AWS's time, and the waits of its rollouts."""

from __future__ import annotations

import pytest

from greenroom.sandbox.clock import ClockReading
from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from greenroom.sandbox.rollouts import WAIT_FACTORS, rollout_waits
from greenroom.sandbox.session import Sandbox


def project(folder):
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    return folder


@pytest.mark.slow  # a cloud
def test_a_rehearsal_skips_time(tmp_path):
    with in_process_cloud(time_source=ManualTime(1_750_000_000.0), load_models=False) as address:
        sandbox = Sandbox(project(tmp_path), cloud_url=address.url)
        assert sandbox.clock() == ClockReading("2025-06-15T15:06:40+00:00", 0.0, None)
        assert sandbox.clock(advance_seconds=600) == ClockReading("2025-06-15T15:16:40+00:00", 600.0, None)
        assert rollout_waits(address.url) == WAIT_FACTORS["skipped"]
        assert rollout_waits(address.url, wait_factor=WAIT_FACTORS["documented"]) == 1.0
