"""SageMaker's Model Registry: a release is a version of a model package group of the model's name.

A release is registered once: its digest is in the package's customer metadata, and whoever registers it again is given
the package that is there; two that register it at one moment share one package, by an idempotency token
(`client_token`). It waits for its approval (`PendingManualApproval`), which is an event that pipelines wait for
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html).
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from model_packaging.publishing import is_published
from model_packaging.registry.errors import RegistryError
from model_packaging.registry.metadata import DIGEST, key_within_limits, within_limits
from model_packaging.registry.model_package_request import STATUSES, client_token, description, package_request
from model_packaging.registry.quality_statistics import quality_statistics
from model_packaging.release import Release

STATISTICS = "registry/model_quality_statistics.json"
"""Beside a published release's own files, and none of them: what ModelMetrics.ModelQuality points to."""

Found = TypeVar("Found")

MAXIMUM_DELETED = 50
"""Deletions of a release's packages, within the hours in which AWS remembers their tokens, that it survives."""

_NOT_THERE = frozenset({"ValidationException", "ResourceNotFound", "ResourceNotFoundException"})


@dataclass(frozen=True)
class ModelPackage:
    """A version of a model package group."""

    arn: str
    group: str
    version: int
    status: str
    """`Approved`, `Rejected` or `PendingManualApproval`."""
    metadata: Mapping[str, str]
    created: bool = False
    """Whether it was made just now."""


def register(
    release: Release,
    sagemaker_client: Any,
    s3_client: Any,
    bucket: str,
    *,
    instance_types: Sequence[str] = (),
    links: Mapping[str, str] | None = None,
    task: str | None = None,
) -> ModelPackage:
    """Registers a published release; the package that is there already, where it was registered before.

    The group is made where there is none. In a project of ours the artifact store's stack owns it.

    Args:
        release: The release.
        sagemaker_client: boto3's SageMaker client; its region's serving image is registered.
        s3_client: boto3's S3 client, of the bucket's account: the metrics go beside the release for Studio to show.
        bucket: Where it was published.
        instance_types: What it may be served on; none leaves that open.
        links: More customer metadata: where it is registered besides.
        task: What the release's gate calls the problem: `binary`, `multiclass`, `regression`; None where it has none.

    Raises:
        RegistryError: the registry refused, or the release is not published.
        PublishError: the bucket refused.
        ServingImageError: the serving image is not pinned for the client's region.
    """
    if not is_published(release, s3_client, bucket):
        raise RegistryError(
            f"s3://{bucket}/{release.s3_prefix} does not hold the release, and a model package must point to it; "
            f"first: greenroom release publish {release.reference}"
        )
    ensure_group(sagemaker_client, release.name)
    found = find_package(sagemaker_client, release)
    if found is not None:
        return found
    release_uri = f"s3://{bucket}/{release.s3_prefix}"
    request = package_request(
        release,
        group=release.name,
        release_uri=release_uri,
        region=sagemaker_client.meta.region_name,
        instance_types=instance_types,
        links=links or {},
        quality=_put_statistics(release, s3_client, bucket, task) if release.metrics else None,
    )
    return _created(release, sagemaker_client, request)


def _created(release: Release, sagemaker_client: Any, request: Mapping[str, Any]) -> ModelPackage:
    """A package of the release. A token that is answered with a package that was deleted is spent: the next is taken.

    Raises:
        RegistryError: the registry refused, or every token is spent.
    """
    for number in range(MAXIMUM_DELETED + 1):
        with refusals(f"model package group {release.name!r}"):
            answer = sagemaker_client.create_model_package(**request, ClientToken=client_token(request, number))
            arn = answer["ModelPackageArn"]
            there = _if_there(functools.partial(sagemaker_client.describe_model_package, ModelPackageName=arn))
        package = None if there is None else _package(there, created=True)
        # A deleted package's number may be another release's by now.
        if package is not None and package.metadata.get(DIGEST) == release.digest:
            return package
    raise RegistryError(
        f"model package group {release.name!r}: {MAXIMUM_DELETED} packages of {release.digest} were deleted, and "
        "SageMaker still answers with those; register it again when it has forgotten them, tomorrow"
    )


def has_group(sagemaker_client: Any, name: str) -> bool:
    """Whether there is a model package group of that name.

    Raises:
        RegistryError: the registry refused.
    """
    with refusals(f"model package group {name!r}"):
        look = functools.partial(sagemaker_client.describe_model_package_group, ModelPackageGroupName=name)
        return _if_there(look) is not None


