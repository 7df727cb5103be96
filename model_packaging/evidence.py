"""Evidence: what was found out about a release, kept beside it and never part of its digest.

A release is its content; a gate's report, the contract check, the bill of materials, the scan, the checkout it was made
at and the signature are about it, differ from machine to machine, and may be added later, as an image registry keeps
attestations beside an image. They lie in `evidence/`, and `evidence/index.json` ties each file's SHA-256 to the
release's digest; the signature is over that index.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_packaging.errors import DigestMismatchError
from model_packaging.release import ReleaseFile, checked_path

EVIDENCE_FOLDER = "evidence/"
INDEX = "index.json"
SIGNATURE = "signature.sigstore.json"
"""The signature is over the index, so that the index does not list it."""

GATE_REPORT, GATE_PAGE = "gate.json", "gate.html"
CONTRACT_REPORT = "contract.json"
BILL_OF_MATERIALS = "sbom.cdx.json"
SCAN_REPORT = "scan.json"
CHECKOUT = "checkout.json"


class EvidenceIndex(BaseModel):
    """`evidence/index.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    release: str
    """The release's digest."""
    files: tuple[ReleaseFile, ...]
    """Every file of evidence but the index and the signature, ordered by path; paths are relative to `evidence/`."""

    def to_json(self) -> bytes:
        """The bytes that are written, and that the signature is over."""
        return (self.model_dump_json(indent=2) + "\n").encode()


def read_evidence(release_folder: Path, name: str, digest: str) -> dict[str, bytes]:
    """Every file of evidence of the release in `release_folder`, by path relative to `evidence/`; checked.

    Raises:
        DigestMismatchError: a file is missing or is not what the index says, or the index is of another release.
    """
    folder = release_folder / EVIDENCE_FOLDER
    index = read_index(release_folder, name, digest)
    if index is None:
        return {}
    found: dict[str, bytes] = {}
    differences: list[str] = []
    for file in index.files:
        path = folder / file.path
        content = path.read_bytes() if path.is_file() else None
        if content is None:
            differences.append(f"{EVIDENCE_FOLDER}{file.path} is missing")
        elif hashlib.sha256(content).hexdigest() != file.sha256:
            differences.append(f"{EVIDENCE_FOLDER}{file.path} has other bytes")
        else:
            found[file.path] = content
    if differences:
        raise DigestMismatchError(name, digest, differences, where=release_folder)
    return found


def read_index(release_folder: Path, name: str, digest: str) -> EvidenceIndex | None:
    """The index; None where the release has no evidence yet.

    Raises:
        DigestMismatchError: it cannot be read, or is of another release.
    """
    path = release_folder / EVIDENCE_FOLDER / INDEX
    if not path.is_file():
        return None
    try:
        index = EvidenceIndex.model_validate_json(path.read_bytes())
    except ValidationError as error:
        told = f"{EVIDENCE_FOLDER}{INDEX} is not an index of evidence"
        raise DigestMismatchError(name, digest, [told], where=release_folder) from error
    if index.release != digest:
        told = f"{EVIDENCE_FOLDER}{INDEX} is of release {index.release}"
        raise DigestMismatchError(name, digest, [told], where=release_folder)
    return index


def write_evidence(release_folder: Path, digest: str, added: Mapping[str, bytes]) -> EvidenceIndex:
    """Adds or replaces files of evidence; the index goes last, and what it lists is whole.

    A signature over a former index is taken away: it says nothing of the new one.

    Args:
        release_folder: The release's folder in the store, or where it is staged.
        digest: The release's digest, `sha256:…`.
        added: Path relative to `evidence/` to bytes.
    """
    folder = release_folder / EVIDENCE_FOLDER
    folder.mkdir(exist_ok=True)
    former = folder / INDEX
    files = (
        {one.path: one for one in EvidenceIndex.model_validate_json(former.read_bytes()).files}
        if former.is_file()
        else {}
    )
    for path, content in added.items():
        write_atomically(folder / checked_path(path), content)
        files[path] = ReleaseFile(path=path, sha256=hashlib.sha256(content).hexdigest(), size_bytes=len(content))
    index = EvidenceIndex(release=digest, files=tuple(files[path] for path in sorted(files)))
    (folder / SIGNATURE).unlink(missing_ok=True)
    write_atomically(former, index.to_json())
    return index


def write_atomically(path: Path, content: bytes) -> None:
    """Writes a file beside its place and renames it into it: nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        Path(draft).chmod(0o644)  # mkstemp makes it private
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
