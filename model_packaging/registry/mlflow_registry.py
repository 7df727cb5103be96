"""MLflow's registry: a release is a version of the registered model of its name.

The version's source is the prefix that the release was published to, its tags carry the digest, and whoever registers
the same release again is given the version that is there. A release that an MLflow run trained is a version of that
run, so that MLflow shows the one at the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from model_packaging.registry.metadata import DIGEST, release_metadata
from model_packaging.registry.mlflow_client import mlflow_refusals, page
from model_packaging.release import MODEL_FOLDER, Release

RUN_KIND = "mlflow"
"""The kind of a training run that MLflow knows."""

MAXIMUM_TAG_CHARACTERS = 5000


@dataclass(frozen=True)
class MlflowVersion:
    """A version of a registered model."""

    name: str
    version: str
    uri: str
    """`models:/NAME/VERSION`."""
    page: str | None
    """Where to look at it; None where the server has no pages."""
    tags: Mapping[str, str]
    created: bool = False
    """Whether it was made just now."""


def register_in_mlflow(
    release: Release,
    client: Any,
    tracking_uri: str,
    release_uri: str,
    *,
    alias: str | None = None,
    links: Mapping[str, str] | None = None,
) -> MlflowVersion:
    """Registers a published release; the version that is there already, where it was registered before.

    Args:
        release: The release.
        client: An `MlflowClient` (`mlflow_client.connect`).
        tracking_uri: Its server, for the page.
        release_uri: `s3://BUCKET/releases/NAME/HEX/`, where it was published.
        alias: An alias that names this version from now on; what stands without one.
        links: More tags: where it is registered besides.

    Raises:
        RegistryError: MLflow refused.
    """
    with mlflow_refusals(f"registered model {release.name!r} at {tracking_uri}"):
        _ensure_model(client, release.name)
        found = _find(client, release)
        made = found is None
        if found is None:
            found = client.create_model_version(
                release.name,
                f"{release_uri}{MODEL_FOLDER}",
                run_id=_known_run(client, release),
                tags=release_metadata(release, release_uri, links or {}),
                description=f"Release {release.version} {release.digest}",
            )
        for key, value in (links or {}).items():
            if found.tags.get(key) != value:
                client.set_model_version_tag(release.name, found.version, key, value[:MAXIMUM_TAG_CHARACTERS])
        if alias is not None:
            client.set_registered_model_alias(release.name, alias, found.version)
        described = client.get_model_version(release.name, found.version)
    return _version(described, tracking_uri, made=made)


def _ensure_model(client: Any, name: str) -> None:
    from mlflow.exceptions import MlflowException

    try:
        client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        client.create_registered_model(name, description=f"Releases of {name}")


def _find(client: Any, release: Release) -> Any | None:
    token = None
    while True:
        found = client.search_model_versions(f"name='{release.name}'", max_results=200, page_token=token)
        for version in found:
            if version.tags.get(DIGEST) == release.digest:
                return version
        token = found.token
        if not token:
            return None


def _known_run(client: Any, release: Release) -> str | None:
    """The run that trained the release, where this server has it; MLflow takes any id without looking."""
    from mlflow.exceptions import MlflowException

    run = None if release.lineage is None else release.lineage.training_run
    if run is None or run.kind != RUN_KIND:
        return None
    try:
        client.get_run(run.id)
    except MlflowException as error:
        if error.error_code in {"RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"}:
            return None
        raise
    return run.id


def _version(found: Any, tracking_uri: str, *, made: bool) -> MlflowVersion:
    return MlflowVersion(
        name=found.name,
        version=str(found.version),
        uri=f"models:/{found.name}/{found.version}",
        page=page(tracking_uri, f"models/{quote(found.name)}/versions/{found.version}"),
        tags=dict(found.tags),
        created=made,
    )
