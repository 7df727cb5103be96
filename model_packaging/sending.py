"""Sends a release's files to a bucket: each read once, its digest taken on the way.

Small files go side by side, a large one in parts that do; no more than a few parts are in memory. A large file whose
digest turns out to be another is never made an object.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TypeAlias

from model_packaging.archive import ARCHIVE, HashedBeside, archive_pieces
from model_packaging.errors import DigestMismatchError
from model_packaging.hashing import on_all_cores, opened
from model_packaging.multipart import PART_BYTES, MultipartUpload, part_bytes
from model_packaging.release import MODEL_FOLDER, Release, ReleaseFile
from model_packaging.s3_prefix import SHA256_METADATA, S3Prefix

ARCHIVE_RECORD = f"{ARCHIVE}.json"

CONNECTIONS = 8
"""Requests at once; boto3 keeps ten connections of a client open."""

Progress: TypeAlias = Callable[[int], None]
"""Told, one thread at a time, how many more bytes of the release are in the bucket."""


class Counted:
    """A progress that one thread tells at a time."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress, self._lock = progress, Lock()

    def __call__(self, count: int) -> None:
        """So many more."""
        if self._progress is not None and count:
            with self._lock:
                self._progress(count)


@dataclass(frozen=True)
class Sending:
    """What goes into one release's prefix."""

    release: Release
    folder: Path
    """Where its files are."""
    prefix: S3Prefix
    pool: ThreadPoolExecutor
    """Sends parts."""
    sent: Callable[[int], None]
    """Told how many more bytes are there."""

    def files(self, files: Iterable[ReleaseFile]) -> None:
        """Sends files: the small ones side by side, then the large ones, each in parts that go side by side."""
        ordered = sorted(files, key=lambda file: file.path)
        on_all_cores(self._small, [one for one in ordered if one.size_bytes <= PART_BYTES], threads=CONNECTIONS)
        for file in ordered:
            if file.size_bytes > PART_BYTES:
                self._large(file)

    def _small(self, file: ReleaseFile) -> None:
        with opened(self.folder / file.path) as descriptor:
            content = _read_exactly(descriptor, file.size_bytes + 1, 0)
        if len(content) != file.size_bytes or hashlib.sha256(content).hexdigest() != file.sha256:
            raise self._mismatch(file)
        self.prefix.put(file.path, content, sha256=file.sha256)
        self.sent(file.size_bytes)

    def _large(self, file: ReleaseFile) -> None:
        size = part_bytes(file.size_bytes)
        upload = MultipartUpload(self.prefix, file.path, self.pool, {SHA256_METADATA: file.sha256}, size, self.sent)
        with opened(self.folder / file.path) as descriptor, contextlib.closing(HashedBeside()) as hashed:
            try:
                for offset in range(0, file.size_bytes, size):
                    part = _read_exactly(descriptor, min(size, file.size_bytes - offset), offset)
                    hashed.update(part)
                    upload.add(part)
                is_same = hashed.hexdigest() == file.sha256
            except BaseException:
                upload.abandon()
                raise
        if not is_same:
            upload.abort()
            raise self._mismatch(file)
        upload.complete()

    def archive(self) -> None:
        """Sends the archive of the model's files as it is made, and then its record."""
        files = {
            file.path.removeprefix(MODEL_FOLDER): self.folder / file.path
            for file in self.release.files
            if file.path.startswith(MODEL_FOLDER)
        }
        size = part_bytes(self.release.size_bytes + self.release.size_bytes // 100)
        upload = MultipartUpload(self.prefix, ARCHIVE, self.pool, {}, size, lambda _count: None)
        length, waiting = 0, bytearray()
        with contextlib.closing(HashedBeside()) as hashed:
            try:
                for piece in archive_pieces(files):
                    hashed.update(piece)
                    length += len(piece)
                    waiting += piece
                    if len(waiting) >= size:
                        upload.add(bytes(waiting[:size]))
                        del waiting[:size]
                upload.add(bytes(waiting))
                upload.complete()
            except BaseException:
                upload.abandon()
                raise
            record = {"release": self.release.digest, "sha256": hashed.hexdigest(), "size_bytes": length}
        self.prefix.put(ARCHIVE_RECORD, (json.dumps(record, indent=2, sort_keys=True) + "\n").encode())

    def _mismatch(self, file: ReleaseFile) -> DigestMismatchError:
        told = f"{file.path} has other bytes"
        return DigestMismatchError(self.release.name, self.release.digest, [told], where=self.folder)


def _read_exactly(descriptor: int, length: int, offset: int) -> bytes:
    """So many bytes, or what there is of them."""
    content = os.pread(descriptor, length, offset)
    while len(content) < length:
        more = os.pread(descriptor, length - len(content), offset + len(content))
        if not more:
            break
        content += more
    return content
