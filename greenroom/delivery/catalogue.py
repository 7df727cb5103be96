"""A project's releases: those in the local store, which environments pin them, and which are published.

Environments are read and models are not: a release can be looked at while a model's spec is being written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from greenroom.delivery.project import GreenroomProject, is_greenroom_project, local_store
from model_packaging import Release, ReleaseStore
from model_packaging.registry.references import environments_with, find_release

Place = Literal["sandbox", "aws"]
"""An artifact store: the local AWS's, or the one in the account that environments/artifacts.yaml names."""


@dataclass(frozen=True)
class Catalogue:
    """The releases of a project.

    Attributes:
        root: the project's folder.
        store: the local store.
        pins: environment to model to the digest that it runs.
        previous: environment to model to the digests that it keeps to roll back to.
    """

    root: Path
    store: ReleaseStore
    pins: Mapping[str, Mapping[str, str]]
    previous: Mapping[str, Mapping[str, tuple[str, ...]]]

    @classmethod
    def of(cls, root: Path) -> Catalogue:
        """The catalogue of the project in `root`; one without environments pins nothing.

        Raises:
            SpecError: an environment's file is not right.
        """
        store = local_store(root)
        if not is_greenroom_project(root):
            return cls(root, store, {}, {})
        environments = GreenroomProject.load(root, only_models=()).specs.environments
        return cls(
            root,
            store,
            {
                name: {model: pin.digest for model, pin in environment.releases.items()}
                for name, environment in environments.items()
            },
            {
                name: {model: tuple(pin.previous) for model, pin in environment.releases.items()}
                for name, environment in environments.items()
            },
        )

    def find(self, reference: str) -> Release:
        """The release that `NAME`, `NAME@DIGEST-PREFIX` or `NAME@ENVIRONMENT` means.

        Raises:
            UnknownReleaseError: none, or several could be meant.
        """
        return find_release(self.store, reference, self.pins)

    def pinned_in(self, release: Release) -> tuple[str, ...]:
        """The environments that run it."""
        return environments_with(self.pins, release.name, release.digest)

    def kept_in(self, release: Release) -> tuple[str, ...]:
        """The environments that keep it to roll back to."""
        return tuple(
            environment
            for environment, models in self.previous.items()
            if release.digest in models.get(release.name, ())
        )


@dataclass(frozen=True)
class PublishedRelease:
    """A release that an artifact store holds whole."""

    name: str
    digest: str


def published_releases(s3_client: Any, bucket: str, name: str | None = None) -> Iterator[PublishedRelease]:
    """What the artifact store holds: every prefix with a manifest; nothing while the store itself is not there.

    Raises:
        RegistryError: the bucket refused.
    """
    from botocore.exceptions import ClientError

    from model_packaging.registry.sagemaker import refusals

    with refusals(f"s3://{bucket}/releases/"):
        try:
            names = [*_folders(s3_client, bucket, "releases/")]
        except ClientError as error:
            if error.response["Error"]["Code"] == "NoSuchBucket":
                return
            raise
        if name is not None:
            names = [one for one in names if one == name]
        for model in names:
            for digits in _folders(s3_client, bucket, f"releases/{model}/"):
                if _has_manifest(s3_client, bucket, f"releases/{model}/{digits}/release.json"):
                    yield PublishedRelease(model, f"sha256:{digits}")


def _folders(s3_client: Any, bucket: str, prefix: str) -> Iterator[str]:
    pages = s3_client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix, Delimiter="/")
    for page in pages:
        for found in page.get("CommonPrefixes", ()):
            yield found["Prefix"].removeprefix(prefix).rstrip("/")


def _has_manifest(s3_client: Any, bucket: str, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        s3_client.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
            return False
        raise
    return True
