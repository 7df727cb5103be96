"""Pinned releases: into the local store, and from there into the artifact bucket of the local AWS.

A release that is not in the store is packaged from `models/NAME`. Packaging is deterministic, so the files either
give the digest that the environment pins, or they have changed since: then nothing is deployed, and the error names
both digests and how to pin the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from greenroom.delivery.judges import judges_of
from greenroom.delivery.project import GreenroomProject, PinnedRelease
from greenroom.errors import ReleasePinError
from model_packaging import PackagingError, Release, ReleaseNotFoundError, package, publish
from model_packaging.trust.checkout import git_commit
from model_packaging.trust.keys import KmsClient
from model_packaging.trust.policy import TrustedKeys
from model_packaging.trust.signing import verify_release

Narrate: TypeAlias = Callable[[str], None]

S3Client: TypeAlias = Any
"""`boto3.client("s3")`: boto3 makes its clients' classes at run time."""

SageMakerClient: TypeAlias = Any
"""`boto3.client("sagemaker")`."""


def ensure_pinned(
    project: GreenroomProject, stack: str, narrate: Narrate, kms: Callable[[], KmsClient]
) -> tuple[Release, ...]:
    """The releases that a stack pins, packaged first where the store lacks them, and signed where it asks for it.

    Args:
        project: The project.
        stack: The stack.
        narrate: Gets a line for each release that is packaged.
        kms: Makes a KMS client of the stack's account and region; called where a KMS key must be asked.

    Raises:
        ReleasePinError: the model's files give another digest, or an older release is nowhere to be had; or a release
            is not signed by a key that the environment trusts, or was changed since: all of them.
    """
    releases = tuple(_ensure(project, stack, pin, narrate) for pin in project.pins_of(stack))
    _refuse_unsigned(project, stack, releases, kms)
    return releases


def _refuse_unsigned(
    project: GreenroomProject, stack: str, releases: Iterable[Release], kms: Callable[[], KmsClient]
) -> None:
    environment = project.specs.environment_of(stack)
    if not environment.releases_signed_by:
        return
    keys = TrustedKeys(environment.releases_signed_by, project.root, kms)
    problems = []
    for release in releases:
        try:
            verify_release(project.releases, release, keys)
        except PackagingError as error:
            problems.append(f"releases.{release.name}: {error}")
    if problems:
        where = f"environments/{environment.name}.yaml: releases_signed_by"
        raise ReleasePinError(
            "\n".join(f"{where}: {problem}" for problem in problems),
            fix="Nothing was deployed. Sign what you trust, or trust the key that signed it.",
        )


def _ensure(project: GreenroomProject, stack: str, pin: PinnedRelease, narrate: Narrate) -> Release:
    try:
        return project.releases.load(pin.model, pin.digest)
    except ReleaseNotFoundError:
        folder = project.root / "models" / pin.model
    environment = project.specs.environment_of(stack)
    where = f"environments/{environment.name}.yaml: releases.{pin.model}"
    if not pin.current:
        where += ".previous"
    judges = judges_of(project.root, pin.model)
    release = package(folder, project.releases, git_commit=git_commit(folder), judges=judges)
    narrate(f"packaged {pin.model} {release.version} ({release.digest})")
    if release.digest == pin.digest:
        return release
    raise ReleasePinError(
        f"{where} pins {pin.digest}, which is not in {project.releases.root};"
        f" models/{pin.model} gives {release.digest}.",
        fix=_how_to_go_on(pin, environment.name),
    )


def _how_to_go_on(pin: PinnedRelease, environment: str) -> str:
    if not pin.current:
        return "Package that release again from the commit it was made at, or take its digest out of `previous`."
    return (
        f"To deploy the files as they are: greenroom package models/{pin.model} --pin {environment}\n"
        "  To deploy the pinned release: check out the commit it was packaged at and package it again."
    )


def publish_all(
    project: GreenroomProject, releases: Iterable[Release], s3_client: S3Client, bucket: str, narrate: Narrate
) -> None:
    """Put releases into the artifact bucket, where endpoints read them; those that are there already cost two reads."""
    for release in releases:
        if publish(release, project.releases, s3_client, bucket):
            narrate(f"published {release.name} {release.version} to s3://{bucket}/{release.s3_prefix}")


def empty_bucket(s3_client: S3Client, bucket: str) -> int:
    """Delete every version of every object of a bucket, that it may be deleted; how many versions there were."""
    count = 0
    for page in s3_client.get_paginator("list_object_versions").paginate(Bucket=bucket):
        found = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
        for entry in found:
            s3_client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
        count += len(found)
    return count


def delete_model_packages(sagemaker_client: SageMakerClient, group: str) -> int:
    """Delete every version of a model package group, that the group may be deleted; how many there were."""
    from botocore.exceptions import ClientError

    try:
        pages = sagemaker_client.get_paginator("list_model_packages").paginate(ModelPackageGroupName=group)
        arns = [one["ModelPackageArn"] for page in pages for one in page["ModelPackageSummaryList"]]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationException":  # there is no such group
            raise
        return 0
    for arn in arns:
        sagemaker_client.delete_model_package(ModelPackageName=arn)
    return len(arns)
