"""S3: objects of a program: a file, a text, or base64.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import base64
import binascii
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.content import Content
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.s3 import SERVICE
from greenroom.sandbox.provider.types.s3_tagging import OBJECT_TAGS
from greenroom.sandbox.provider.values import has_unknown

LONGEST_KEY = 1024
BODIES = ("source", "content", "contentBase64")
NOT_HERE = "is not in the sandbox; leave it out"
CHECKSUMS = {
    "checksumCrc32": "ChecksumCRC32",
    "checksumCrc32c": "ChecksumCRC32C",
    "checksumCrc64nvme": "ChecksumCRC64NVME",
    "checksumSha1": "ChecksumSHA1",
    "checksumSha256": "ChecksumSHA256",
}


@dataclass(frozen=True, kw_only=True)
class ObjectType(ResourceType):
    """An object; another content, or another header, puts it anew."""

    def create_request(self, inputs: Mapping[str, Any], tags: Mapping[str, Any], trace: Trace) -> dict[str, Any]:
        """With the body, and the tags as a query."""
        request = super().create_request(inputs, {}, trace)
        body = _body(inputs)
        if body is not None:
            request["Body"] = body
        if tags:
            request["Tagging"] = urllib.parse.urlencode(dict(tags))
        return request

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The object by its bucket and key, which S3 does not repeat."""
        live = super().live(session, known)
        return None if live is None else {**live, "bucket": known["bucket"], "key": known["key"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The tag of the content without its quotation marks; the ARN."""
        arn = session.arn("s3", f"{live['bucket']}/{live['key']}", region="", account="")
        told = {"etag": str(found["ETag"]).strip('"'), "arn": arn}
        return {"storageClass": "STANDARD", **live, **told}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Puts the object anew, with its tags."""
        tags = known.get("tagsAll") or {}
        session.call_once_propagated(SERVICE, self.create, self.create_request(inputs, tags, Trace()))

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """All versions of the object."""
        where = {"Bucket": known["bucket"], "Prefix": known["key"]}
        if self.live(session, known) is None:
            return
        page = session.call(SERVICE, "ListObjectVersions", where)
        for version in [*page.get("Versions", []), *page.get("DeleteMarkers", [])]:
            if version["Key"] == known["key"]:
                one = {"Bucket": known["bucket"], "Key": known["key"], "VersionId": version["VersionId"]}
                session.call(SERVICE, self.delete, one)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`BUCKET/KEY` or `s3://BUCKET/KEY`.

        Raises:
            InvalidInputsError: it names no key.
        """
        bucket, _, key = resource_id.removeprefix("s3://").partition("/")
        if not key:
            violation = Violation("id", f"{resource_id!r} is not of the form BUCKET/KEY")
            raise InvalidInputsError(self.token, [violation])
        return {"bucket": bucket, "key": key}

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """One content at most; base64 that is none."""
        found = super().extra_violations(inputs)
        given = [name for name in BODIES if name in inputs]
        if len(given) > 1:
            found.append(Violation(given[1], f"an object has one content, and this one has {' and '.join(given)}"))
        text = inputs.get("contentBase64")
        if isinstance(text, str):
            try:
                base64.b64decode(text, validate=True)
            except binascii.Error as error:
                found.append(Violation("contentBase64", f"is no base64: {error}"))
        return found


def _body(inputs: Mapping[str, Any]) -> bytes | None:
    """The object's bytes; none where the program gives none, or a preview does not know them."""
    source = inputs.get("source")
    if isinstance(source, Content):
        return source.zipped() if source.is_archive else source.read()
    for name in ("content", "contentBase64"):
        text = inputs.get(name)
        if text is not None and not has_unknown(text):
            return str(text).encode() if name == "content" else base64.b64decode(str(text))
    return None


# Replaced by: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/s3/object.go (ForceNew).
# The id is the key, as there; that two buckets may have objects of one id is the official provider's own.
OBJECT = ObjectType(
    "aws:s3/bucketObjectv2:BucketObjectv2",
    service=SERVICE,
    create="PutObject",
    read="HeadObject",
    delete="DeleteObject",
    identity=("bucket", "key"),
    id_format="{key}",
    exceptions={"kmsKeyId": "SSEKMSKeyId", "websiteRedirect": "WebsiteRedirectLocation"},
    operation_exceptions={"response": {"etag": None, **CHECKSUMS}},
    unsent=frozenset({"etag", "sourceHash", *BODIES}),
    shared=frozenset({"etag", "contentType", "serverSideEncryption", "storageClass", "bucketKeyEnabled", "kmsKeyId"}),
    steering=frozenset({"forceDestroy"}),
    refused={"overrideProvider": NOT_HERE},
    replaced_by=frozenset({"bucket", "key"}),
    autoname=AutoName(property="key", longest=LONGEST_KEY, prefix_property="", digits=0),
    tagging=OBJECT_TAGS,
)

TYPES = (OBJECT,)
