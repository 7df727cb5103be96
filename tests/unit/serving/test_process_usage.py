"""What a serving process uses of this machine."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from model_packaging.serving.usage import Usage, usage_of, utilization

needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="there is no /proc here")


@needs_proc
def test_a_process_is_measured_and_one_that_is_gone_is_not():
    usage = usage_of(os.getpid())
    assert usage is not None
    assert usage.age_seconds > 0
    assert usage.cpu_seconds > 0
    assert usage.resident_bytes > 1_000_000
    assert usage_of(2**22 + 1) is None


@pytest.mark.parametrize(("before", "cpu_percent"), [(None, 25.0), (Usage(10.0, 1.0, 0), 150.0)])
def test_the_processors_count_a_hundred_each_since_the_last_sample(tmp_path, before, cpu_percent):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html#cloudwatch-metrics-jobs ."""
    (tmp_path / "weights").write_bytes(b"x" * 1000)
    measured = utilization(
        before, Usage(age_seconds=16.0 if before is None else 12.0, cpu_seconds=4.0, resident_bytes=1), tmp_path
    )
    assert measured.cpu_percent == cpu_percent
    assert 0 < measured.disk_percent < 100
    assert 0 < measured.memory_percent < 100
