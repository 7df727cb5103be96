"""That every release which is about to be deployed lies whole in the artifact store.

SageMaker takes what lies under a prefix when an instance starts: of a release whose upload was cut off it takes the
half, and says nothing. Publishing writes `release.json` last, when S3 has checked the bytes of all else, so that a
prefix with a manifest is whole. The account that deploys asks for it, by the right to list releases that the store's
bucket gives it.
"""

from collections.abc import Iterable

import pulumi
import pulumi_aws as aws

from components.specs.resolved import ResolvedModel
from model_packaging.release import MANIFEST, Release
from stacks.releases import UndeployableError


def refuse_unpublished(environment: str, models: Iterable[ResolvedModel], look_up: pulumi.InvokeOptions) -> None:
    """Asks the artifact store for the manifest of every release of `models`, those to roll back to among them.

    Args:
        environment: Whose pins they are, for the message.
        models: What is about to be deployed.
        look_up: As whom to ask.

    Raises:
        UndeployableError: the store has some of them not, or not wholly; or it does not answer.
    """
    problems = [
        f"environments/{environment}.yaml: releases.{model.name}: {problem}"
        for model in models
        for release in model.releases
        if (problem := _problem(release, model.artifacts.bucket, look_up)) is not None
    ]
    if problems:
        raise UndeployableError("\n".join(problems))


def _problem(release: Release, bucket: str, look_up: pulumi.InvokeOptions) -> str | None:
    key = release.s3_prefix + MANIFEST
    try:
        found = aws.s3.get_objects(bucket=bucket, prefix=key, max_keys=1, opts=look_up)
    except Exception as error:  # noqa: BLE001  # the SDK raises no narrower one for what a provider refuses
        return f"s3://{bucket}/{key} cannot be looked for: {error}"
    if key in found.keys:
        return None
    return (
        f"s3://{bucket}/{release.s3_prefix} has no {MANIFEST}: it was not published, or its upload was cut off; "
        f"`greenroom release publish {release.reference} --to aws` sends what is missing"
    )
