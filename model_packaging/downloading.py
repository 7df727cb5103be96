"""A release out of an artifact store's bucket, into the store of this machine.

Nothing of what comes is believed: the manifest's digest is taken again, and every file's. What arrives is kept in
`ROOT/.download-HEX/` until all of it is there, so that a download that was cut off goes on where it was, within a file
as well; then the folder is renamed into the release's place.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model_packaging.errors import DigestMismatchError, PublishError, ReleaseNotFoundError
from model_packaging.evidence import EVIDENCE_FOLDER, INDEX, SIGNATURE, read_evidence
from model_packaging.hashing import hash_file, on_all_cores, write_all
from model_packaging.release import MANIFEST, Release, ReleaseFile, checked_path, hex_of, manifest_digest
from model_packaging.s3_prefix import S3Prefix, error_code
from model_packaging.sending import CONNECTIONS, Counted, Progress
from model_packaging.staging import StagedRelease, hold, store_writes
from model_packaging.store import ReleaseStore

DOWNLOAD = ".download-"
PART_SUFFIX = ".part"
CHUNK_BYTES = 1024 * 1024


def download(
    s3_client: Any, bucket: str, name: str, digest: str, store: ReleaseStore, *, progress: Progress | None = None
) -> Release:
    """Brings a release from `s3://BUCKET/releases/NAME/HEX/` into `store`; one that is there is not asked for.

    Args:
        s3_client: boto3's S3 client.
        bucket: The artifact store's bucket.
        name: The model.
        digest: `sha256:…`.
        store: Where it goes.
        progress: Told how many more bytes of the release's files are here.

    Raises:
        InvalidDigestError: `digest` is none.
        ReleaseNotFoundError: the bucket has no such release, or not the whole of it.
        DigestMismatchError: what the bucket has is not what the digest says.
        PublishError: the bucket refused, or the connection was cut; what arrived is kept for the next try.
        StoreError: the store cannot be written.
    """
    with contextlib.suppress(ReleaseNotFoundError):
        return store.load(name, digest)
    prefix = S3Prefix(s3_client, bucket, f"releases/{name}/{hex_of(digest)}/")
    release = _manifest(prefix, name, digest)
    with _folder(store.root, digest) as folder:
        with contextlib.suppress(ReleaseNotFoundError):
            return store.load(name, digest)  # another process was first, while this one waited
        receiving = _Receiving(release, prefix, folder, Counted(progress))
        with store_writes(store.root):
            on_all_cores(receiving.file, release.files, threads=CONNECTIONS)
        receiving.evidence()
        return store.add(release, StagedRelease(folder))


def published_digests(s3_client: Any, bucket: str, name: str) -> tuple[str, ...]:
    """The digests of a model's releases that `bucket` has whole, in order.

    Raises:
        PublishError: the bucket refused.
    """
    releases = S3Prefix(s3_client, bucket, f"releases/{name}/")
    folders = releases.folders()
    manifests = on_all_cores(lambda folder: releases.head(f"{folder}/{MANIFEST}"), folders, threads=CONNECTIONS)
    return tuple(f"sha256:{folder}" for folder, head in zip(folders, manifests, strict=True) if head is not None)


def _manifest(prefix: S3Prefix, name: str, digest: str) -> Release:
    content = prefix.read(MANIFEST)
    if content is None:
        known = published_digests(prefix.s3_client, prefix.bucket, name)
        raise ReleaseNotFoundError(name, digest, known, where=f"s3://{prefix.bucket}")
    try:
        release = Release.model_validate_json(content)
    except ValidationError as error:
        raise DigestMismatchError(name, digest, [f"{MANIFEST} is no manifest"], where=prefix.uri()) from error
    if (release.name, release.digest, manifest_digest(release)) != (name, digest, digest):
        told = f"{MANIFEST} has the digest {manifest_digest(release)} of {release.name!r}"
        raise DigestMismatchError(name, digest, [told], where=prefix.uri())
    return release


@contextmanager
def _folder(root: Path, digest: str) -> Iterator[Path]:
    """Where the release arrives, one process at a time; kept when it did not."""
    folder = root / f"{DOWNLOAD}{hex_of(digest)}"
    with store_writes(root):
        folder.mkdir(parents=True, exist_ok=True)
    with hold(folder):
        with store_writes(root):
            folder.mkdir(exist_ok=True)  # whoever held it may have renamed it into its place
        yield folder
        shutil.rmtree(folder, ignore_errors=True)  # is gone already where it was renamed


class _Receiving:
    """What comes out of one release's prefix."""

    def __init__(self, release: Release, prefix: S3Prefix, folder: Path, received: Callable[[int], None]) -> None:
        self._release, self._prefix, self._folder, self._received = release, prefix, folder, received

    def file(self, file: ReleaseFile) -> None:
        """One file, or the rest of it."""
        target = self._folder / file.path
        if target.is_file() and hash_file(target).sha256 == file.sha256:
            self._received(file.size_bytes)
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(target.name + PART_SUFFIX)
        digest = hashlib.sha256()
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            have = _take_in(descriptor, digest.update, file.size_bytes)
            self._received(have)
            for chunk in self._rest(file, have):
                write_all(descriptor, memoryview(chunk))
                digest.update(chunk)
                have += len(chunk)
                self._received(len(chunk))
        finally:
            os.close(descriptor)
        if have != file.size_bytes or digest.hexdigest() != file.sha256:
            part.unlink()
            raise self._mismatch([f"{file.path} has other bytes"])
        part.replace(target)

    def evidence(self) -> None:
        """What was found out about the release, when its index and all that it lists are there."""
        there = self._prefix.listing()
        if EVIDENCE_FOLDER + INDEX not in there:
            return
        for path in sorted(there):
            if path.startswith(EVIDENCE_FOLDER):
                content = self._prefix.read(checked_path(path))
                target = self._folder / path
                with store_writes(target):
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(content or b"")
        try:
            listed = {*read_evidence(self._folder, self._release.name, self._release.digest), INDEX, SIGNATURE}
        except DigestMismatchError as error:
            raise self._mismatch(error.differences) from error  # as it came out of the bucket
        for place in (self._folder / EVIDENCE_FOLDER).rglob("*"):
            if place.is_file() and place.relative_to(self._folder / EVIDENCE_FOLDER).as_posix() not in listed:
                place.unlink()  # of a former index

    def _mismatch(self, differences: Sequence[str]) -> DigestMismatchError:
        return DigestMismatchError(self._release.name, self._release.digest, differences, where=self._prefix.uri())

    def _rest(self, file: ReleaseFile, have: int) -> Iterator[bytes]:
        if have == file.size_bytes:
            return
        request = {"Bucket": self._prefix.bucket, "Key": self._prefix.prefix + file.path}
        if have:
            request["Range"] = f"bytes={have}-"
        with self._arrivals(file.path):
            body = self._prefix.s3_client.get_object(**request)["Body"]
            with contextlib.closing(body):
                left = file.size_bytes - have + 1  # one too many is another file
                while left > 0 and (chunk := body.read(min(CHUNK_BYTES, left))):
                    left -= len(chunk)
                    yield chunk

    @contextmanager
    def _arrivals(self, path: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with self._prefix.refusals(path):
            try:
                yield
            except ClientError as error:
                if error_code(error) != "NoSuchKey":
                    raise
                raise PublishError(
                    f"{self._prefix.uri(path)} is not there, though the release's manifest is; publish it again"
                ) from error


def _take_in(descriptor: int, update: Callable[[bytes], None], size_bytes: int) -> int:
    """Hashes what an earlier try left; a file that is too long already is begun anew."""
    if os.fstat(descriptor).st_size > size_bytes:
        os.ftruncate(descriptor, 0)
    have = 0
    while content := os.read(descriptor, CHUNK_BYTES):
        update(content)
        have += len(content)
    return have
