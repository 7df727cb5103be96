"""SageMaker's plain types: Model, EndpointConfiguration, DataQualityJobDefinition, the model package group.

None of them but the group's policy can be updated: SageMaker has no such operation, so every change replaces.
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html
"""

from __future__ import annotations

from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging

SAGEMAKER_TAGS = Tagging(subject=("ResourceArn", "arn"), tag="AddTags", untag="DeleteTags", list_="ListTags")
# https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html#sagemaker-CreateModel-request-ModelName
LONGEST_NAME = 63

MODEL = ResourceType(
    "aws:sagemaker/model:Model",
    service="sagemaker",
    create="CreateModel",
    read="DescribeModel",
    delete="DeleteModel",
    prefixes=("Model",),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=SAGEMAKER_TAGS,
)

ENDPOINT_CONFIGURATION = ResourceType(
    "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
    service="sagemaker",
    create="CreateEndpointConfig",
    read="DescribeEndpointConfig",
    delete="DeleteEndpointConfig",
    prefixes=("EndpointConfig",),
    exceptions={"kmsKeyArn": "KmsKeyId"},
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=SAGEMAKER_TAGS,
)

DATA_QUALITY_JOB_DEFINITION = ResourceType(
    "aws:sagemaker/dataQualityJobDefinition:DataQualityJobDefinition",
    service="sagemaker",
    create="CreateDataQualityJobDefinition",
    read="DescribeDataQualityJobDefinition",
    delete="DeleteDataQualityJobDefinition",
    prefixes=("JobDefinition",),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=SAGEMAKER_TAGS,
)

MODEL_PACKAGE_GROUP = ResourceType(
    "aws:sagemaker/modelPackageGroup:ModelPackageGroup",
    service="sagemaker",
    create="CreateModelPackageGroup",
    read="DescribeModelPackageGroup",
    delete="DeleteModelPackageGroup",
    identity=("modelPackageGroupName",),
    id_format="{modelPackageGroupName}",
    prefixes=("ModelPackageGroup",),
    tagging=SAGEMAKER_TAGS,
)

MODEL_PACKAGE_GROUP_POLICY = ResourceType(
    "aws:sagemaker/modelPackageGroupPolicy:ModelPackageGroupPolicy",
    service="sagemaker",
    create="PutModelPackageGroupPolicy",
    read="GetModelPackageGroupPolicy",
    update="PutModelPackageGroupPolicy",
    delete="DeleteModelPackageGroupPolicy",
    identity=("modelPackageGroupName",),
    id_format="{modelPackageGroupName}",
)

TYPES = (
    MODEL,
    ENDPOINT_CONFIGURATION,
    DATA_QUALITY_JOB_DEFINITION,
    MODEL_PACKAGE_GROUP,
    MODEL_PACKAGE_GROUP_POLICY,
)
