"""S3's tags, which are put as a whole: those of a bucket, and those of an object.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketTagging.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError
from greenroom.sandbox.provider.tagging import Tagging

NO_TAGS = "NoSuchTagSet"


@dataclass(frozen=True, kw_only=True)
class TagSet(Tagging):
    """All tags of a bucket or an object; `untag` is empty where an empty set is put as any other.

    Attributes:
        key: the output that holds an object's key; empty for a bucket.
    """

    create: str = ""
    key: str = ""

    def read(self, session: AccountSession, service: str, outputs: Mapping[str, Any]) -> dict[str, str]:
        """All tags; a bucket without any has no tag set."""
        try:
            response = session.call(service, self.list_, self._where(outputs))
        except AwsRefusedError as refused:
            if refused.code != NO_TAGS:
                raise
            return {}
        return {tag["Key"]: tag["Value"] for tag in response["TagSet"]}

    def change(
        self,
        session: AccountSession,
        service: str,
        outputs: Mapping[str, Any],
        old: Mapping[str, str],
        new: Mapping[str, str],
    ) -> None:
        """Puts the whole set; a bucket's empty one is deleted."""
        if self.untag and not new:
            session.call(service, self.untag, self._where(outputs))
            return
        tag_set = [{"Key": key, "Value": value} for key, value in new.items()]
        session.call(service, self.tag, {**self._where(outputs), "Tagging": {"TagSet": tag_set}})

    def _where(self, outputs: Mapping[str, Any]) -> dict[str, Any]:
        member, output = self.subject
        return {member: outputs[output], **({"Key": outputs[self.key]} if self.key else {})}


def bucket_tags(output: str) -> TagSet:
    """How a bucket is tagged whose name is in `output`."""
    return TagSet(
        subject=("Bucket", output), tag="PutBucketTagging", untag="DeleteBucketTagging", list_="GetBucketTagging"
    )


OBJECT_TAGS = TagSet(
    subject=("Bucket", "bucket"), key="key", tag="PutObjectTagging", untag="", list_="GetObjectTagging"
)
