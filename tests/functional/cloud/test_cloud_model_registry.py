"""The model registry: packages are approved, and whoever waits for that is told.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-registry-approve.html
"""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError

pytestmark = pytest.mark.slow  # a cloud a test

ACCOUNT, REGION = "111122223333", "us-east-1"
LETS_EVENTS_IN = {
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
        }
    ]
}


@pytest.fixture
def package(aws):
    """The ARN of a package in a group, with a queue that approvals are told to."""
    aws.sagemaker.create_model_package_group(ModelPackageGroupName="tumor")
    aws.client("sqs").create_queue(QueueName="approvals", Attributes={"Policy": json.dumps(LETS_EVENTS_IN)})
    pattern = {"source": ["aws.sagemaker"], "detail": {"ModelApprovalStatus": ["Approved"]}}
    aws.client("events").put_rule(Name="approved", EventPattern=json.dumps(pattern))
    queue = f"arn:aws:sqs:{REGION}:{ACCOUNT}:approvals"
    aws.client("events").put_targets(Rule="approved", Targets=[{"Id": "queue", "Arn": queue}])
    return aws.sagemaker.create_model_package(
        ModelPackageGroupName="tumor",
        SourceUri="s3://models/tumor",
        SkipModelValidation="All",
        CustomerMetadataProperties={"digest": "abc", "team": "ml"},
    )["ModelPackageArn"]


def described(aws, arn):
    return aws.sagemaker.describe_model_package(ModelPackageName=arn)


def test_a_version_waits_for_its_approval_and_the_approval_is_an_event(aws, package):
    """https://docs.aws.amazon.com/sagemaker/latest/dg/automating-sagemaker-with-eventbridge.html."""
    told = described(aws, package)
    assert (told["ModelApprovalStatus"], told["SourceUri"], told["SkipModelValidation"]) == (
        "PendingManualApproval",
        "s3://models/tumor",
        "All",
    )
    aws.sagemaker.update_model_package(
        ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="gates passed"
    )
    url = aws.client("sqs").get_queue_url(QueueName="approvals")["QueueUrl"]
    (message,) = aws.client("sqs").receive_message(QueueUrl=url)["Messages"]
    event = json.loads(message["Body"])
    assert (event["detail-type"], event["resources"]) == ("SageMaker Model Package State Change", [package])
    assert (event["detail"]["ModelPackageGroupName"], event["detail"]["ModelPackageVersion"]) == ("tumor", 1)


def test_an_update_changes_what_it_names_and_nothing_else(aws, package):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html."""
    client = aws.sagemaker
    client.update_model_package(ModelPackageArn=package, ModelApprovalStatus="Approved", ApprovalDescription="good")
    client.update_model_package(
        ModelPackageArn=package,
        CustomerMetadataProperties={"team": "risk"},
        CustomerMetadataPropertiesToRemove=["digest"],
    )
    told = described(aws, package)
    assert (told["ModelApprovalStatus"], told["ApprovalDescription"], told["CustomerMetadataProperties"]) == (
        "Approved",
        "good",
        {"team": "risk"},
    )


def test_a_group_with_versions_stays_until_they_are_gone(aws, package):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html."""
    with pytest.raises(ClientError) as refused:
        aws.sagemaker.delete_model_package_group(ModelPackageGroupName="tumor")
    assert refused.value.response["Error"]["Code"] == "ConflictException"
    aws.sagemaker.delete_model_package(ModelPackageName=package)
    aws.sagemaker.delete_model_package_group(ModelPackageGroupName="tumor")
    assert aws.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"] == []


def test_a_token_makes_one_package_however_often_it_is_sent(aws, package):
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html."""
    request = {"ModelPackageGroupName": "tumor", "SourceUri": "s3://models/new", "ClientToken": "once"}
    first, again = (aws.sagemaker.create_model_package(**request)["ModelPackageArn"] for _ in range(2))
    assert first == again != package
    with pytest.raises(ClientError, match="ClientToken was used in a request with different parameters"):
        aws.sagemaker.create_model_package(**request | {"SourceUri": "s3://models/other"})
    assert len(aws.sagemaker.list_model_packages(ModelPackageGroupName="tumor")["ModelPackageSummaryList"]) == 2
