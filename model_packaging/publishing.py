"""A release into an artifact store's bucket, and out of it.

Every file goes under the release's prefix; `release.json` goes last, so that a prefix with a manifest is whole, and
comes off first. What is there already is not sent again, so that an upload that was cut off goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.errors import PublishError
from model_packaging.release import MANIFEST, Release, ReleaseFile
from model_packaging.store import ReleaseStore

SHA256_METADATA = "sha256"
"""The object metadata that tells a file's digest; a multipart upload's own checksum is not that of its bytes."""

NOT_FOUND_CODES = frozenset({"404", "NoSuchKey", "NotFound"})


def publish(
    release: Release, store: ReleaseStore, s3_client: Any, bucket: str, *, kms_key_id: str | None = None
) -> int:
    """Uploads the release to `s3://BUCKET/releases/NAME/HEX/` and checks that it is there.

    Args:
        release: A release of `store`.
        store: Where its files are; they are verified before anything is sent.
        s3_client: boto3's S3 client, of the artifact store's account and region.
        bucket: The artifact store's bucket.
        kms_key_id: The key to encrypt with; the bucket's default encryption without it.

    Returns:
        How many objects were sent: 0 where the release was there already.

    Raises:
        DigestMismatchError: the store's files are not the release's.
        PublishError: the bucket refused an object, or does not hold what was sent.
    """
    prefix = _Prefix(s3_client, bucket, release.s3_prefix, kms_key_id)
    if prefix.head(MANIFEST) is not None:
        return 0
    store.verify_files(release)
    folder = store.folder(release.name, release.digest)
    wanted = [file for file in release.files if not prefix.holds(file)]
    for file in wanted:
        prefix.put(file.path, folder / file.path, {SHA256_METADATA: file.sha256})
    missing = [file.path for file in wanted if not prefix.holds(file)]
    if missing:
        raise PublishError(
            f"s3://{bucket}/{release.s3_prefix} does not hold what was sent: {', '.join(missing)}; publish it again"
        )
    prefix.put(MANIFEST, folder / MANIFEST, {})
    return len(wanted) + 1


def is_published(release: Release, s3_client: Any, bucket: str) -> bool:
    """Whether the bucket has the whole release: its manifest is there, and with it all that went before.

    Raises:
        PublishError: the bucket refused.
    """
    return _Prefix(s3_client, bucket, release.s3_prefix).head(MANIFEST) is not None


def unpublish(release: Release, s3_client: Any, bucket: str) -> None:
    """Deletes the release's objects, the manifest first; older versions stay where the bucket keeps versions.

    Raises:
        PublishError: the bucket refused.
    """
    prefix = _Prefix(s3_client, bucket, release.s3_prefix)
    for path in (MANIFEST, *(file.path for file in release.files)):
        prefix.delete(path)


@dataclass(frozen=True)
class _Prefix:
    s3_client: Any
    bucket: str
    prefix: str
    kms_key_id: str | None = None

    def holds(self, file: ReleaseFile) -> bool:
        head = self.head(file.path)
        return (
            head is not None
            and head["ContentLength"] == file.size_bytes
            and head["Metadata"].get(SHA256_METADATA) == file.sha256
        )

    def head(self, path: str) -> Any | None:
        from botocore.exceptions import ClientError

        with self._refusals(path):
            try:
                return self.s3_client.head_object(Bucket=self.bucket, Key=self.prefix + path)
            except ClientError as error:
                if error.response["Error"]["Code"] in NOT_FOUND_CODES:
                    return None
                raise

    def put(self, path: str, source: Path, metadata: dict[str, str]) -> None:
        # S3 takes the checksum of what arrives and refuses anything else:
        # https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html
        extra: dict[str, object] = {"ChecksumAlgorithm": "SHA256", "Metadata": metadata}
        if self.kms_key_id is not None:
            extra |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id}
        with self._refusals(path):
            self.s3_client.upload_file(str(source), self.bucket, self.prefix + path, ExtraArgs=extra)

    def delete(self, path: str) -> None:
        with self._refusals(path):
            self.s3_client.delete_object(Bucket=self.bucket, Key=self.prefix + path)

    @contextmanager
    def _refusals(self, path: str) -> Iterator[None]:
        from boto3.exceptions import S3UploadFailedError
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError, S3UploadFailedError) as error:
            raise PublishError(f"s3://{self.bucket}/{self.prefix}{path}: {error}") from error
