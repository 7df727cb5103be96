"""What was measured of a release, and is part of it: the load test and the optimisation's table.

Both are measured deliberately and kept beside the model (`load_test.json`, `optimisation.json`), as an image is
resolved once and locked: packaging reads them, so that the same folder has the same digest on any machine, and refuses
one that was measured of other files.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class LoadTest(_Part):
    """How many requests a second an instance holds."""

    schema_version: Literal[1] = 1
    content_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of what was measured: SHA-256 over the served files' paths and digests (`model/…`)."""
    requests_per_second: float = Field(gt=0)
    """The most that was held with p99 within `p99_ms_wanted`, errors at zero."""
    p50_ms: float = Field(ge=0)
    """Median latency at that rate, in milliseconds."""
    p99_ms: float = Field(ge=0)
    """99th percentile of latency at that rate, in milliseconds."""
    p99_ms_wanted: float = Field(gt=0)
    """The latency that was to be held."""
    concurrency: int = Field(ge=1)
    """How many requests were in flight at that rate."""
    vcpus: int = Field(ge=1)
    """Processors of the machine it was measured on: a figure of another machine is an estimate."""
    machine: str
    """The processor it was measured on, as the system names it."""

    @property
    def invocations_per_instance_per_minute(self) -> float:
        """The load that scaling may hold on an instance."""
        return self.requests_per_second * 60


class OptimisationStep(_Part):
    """One step of an optimisation, measured before and after."""

    step: str
    """`original`, `onnx`, `simplify`, `fp16`, `int8_dynamic`, `int8_static`, `graph`, …"""
    file: str
    """The file it made, relative to the model's folder."""
    size_bytes: int = Field(ge=0)
    p50_ms: float = Field(ge=0)
    p99_ms: float = Field(ge=0)
    rows_per_second: float = Field(ge=0)
    max_abs_difference: float = Field(ge=0)
    """The largest difference of any output to the original's, on the sample rows."""
    tolerance: float = Field(ge=0)
    """What the difference may be at most."""


class Optimisation(_Part):
    """How the served model was made of the trained one."""

    schema_version: Literal[1] = 1
    source_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the file that it began with."""
    result_sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """Of the file that is served."""
    tools: dict[str, str]
    """Name to version of what converted: `skl2onnx`, `onnxruntime`, …"""
    vcpus: int = Field(ge=1)
    machine: str
    steps: tuple[OptimisationStep, ...] = Field(min_length=1)
    """In order; the first is the original."""
