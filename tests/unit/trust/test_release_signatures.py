"""A signature says whose key stands for a release and its evidence; anything else that is changed is told."""

import base64
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from model_packaging.errors import DigestMismatchError
from model_packaging.evidence import EVIDENCE_FOLDER, INDEX, SIGNATURE, EvidenceIndex, write_evidence
from model_packaging.release import Release, sealed
from model_packaging.store import ReleaseStore
from model_packaging.trust.keys import (
    KeyFileError,
    KmsKey,
    LocalKey,
    PublicKey,
    make_key_pair,
    read_private_key,
    read_public_key,
)
from model_packaging.trust.policy import TrustedKeys
from model_packaging.trust.signing import SignatureError, sign_release, verify_release
from tests.unit.manifests import manifest

pytestmark = pytest.mark.unit


@dataclass(frozen=True)
class Keys:
    private: LocalKey
    public: PublicKey


def made(folder: Path, name: str) -> Keys:
    private, public = folder / f"{name}.key.pem", folder / f"{name}.pub.pem"
    make_key_pair(private, public)
    return Keys(read_private_key(private), read_public_key(public))


def release_in(store: ReleaseStore, version: str) -> Release:
    with store.staging() as staged:
        source = store.root.parent / "weights"
        source.write_bytes(version.encode())
        staged.copy(source, "model/weights.bin")
        release = sealed(manifest(version=version, files=staged.files))
        write_evidence(staged.folder, release.digest, {"gate.json": b'{"passed": true}\n'})
        return store.add(release, staged)


