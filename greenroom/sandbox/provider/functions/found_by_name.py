"""Look-ups that list and choose, or that put an answer together: policies, objects, aliases, topics, queues, images.

https://www.pulumi.com/registry/packages/aws/api-docs/
"""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError
from greenroom.sandbox.provider.functions.look_up import Arguments, is_gone, last_part, only, tags_map, told_arguments
from greenroom.sandbox.provider.scalar_codec import ScalarCodec

# The content types whose body the real provider reads:
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/object_data_source.go
TEXT_TYPES = ("text/", "application/json", "application/xml", "application/x-sh", "application/yaml")
# What a list's next page is called in the answer, and in the request for it.
PAGE_MEMBERS = {"iam": ("Marker", "Marker"), "kms": ("NextMarker", "Marker")}


def get_policy(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """A managed policy, by its ARN or by its name, with the document of its default version."""
    function, arn = "aws:iam/getPolicy:getPolicy", arguments.get("arn")
    if arn is None:
        request = {"PathPrefix": arguments["pathPrefix"]} if arguments.get("pathPrefix") else {}
        listed = _pages(session, "iam", "ListPolicies", "Policies", request)
        named = [policy["Arn"] for policy in listed if policy["PolicyName"] == arguments.get("name")]
        arn = only("IAM Policy", function, named)
    try:
        policy = session.call("iam", "GetPolicy", {"PolicyArn": arn})["Policy"]
    except AwsRefusedError as refused:
        if not is_gone(refused):
            raise
        raise FailedResourceError(f"{function}: reading IAM Policy ({arn}): couldn't find resource") from refused
    request = {"PolicyArn": arn, "VersionId": policy["DefaultVersionId"]}
    version = session.call("iam", "GetPolicyVersion", request)["PolicyVersion"]
    return {
        **told_arguments(arguments),
        "arn": policy["Arn"],
        "attachmentCount": policy.get("AttachmentCount", 0),
        "description": policy.get("Description", ""),
        "id": policy["Arn"],
        "name": policy["PolicyName"],
        "path": policy["Path"],
        "policy": ScalarCodec(str, "string").decode(version["Document"]),
        "policyId": policy["PolicyId"],
        "tags": tags_map(policy.get("Tags")),
    }


def get_object(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """An object's metadata; its body where it is text, or where `downloadBody` says so."""
    function = "aws:s3/getObject:getObject"
    session = session.in_region(arguments.get("region"))
    named = {"Bucket": arguments["bucket"], "Key": arguments["key"]}
    named |= {"VersionId": arguments["versionId"]} if arguments.get("versionId") else {}
    try:
        head = session.call("s3", "HeadObject", named)
    except AwsRefusedError as refused:
        if not is_gone(refused):
            raise
        where = f"{arguments['bucket']}/{arguments['key']}"
        raise FailedResourceError(f"{function}: reading S3 Object ({where}): couldn't find resource") from refused
    result: dict[str, Any] = {
        "arn": session.arn("s3", f"{arguments['bucket']}/{arguments['key']}", region="", account=""),
        "bucketKeyEnabled": head.get("BucketKeyEnabled", False),
        "cacheControl": head.get("CacheControl", ""),
        "contentDisposition": head.get("ContentDisposition", ""),
        "contentEncoding": head.get("ContentEncoding", ""),
        "contentLanguage": head.get("ContentLanguage", ""),
        "contentLength": head["ContentLength"],
        "contentType": head.get("ContentType", ""),
        "etag": head["ETag"].strip('"'),
        "id": "/".join(str(part) for part in named.values()),
        "lastModified": head["LastModified"].strftime("%a, %d %b %Y %H:%M:%S %Z"),
        "metadata": dict(head.get("Metadata", {})),
        "region": session.region,
        "serverSideEncryption": head.get("ServerSideEncryption", ""),
        "sseKmsKeyId": head.get("SSEKMSKeyId", ""),
        "storageClass": head.get("StorageClass", "STANDARD"),
        "versionId": head.get("VersionId", ""),
        **told_arguments(arguments),
    }
    wanted = arguments.get("downloadBody", result["contentType"].startswith(TEXT_TYPES))
    if wanted in {True, "true"}:
        body = session.call("s3", "GetObject", named)["Body"].read()
        result |= {"body": body.decode(errors="replace"), "bodyBase64": base64.b64encode(body).decode()}
    return result


def get_alias(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """A key's alias."""
    session, name = session.in_region(arguments.get("region")), arguments["name"]
    aliases = _pages(session, "kms", "ListAliases", "Aliases")
    found = [alias for alias in aliases if alias["AliasName"] == name]
    if not found:
        raise FailedResourceError(f"aws:kms/getAlias:getAlias: reading KMS Alias ({name}): couldn't find resource")
    key_id = found[0].get("TargetKeyId", "")
    return {
        **told_arguments(arguments),
        "arn": found[0]["AliasArn"],
        "id": found[0]["AliasArn"],
        "region": session.region,
        "targetKeyArn": session.arn("kms", f"key/{key_id}"),
        "targetKeyId": key_id,
    }


def get_topic(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """A topic by its name."""
    session = session.in_region(arguments.get("region"))
    arns = [topic["TopicArn"] for topic in _pages(session, "sns", "ListTopics", "Topics")]
    arn = only("SNS Topic", "aws:sns/getTopic:getTopic", [arn for arn in arns if last_part(arn) == arguments["name"]])
    tags = session.call("sns", "ListTagsForResource", {"ResourceArn": arn}).get("Tags")
    return {**told_arguments(arguments), "arn": arn, "id": arn, "region": session.region, "tags": tags_map(tags)}


def get_queue(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """A queue by its name; its URL is AWS's, whatever the address of the local one."""
    session, name = session.in_region(arguments.get("region")), arguments["name"]
    try:
        url = session.call("sqs", "GetQueueUrl", {"QueueName": name})["QueueUrl"]
    except AwsRefusedError as refused:
        if not is_gone(refused):
            raise
        raise FailedResourceError(
            f"aws:sqs/getQueue:getQueue: reading SQS Queue URL ({name}): couldn't find resource"
        ) from refused
    tags = session.call("sqs", "ListQueueTags", {"QueueUrl": url}).get("Tags", {})
    told_url = f"https://sqs.{session.region}.amazonaws.com{urllib.parse.urlsplit(url).path}"
    return {
        **told_arguments(arguments),
        "arn": session.arn("sqs", name),
        "id": told_url,
        "region": session.region,
        "tags": tags,
        "url": told_url,
    }


def get_image(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """An image of a repository: by tag, by digest, or the newest."""
    function = "aws:ecr/getImage:getImage"
    session = session.in_region(arguments.get("region"))
    request: dict[str, Any] = {"repositoryName": arguments["repositoryName"]}
    image_id = {name: arguments[name] for name in ("imageTag", "imageDigest") if arguments.get(name)}
    request |= {"imageIds": [image_id]} if image_id else {}
    try:
        images = session.call("ecr", "DescribeImages", request)["imageDetails"]
    except AwsRefusedError as refused:
        if not is_gone(refused):
            raise
        images = []
    if arguments.get("mostRecent"):
        images = sorted(images, key=lambda image: str(image["imagePushedAt"]))[-1:]
    image = only("ECR Image", function, images)
    host = f"{image['registryId']}.dkr.ecr.{session.region}.amazonaws.com"
    return {
        **told_arguments(arguments),
        "id": image["imageDigest"],
        "imageDigest": image["imageDigest"],
        "imagePushedAt": int(image["imagePushedAt"].timestamp()),
        "imageSizeInBytes": image["imageSizeInBytes"],
        "imageTags": image.get("imageTags", []),
        "imageUri": f"{host}/{image['repositoryName']}@{image['imageDigest']}",
        "region": session.region,
        "registryId": image["registryId"],
    }


def get_authorization_token(session: AccountSession, arguments: Arguments) -> dict[str, Any]:
    """The user name and the password for the account's registry."""
    session = session.in_region(arguments.get("region"))
    data = session.call("ecr", "GetAuthorizationToken", {})["authorizationData"][0]
    user, _, password = base64.b64decode(data["authorizationToken"]).decode().partition(":")
    return {
        **told_arguments(arguments),
        "authorizationToken": data["authorizationToken"],
        "expiresAt": data["expiresAt"].isoformat(),
        "id": session.region,
        "password": password,
        "proxyEndpoint": data["proxyEndpoint"],
        "region": session.region,
        "userName": user,
    }


def _pages(
    session: AccountSession, service: str, operation: str, found: str, request: Mapping[str, Any] | None = None
) -> list[dict[str, Any]]:
    """All pages of a list; IAM and KMS call the next one's token a marker."""
    told, asked = PAGE_MEMBERS.get(service, ("NextToken", "NextToken"))
    items: list[dict[str, Any]] = []
    page: dict[str, Any] = {}
    while True:
        page = session.call(service, operation, {**(request or {}), **({asked: page[told]} if page else {})})
        items += page[found]
        if not page.get(told):
            return items


FUNCTIONS = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": get_authorization_token,
    "aws:ecr/getImage:getImage": get_image,
    "aws:iam/getPolicy:getPolicy": get_policy,
    "aws:kms/getAlias:getAlias": get_alias,
    "aws:s3/getObject:getObject": get_object,
    "aws:sns/getTopic:getTopic": get_topic,
    "aws:sqs/getQueue:getQueue": get_queue,
}
