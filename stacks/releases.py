"""The releases an environment pins, as `greenroom package` left them on this machine."""

import os
from collections.abc import Collection
from pathlib import Path

from components.aws.model_monitor import DriftBaseline
from components.aws.role_policy_quota import role_policy_rules
from components.specs.environment import Environment
from components.specs.project import ARTIFACTS_STACK, Project
from components.specs.reading import violation_of
from components.specs.resolved import ResolvedModel, resolve
from components.specs.violations import SpecError
from model_packaging.errors import PackagingError
from model_packaging.release import Release
from model_packaging.store import ReleaseStore
from model_packaging.trust.keys import KmsClient
from model_packaging.trust.policy import TrustedKeys
from model_packaging.trust.signing import verify_release

BASELINE_FILES = ("baseline/statistics.json", "baseline/constraints.json")


def release_store(root: Path) -> ReleaseStore:
    """The releases under `GREENROOM_HOME`, or where that is not set, or empty, under the project's `.greenroom`."""
    home = os.environ.get("GREENROOM_HOME")
    return ReleaseStore((Path(home) if home else root / ".greenroom") / "releases")


class UndeployableError(Exception):
    """Pinned releases that are not there, or do not fit where they are pinned: all of a stack, a line each."""


def resolved_models(
    project: Project, stack: str, store: ReleaseStore, selected: Collection[str] | None = None, *, root: Path
) -> tuple[ResolvedModel, ...]:
    """The models that `stack` deploys, each with its spec, its environment and its releases joined.

    Of a selection, those alone. `root` is the project's folder, where keys that sign releases lie.

    Raises:
        UndeployableError: a pinned release is not in `store`, is not what its digest says, is signed by no key that the
            environment trusts, or does not fit its spec and its environment.
    """
    if stack == ARTIFACTS_STACK:
        return ()
    environment = project.environment_of(stack)
    keys = TrustedKeys(environment.releases_signed_by, root, lambda: _kms(environment))
    resolved, problems = [], []
    for name in project.models_of(stack):
        if selected is not None and name not in selected:
            continue
        try:
            model = _resolved(project, environment, name, store)
            resolved.append(model)
            if environment.releases_signed_by:
                for release in model.releases:
                    verify_release(store, release, keys, files=False)
        except (SpecError, PackagingError) as error:
            pin = f"environments/{environment.name}.yaml: releases.{name}"
            problems += [f"{pin}: {line}" for line in str(error).splitlines()]
    if problems:
        raise UndeployableError("\n".join(problems))
    return tuple(resolved)


def _kms(environment: Environment) -> KmsClient:
    """KMS with the credentials that the program runs with; made where no PEM file's key signed a release."""
    import boto3

    return boto3.client("kms", region_name=environment.region)


def _resolved(project: Project, environment: Environment, name: str, store: ReleaseStore) -> ResolvedModel:
    pin = environment.releases[name]
    model = resolve(
        project.effective[environment.name, name],
        environment,
        store.load(name, pin.digest),
        tuple(store.load(name, digest) for digest in pin.previous),
        project.artifacts,
    )
    rules = role_policy_rules(model)
    if rules:
        raise SpecError(violation_of(rule) for rule in rules)
    return model


def drift_baseline(release: Release, store: ReleaseStore) -> DriftBaseline | None:
    """The features that the release's baseline describes; `None`: it was packaged without one."""
    if not release.has_baseline:
        return None
    folder = store.folder(release.name, release.digest)
    statistics, constraints = ((folder / path).read_text(encoding="utf-8") for path in BASELINE_FILES)
    return DriftBaseline.parse(statistics, constraints)
