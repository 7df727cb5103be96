"""`check_contract`: starts a release as SageMaker would, asks of it what SageMaker and its callers ask, and ends it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from model_packaging.contract.invocation_checks import (
    check_accept,
    check_concurrency,
    check_content_type,
    check_malformed,
    check_sample,
)
from model_packaging.contract.lifecycle_checks import check_end, check_memory, check_start
from model_packaging.contract.malformed import malformed_requests
from model_packaging.contract.memory_watch import MIB
from model_packaging.contract.model_folder import (
    MODEL_DATA_PAGE,
    READ_ONLY_PAGE,
    check_layout,
    check_unchanged,
    snapshot,
)
from model_packaging.contract.probe import Probe
from model_packaging.contract.report import Check, ContractFailedError, ContractReport
from model_packaging.contract.samples import SampleRequest
from model_packaging.machine import machine_name
from model_packaging.release import Release
from model_packaging.serving import ContainerSpec, release_container
from model_packaging.serving.container import INVOCATION_TIMEOUT_SECONDS, STARTUP_TIMEOUT_SECONDS
from model_packaging.serving.kinds import WORKERS, CannotStartError, worker_count

STOP_TIMEOUT_SECONDS = 30.0
"""SageMaker sends SIGTERM, and SIGKILL 30 seconds later.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html#your-algorithms-inference-code-run-image
"""

WORKERS_HERE = 2
"""No more workers than this are started to check with: the memory of more is reckoned."""


@dataclass(frozen=True)
class ServedRelease:
    """A release and where it lies: in a store, or staged."""

    folder: Path
    release: Release


def check_contract(
    served: ServedRelease,
    samples: Sequence[SampleRequest],
    *,
    startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS,
    memory_limit_mib: int | None = None,
    workers: int = 1,
    concurrency: int = 8,
    stop_timeout_seconds: float = STOP_TIMEOUT_SECONDS,
    invocation_timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS,
    narrate: Callable[[Check], None] | None = None,
) -> ContractReport:
    """Checks the container contract of a release; nothing of it is left running.

    Args:
        served: The release.
        samples: Requests that it must answer (`sample_requests`); without one only what needs none is checked.
        startup_timeout_seconds: What it has until `GET /ping` answers: SageMaker's own 8 minutes, or the variant's
            `ContainerStartupHealthCheckTimeoutInSeconds`.
        memory_limit_mib: The memory of the instance it is to run on; without it memory is measured and not judged.
        workers: How many workers AWS's container starts there, which is its vCPUs; the release's own
            `SAGEMAKER_MODEL_SERVER_WORKERS` comes first.
        concurrency: How many requests are sent at once.
        stop_timeout_seconds: What SIGTERM is given.
        invocation_timeout_seconds: What a request is given.
        narrate: Told of each check when it is made.

    Raises:
        ContractFailedError: a check failed; it has the report, and what the container's log says of the first of them.
    """
    spec = release_container(served.folder, served.release)
    in_aws = _workers_in_aws(spec, workers)
    here = min(in_aws, WORKERS_HERE)
    environment = spec.environment if in_aws == 1 else {**spec.environment, WORKERS: str(here)}
    with tempfile.TemporaryDirectory(prefix=f"greenroom-{served.release.name}-") as work_folder:
        probe = Probe(
            replace(spec, environment=environment),
            Path(work_folder),
            startup_timeout_seconds=startup_timeout_seconds,
            stop_timeout_seconds=stop_timeout_seconds,
            memory_limit_mib=memory_limit_mib,
            workers=in_aws,
            workers_here=here,
            invocation_timeout_seconds=invocation_timeout_seconds,
            narrate=narrate,
        )
        try:
            startup_seconds = _make_checks(probe, served, samples, concurrency)
        finally:
            probe.stop()
        report = ContractReport(
            release=served.release.digest,
            checks=tuple(probe.checks),
            startup_seconds=startup_seconds,
            peak_memory_mib=round(probe.peak_bytes / MIB, 1) if probe.peak_bytes else None,
            memory_limit_mib=memory_limit_mib,
            workers=in_aws,
            machine=machine_name(),
        )
        if not report.passed:
            raise ContractFailedError(served.release.name, report, probe.log_of_failure)
        return report


def _make_checks(
    probe: Probe, served: ServedRelease, samples: Sequence[SampleRequest], concurrency: int
) -> float | None:
    folder = served.folder / "model"
    probe.check(
        "model folder",
        lambda: check_layout(folder),
        asked="what /opt/ml/model would hold",
        limit="files and folders, nothing else",
        source=MODEL_DATA_PAGE,
    )
    before = snapshot(folder)
    startup_seconds = check_start(probe)
    if startup_seconds is None:
        return None
    answers = {sample: answer for sample in samples if (answer := check_sample(probe, sample)) is not None}
    check_accept(probe, samples)
    check_content_type(probe, samples)
    types = served.release.content_types or tuple(dict.fromkeys(sample.content_type for sample in samples))
    for request in malformed_requests(samples, types, served.release.signature):
        check_malformed(probe, request)
    check_concurrency(probe, answers, concurrency)
    check_memory(probe)
    check_end(probe, [sample for sample in samples if sample in answers])
    probe.check(
        "model folder unchanged",
        lambda: check_unchanged(folder, before),
        asked="whether the release's code writes to /opt/ml/model",
        limit="it does not",
        source=READ_ONLY_PAGE,
    )
    return startup_seconds


def _workers_in_aws(spec: ContainerSpec, workers: int) -> int:
    said = {WORKERS: str(workers)} | dict(spec.environment) | {"GREENROOM_IMAGE": spec.image}
    try:
        return worker_count(said)
    except CannotStartError:
        return 1  # the container itself says it, when it is started
