"""One release's objects in a bucket: the few operations of S3 that publishing is made of, and their refusals.

Every object is sent with the SHA-256 of its bytes as S3's own checksum, which S3 takes of what arrives and refuses
anything else: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html. The checksum
of a multipart upload is one over its parts' and not of its bytes, so that the file's digest is in the metadata as well.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from model_packaging.errors import PublishError
from model_packaging.release import ReleaseFile

SHA256_METADATA = "sha256"
"""The object metadata that tells a file's digest."""

NOT_FOUND_CODES = frozenset({"404", "NoSuchKey", "NotFound", "NoSuchUpload"})
CONDITION_CODES = frozenset({"PreconditionFailed", "412"})
NOT_IMPLEMENTED_CODES = frozenset({"NotImplemented", "501"})

COPY_BYTES = 5 * 1024**3
"""The longest object that CopyObject takes: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html."""


def s3_checksum(sha256_hex: str) -> str:
    """A SHA-256 as S3 writes it."""
    return base64.b64encode(bytes.fromhex(sha256_hex)).decode()


def error_code(error: Any) -> str:
    """The code of botocore's `ClientError`."""
    return str(error.response["Error"]["Code"])


@dataclass(frozen=True)
class S3Prefix:
    """The objects under `s3://BUCKET/PREFIX`; paths are relative to it.

    Every method raises `PublishError`, with the object's URI, where the bucket refuses.
    """

    s3_client: Any
    bucket: str
    prefix: str
    kms_key_id: str | None = None
    """The key to encrypt with; the bucket's default encryption without it."""

    def uri(self, path: str = "") -> str:
        """The object's URI."""
        return f"s3://{self.bucket}/{self.prefix}{path}"

    def listing(self) -> dict[str, int]:
        """The length of every object there."""
        with self.refusals(""):
            pages = self.s3_client.get_paginator("list_objects_v2").paginate(Bucket=self.bucket, Prefix=self.prefix)
            return {one["Key"][len(self.prefix) :]: one["Size"] for page in pages for one in page.get("Contents", ())}

    def folders(self) -> tuple[str, ...]:
        """The names up to the next slash, ordered."""
        with self.refusals(""):
            pages = self.s3_client.get_paginator("list_objects_v2").paginate(
                Bucket=self.bucket, Prefix=self.prefix, Delimiter="/"
            )
            found = [one["Prefix"] for page in pages for one in page.get("CommonPrefixes", ())]
        return tuple(sorted(prefix[len(self.prefix) :].rstrip("/") for prefix in found))

    def head(self, path: str) -> Any | None:
        """What S3 tells of the object; None where there is none."""
        return self._unless_missing(path, self.s3_client.head_object)

    def holds(self, file: ReleaseFile) -> bool:
        """Whether the object is there, with the file's length and digest."""
        head = self.head(file.path)
        return (
            head is not None
            and head["ContentLength"] == file.size_bytes
            and head["Metadata"].get(SHA256_METADATA) == file.sha256
        )

    def read(self, path: str) -> bytes | None:
        """The object's bytes; None where there is none."""
        answer = self._unless_missing(path, self.s3_client.get_object)
        if answer is None:
            return None
        with self.refusals(path):
            content: bytes = answer["Body"].read()
        return content

    def put(self, path: str, content: bytes, *, sha256: str | None = None) -> None:
        """Writes a small object; its digest is taken where it is not given."""
        with self.refusals(path):
            self.s3_client.put_object(**self._request(path, content, sha256))

    def put_if_absent(self, path: str, content: bytes) -> bool:
        """Writes a small object where there is none; whether it did.

        A store that knows no conditional writes gets a plain one.
        https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html
        """
        from botocore.exceptions import ClientError

        with self.refusals(path):
            try:
                self.s3_client.put_object(**self._request(path, content), IfNoneMatch="*")
            except ClientError as error:
                if error_code(error) in CONDITION_CODES:
                    return False
                if error_code(error) not in NOT_IMPLEMENTED_CODES:
                    raise
                self.s3_client.put_object(**self._request(path, content))
        return True

    def copy_from(self, key: str, file: ReleaseFile) -> bool:
        """Copies an object of the bucket to the file's place, within S3; whether what arrived is the file."""
        with self.refusals(file.path):
            answer = self.s3_client.copy_object(
                Bucket=self.bucket,
                Key=self.prefix + file.path,
                CopySource={"Bucket": self.bucket, "Key": key},
                ChecksumAlgorithm="SHA256",
                MetadataDirective="REPLACE",
                Metadata={SHA256_METADATA: file.sha256},
                **self.encryption(),
            )
        # A copy is one operation, so that S3 takes the checksum of all bytes, however its source was sent.
        if answer["CopyObjectResult"].get("ChecksumSHA256") == s3_checksum(file.sha256):
            return True
        self.delete(file.path)
        return False

    def delete(self, path: str) -> None:
        """Deletes the object, if there is one."""
        with self.refusals(path):
            self.s3_client.delete_object(Bucket=self.bucket, Key=self.prefix + path)

    def encryption(self) -> dict[str, str]:
        """What a request that makes an object says of encryption."""
        if self.kms_key_id is None:
            return {}
        return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self.kms_key_id}

    @contextmanager
    def refusals(self, path: str) -> Iterator[None]:
        """What the bucket refuses in here is told as a `PublishError`, with the object's URI."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            yield
        except (BotoCoreError, ClientError) as error:
            raise PublishError(f"{self.uri(path)}: {error}") from error

    def _request(self, path: str, content: bytes, sha256: str | None = None) -> dict[str, Any]:
        digest = sha256 or hashlib.sha256(content).hexdigest()
        return {
            "Bucket": self.bucket,
            "Key": self.prefix + path,
            "Body": content,
            "ChecksumSHA256": s3_checksum(digest),
            "Metadata": {SHA256_METADATA: digest},
            **self.encryption(),
        }

    def _unless_missing(self, path: str, operation: Any) -> Any | None:
        from botocore.exceptions import ClientError

        with self.refusals(path):
            try:
                return operation(Bucket=self.bucket, Key=self.prefix + path)
            except ClientError as error:
                if error_code(error) in NOT_FOUND_CODES:
                    return None
                raise
