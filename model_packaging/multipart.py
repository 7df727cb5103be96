"""One object in parts, several on their way at once; cut off, it goes on where it was.

Parts are of the same length each time, so that a part which arrived before is known by its checksum and not sent again:
https://docs.aws.amazon.com/AmazonS3/latest/userguide/mpuoverview.html. An upload that failed is left open for the next
try; one that must not be finished is aborted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Container
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import BoundedSemaphore
from typing import Any

from model_packaging.s3_prefix import NOT_FOUND_CODES, S3Prefix, error_code, s3_checksum

MIB = 1024 * 1024
PART_BYTES = 8 * MIB
MOST_PARTS = 10_000
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html"""
IN_FLIGHT_BYTES = 96 * MIB
"""Of parts in memory, all together."""


def part_bytes(size_bytes: int) -> int:
    """How long the parts of an object of that length are, or of one that is at most so long."""
    needed = -(-size_bytes // MOST_PARTS)
    return max(PART_BYTES, -(-needed // MIB) * MIB)


@dataclass
class MultipartUpload:
    """One object on its way."""

    prefix: S3Prefix
    path: str
    pool: ThreadPoolExecutor
    metadata: dict[str, str]
    part_bytes: int
    sent: Callable[[int], None]
    """Told the length of each part that is there."""
    _upload_id: str = ""
    _there: dict[int, Any] = field(default_factory=dict)
    _parts: list[Future[dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._free = BoundedSemaphore(max(1, IN_FLIGHT_BYTES // self.part_bytes))
        with self.prefix.refusals(self.path):
            begun = open_uploads(self.prefix, self.path).get(self.path)
            self._upload_id = self._begin() if begun is None else begun
            self._there = {} if begun is None else self._arrived()

    def add(self, content: bytes) -> None:
        """Sends the next part; waits while too many are on their way.

        Raises:
            PublishError: an earlier part was refused.
        """
        for part in self._parts:
            if part.done() and part.exception() is not None:
                part.result()
        self._free.acquire()
        number = len(self._parts) + 1
        try:
            self._parts.append(self.pool.submit(self._send, number, content))
        except BaseException:
            self._free.release()
            raise

    def complete(self) -> None:
        """Makes the object of the parts.

        Raises:
            PublishError: a part was refused, or the upload is gone and the object is not there.
        """
        from botocore.exceptions import ClientError

        parts = [part.result() for part in self._parts]
        with self.prefix.refusals(self.path):
            try:
                self.prefix.s3_client.complete_multipart_upload(
                    **self._target(), UploadId=self._upload_id, MultipartUpload={"Parts": parts}
                )
            except ClientError as error:
                # Another publisher of the same release may have completed it, or a retry of this very request.
                if error_code(error) not in NOT_FOUND_CODES or self.prefix.head(self.path) is None:
                    raise

    def abandon(self) -> None:
        """Waits for what is on its way, and leaves the upload open."""
        for part in self._parts:
            part.cancel()
        for part in self._parts:
            if not part.cancelled():
                part.exception()

    def abort(self) -> None:
        """Throws away what was sent."""
        self.abandon()
        abort_upload(self.prefix, self.path, self._upload_id)

    def _target(self) -> dict[str, str]:
        return {"Bucket": self.prefix.bucket, "Key": self.prefix.prefix + self.path}

    def _begin(self) -> str:
        answer = self.prefix.s3_client.create_multipart_upload(
            **self._target(), ChecksumAlgorithm="SHA256", Metadata=self.metadata, **self.prefix.encryption()
        )
        return str(answer["UploadId"])

    def _arrived(self) -> dict[int, Any]:
        pages = self.prefix.s3_client.get_paginator("list_parts").paginate(**self._target(), UploadId=self._upload_id)
        return {part["PartNumber"]: part for page in pages for part in page.get("Parts", ())}

    def _send(self, number: int, content: bytes) -> dict[str, Any]:
        try:
            checksum = s3_checksum(hashlib.sha256(content).hexdigest())
            etag = self._etag_of_same(number, content, checksum)
            if etag is None:
                with self.prefix.refusals(self.path):
                    etag = self.prefix.s3_client.upload_part(
                        **self._target(),
                        UploadId=self._upload_id,
                        PartNumber=number,
                        Body=content,
                        ChecksumSHA256=checksum,
                    )["ETag"]
            self.sent(len(content))
            return {"PartNumber": number, "ETag": etag, "ChecksumSHA256": checksum}
        finally:
            self._free.release()

    def _etag_of_same(self, number: int, content: bytes, checksum: str) -> str | None:
        """The ETag of the part that arrived before with these bytes."""
        part = self._there.get(number)
        if part is None or part["Size"] != len(content):
            return None
        etag = str(part["ETag"])
        told = part.get("ChecksumSHA256")
        if told is None:  # S3-compatible stores tell none; without KMS a part's ETag is its MD5
            is_same = etag.strip('"') == hashlib.md5(content, usedforsecurity=False).hexdigest()
        else:
            is_same = told == checksum
        return etag if is_same else None


def open_uploads(prefix: S3Prefix, path: str = "") -> dict[str, str]:
    """Path to the id of the latest upload that was begun and not ended; none where listing them is not allowed."""
    return dict(_uploads(prefix, path))


def abort_uploads(prefix: S3Prefix, paths: Container[str]) -> None:
    """Ends every upload of one of `paths`: they are there, and its parts are paid for."""
    for path, upload_id in _uploads(prefix, ""):
        if path in paths:
            abort_upload(prefix, path, upload_id)


def abort_upload(prefix: S3Prefix, path: str, upload_id: str) -> None:
    """Ends an upload and throws away its parts.

    Raises:
        PublishError: the bucket refused.
    """
    from botocore.exceptions import ClientError

    with prefix.refusals(path):
        try:
            prefix.s3_client.abort_multipart_upload(Bucket=prefix.bucket, Key=prefix.prefix + path, UploadId=upload_id)
        except ClientError as error:
            if error_code(error) not in NOT_FOUND_CODES:
                raise


def _uploads(prefix: S3Prefix, path: str) -> list[tuple[str, str]]:
    from botocore.exceptions import ClientError

    with prefix.refusals(path):
        try:
            pages = prefix.s3_client.get_paginator("list_multipart_uploads").paginate(
                Bucket=prefix.bucket, Prefix=prefix.prefix + path
            )
            found = [one for page in pages for one in page.get("Uploads") or ()]
        except ClientError as error:
            if error_code(error) != "AccessDenied":
                raise
            return []
    found.sort(key=lambda one: one["Initiated"])
    return [(one["Key"][len(prefix.prefix) :], one["UploadId"]) for one in found]