@pytest.fixture
def store(tmp_path: Path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def release(store: ReleaseStore) -> Release:
    return release_in(store, "1.0.0")


def evidence_of(store: ReleaseStore, release: Release) -> Path:
    return store.folder(release.name, release.digest) / EVIDENCE_FOLDER


def test_a_signed_release_is_verified_by_its_key(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys, other = made(tmp_path, "release"), made(tmp_path, "other")
    sign_release(store, release, keys.private)
    assert verify_release(store, release, (other.public, keys.public)) == keys.public


def test_the_bundle_is_laid_out_as_sigstores(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys = made(tmp_path, "release")
    content = json.loads(sign_release(store, release, keys.private).read_bytes())
    statement = json.loads(base64.b64decode(content["dsseEnvelope"]["payload"]))
    assert (content["mediaType"], content["verificationMaterial"], statement["_type"], statement["subject"]) == (
        "application/vnd.dev.sigstore.bundle.v0.3+json",
        {"publicKey": {"hint": keys.public.hint}, "tlogEntries": []},
        "https://in-toto.io/Statement/v1",
        [{"name": "tumor", "digest": {"sha256": release.hex_digest}}],
    )
    bundles = pytest.importorskip("sigstore_models.bundle.v1")
    assert bundles.Bundle.from_json(json.dumps(content)).dsse_envelope is not None


def test_an_unsigned_release_is_refused_with_how_to_sign_it(
    tmp_path: Path, store: ReleaseStore, release: Release
) -> None:
    keys = made(tmp_path, "release")
    with pytest.raises(SignatureError) as refused:
        verify_release(store, release, (keys.public,))
    short = release.hex_digest[:12]
    assert str(refused.value) == (
        f"release {release.digest} of model 'tumor' is not signed; "
        f"sign it: greenroom release sign tumor@{short} --sign-key KEY"
    )


def test_a_release_that_another_key_signed_is_refused(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys, other = made(tmp_path, "release"), made(tmp_path, "other")
    sign_release(store, release, other.private)
    with pytest.raises(SignatureError, match=r"is signed by no trusted key; trusted: .*release.pub.pem; "):
        verify_release(store, release, (keys.public,))


def test_the_signature_of_another_release_is_refused(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys, another = made(tmp_path, "release"), release_in(store, "2.0.0")
    sign_release(store, another, keys.private)
    shutil.copy(evidence_of(store, another) / SIGNATURE, evidence_of(store, release) / SIGNATURE)
    with pytest.raises(SignatureError) as refused:
        verify_release(store, release, (keys.public,))
    assert f"has a signature over something else: release {another.digest} of model 'tumor'" in str(refused.value)


def test_evidence_that_was_changed_is_told_even_with_its_index(
    tmp_path: Path, store: ReleaseStore, release: Release
) -> None:
    keys = made(tmp_path, "release")
    sign_release(store, release, keys.private)
    folder = evidence_of(store, release)
    signature = (folder / SIGNATURE).read_bytes()
    (folder / "gate.json").write_bytes(b'{"passed": "really"}\n')
    with pytest.raises(DigestMismatchError, match=r"evidence/gate.json has other bytes"):
        verify_release(store, release, (keys.public,))
    write_evidence(folder.parent, release.digest, {"gate.json": b'{"passed": "really"}\n'})
    (folder / SIGNATURE).write_bytes(signature)
    with pytest.raises(SignatureError, match="has a signature over something else"):
        verify_release(store, release, (keys.public,))


def test_evidence_that_was_taken_away_is_told(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys = made(tmp_path, "release")
    sign_release(store, release, keys.private)
    index = EvidenceIndex(release=release.digest, files=())
    (evidence_of(store, release) / INDEX).write_bytes(index.to_json())
    with pytest.raises(SignatureError, match="has a signature over something else"):
        verify_release(store, release, (keys.public,))


def test_a_file_that_was_changed_is_told(tmp_path: Path, store: ReleaseStore, release: Release) -> None:
    keys = made(tmp_path, "release")
    sign_release(store, release, keys.private)
    (store.folder(release.name, release.digest) / "model/weights.bin").write_bytes(b"other weights")
    with pytest.raises(DigestMismatchError, match=r"model/weights.bin"):
        verify_release(store, release, (keys.public,))


@pytest.mark.parametrize(
    "bundle",
    [b"", b"{}", b"[]", b"\xff", b'{"mediaType": 1, "dsseEnvelope": {}}', b'{"dsseEnvelope": null}'],
    ids=range(6),
)
def test_what_is_no_bundle_is_told(tmp_path: Path, store: ReleaseStore, release: Release, bundle: bytes) -> None:
    keys = made(tmp_path, "release")
    (evidence_of(store, release) / SIGNATURE).write_bytes(bundle)
    with pytest.raises(SignatureError, match="has a signature that cannot be read"):
        verify_release(store, release, (keys.public,))


def test_a_private_key_is_its_owners_and_is_never_written_over(tmp_path: Path) -> None:
    private, public = tmp_path / "a.key.pem", tmp_path / "a.pub.pem"
    make_key_pair(private, public, "a passphrase")
    assert private.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFileError, match="is there already"):
        make_key_pair(private, public)
    for passphrase in (None, "another"):
        with pytest.raises(KeyFileError, match="is no private key that can be read"):
            read_private_key(private, passphrase)
    assert read_private_key(private, "a passphrase").public.hint == read_public_key(public).hint
    with pytest.raises(KeyFileError, match="is no public key"):
        read_public_key(private)


@pytest.mark.slow
def test_a_key_in_kms_signs_and_is_asked_only_where_no_file_is_enough(
    tmp_path: Path, store: ReleaseStore, release: Release, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    keys = made(tmp_path, "release")
    with mock_aws():
        kms = boto3.client("kms", region_name="eu-west-1")
        made_key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["Arn"]
        kms.create_alias(AliasName="alias/releases", TargetKeyId=made_key)
        sign_release(store, release, KmsKey(kms, "alias/releases"))
        trusted = TrustedKeys(("alias/releases", "release.pub.pem"), tmp_path, lambda: kms)
        assert verify_release(store, release, trusted).name == "KMS key alias/releases"
        with pytest.raises(KeyFileError, match=r"KMS key alias/none: .*NotFoundException"):
            verify_release(store, release, TrustedKeys(("alias/none",), tmp_path, lambda: kms))
    sign_release(store, release, keys.private)
    asked: list[str] = []
    trusted = TrustedKeys(("alias/releases", "release.pub.pem"), tmp_path, lambda: asked.append("kms"))
    assert verify_release(store, release, trusted).hint == keys.public.hint
    assert asked == []
