"""The releases an environment pins, as `greenroom package` left them on this machine."""

import os
from pathlib import Path

from components.aws.model_monitor import DriftBaseline
from components.specs.project import ARTIFACTS_STACK, Project
from components.specs.resolved import ResolvedModel, resolve
from model_packaging.release import Release
from model_packaging.store import ReleaseStore

BASELINE_FILES = ("baseline/statistics.json", "baseline/constraints.json")


def release_store(root: Path) -> ReleaseStore:
    """The releases under `GREENROOM_HOME`, or where that is not set under `.greenroom` in the project's folder."""
    home = os.environ.get("GREENROOM_HOME")
    return ReleaseStore((root / ".greenroom" if home is None else Path(home)) / "releases")


def resolved_models(project: Project, stack: str, store: ReleaseStore) -> tuple[ResolvedModel, ...]:
    """The models that `stack` deploys, each with its spec, its environment and its releases joined.

    Raises:
        SpecError: A spec, its environment and its release do not fit one another.
        PackagingError: A pinned release is not in `store`, or is not what its digest says.
    """
    if stack == ARTIFACTS_STACK:
        return ()
    environment = project.environment_of(stack)
    resolved = []
    for name in project.models_of(stack):
        pin = environment.releases[name]
        resolved.append(
            resolve(
                project.effective[environment.name, name],
                environment,
                store.load(name, pin.digest),
                tuple(store.load(name, digest) for digest in pin.previous),
                project.artifacts,
            )
        )
    return tuple(resolved)


def drift_baseline(release: Release, store: ReleaseStore) -> DriftBaseline | None:
    """The features that the release's baseline describes; `None`: it was packaged without one."""
    if not release.has_baseline:
        return None
    folder = store.folder(release.name, release.digest)
    statistics, constraints = ((folder / path).read_text(encoding="utf-8") for path in BASELINE_FILES)
    return DriftBaseline.parse(statistics, constraints)