def ensure_group(sagemaker_client: Any, name: str) -> None:
    """Makes the model package group where there is none.

    Raises:
        RegistryError: the registry refused.
    """
    if has_group(sagemaker_client, name):
        return
    with refusals(f"model package group {name!r}"):
        sagemaker_client.create_model_package_group(
            ModelPackageGroupName=name, ModelPackageGroupDescription=f"Releases of {name}"
        )


def find_package(sagemaker_client: Any, release: Release) -> ModelPackage | None:
    """The package of this release, by its digest; None where it was not registered.

    Summaries carry the description and not the metadata: those whose description names the digest are looked into.

    Raises:
        RegistryError: the registry refused.
    """
    with refusals(f"model package group {release.name!r}"):
        return _if_there(functools.partial(_found, sagemaker_client, release))


def _found(sagemaker_client: Any, release: Release) -> ModelPackage | None:
    wanted = description(release)
    pages = sagemaker_client.get_paginator("list_model_packages").paginate(
        ModelPackageGroupName=release.name, SortBy="CreationTime", SortOrder="Descending"
    )
    for page in pages:
        for summary in page["ModelPackageSummaryList"]:
            if summary.get("ModelPackageDescription") != wanted:
                continue
            package = described(sagemaker_client, summary["ModelPackageArn"])
            if package.metadata.get(DIGEST) == release.digest:
                return package
    return None


def approve(
    sagemaker_client: Any, release: Release, *, status: str = "Approved", comment: str | None = None
) -> ModelPackage:
    """Sets the approval of a release's package.

    Args:
        sagemaker_client: boto3's SageMaker client, of the registry's account and region.
        release: The release.
        status: `Approved`, `Rejected` or `PendingManualApproval`.
        comment: Why; what stands there stays without one.

    Raises:
        RegistryError: the release is not registered there, or the registry refused.
    """
    if status not in STATUSES:
        raise RegistryError(f"{status!r} is no approval status; allowed: {', '.join(STATUSES)}")
    package = find_package(sagemaker_client, release)
    if package is None:
        raise RegistryError(
            f"the Model Registry has no package of {release.name} {release.digest}; "
            f"first: greenroom release publish {release.reference} --register"
        )
    changed = {"ModelApprovalStatus": status} | ({} if comment is None else {"ApprovalDescription": comment})
    with refusals(package.arn):
        sagemaker_client.update_model_package(ModelPackageArn=package.arn, **changed)
    return described(sagemaker_client, package.arn)


def add_links(sagemaker_client: Any, package: ModelPackage, links: Mapping[str, str]) -> ModelPackage:
    """Adds customer metadata to a package: where the release is registered besides.

    Raises:
        RegistryError: the registry refused.
    """
    pairs = {key_within_limits(key): within_limits(value) for key, value in links.items()}
    if not pairs or pairs.items() <= package.metadata.items():
        return package
    with refusals(package.arn):
        sagemaker_client.update_model_package(ModelPackageArn=package.arn, CustomerMetadataProperties=pairs)
    return described(sagemaker_client, package.arn)


def described(sagemaker_client: Any, arn: str) -> ModelPackage:
    """DescribeModelPackage, as far as it concerns a release.

    Raises:
        RegistryError: the registry refused.
    """
    with refusals(arn):
        return _package(sagemaker_client.describe_model_package(ModelPackageName=arn))


def _package(answer: Mapping[str, Any], *, created: bool = False) -> ModelPackage:
    return ModelPackage(
        arn=answer["ModelPackageArn"],
        group=answer["ModelPackageGroupName"],
        version=answer["ModelPackageVersion"],
        status=answer["ModelApprovalStatus"],
        metadata=answer.get("CustomerMetadataProperties", {}),
        created=created,
    )


def _put_statistics(release: Release, s3_client: Any, bucket: str, task: str | None) -> dict[str, str]:
    content, key = quality_statistics(release.metrics, task), f"{release.s3_prefix}{STATISTICS}"
    with refusals(f"s3://{bucket}/{key}"):
        s3_client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="application/json")
    return {
        "ContentType": "application/json",
        "ContentDigest": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "S3Uri": f"s3://{bucket}/{key}",
    }


def _if_there(look: Callable[[], Found]) -> Found | None:
    """What looking finds; None where SageMaker says that it is not there."""
    from botocore.exceptions import ClientError

    try:
        return look()
    except ClientError as error:
        if error.response["Error"]["Code"] not in _NOT_THERE:
            raise
        return None


@contextmanager
def refusals(what: str) -> Iterator[None]:
    """Turns what boto3 raises into one error that says what it was about."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise RegistryError(f"{what}: {error}") from error
