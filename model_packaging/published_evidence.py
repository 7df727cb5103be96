"""A release's evidence in the bucket: beside its files, never in its digest, and the one part that may change later.

The files go first, then the index that ties them to the release, then the signature over the index. In between a reader
finds an index that does not fit and believes nothing. A machine that has no evidence leaves alone what is there; one
that has replaces it as a whole, for the signature is over all of it.
"""

from __future__ import annotations

from pathlib import Path

from model_packaging.evidence import EVIDENCE_FOLDER, INDEX, SIGNATURE, EvidenceIndex, read_evidence
from model_packaging.release import Release
from model_packaging.s3_prefix import S3Prefix


def publish_evidence(release: Release, release_folder: Path, prefix: S3Prefix, there: dict[str, int]) -> int:
    """Sends what differs of the evidence in `release_folder`; how many objects that were.

    Args:
        release: Whose.
        release_folder: Its folder in the store.
        prefix: Where it goes.
        there: What was there, with lengths.

    Raises:
        DigestMismatchError: the evidence is not what its index says.
        PublishError: the bucket refused.
    """
    folder = release_folder / EVIDENCE_FOLDER
    evidence = read_evidence(release_folder, release.name, release.digest)
    if not (folder / INDEX).is_file():
        return 0
    index = (folder / INDEX).read_bytes()
    signature = (folder / SIGNATURE).read_bytes() if (folder / SIGNATURE).is_file() else None
    index_there, signature_there = (_read(prefix, name, there) for name in (INDEX, SIGNATURE))
    stale = [
        file.path
        for file in EvidenceIndex.model_validate_json(index).files
        if index != index_there or there.get(EVIDENCE_FOLDER + file.path) != file.size_bytes
    ]
    if signature_there not in {None, signature}:
        prefix.delete(EVIDENCE_FOLDER + SIGNATURE)
    sent = {path: evidence[path] for path in stale}
    if index != index_there:
        sent[INDEX] = index
    if signature is not None and signature != signature_there:
        sent[SIGNATURE] = signature
    for path, content in sent.items():
        prefix.put(EVIDENCE_FOLDER + path, content)
    return len(sent)


def _read(prefix: S3Prefix, name: str, there: dict[str, int]) -> bytes | None:
    path = EVIDENCE_FOLDER + name
    return prefix.read(path) if path in there else None
