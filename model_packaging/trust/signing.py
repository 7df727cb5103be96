"""A release signed: who holds a key says that this evidence is of this release.

What is signed is an in-toto Statement whose subject is the release's digest and whose predicate is the index of its
evidence, file by file. It lies in a DSSE envelope, in a Sigstore bundle (v0.3) that names the key by its hint:
`evidence/signature.sigstore.json`. The layout is Sigstore's, so that other tools can read it. There is no certificate
of Fulcio's and no entry in Rekor's log: those are public services that would have to be reached. So nothing but the key
says who signed, and nothing says when. The `sigstore` package reads only bundles with both, which is why signatures are
verified with `cryptography`.

https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from model_packaging.errors import PackagingError
from model_packaging.evidence import (
    EVIDENCE_FOLDER,
    SIGNATURE,
    EvidenceIndex,
    read_evidence,
    read_index,
    write_atomically,
)
from model_packaging.release import Release, hex_of, reference_to
from model_packaging.store import ReleaseStore
from model_packaging.trust.keys import PublicKey, SigningKey

BUNDLE_MEDIA_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json"
PAYLOAD_TYPE = "application/vnd.in-toto+json"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE = "urn:greenroom:release-evidence:v1"

MAXIMUM_BUNDLE_BYTES = 16 * 1024 * 1024


class SignatureError(PackagingError):
    """A release is not signed, not by a trusted key, or is not what was signed."""

    def __init__(self, name: str, digest: str, problem: str, fix: str) -> None:
        self.name, self.digest, self.problem = name, digest, problem
        super().__init__(f"release {digest} of model {name!r} {problem}; {fix}")


def sign(index: EvidenceIndex, name: str, key: SigningKey) -> bytes:
    """The bundle that says: this evidence is of this release.

    Args:
        index: The release's index of evidence, with its digest.
        name: The model.
        key: Who says so.
    """
    payload = _canonical(_statement(index, name))
    signature = key.sign(_pre_authentication_encoding(payload))
    content = {
        "mediaType": BUNDLE_MEDIA_TYPE,
        "verificationMaterial": {"publicKey": {"hint": key.public.hint}, "tlogEntries": []},
        "dsseEnvelope": {
            "payload": _base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": [{"sig": _base64(signature), "keyid": key.public.hint}],
        },
    }
    return (json.dumps(content, indent=2, sort_keys=True) + "\n").encode()


def sign_release(store: ReleaseStore, release: Release, key: SigningKey) -> Path:
    """Signs a release of the store, with the evidence it has now; an older signature is replaced.

    Raises:
        SignatureError: it has no evidence.
        DigestMismatchError: its evidence is not what the index says.
    """
    folder = store.folder(release.name, release.digest)
    index = read_index(folder, release.name, release.digest)
    if index is None:
        problem, fix = "has no evidence to sign", f"package it again: greenroom package models/{release.name}"
        raise SignatureError(release.name, release.digest, problem, fix)
    read_evidence(folder, release.name, release.digest)
    target = folder / EVIDENCE_FOLDER / SIGNATURE
    write_atomically(target, sign(index, release.name, key))
    return target


def verify(bundle: bytes, index: EvidenceIndex, name: str, keys: Iterable[PublicKey]) -> PublicKey:
    """The key, of those trusted, that signed this index.

    Raises:
        SignatureError: none of them did, or what was signed is another release, or other evidence.
    """
    resign = f"sign it: greenroom release sign {reference_to(name, index.release)} --sign-key KEY"
    try:
        payload, signatures = _read_bundle(bundle)
    except ValueError as error:
        raise SignatureError(name, index.release, f"has a signature that cannot be read: {error}", resign) from error
    message = _pre_authentication_encoding(payload)
    asked: list[str] = []
    signer = next((key for key in _noted(keys, asked) if any(key.verifies(one, message) for one in signatures)), None)
    if signer is None:
        trusted = ", ".join(asked) or "none"
        problem = f"is signed by no trusted key; trusted: {trusted}"
        raise SignatureError(name, index.release, problem, f"{resign}, or trust its key in releases_signed_by")
    if payload != _canonical(_statement(index, name)):
        told = _what_was_signed(payload)
        problem = f"has a signature over something else: {told}"
        raise SignatureError(
            name, index.release, problem, f"what is in {EVIDENCE_FOLDER} was changed or swapped; {resign}"
        )
    return signer


def verify_release(
    store: ReleaseStore, release: Release, keys: Iterable[PublicKey], *, files: bool = True
) -> PublicKey:
    """The trusted key that signed a release, which is, with its evidence, what was signed.

    Args:
        store: Where it lies.
        release: The release, as the store loads it: its manifest is what its digest says.
        keys: Those that are trusted.
        files: Take the digest of every file again; without it only of the manifest and the evidence.

    Raises:
        SignatureError: it is not signed, or not by one of these keys.
        DigestMismatchError: a file, or a file of evidence, is not what it was.
    """
    folder = store.folder(release.name, release.digest)
    store.load(release.name, release.digest)
    index = read_index(folder, release.name, release.digest)
    path = folder / EVIDENCE_FOLDER / SIGNATURE
    if index is None or not path.is_file():
        fix = f"sign it: greenroom release sign {release.reference} --sign-key KEY"
        raise SignatureError(release.name, release.digest, "is not signed", fix)
    read_evidence(folder, release.name, release.digest)
    with path.open("rb") as stream:
        signer = verify(stream.read(MAXIMUM_BUNDLE_BYTES), index, release.name, keys)
    if files:
        store.verify_files(release)
    return signer


def _noted(keys: Iterable[PublicKey], names: list[str]) -> Iterator[PublicKey]:
    for key in keys:
        names.append(key.name)
        yield key


def _statement(index: EvidenceIndex, name: str) -> dict[str, Any]:
    return {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": name, "digest": {"sha256": hex_of(index.release)}}],
        "predicateType": PREDICATE_TYPE,
        "predicate": {
            "indexSha256": hashlib.sha256(index.to_json()).hexdigest(),
            "files": [{"path": one.path, "sha256": one.sha256, "sizeBytes": one.size_bytes} for one in index.files],
        },
    }


def _what_was_signed(payload: bytes) -> str:
    try:
        subject = json.loads(payload)["subject"][0]
        return f"release sha256:{subject['digest']['sha256']} of model {subject['name']!r}"
    except (ValueError, LookupError, TypeError):
        return "no release"


def _canonical(content: Any) -> bytes:
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()


def _pre_authentication_encoding(payload: bytes) -> bytes:
    """What DSSE signs: the type and the payload, each behind its length."""
    return b"DSSEv1 %d %s %d %s" % (len(PAYLOAD_TYPE), PAYLOAD_TYPE.encode(), len(payload), payload)


def _read_bundle(bundle: bytes) -> tuple[bytes, list[bytes]]:
    """The envelope's payload and its signatures.

    Raises:
        ValueError: it is no bundle of ours; says what is wrong.
    """
    try:
        content = json.loads(bundle)
        media_type, envelope = content["mediaType"], content["dsseEnvelope"]
        payload_type, payload = envelope["payloadType"], base64.b64decode(envelope["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in envelope["signatures"]]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error) as error:
        raise ValueError("it is no Sigstore bundle with a DSSE envelope") from error
    if media_type != BUNDLE_MEDIA_TYPE or payload_type != PAYLOAD_TYPE:
        raise ValueError(f"it is a {media_type} of a {payload_type}; allowed: {BUNDLE_MEDIA_TYPE} of {PAYLOAD_TYPE}")
    if len(signatures) > 16:
        raise ValueError("it has more than 16 signatures")
    return payload, signatures


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
