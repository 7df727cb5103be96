"""S3: the bucket.

A bucket's parts can be resources of their own or inputs of the bucket (`s3_inline`). A part is read where the program
gave it with the bucket, and at an import: else it belongs to a resource of its own, or to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.types.s3 import SERVICE, in_region_of
from greenroom.sandbox.provider.types.s3_inline import INLINE_PARTS, REFUSED_INPUTS
from greenroom.sandbox.provider.types.s3_tagging import bucket_tags

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
LONGEST_BUCKET_NAME = 63
# https://docs.aws.amazon.com/general/latest/gr/s3.html#s3_website_region_endpoints
HOSTED_ZONES = {
    "ap-northeast-1": "Z2M4EHUR26P7ZW",
    "ap-northeast-2": "Z3W03O7B5YMIYP",
    "ap-south-1": "Z11RGJOFQNVJUP",
    "ap-southeast-1": "Z3O0J2DXBE1FTB",
    "ap-southeast-2": "Z1WCIGYICN2BYD",
    "ca-central-1": "Z1QDHH18159H29",
    "eu-central-1": "Z21DNDUVLTQW6Q",
    "eu-north-1": "Z3BAZG2TWCNX0D",
    "eu-west-1": "Z1BKCTXD74EZPE",
    "eu-west-2": "Z3GKZC51ZF0DB4",
    "eu-west-3": "Z3R1K369G5AVDG",
    "sa-east-1": "Z7KQH4QJS55SO",
    "us-east-1": "Z3AQBSTGFYJSTF",
    "us-east-2": "Z2O1EMRO9K5GLX",
    "us-west-1": "Z2F56UZL2M1ACD",
    "us-west-2": "Z3BJ6K6RIION7M",
}


@dataclass(frozen=True, kw_only=True)
class BucketType(ResourceType):
    """A bucket."""

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the bucket in the session's region, and tags it."""
        request = {**self.create_request(inputs, {}, Trace()), **in_region_of(session)}
        if "objectLockConfiguration" in inputs:
            request["ObjectLockEnabledForBucket"] = True
        session.call(SERVICE, self.create, request)
        if tags and self.tagging is not None:
            self.tagging.change(session, SERVICE, inputs, {}, tags)
        return dict(inputs)

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """The parts that are given with the bucket."""
        for name, part in INLINE_PARTS.items():
            if name in known:
                part.put(session, known["bucket"], known[name])

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """With the parts that the program gave with the bucket; all of them for an import."""
        live = super().live(session, known)
        if live is None:
            return None
        given = INLINE_PARTS.keys() if known.keys() <= {"bucket"} else known.get("__inputs", known).keys()
        told = {
            name: part.live(session, live["bucket"])
            for name, part in INLINE_PARTS.items()
            if name in given and name in self.schema.inputs.properties
        }
        return {**live, **{name: value for name, value in told.items() if value not in (None, [], {})}}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The names that follow from the bucket's own."""
        name, region = live["bucket"], found.get("BucketRegion", session.region)
        return {
            **live,
            "arn": session.arn("s3", name, region="", account=""),
            "bucketDomainName": f"{name}.s3.amazonaws.com",
            "bucketRegion": region,
            "bucketRegionalDomainName": f"{name}.s3.{region}.amazonaws.com",
            **({"hostedZoneId": HOSTED_ZONES[region]} if region in HOSTED_ZONES else {}),
        }

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """The parts that are given with the bucket: put anew, or taken away."""
        for name in sorted(changed & INLINE_PARTS.keys()):
            if name in inputs:
                INLINE_PARTS[name].put(session, known["bucket"], inputs[name])
            else:
                INLINE_PARTS[name].take_away(session, known["bucket"])

    def extra_violations(self, inputs: Mapping[str, Any]) -> list[Violation]:
        """Those of the parts, at the inline inputs."""
        found = super().extra_violations(inputs)
        for name, part in INLINE_PARTS.items():
            if name in inputs:
                found += part.violations(name, inputs[name])
        return found

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the bucket; with `forceDestroy` everything in it before."""
        if self.live(session, known) is None:
            return
        if known.get("forceDestroy"):
            self._empty(session, known["bucket"])
        super().remove(session, known, bound_seconds)

    def _empty(self, session: AccountSession, bucket: str) -> None:
        while True:
            page = session.call(SERVICE, "ListObjectVersions", {"Bucket": bucket})
            versions = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            if not versions:
                return
            doomed = [{"Key": version["Key"], "VersionId": version["VersionId"]} for version in versions]
            session.call(SERVICE, "DeleteObjects", {"Bucket": bucket, "Delete": {"Objects": doomed, "Quiet": True}})


BUCKET = BucketType(
    "aws:s3/bucket:Bucket",
    service=SERVICE,
    create="CreateBucket",
    read="HeadBucket",
    delete="DeleteBucket",
    identity=("bucket",),
    id_format="{bucket}",
    exceptions={"objectLockEnabled": "ObjectLockEnabledForBucket"},
    operation_exceptions={"response": {"region": None, "arn": None}},
    unsent=frozenset(INLINE_PARTS),
    shared=frozenset(INLINE_PARTS),
    refused={
        name: "is not in the sandbox; leave it out" + (f", or use aws.s3.{kind}" if kind else "")
        for name, kind in REFUSED_INPUTS.items()
    },
    steering=frozenset({"forceDestroy"}),
    replaced_by=frozenset({"bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"}),
    autoname=AutoName(property="bucket", longest=LONGEST_BUCKET_NAME, lower_case=True, prefix_property="bucketPrefix"),
    tagging=bucket_tags("bucket"),
)

TYPES = (BUCKET,)
