"""A release is in the store whole or not at all, and is what its digest says."""

from __future__ import annotations

import json

import pytest

from model_packaging import (
    DigestMismatchError,
    InvalidDigestError,
    Release,
    ReleaseFile,
    ReleaseNotFoundError,
    ReleaseStore,
    staging,
)
from model_packaging.errors import SourceFileError
from tests.unit.packaging.model_folders import write_model_folder
from tests.unjudged import package

NOWHERE = f"sha256:{'0' * 64}"


@pytest.fixture
def store(tmp_path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def release(tmp_path, store) -> Release:
    return package(write_model_folder(tmp_path), store, git_commit="a" * 40)


def test_what_was_packaged_is_loaded(store, release):
    assert store.load("fraud", release.digest) == release
    assert store.list() == (release,)
    assert store.list("fraud") == (release,)
    assert store.list("growth") == ()
    store.verify_files(release)


def test_the_release_holds_what_the_container_gets_its_evidence_and_nothing_else(store, release):
    folder = store.folder("fraud", release.digest)
    assert folder == store.root / "fraud" / release.hex_digest
    assert sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()) == [
        "evidence/checkout.json",
        "evidence/index.json",
        "evidence/sbom.cdx.json",
        "evidence/scan.json",
        "model/code/inference.py",
        "model/model.bin",
        "release.json",
    ]
    assert release.files == (
        ReleaseFile(
            path="model/code/inference.py",
            sha256="bc71e72f7bca463b1afe98c767306db3008cc1853a902171558596dd2d321624",
            size_bytes=46,
        ),
        ReleaseFile(
            path="model/model.bin",
            sha256="1e23af5d27e769c8e9ff857b2db0e7acfa65d906f7b1cca61228fedbeb72c677",
            size_bytes=10,
        ),
    )
    assert release.environment == {
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_PROGRAM": "inference.py",
        "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
    }
    assert release.s3_prefix == f"releases/fraud/{release.hex_digest}/"
    assert release.metrics == {"accuracy": 1.0, "roc_auc": 0.9}
    assert not release.has_baseline


def test_packaged_again_it_is_the_one_that_is_there(tmp_path, store, release):
    again = package(tmp_path / "fraud", store, git_commit="b" * 40)
    assert again == release
    assert again.git_commit == "a" * 40
    assert [path.name for path in store.root.iterdir()] == ["fraud"]


def test_a_release_that_is_not_there_is_told_with_those_that_are(store, release):
    with pytest.raises(ReleaseNotFoundError) as caught:
        store.load("fraud", NOWHERE)
    assert str(caught.value) == (
        f"{store.root} has no release {NOWHERE} of model 'fraud'; releases of it there: {release.digest}; "
        "make one with `greenroom package models/fraud`, or pin one of those"
    )


@pytest.mark.parametrize("digest", ["", "latest", "sha256:abc", "sha256:" + "A" * 64, "../" * 10, f"{NOWHERE}\n"])
def test_what_is_no_digest_is_refused(store, digest):
    with pytest.raises(
        InvalidDigestError, match="is no digest of a release; allowed: sha256: and 64 hexadecimal digits"
    ):
        store.load("fraud", digest)


def test_a_manifest_that_was_changed_is_refused(store, release):
    path = store.folder("fraud", release.digest) / "release.json"
    content = json.loads(path.read_text())
    content["metrics"]["roc_auc"] = 0.99
    path.write_text(json.dumps(content))
    with pytest.raises(DigestMismatchError, match=r"is not what its digest says: release\.json has the digest sha256:"):
        store.load("fraud", release.digest)
    assert store.load("fraud", release.digest, verify=False).metrics["roc_auc"] == 0.99


def test_a_manifest_that_was_cut_off_is_refused(store, release):
    path = store.folder("fraud", release.digest) / "release.json"
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(DigestMismatchError, match=r"release\.json : Invalid JSON"):
        store.load("fraud", release.digest)


def test_a_release_that_was_changed_is_told_with_its_folder_and_what_to_do(store, release):
    folder = store.folder("fraud", release.digest)
    (folder / "model" / "model.bin").write_bytes(b"other")
    with pytest.raises(DigestMismatchError) as caught:
        store.verify_files(release)
    assert caught.value.where == folder
    assert str(caught.value) == (
        f"release {release.digest} of model 'fraud' is not what its digest says: model/model.bin has other bytes; "
        f"it lies in {folder}; delete that folder, and make it again with `greenroom package models/fraud` or bring it "
        f"with `greenroom release download fraud@{release.hex_digest}`"
    )


def cut_off(manifest):
    manifest.write_bytes(manifest.read_bytes()[:-10])


def put_elsewhere(manifest):
    manifest.parent.rename(manifest.parents[1] / f"{manifest.parent.name}.bak")


@pytest.mark.parametrize(
    ("damage", "told"),
    [(cut_off, r"release\.json : Invalid JSON"), (put_elsewhere, r"\.bak' is no digest of a release")],
)
def test_a_broken_release_does_not_keep_the_others_from_being_listed(tmp_path, store, release, damage, told):
    other = package(write_model_folder(tmp_path, "growth"), store)
    damage(store.folder("fraud", release.digest) / "release.json")
    broken = []
    assert store.list(on_broken=lambda name, digest, error: broken.append((name, digest[:20], error))) == (other,)
    [(name, digest, error)] = broken
    assert (name, digest) == ("fraud", release.digest[:20])
    with pytest.raises(type(error), match=told):
        store.list()


def test_files_that_were_changed_are_all_named(store, release):
    folder = store.folder("fraud", release.digest)
    (folder / "model" / "model.bin").write_bytes(b"other")
    (folder / "model" / "code" / "inference.py").unlink()
    (folder / "model" / "stray").write_text("")
    with pytest.raises(DigestMismatchError) as caught:
        store.verify_files(release)
    assert caught.value.differences == (
        "model/code/inference.py is missing",
        "model/stray does not belong to it",
        "model/model.bin has other bytes",
    )


def test_a_staging_that_is_interrupted_as_soon_as_its_folder_is_there_leaves_nothing(tmp_path, store, monkeypatch):
    seen = []

    def interrupt(folder):
        seen.append(folder.is_dir())
        raise KeyboardInterrupt

    monkeypatch.setattr(staging, "_lock", interrupt)
    with pytest.raises(KeyboardInterrupt), store.staging():
        pass
    assert (seen, list((tmp_path / "store").iterdir())) == ([True], [])


def test_a_staging_that_fails_leaves_nothing(tmp_path, store):
    with pytest.raises(SourceFileError, match="nowhere cannot be read: No such file"), store.staging() as staged:
        staged.copy(tmp_path / "nowhere", "model/a")
    assert list(store.root.iterdir()) == []


def test_a_region_without_a_pinned_image_is_told(release):
    assert release.image_uri("us-east-1") == "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.4-2-py312-cpu-py3"
    with pytest.raises(Exception, match="is not pinned for region 'eu-west-9'; allowed: us-east-1"):
        release.image_uri("eu-west-9")
