"""The functions that programs call, and what the local AWS knows of who and where they are."""

from __future__ import annotations

import json

import pytest

from greenroom.sandbox.provider.errors import FailedResourceError
from tests.functional.provider.aws_samples_sagemaker import STANDING_ENDPOINT
from tests.functional.provider.aws_stage import ACCOUNT, REGION, AwsStage, CheckFailedError

pytestmark = pytest.mark.slow  # a cloud a test

POLICY_DOCUMENT = "aws:iam/getPolicyDocument:getPolicyDocument"


def test_the_caller_is_the_account_that_the_provider_acts_as(stage: AwsStage) -> None:
    caller = stage.invoke("aws:index/getCallerIdentity:getCallerIdentity", {})
    assert (caller["accountId"], caller["id"]) == (ACCOUNT, ACCOUNT)


def test_partition_and_region_follow_the_provider(stage: AwsStage) -> None:
    assert stage.invoke("aws:index/getPartition:getPartition", {}) == {
        "dnsSuffix": "amazonaws.com",
        "id": "aws",
        "partition": "aws",
        "reverseDnsPrefix": "com.amazonaws",
    }
    assert stage.invoke("aws:index/getRegion:getRegion", {}) == {
        "description": "US East (N. Virginia)",
        "endpoint": "ec2.us-east-1.amazonaws.com",
        "id": REGION,
        "name": REGION,
        "region": REGION,
    }


def test_the_zones_of_the_region_are_told_in_order(stage: AwsStage) -> None:
    zones = stage.invoke(
        "aws:index/getAvailabilityZones:getAvailabilityZones", {"state": "available", "excludeNames": ["us-east-1b"]}
    )
    assert zones["names"][:2] == ["us-east-1a", "us-east-1c"]
    assert len(zones["zoneIds"]) == len(zones["names"])


def test_default_tags_are_told(stage: AwsStage) -> None:
    tagging = AwsStage(stage.url, settings={"region": REGION, "defaultTags": {"tags": {"env": "dev"}}})
    assert tagging.invoke("aws:index/getDefaultTags:getDefaultTags", {})["tags"] == {"env": "dev"}


def test_get_endpoint_tells_the_live_configuration(stage: AwsStage) -> None:
    for token, inputs in STANDING_ENDPOINT:
        stage.create(token, inputs)
    arn = f"arn:aws:sagemaker:{REGION}:{ACCOUNT}:endpoint/dev-tumor"
    found = stage.invoke("aws-native:sagemaker:getEndpoint", {"endpointArn": arn})
    assert found == {
        "endpointArn": arn,
        "endpointConfigName": "tumor-config-0a1b2c3d4e",
        "endpointName": "dev-tumor",
        "tags": [{"key": "team", "value": "oncology"}],
    }
    with pytest.raises(FailedResourceError, match=f"AWS knows no {arn}-2"):
        stage.invoke("aws-native:sagemaker:getEndpoint", {"endpointArn": f"{arn}-2"})


def test_a_policy_document_is_rendered_as_the_real_provider_does(stage: AwsStage) -> None:
    answer = stage.invoke(
        POLICY_DOCUMENT,
        {
            "policyId": "artifacts",
            "statements": [
                {
                    "sid": "Read",
                    "actions": ["s3:GetObject", "s3:ListBucket"],
                    "resources": ["arn:aws:s3:::data/&{aws:username}/*"],
                    "principals": [
                        {"type": "AWS", "identifiers": ["111122223333", "444455556666"]},
                        {"type": "Service", "identifiers": ["sagemaker.amazonaws.com"]},
                    ],
                    "conditions": [{"test": "Bool", "variable": "aws:SecureTransport", "values": ["true"]}],
                },
                {
                    "effect": "Deny",
                    "notActions": ["s3:*"],
                    "principals": [{"type": "*", "identifiers": ["*"]}],
                    "resources": ["*"],
                },
            ],
        },
    )
    expected = {
        "Version": "2012-10-17",
        "Id": "artifacts",
        "Statement": [
            {
                "Sid": "Read",
                "Effect": "Allow",
                "Action": ["s3:ListBucket", "s3:GetObject"],
                "Resource": "arn:aws:s3:::data/${aws:username}/*",
                "Principal": {"AWS": ["444455556666", "111122223333"], "Service": "sagemaker.amazonaws.com"},
                "Condition": {"Bool": {"aws:SecureTransport": "true"}},
            },
            {"Effect": "Deny", "NotAction": "s3:*", "Resource": "*", "Principal": "*"},
        ],
    }
    assert answer["json"] == json.dumps(expected, indent=2)
    assert answer["minifiedJson"] == json.dumps(expected, separators=(",", ":"))


def test_policy_documents_are_merged_by_sid(stage: AwsStage) -> None:
    def document(sid: str, action: str) -> str:
        return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": sid, "Effect": "Allow", "Action": action}]})

    answer = stage.invoke(
        POLICY_DOCUMENT,
        {
            "sourcePolicyDocuments": [document("a", "s3:Get"), document("b", "s3:Put")],
            "statements": [{"sid": "b", "actions": ["s3:Mine"]}],
            "overridePolicyDocuments": [document("a", "s3:Override")],
        },
    )
    statements = json.loads(answer["json"])["Statement"]
    assert [(statement["Sid"], statement["Action"]) for statement in statements] == [
        ("a", "s3:Override"),
        ("b", "s3:Mine"),
    ]


def test_bad_arguments_of_a_policy_document_are_told_at_their_path(stage: AwsStage) -> None:
    with pytest.raises(CheckFailedError) as refused:
        stage.invoke(
            POLICY_DOCUMENT,
            {"version": "2020", "statements": [{"sid": "a", "effect": "allow"}, {"sid": "a"}]},
        )
    assert refused.value.failures == {
        "version": "'2020' is not allowed; allowed: 2008-10-17, 2012-10-17",
        "statements[0].effect": "'allow' is not allowed; allowed: Allow, Deny",
        "statements[1].sid": "'a' is the sid of another statement; allowed: a sid of its own",
    }
