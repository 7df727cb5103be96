"""What a contract check finds out: one `Check` a promise, and all of them in a `ContractReport`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from model_packaging.errors import PackagingFailure

CONTAINER_PAGE = "https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html"
"""How SageMaker runs a container, asks it and ends it."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Check(_Part):
    """One promise of the contract, and whether it was kept."""

    name: str
    """`ping`, `sample rows.csv`, `malformed text/csv: empty`, …"""
    status: Literal["passed", "failed", "skipped"]
    """`skipped` where the release gives nothing to ask with; `seen` says why."""
    asked: str
    """What was done to the container."""
    seen: str
    """What came of it."""
    limit: str
    """What must come of it."""
    source: str
    """The page that says so."""
    seconds: float = Field(ge=0)
    """How long the check took."""

    def __str__(self) -> str:
        """`name: seen; must be: limit`."""
        return f"{self.name}: {self.seen}; must be: {self.limit}"


class ContractReport(_Part):
    """Every check of one release on one machine: `evidence/contract.json`."""

    schema_version: Literal[1] = 1
    release: str
    """The release's digest."""
    checks: tuple[Check, ...]
    """In the order they were made."""
    startup_seconds: float | None
    """From the start to the first 200 of `GET /ping`; None where there was none."""
    peak_memory_mib: float | None
    """The most memory of the container and all it started, with as many workers as `workers`; None where the system
    does not tell."""
    memory_limit_mib: int | None
    """The memory of the instance it is to run on; None where nobody said."""
    workers: int = Field(ge=1)
    """How many workers AWS's container starts on that instance; memory is reckoned for all of them."""
    machine: str
    """The processor it was checked on, as the system names it."""

    @property
    def passed(self) -> bool:
        """Whether no check failed."""
        return not self.failures

    @property
    def failures(self) -> tuple[Check, ...]:
        """The checks that failed."""
        return tuple(check for check in self.checks if check.status == "failed")

    def to_json(self) -> bytes:
        """`contract.json`, for people."""
        return (self.model_dump_json(indent=2) + "\n").encode()


class ContractFailedError(PackagingFailure):
    """A release does not behave in its container as SageMaker needs it to."""

    def __init__(self, name: str, report: ContractReport, log: str) -> None:
        self.name, self.report, self.log = name, report, log
        failed = f"{len(report.failures)} of {len(report.checks)} checks failed"
        lines = [f"model {name!r} does not keep the contract of SageMaker's containers: {failed}"]
        lines += [f"  {check}\n    ({check.source})" for check in report.failures]
        if log:
            lines += ["  the container's log of the first of them:", *(f"    {line}" for line in log.splitlines())]
        super().__init__("\n".join(lines))
