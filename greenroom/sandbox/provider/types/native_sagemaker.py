"""aws-native's plain SageMaker types: configurations, models, job definitions, model package groups.

The ones that pulumi-aws lacks or knows in part only. Nothing of most of them changes in place but their tags.
https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SageMaker.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import NativeType
from greenroom.sandbox.provider.types.sagemaker import SAGEMAKER_TAGS
from greenroom.sandbox.provider.values import as_json

SERVICE = "sagemaker"
# CloudFormation's schema of most names; those of models and of configurations have no limit there, and 63 in the API.
LONGEST_NAME = 63
JOB_KINDS = ("DataQuality", "ModelQuality", "ModelBias", "ModelExplainability")

ENDPOINT_CONFIG = NativeType(
    "aws-native:sagemaker:EndpointConfig",
    service=SERVICE,
    create="CreateEndpointConfig",
    read="DescribeEndpointConfig",
    delete="DeleteEndpointConfig",
    identity=("endpointConfigName",),
    id_format="{endpointConfigArn}",
    autoname=NativeName("endpointConfigName", longest=0),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "endpointConfigArn")),
)

MODEL = NativeType(
    "aws-native:sagemaker:Model",
    service=SERVICE,
    create="CreateModel",
    read="DescribeModel",
    delete="DeleteModel",
    identity=("modelName",),
    id_format="{modelArn}",
    autoname=NativeName("modelName", longest=0),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "modelArn")),
)

# The job definitions' `endpointName` is CloudFormation's own and no member of any request: SageMaker takes the
# endpoint from the job's input.
JOB_DEFINITIONS = tuple(
    NativeType(
        f"aws-native:sagemaker:{kind}JobDefinition",
        service=SERVICE,
        create=f"Create{kind}JobDefinition",
        read=f"Describe{kind}JobDefinition",
        delete=f"Delete{kind}JobDefinition",
        identity=("jobDefinitionName",),
        id_format="{jobDefinitionArn}",
        steering=frozenset({"endpointName"}),
        autoname=NativeName("jobDefinitionName", longest=LONGEST_NAME),
        tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "jobDefinitionArn")),
    )
    for kind in JOB_KINDS
)


@dataclass(frozen=True, kw_only=True)
class ModelPackageGroupType(NativeType):
    """A model package group with its resource policy, which has requests of its own."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Puts the policy."""
        document = known.get("modelPackageGroupPolicy")
        if document:
            request = {"ModelPackageGroupName": known["modelPackageGroupName"], "ResourcePolicy": _text(document)}
            session.call_once_propagated(SERVICE, "PutModelPackageGroupPolicy", request)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the policy, where there is one."""
        group = {"ModelPackageGroupName": live["modelPackageGroupName"]}
        told = self.call_unless_gone(session, "GetModelPackageGroupPolicy", group)
        return live if told is None else {**live, "modelPackageGroupPolicy": as_json(told["ResourcePolicy"])}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Puts the policy, or takes it away."""
        if inputs.get("modelPackageGroupPolicy"):
            self.complete(session, inputs)
            return
        group = {"ModelPackageGroupName": known["modelPackageGroupName"]}
        self.call_unless_gone(session, "DeleteModelPackageGroupPolicy", group)


def _text(document: Any) -> str:
    return document if isinstance(document, str) else json.dumps(document)


MODEL_PACKAGE_GROUP = ModelPackageGroupType(
    "aws-native:sagemaker:ModelPackageGroup",
    service=SERVICE,
    create="CreateModelPackageGroup",
    read="DescribeModelPackageGroup",
    delete="DeleteModelPackageGroup",
    identity=("modelPackageGroupName",),
    id_format="{modelPackageGroupArn}",
    unsent=frozenset({"modelPackageGroupPolicy"}),
    autoname=NativeName("modelPackageGroupName", longest=LONGEST_NAME),
    tagging=replace(SAGEMAKER_TAGS, subject=("ResourceArn", "modelPackageGroupArn")),
)

TYPES = (ENDPOINT_CONFIG, MODEL, *JOB_DEFINITIONS, MODEL_PACKAGE_GROUP)
