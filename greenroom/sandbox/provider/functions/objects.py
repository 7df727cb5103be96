"""`aws:s3/getObjects:getObjects`: the keys in a bucket, page by page, no more than were asked for.

https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/objects_data_source.go
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession

DEFAULT_MAX_KEYS = 1000
PAGE_KEYS = 1000
"""A page of S3's is no longer: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html."""

_MEMBERS = {
    "bucket": "Bucket",
    "delimiter": "Delimiter",
    "encodingType": "EncodingType",
    "fetchOwner": "FetchOwner",
    "prefix": "Prefix",
    "requestPayer": "RequestPayer",
    "startAfter": "StartAfter",
}


def get_objects(session: AccountSession, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The keys, and with a delimiter the prefixes up to it."""
    session = session.in_region(arguments.get("region"))
    told = {name: arguments[name] for name in _MEMBERS if arguments.get(name)}
    most = int(arguments.get("maxKeys") or DEFAULT_MAX_KEYS)
    request = {_MEMBERS[name]: value for name, value in told.items()} | {"MaxKeys": min(most, PAGE_KEYS)}
    found: list[Mapping[str, Any]] = []
    prefixes: list[str] = []
    while True:
        page = session.call("s3", "ListObjectsV2", request)
        found += page.get("Contents", ())
        prefixes += [one["Prefix"] for one in page.get("CommonPrefixes", ())]
        if len(found) >= most or not page.get("IsTruncated"):
            break
        request = {**request, "ContinuationToken": page["NextContinuationToken"]}
    found = found[:most]
    return {
        **told,
        "id": arguments["bucket"],
        "region": session.region,
        "maxKeys": float(most),
        "keys": [one["Key"] for one in found],
        "commonPrefixes": prefixes,
        "owners": [one["Owner"].get("DisplayName", "") for one in found if "Owner" in one],
        "requestCharged": page.get("RequestCharged", ""),
    }


FUNCTIONS: Mapping[str, Callable[[AccountSession, Mapping[str, Any]], dict[str, Any]]] = {
    "aws:s3/getObjects:getObjects": get_objects,
}
