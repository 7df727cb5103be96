"""ECR: repositories of serving images, their policies.

https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Place, Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "ecr"
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_CreateRepository.html
LONGEST_NAME = 256


@dataclass(frozen=True, kw_only=True)
class RepositoryType(ResourceType):
    """A repository."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The address that an image is pushed to."""
        return {**live, "repositoryUrl": found["repositoryUri"]}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Scanning and the mutability of tags, each by its own request."""
        fields = self.codec(self.create).fields
        repository = {"repositoryName": known["name"]}
        if "imageScanningConfiguration" in changed:
            given = inputs.get("imageScanningConfiguration", {"scanOnPush": False})
            scanning = fields["imageScanningConfiguration"].codec.encode(given, Place(), Trace())
            request = {**repository, "imageScanningConfiguration": scanning}
            session.call(SERVICE, "PutImageScanningConfiguration", request)
        if changed & {"imageTagMutability", "imageTagMutabilityExclusionFilters"}:
            request = {**repository, "imageTagMutability": inputs.get("imageTagMutability", "MUTABLE")}
            if "imageTagMutabilityExclusionFilters" in inputs:
                codec = fields["imageTagMutabilityExclusionFilters"].codec
                filters = codec.encode(inputs["imageTagMutabilityExclusionFilters"], Place(), Trace())
                request["imageTagMutabilityExclusionFilters"] = filters
            session.call(SERVICE, "PutImageTagMutability", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the repository; with `forceDelete` all images in it."""
        request = {"repositoryName": known["name"], "force": bool(known.get("forceDelete"))}
        self.call_unless_gone(session, self.delete, request)


REPOSITORY = RepositoryType(
    "aws:ecr/repository:Repository",
    service=SERVICE,
    create="CreateRepository",
    read="DescribeRepositories",
    delete="DeleteRepository",
    prefixes=("repository",),
    exceptions={"encryptionConfigurations": "encryptionConfiguration"},
    operation_exceptions={"DescribeRepositories": {"name": "repositoryNames"}},
    found=("repositories", 0),
    steering=frozenset({"forceDelete"}),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecr/repository.go (ForceNew)
    replaced_by=frozenset({"name", "encryptionConfigurations"}),
    autoname=AutoName(longest=LONGEST_NAME, lower_case=True),
    tagging=Tagging.of_resources("resourceArn"),
)

LIFECYCLE_POLICY = ResourceType(
    "aws:ecr/lifecyclePolicy:LifecyclePolicy",
    service=SERVICE,
    create="PutLifecyclePolicy",
    read="GetLifecyclePolicy",
    update="PutLifecyclePolicy",
    delete="DeleteLifecyclePolicy",
    identity=("repository",),
    id_format="{repository}",
    exceptions={"repository": "repositoryName", "policy": "lifecyclePolicyText"},
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ecr/lifecycle_policy.go (ForceNew)
    replaced_by=frozenset({"repository", "policy"}),
    delete_before_replace=True,
)

REPOSITORY_POLICY = ResourceType(
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    service=SERVICE,
    create="SetRepositoryPolicy",
    read="GetRepositoryPolicy",
    update="SetRepositoryPolicy",
    delete="DeleteRepositoryPolicy",
    identity=("repository",),
    id_format="{repository}",
    exceptions={"repository": "repositoryName", "policy": "policyText"},
)

TYPES = (REPOSITORY, LIFECYCLE_POLICY, REPOSITORY_POLICY)
