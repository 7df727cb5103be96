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
        PublishError: the bucket refused.
    """
    from botocore.exceptions import ClientError

    from model_packaging import PublishError
    from model_packaging.downloading import published_digests
    from model_packaging.s3_prefix import S3Prefix, error_code

    try:
        names = S3Prefix(s3_client, bucket, "releases/").folders()
    except PublishError as error:
        if isinstance(error.__cause__, ClientError) and error_code(error.__cause__) == "NoSuchBucket":
            return
        raise
    for model in names:
        if name in {None, model}:
            yield from (PublishedRelease(model, digest) for digest in published_digests(s3_client, bucket, model))
