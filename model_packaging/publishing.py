"""A release into an artifact store's bucket, and out of it.

Every file goes under the release's prefix; `release.json` goes last, so that a prefix with a manifest is whole, and
comes off first. What is there already is not sent again, so that an upload that was cut off goes on where it was: by
file, and within a large one by part. What another release of the model has already is copied within S3. Each file is
read once, sent as it is read, and its digest is taken on the way: the manifest goes only when all of them are right.

Beside the files lie `evidence/…`, which may be added to later, and where it is asked for `model.tar.gz`, whose record
(`model.tar.gz.json`) goes after it, as the manifest does after the files.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from pydantic import ValidationError

from model_packaging.archive import ARCHIVE
from model_packaging.errors import PublishError
from model_packaging.hashing import on_all_cores
from model_packaging.multipart import abort_uploads
from model_packaging.published_evidence import publish_evidence
from model_packaging.release import MANIFEST, Release, ReleaseFile, manifest_digest
from model_packaging.s3_prefix import COPY_BYTES, S3Prefix
from model_packaging.sending import ARCHIVE_RECORD, CONNECTIONS, Counted, Progress, Sending
from model_packaging.store import ReleaseStore

OTHER_RELEASES = 100
"""How many manifests are read to find files that need not be sent."""


def publish(
    release: Release,
    store: ReleaseStore,
    s3_client: Any,
    bucket: str,
    *,
    kms_key_id: str | None = None,
    archive: bool = False,
    progress: Progress | None = None,
) -> int:
    """Uploads the release to `s3://BUCKET/releases/NAME/HEX/` and checks that it is there.

    Args:
        release: A release of `store`.
        store: Where its files are; one that is not the release's is never part of a published release.
        s3_client: boto3's S3 client, of the artifact store's account and region.
        bucket: The artifact store's bucket.
        kms_key_id: The key to encrypt with; the bucket's default encryption without it.
        archive: Whether to put `model.tar.gz` there as well, for kinds of serving that need it (`needs_archive`).
        progress: Told how many more bytes of the release's files are there.

    Returns:
        How many objects were sent or copied: 0 where the release was there already, with its evidence.

    Raises:
        DigestMismatchError: the store's files are not the release's.
        SourceFileError: one of them cannot be read.
        PublishError: the bucket refused an object, or does not hold what was sent.
    """
    prefix = S3Prefix(s3_client, bucket, release.s3_prefix, kms_key_id)
    there = prefix.listing()
    if MANIFEST in there and not _is_of(release, prefix.read(MANIFEST)):
        prefix.delete(MANIFEST)  # nothing under it is believed; the right one goes where there is none
        del there[MANIFEST]
    missing = _missing(release, prefix, there)
    with ThreadPoolExecutor(CONNECTIONS, thread_name_prefix="publish") as pool:
        sending = Sending(release, store.folder(release.name, release.digest), prefix, pool, Counted(progress))
        sending.sent(release.size_bytes - sum(file.size_bytes for file in missing))
        if missing:
            store.verify_sizes(release)
            sending.files(_not_copied(release, prefix, missing, sending.sent))
        count = len(missing) + publish_evidence(release, sending.folder, prefix, there)
        if archive and not _has_archive(prefix, there):
            store.verify_files(release)
            sending.archive()
            count += 1
    if missing:
        _check_all_there(release, prefix)
        abort_uploads(prefix, {file.path for file in release.files})
    if MANIFEST not in there:
        prefix.put_if_absent(MANIFEST, (sending.folder / MANIFEST).read_bytes())
        count += 1
    return count


def is_published(release: Release, s3_client: Any, bucket: str, *, checksums: bool = False) -> bool:
    """Whether the bucket has the whole release, so that it can be deployed.

    Args:
        release: The release.
        s3_client: boto3's S3 client.
        bucket: The artifact store's bucket.
        checksums: Ask S3 for the digest of every object as well, a request each.

    Raises:
        PublishError: the bucket refused.
    """
    return not not_published(release, s3_client, bucket, checksums=checksums)


def not_published(release: Release, s3_client: Any, bucket: str, *, checksums: bool = False) -> tuple[str, ...]:
    """What of the release the bucket lacks, or has otherwise: paths, `release.json` among them; none when it is whole.

    Raises:
        PublishError: the bucket refused.
    """
    prefix = S3Prefix(s3_client, bucket, release.s3_prefix)
    there = prefix.listing()
    lacking = [file.path for file in release.files if there.get(file.path) != file.size_bytes]
    if checksums:
        others = [file for file in release.files if file.path not in lacking]
        lacking += _other_bytes(prefix, others)
    if MANIFEST not in there or not _is_of(release, prefix.read(MANIFEST)):
        lacking.append(MANIFEST)
    return tuple(sorted(lacking))


def archive_uri(release: Release, s3_client: Any, bucket: str) -> str | None:
    """The URI of the release's `model.tar.gz`; None where it was not published, or not wholly.

    Raises:
        PublishError: the bucket refused.
    """
    prefix = S3Prefix(s3_client, bucket, release.s3_prefix)
    return prefix.uri(ARCHIVE) if _has_archive(prefix, prefix.listing()) else None


def unpublish(release: Release, s3_client: Any, bucket: str) -> None:
    """Deletes the release's objects, the manifest first; older versions stay where the bucket keeps versions.

    Raises:
        PublishError: the bucket refused.
    """
    prefix = S3Prefix(s3_client, bucket, release.s3_prefix)
    there = prefix.listing()
    prefix.delete(MANIFEST)
    paths = sorted({*there, *(file.path for file in release.files)} - {MANIFEST})
    on_all_cores(prefix.delete, paths, threads=CONNECTIONS)
    abort_uploads(prefix, {*paths, ARCHIVE})


def _missing(release: Release, prefix: S3Prefix, there: dict[str, int]) -> list[ReleaseFile]:
    """The files that are to be sent: of a whole release none is looked at, for each was when the manifest went."""
    missing = {file.path for file in release.files if there.get(file.path) != file.size_bytes}
    if MANIFEST not in there:
        missing |= set(_other_bytes(prefix, [file for file in release.files if file.path not in missing]))
    return [file for file in release.files if file.path in missing]


def _other_bytes(prefix: S3Prefix, files: list[ReleaseFile]) -> list[str]:
    held = on_all_cores(prefix.holds, files, threads=CONNECTIONS)
    return [file.path for file, is_held in zip(files, held, strict=True) if not is_held]


def _check_all_there(release: Release, prefix: S3Prefix) -> None:
    there = prefix.listing()
    missing = [file.path for file in release.files if there.get(file.path) != file.size_bytes]
    if missing:
        raise PublishError(f"{prefix.uri()} does not hold what was sent: {', '.join(missing)}; publish it again")


def _is_of(release: Release, manifest: bytes | None) -> bool:
    try:
        found = Release.model_validate_json(manifest or b"")
    except ValidationError:
        return False
    return found.digest == release.digest == manifest_digest(found)


def _not_copied(
    release: Release, prefix: S3Prefix, missing: list[ReleaseFile], sent: Callable[[int], None]
) -> list[ReleaseFile]:
    """Copies what another release of the model has in the bucket; the rest is to be sent."""
    have = _published_files(release, prefix)

    def is_copied(file: ReleaseFile) -> bool:
        key = have.get((file.sha256, file.size_bytes))
        if key is None or file.size_bytes > COPY_BYTES:
            return False
        with contextlib.suppress(PublishError):  # a copy saves an upload, and is no reason to fail
            if prefix.copy_from(key, file):
                sent(file.size_bytes)
                return True
        return False

    copied = on_all_cores(is_copied, missing, threads=CONNECTIONS)
    return [file for file, is_it in zip(missing, copied, strict=True) if not is_it]


def _published_files(release: Release, prefix: S3Prefix) -> dict[tuple[str, int], str]:
    """Digest and length to key, of every file of the model's other releases that are whole."""
    releases = S3Prefix(prefix.s3_client, prefix.bucket, f"releases/{release.name}/")
    others = [name for name in releases.folders() if name != release.hex_digest][:OTHER_RELEASES]
    manifests = on_all_cores(lambda name: releases.read(f"{name}/{MANIFEST}"), others, threads=CONNECTIONS)
    found: dict[tuple[str, int], str] = {}
    for manifest in manifests:
        with contextlib.suppress(ValidationError):
            other = Release.model_validate_json(manifest or b"")
            found |= {(file.sha256, file.size_bytes): other.s3_prefix + file.path for file in other.files}
    return found


def _has_archive(prefix: S3Prefix, there: dict[str, int]) -> bool:
    if ARCHIVE_RECORD not in there or ARCHIVE not in there:
        return False
    try:
        record = json.loads(prefix.read(ARCHIVE_RECORD) or b"{}")
    except ValueError:
        return False
    return isinstance(record, dict) and record.get("size_bytes") == there[ARCHIVE]
