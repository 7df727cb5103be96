"""Model package groups and packages: what moto lacks of them.

That is their deletion, the groups' policies, an update that changes what it names and nothing else, idempotency
tokens, and the event by which a pipeline waits for an approval.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html ,
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_PutModelPackageGroupPolicy.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from moto.sagemaker.exceptions import ConflictException

from greenroom.sandbox.cloud.events import AwsEvent, emit
from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.stage import Params

if TYPE_CHECKING:
    from greenroom.sandbox.cloud.sagemaker.backend import SageMakerBackend


@dataclass(frozen=True)
class TokenUse:
    """What a `ClientToken` was sent with, and what that made."""

    arn: str
    params: Params


def _group_name(backend: SageMakerBackend, name_or_arn: str) -> str:
    name = name_or_arn.rpartition("/")[2]
    backend.describe_model_package_group(name)
    return name


def check_new_group(backend: SageMakerBackend, name: str) -> None:
    """Refuse a name that is taken. The wording is a guess."""
    if name in backend.model_package_groups:
        arn = backend.arn("model-package-group", name)
        raise refusals.invalid(f"Model Package Group already exists: {arn}")


def delete_group(backend: SageMakerBackend, name_or_arn: str) -> None:
    """DeleteModelPackageGroup.

    Raises:
        ConflictException: "The request contains a model package group that still contains packages": the operation's
            model lists ConflictException; its wording is a guess.
    """
    name = _group_name(backend, name_or_arn)
    left = [one for one in backend.model_packages.values() if one.model_package_group_name == name]
    if left:
        raise ConflictException(
            f"Model Package Group cannot be deleted because it still contains {len(left)} Model Package(s)."
        )
    del backend.model_package_groups[name]
    backend.model_package_group_policies.pop(name, None)


def put_policy(backend: SageMakerBackend, name_or_arn: str, policy_text: str) -> str:
    """PutModelPackageGroupPolicy; the group's ARN."""
    name = _group_name(backend, name_or_arn)
    try:
        json.loads(policy_text)
    except ValueError as error:
        raise refusals.invalid(f"Invalid policy document: {error}") from error  # a guess at the wording
    backend.model_package_group_policies[name] = policy_text
    return backend.arn("model-package-group", name)


def policy(backend: SageMakerBackend, name_or_arn: str) -> str:
    """GetModelPackageGroupPolicy. What a group without one is answered with is a guess."""
    name = _group_name(backend, name_or_arn)
    if name not in backend.model_package_group_policies:
        arn = backend.arn("model-package-group", name)
        raise refusals.invalid(f"Cannot find resource policy for: {arn}")
    return backend.model_package_group_policies[name]


def delete_policy(backend: SageMakerBackend, name_or_arn: str) -> None:
    """DeleteModelPackageGroupPolicy. What a group without one is answered with is a guess."""
    policy(backend, name_or_arn)
    del backend.model_package_group_policies[name_or_arn.rpartition("/")[2]]


CARRIED = (
    "ModelPackageRegistrationType",
    "SkipModelValidation",
    "SourceUri",
    "SecurityConfig",
    "ModelCard",
    "ModelLifeCycle",
    "ManagedStorageType",
)
"""What CreateModelPackage takes, DescribeModelPackage gives back, and moto drops."""


def made_before(backend: SageMakerBackend, params: Params) -> str | None:
    """The ARN that a former CreateModelPackage with this `ClientToken` answered; None where this is the first.

    "A unique token that guarantees that the call to this API is idempotent"
    (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html); a package that was deleted
    since is answered with all the same. That, that tokens are never forgotten, and the refusal's wording are guesses.

    Raises:
        AWSValidationException: The token was sent with other parameters.
    """
    former = backend.model_package_tokens.get(params.get("ClientToken", ""))
    if former is None:
        return None
    if former.params != params:
        raise refusals.invalid("ClientToken was used in a request with different parameters.")
    return former.arn


def created(backend: SageMakerBackend, arn: str, params: Params) -> None:
    """Complete a package that moto has just made, and tell EventBridge.

    "PendingManualApproval - The model is waiting for manual approval": what a versioned package is where nothing was
    said (as seen in aws/sagemaker-python-sdk's tests).
    """
    package = backend.describe_model_package(arn)
    if package.model_package_type == "Versioned" and package.model_approval_status is None:
        package.model_approval_status = "PendingManualApproval"
    package.carried = {name: params[name] for name in CARRIED if params.get(name) is not None}
    if "ClientToken" in params:
        backend.model_package_tokens[params["ClientToken"]] = TokenUse(arn, params)
    _tell(backend, package)


def describe(package: Any) -> dict[str, Any]:
    """DescribeModelPackage's answer."""
    answer: dict[str, Any] = {**package.gen_response_object(), **package.carried}
    return answer


def update(backend: SageMakerBackend, params: Params) -> str:
    """UpdateModelPackage: what is named changes, metadata is merged; the package's ARN.

    Raises:
        AWSValidationException: An approval status that is none.
    """
    package = backend.describe_model_package(params["ModelPackageArn"])
    if params.get("ModelApprovalStatus") is not None:
        package.set_model_approval_status(params["ModelApprovalStatus"])
    for member, attribute in _CHANGED.items():
        if params.get(member) is not None:
            setattr(package, attribute, params[member])
    metadata = {**(package.customer_metadata_properties or {}), **(params.get("CustomerMetadataProperties") or {})}
    for name in params.get("CustomerMetadataPropertiesToRemove") or []:
        metadata.pop(name, None)
    package.customer_metadata_properties = metadata or None
    if params.get("AdditionalInferenceSpecificationsToAdd") is not None:
        package.add_additional_inference_specifications(params["AdditionalInferenceSpecificationsToAdd"])
    package.carried |= {name: params[name] for name in CARRIED if params.get(name) is not None}
    package.modifications_done()
    _tell(backend, package)
    return str(package.arn)


_CHANGED = {"ApprovalDescription": "approval_description", "InferenceSpecification": "inference_specification"}


def _tell(backend: SageMakerBackend, package: Any) -> None:
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html#eventbridge-model-package."""
    emit(
        AwsEvent(
            backend.account_id,
            backend.region_name,
            "aws.sagemaker",
            "SageMaker Model Package State Change",
            describe(package),
            (package.arn,),
        )
    )


def delete_package(backend: SageMakerBackend, name_or_arn: str) -> None:
    """DeleteModelPackage, by the ARN of a versioned package or the name of another."""
    package: Any = backend.describe_model_package(name_or_arn)
    for key, one in list(backend.model_packages.items()):
        if one is package:
            del backend.model_packages[key]
    for alias, key in list(backend.model_package_name_mapping.items()):
        if key not in backend.model_packages:
            del backend.model_package_name_mapping[alias]
