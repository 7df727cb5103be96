"""A release's container: its `model/` folder is `/opt/ml/model`, its environment and image are the container's."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from model_packaging.serving.container import STARTUP_TIMEOUT_SECONDS, ContainerSpec, VariantContainer
from model_packaging.serving.kinds import WORKERS

if TYPE_CHECKING:
    from model_packaging.release import Release


def release_container(folder: Path, release: Release, *, workers: int | None = None) -> ContainerSpec:
    """The container that SageMaker's CreateModel would be told of.

    Args:
        folder: The release's folder, in a store or where it is staged.
        release: Its manifest.
        workers: How many processes answer, where the release's environment says nothing; one without it.
    """
    image = release.serving_image
    uri = min(image.uris.values(), default=f"{image.framework}:{image.version}")
    said = {} if workers is None else {WORKERS: str(workers)}
    return ContainerSpec(release.name, uri, said | release.environment, folder / "model")


def start_release(
    folder: Path,
    release: Release,
    work_folder: Path | None = None,
    *,
    workers: int | None = None,
    startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS,
) -> VariantContainer:
    """Starts a release as SageMaker would, and waits until `GET /ping` answers 200. End it with `stop`.

    Args:
        folder: The release's folder, in a store or where it is staged.
        release: Its manifest.
        work_folder: Gets the log, and is the process's working and home folder; without it a temporary one, which is
            gone when the container is stopped.
        workers: How many processes answer, where the release's environment says nothing; one without it.
        startup_timeout_seconds: SageMaker's `ContainerStartupHealthCheckTimeoutInSeconds`.

    Raises:
        ContainerStartError: the process ended, or was not ready in time; it is gone then.
    """
    spec = release_container(folder, release, workers=workers)
    if work_folder is not None:
        return VariantContainer.start(spec, work_folder, startup_timeout_seconds=startup_timeout_seconds)
    temporary = tempfile.TemporaryDirectory(prefix=f"greenroom-{release.name}-")
    try:
        container = VariantContainer.start(spec, Path(temporary.name), startup_timeout_seconds=startup_timeout_seconds)
    except BaseException:
        temporary.cleanup()
        raise
    container.temporary_folder = temporary
    return container
