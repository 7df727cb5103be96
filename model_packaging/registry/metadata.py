"""What a registry is told about a release in pairs of strings, within what registries take.

SageMaker takes 50 pairs, keys of 128 characters and values of 256, letters, digits, spaces and `_.:/=+-@`
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html). MLflow takes more; it is told
the same, so that whoever looks into either finds the same words.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping

from model_packaging.release import Release

DIGEST = "greenroom.digest"
VERSION = "greenroom.version"
S3_URI = "greenroom.s3_uri"
MLFLOW_VERSION = "mlflow.model_version"
MLFLOW_SERVER = "mlflow.tracking_uri"
SAGEMAKER_ARN = "sagemaker.model_package_arn"

MAXIMUM_PAIRS = 50
MAXIMUM_KEY_CHARACTERS = 128
MAXIMUM_VALUE_CHARACTERS = 256

ROOM_FOR_LINKS = 4
"""Pairs that are left free: a package's links to other registries are added to it later."""

_REPLACEMENT = "_"


def release_metadata(release: Release, s3_uri: str, links: Mapping[str, str]) -> dict[str, str]:
    """The pairs that describe a release; what is known for sure first, then as many of its metrics as there is room.

    Args:
        release: The release.
        s3_uri: Where it is published.
        links: More pairs: where it is registered besides.
    """
    pairs = {DIGEST: release.digest, VERSION: release.version, S3_URI: s3_uri, **links, **dict(_known(release))}
    for name, value in release.metrics.items():
        if len(pairs) >= MAXIMUM_PAIRS - ROOM_FOR_LINKS:
            break
        pairs[f"metric.{name}"] = f"{value:.10g}"
    return {key_within_limits(key): within_limits(value) for key, value in pairs.items()}


def _known(release: Release) -> Iterator[tuple[str, str]]:
    yield "greenroom.framework", f"{release.framework.name} {release.framework.version}"
    if release.format is not None:
        yield "greenroom.format", release.format
    if release.git_commit is not None:
        yield "git.commit", release.git_commit
    if release.load_test is not None:
        yield "load_test.requests_per_second", f"{release.load_test.requests_per_second:.6g}"
        yield "load_test.p99_ms", f"{release.load_test.p99_ms:.6g}"
    if release.lineage is None:
        return
    run, data = release.lineage.training_run, release.lineage.data
    if run is not None:
        yield "training_run", f"{run.kind}:{run.id}"
        if run.uri is not None and within_limits(run.uri) == run.uri:  # half an address leads nowhere
            yield "training_run.uri", run.uri
    if data is not None:
        told = {"uri": data.uri, "version": data.version, "sha256": data.sha256}
        yield from ((f"data.{name}", value) for name, value in told.items() if value is not None)


def key_within_limits(key: str) -> str:
    """A key of characters that are allowed, cut where it is too long."""
    return _allowed(key)[:MAXIMUM_KEY_CHARACTERS] or _REPLACEMENT


def within_limits(value: str) -> str:
    """A value of characters that are allowed, cut where it is too long."""
    return _allowed(value)[:MAXIMUM_VALUE_CHARACTERS] or _REPLACEMENT


def _allowed(text: str) -> str:
    """Letters, digits and separators of any script, and `_.:/=+-@`; anything else becomes `_`."""
    return "".join(one if _is_allowed(one) else _REPLACEMENT for one in text)


def _is_allowed(character: str) -> bool:
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LNZ"
