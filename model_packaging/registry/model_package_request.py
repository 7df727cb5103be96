"""The request that makes a release a model package: CreateModelPackage's members, from a release and where it is.

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html . A version of a group needs
neither content types nor instance types ("optional for versioned models"), so that nothing is made up where a release
does not say them. SageMaker's checks read baselines from `DriftCheckBaselines`, and show `ModelMetrics` in Studio
(https://docs.aws.amazon.com/sagemaker/latest/dg/pipelines-quality-clarify-baseline-lifecycle.html).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from model_packaging.registry.metadata import release_metadata
from model_packaging.release import MODEL_FOLDER, Release

PENDING = "PendingManualApproval"
STATUSES = ("Approved", "Rejected", PENDING)

_JSON = "application/json"

_FRAMEWORK_VERSION = re.compile(r"[0-9]\.[A-Za-z0-9.-]+")

_REPORTS: Mapping[str, Mapping[str, str]] = {
    "ModelDataQuality": {"Statistics": "baseline/statistics.json", "Constraints": "baseline/constraints.json"},
    "ModelQuality": {
        "Statistics": "baseline/model_quality/statistics.json",
        "Constraints": "baseline/model_quality/constraints.json",
    },
    "Bias": {"Report": "baseline/bias/analysis.json"},
}
"""ModelMetrics' members to the files of a release that they show."""

_DRIFT_CHECKS: Mapping[str, Mapping[str, str]] = {
    "ModelDataQuality": _REPORTS["ModelDataQuality"],
    "ModelQuality": _REPORTS["ModelQuality"],
    "Bias": {
        "ConfigFile": "baseline/bias/analysis_config.json",
        "PostTrainingConstraints": "baseline/bias/analysis.json",
    },
    "Explainability": {"ConfigFile": "baseline/explainability/analysis_config.json"},
}
"""DriftCheckBaselines' members to the files of a release that monitors compare with."""


def package_request(
    release: Release,
    *,
    group: str,
    release_uri: str,
    region: str,
    instance_types: Sequence[str],
    links: Mapping[str, str],
    quality: Mapping[str, str] | None,
) -> dict[str, Any]:
    """CreateModelPackage's request.

    Args:
        release: The release.
        group: The model package group.
        release_uri: `s3://BUCKET/releases/NAME/HEX/`.
        region: Whose serving image it takes.
        instance_types: What it may be served on; none leaves it open.
        links: Where it is registered besides, for the customer metadata.
        quality: `ModelQuality.Statistics` of a release without a model-quality baseline: where its metrics lie, in
            Model Monitor's shape; None without.

    Raises:
        ServingImageError: the serving image is not pinned for that region.
    """
    metrics = _documents(release, release_uri, _REPORTS)
    if quality is not None:
        metrics["ModelQuality"] = {"Statistics": dict(quality), **metrics.get("ModelQuality", {})}
    request: dict[str, Any] = {
        "ModelPackageGroupName": group,
        "ModelPackageDescription": description(release),
        "InferenceSpecification": _inference(release, release_uri, region, instance_types),
        "ModelApprovalStatus": PENDING,
        "CustomerMetadataProperties": release_metadata(release, release_uri, links),
        "ModelMetrics": metrics,
        "DriftCheckBaselines": _documents(release, release_uri, _DRIFT_CHECKS),
        "MetadataProperties": _provenance(release),
    }
    return {name: value for name, value in request.items() if value != {}}


def client_token(request: Mapping[str, Any], number: int) -> str:
    """The idempotency token of a registration: CreateModelPackage makes one package of a token, however often it comes.

    It is made of the whole request, and so of group and digest: AWS refuses a token that comes back with other
    parameters (EC2 says so, https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html; SageMaker's
    reference says no more than that it "guarantees that the call to this API is idempotent"), and who deletes a package
    to register the release for other instance types must not be refused. The price: two registrations at one moment
    that differ in more than the moment are two packages.

    Args:
        request: CreateModelPackage's, without its token.
        number: How many tokens before this one are spent: the service remembers a token for hours (EC2: 24 at least),
            and may answer with a package that was deleted since. Counting, and not chance, has two that register
            a deleted package anew share one.

    Returns:
        36 of `[a-zA-Z0-9-]`, the most that is taken.
    """
    return hashlib.sha256(json.dumps([request, number], sort_keys=True).encode()).hexdigest()[:36]


def description(release: Release) -> str:
    """What a package is described with: it holds the digest, so that a list of summaries is enough to find it."""
    return f"{release.name} {release.version} {release.digest}"


def _inference(release: Release, release_uri: str, region: str, instance_types: Sequence[str]) -> dict[str, Any]:
    container: dict[str, Any] = {
        "Image": release.image_uri(region),
        "ModelDataSource": {
            "S3DataSource": {
                "S3Uri": f"{release_uri}{MODEL_FOLDER}",
                "S3DataType": "S3Prefix",
                "CompressionType": "None",
            }
        },
        "Framework": release.serving_image.framework.upper(),
    }
    if release.environment:
        container["Environment"] = release.environment
    version = release.serving_image.version
    if _FRAMEWORK_VERSION.fullmatch(version) and 3 <= len(version) <= 10:  # what FrameworkVersion takes
        container["FrameworkVersion"] = version
    inference: dict[str, Any] = {"Containers": [container]}
    if release.content_types:
        inference["SupportedContentTypes"] = list(release.content_types)
    if instance_types:
        inference["SupportedRealtimeInferenceInstanceTypes"] = list(dict.fromkeys(instance_types))
    return inference


def _documents(
    release: Release, release_uri: str, wanted: Mapping[str, Mapping[str, str]]
) -> dict[str, dict[str, dict[str, str]]]:
    """The members whose files the release has, each with where it is and its digest."""
    digests = {file.path: file.sha256 for file in release.files}
    found = {
        group: {
            member: {
                "ContentType": _JSON,
                "ContentDigest": f"sha256:{digests[path]}",
                "S3Uri": f"{release_uri}{path}",
            }
            for member, path in members.items()
            if path in digests
        }
        for group, members in wanted.items()
    }
    return {group: members for group, members in found.items() if members}


def _provenance(release: Release) -> dict[str, str]:
    told: dict[str, str] = {}
    if release.git_commit is not None:
        told["CommitId"] = release.git_commit
    run = None if release.lineage is None else release.lineage.training_run
    if run is not None:
        told["GeneratedBy"] = (run.uri or f"{run.kind}:{run.id}")[:1024]
    return told
