"""The look-ups of `aws`, a row each: IAM, S3, KMS, SSM, Secrets Manager, CloudWatch, ECR, Lambda.

https://www.pulumi.com/registry/packages/aws/api-docs/
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.functions.look_up import Arguments, LookUp, tags_map


def _argument(name: str, member: str, **further: Any) -> Callable[[Arguments], dict[str, Any]]:
    return lambda arguments: {member: arguments[name], **further}


def _role(_session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    boundary = found.get("PermissionsBoundary", {}).get("PermissionsBoundaryArn", "")
    return {"description": "", **result, "permissionsBoundary": boundary, "tags": tags_map(found.get("Tags"))}


def _bucket(session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    name, region = result["bucket"], found.get("BucketRegion", session.region)
    website = f"s3-website-{region}.amazonaws.com"
    return {
        **result,
        "arn": session.arn("s3", name, region="", account=""),
        "bucketDomainName": f"{name}.s3.amazonaws.com",
        "bucketRegion": region,
        "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
        "websiteDomain": website,
        "websiteEndpoint": f"{name}.{website}",
    }


def _key(_session: AccountSession, result: dict[str, Any], _found: Mapping[str, Any]) -> dict[str, Any]:
    return {"description": "", **result}


def _log_group(_session: AccountSession, result: dict[str, Any], _found: Mapping[str, Any]) -> dict[str, Any]:
    return {"kmsKeyId": "", "retentionInDays": 0.0, **result, "arn": str(result["arn"]).removesuffix(":*")}


def _secret(session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    policy = session.call("secretsmanager", "GetResourcePolicy", {"SecretId": found["ARN"]}).get("ResourcePolicy", "")
    return {"description": "", "kmsKeyId": "", **result, "policy": policy, "tags": tags_map(found.get("Tags"))}


def _secret_version(_session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    binary = base64.b64encode(found["SecretBinary"]).decode() if "SecretBinary" in found else ""
    return {"secretString": "", **result, "secretArn": found["ARN"], "secretBinary": binary}


def _parameter(_session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    plain = found["Value"] if found["Type"] != "SecureString" else ""
    return {"withDecryption": True, **result, "insecureValue": plain}


def _repository(session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    tags = session.call("ecr", "ListTagsForResource", {"resourceArn": found["repositoryArn"]}).get("tags")
    images = session.call("ecr", "DescribeImages", {"repositoryName": found["repositoryName"]})["imageDetails"]
    newest: Mapping[str, Any] = max(images, key=lambda image: str(image["imagePushedAt"]), default={})
    return {**result, "mostRecentImageTags": newest.get("imageTags", []), "tags": tags_map(tags)}


def _function(session: AccountSession, result: dict[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    arn = f"{found['FunctionArn']}"
    unqualified = ":".join(arn.split(":")[:7])
    qualified = f"{unqualified}:{result.get('qualifier') or found['Version']}"
    invoke = f"arn:{session.partition}:apigateway:{session.region}:lambda:path/2015-03-31/functions"
    tags = session.call("lambda", "ListTags", {"Resource": unqualified}).get("Tags")
    return {
        **result,
        "arn": unqualified,
        "qualifiedArn": qualified,
        "invokeArn": f"{invoke}/{unqualified}/invocations",
        "qualifiedInvokeArn": f"{invoke}/{qualified}/invocations",
        "environment": {"variables": found.get("Environment", {}).get("Variables", {})},
        "tags": tags_map(tags),
    }


def _function_request(arguments: Arguments) -> dict[str, Any]:
    qualifier = {"Qualifier": arguments["qualifier"]} if arguments.get("qualifier") else {}
    return {"FunctionName": arguments["functionName"], **qualifier}


def _secret_version_request(arguments: Arguments) -> dict[str, Any]:
    request = {"SecretId": arguments["secretId"]}
    if arguments.get("versionId"):
        return {**request, "VersionId": arguments["versionId"]}
    return {**request, "VersionStage": arguments.get("versionStage", "AWSCURRENT")}


ROLE = LookUp(
    "aws:iam/getRole:getRole",
    service="iam",
    operation="GetRole",
    what="IAM Role",
    request=_argument("name", "RoleName"),
    named_by="name",
    id_format="{name}",
    found=("Role",),
    prefixes=("Role",),
    exceptions={
        "assumeRolePolicy": "AssumeRolePolicyDocument",
        "permissionsBoundary": None,
        "roleLastUseds": "RoleLastUsed",
        "tags": None,
        "uniqueId": "RoleId",
    },
    completed=_role,
)
BUCKET = LookUp(
    "aws:s3/getBucket:getBucket",
    service="s3",
    operation="HeadBucket",
    what="S3 Bucket",
    request=_argument("bucket", "Bucket"),
    named_by="bucket",
    id_format="{bucket}",
    exceptions={"arn": None, "region": None},
    completed=_bucket,
)
KEY = LookUp(
    "aws:kms/getKey:getKey",
    service="kms",
    operation="DescribeKey",
    what="KMS Key",
    request=_argument("keyId", "KeyId"),
    named_by="keyId",
    id_format="{keyId}",
    found=("KeyMetadata",),
    exceptions={"awsAccountId": "AWSAccountId", "multiRegionConfigurations": "MultiRegionConfiguration"},
    completed=_key,
)
PARAMETER = LookUp(
    "aws:ssm/getParameter:getParameter",
    service="ssm",
    operation="GetParameter",
    what="SSM Parameter",
    request=lambda arguments: {
        "Name": arguments["name"],
        "WithDecryption": bool(arguments.get("withDecryption", True)),
    },
    named_by="name",
    id_format="{name}",
    found=("Parameter",),
    completed=_parameter,
)
SECRET = LookUp(
    "aws:secretsmanager/getSecret:getSecret",
    service="secretsmanager",
    operation="DescribeSecret",
    what="Secrets Manager Secret",
    request=lambda arguments: {"SecretId": arguments.get("arn") or arguments["name"]},
    named_by="name",
    id_format="{arn}",
    exceptions={"tags": None},
    completed=_secret,
)
SECRET_VERSION = LookUp(
    "aws:secretsmanager/getSecretVersion:getSecretVersion",
    service="secretsmanager",
    operation="GetSecretValue",
    what="Secrets Manager Secret Version",
    request=_secret_version_request,
    named_by="secretId",
    id_format="{secretId}|{versionId}",
    exceptions={"secretArn": "ARN", "secretBinary": None},
    completed=_secret_version,
)
LOG_GROUP = LookUp(
    "aws:cloudwatch/getLogGroup:getLogGroup",
    service="logs",
    operation="DescribeLogGroups",
    what="CloudWatch Logs Log Group",
    request=_argument("name", "logGroupNamePrefix"),
    named_by="name",
    id_format="{name}",
    found=("logGroups", 0),
    prefixes=("logGroup",),
    completed=_log_group,
)
EVENT_BUS = LookUp(
    "aws:cloudwatch/getEventBus:getEventBus",
    service="events",
    operation="DescribeEventBus",
    what="EventBridge Event Bus",
    request=_argument("name", "Name"),
    named_by="name",
    id_format="{name}",
)
REPOSITORY = LookUp(
    "aws:ecr/getRepository:getRepository",
    service="ecr",
    operation="DescribeRepositories",
    what="ECR Repository",
    request=lambda arguments: {"repositoryNames": [arguments["name"]]},
    named_by="name",
    id_format="{name}",
    found=("repositories", 0),
    prefixes=("repository",),
    exceptions={"repositoryUrl": "repositoryUri"},
    completed=_repository,
)
FUNCTION = LookUp(
    "aws:lambda/getFunction:getFunction",
    service="lambda",
    operation="GetFunction",
    what="Lambda Function",
    request=_function_request,
    named_by="functionName",
    id_format="{functionName}",
    found=("Configuration",),
    exceptions={"arn": "FunctionArn", "sourceCodeSize": "CodeSize", "kmsKeyArn": "KMSKeyArn", "environment": None},
    completed=_function,
)


ROWS = (ROLE, BUCKET, KEY, PARAMETER, SECRET, SECRET_VERSION, LOG_GROUP, EVENT_BUS, REPOSITORY, FUNCTION)
FUNCTIONS: Mapping[str, Callable[[AccountSession, Arguments], dict[str, Any]]] = {row.token: row for row in ROWS}
