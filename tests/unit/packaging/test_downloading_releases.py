"""What comes out of a bucket is the release, or nothing."""

from __future__ import annotations

import hashlib
import json

import pytest

from greenroom.delivery.catalogue import PublishedRelease, published_releases
from model_packaging import (
    DigestMismatchError,
    PublishError,
    Release,
    ReleaseNotFoundError,
    ReleaseStore,
    publish,
)
from model_packaging.downloading import download
from model_packaging.evidence import SIGNATURE, read_evidence, write_evidence
from tests.unit.packaging.model_folders import write_model_folder
from tests.unit.packaging.s3_buckets import Recorded, package_alone

pytestmark = pytest.mark.slow


@pytest.fixture
def release(tmp_path, s3) -> Release:
    store = ReleaseStore(tmp_path / "publisher")
    made = package_alone(write_model_folder(tmp_path), store)
    folder = store.folder("fraud", made.digest)
    write_evidence(folder, made.digest, {"gate.json": b"{}"})
    (folder / "evidence" / SIGNATURE).write_bytes(b"signed")
    publish(made, store, s3.client, s3.bucket)
    s3.forget()
    return made


@pytest.fixture
def store(tmp_path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "here")


def downloaded(release: Release, store: ReleaseStore, s3: Recorded) -> Release:
    return download(s3.client, s3.bucket, release.name, release.digest, store)


def is_empty(store: ReleaseStore) -> bool:
    return store.list() == ()


@pytest.mark.slow
def test_a_release_comes_with_its_files_and_its_evidence(release, store, s3):
    assert downloaded(release, store, s3) == release
    store.verify_files(release)
    folder = store.folder("fraud", release.digest)
    assert read_evidence(folder, "fraud", release.digest) == {"gate.json": b"{}"}
    assert (folder / "evidence" / SIGNATURE).read_bytes() == b"signed"
    assert [path.name for path in store.root.iterdir()] == ["fraud"]


def test_one_that_is_here_is_not_asked_for(release, store, s3):
    downloaded(release, store, s3)
    s3.forget()
    assert (downloaded(release, store, s3), s3.asked) == (release, [])


def test_one_that_is_not_there_is_told_with_those_that_are(release, store, s3):
    nowhere = f"sha256:{'0' * 64}"
    with pytest.raises(ReleaseNotFoundError, match=rf"s3://{s3.bucket} has no release {nowhere}.*{release.digest}"):
        download(s3.client, s3.bucket, "fraud", nowhere, store)


def test_what_a_store_holds_is_every_release_with_a_manifest_and_nothing_where_there_is_no_store(release, s3):
    s3.put(f"releases/fraud/{'0' * 64}/model/model.bin", b"cut off")
    s3.put(f"releases/growth/{'1' * 64}/release.json", b"{}")
    there = [PublishedRelease("fraud", release.digest), PublishedRelease("growth", f"sha256:{'1' * 64}")]
    assert [*published_releases(s3.client, s3.bucket)] == there
    assert [*published_releases(s3.client, s3.bucket, "fraud")] == there[:1]
    assert [*published_releases(s3.client, s3.bucket, "other")] == []
    assert [*published_releases(s3.client, "nowhere")] == []
    s3.refuses = frozenset({"ListObjectsV2"})
    with pytest.raises(PublishError, match=rf"s3://{s3.bucket}/releases/: .*AccessDenied"):
        next(published_releases(s3.client, s3.bucket))


def test_a_manifest_that_was_changed_is_refused(release, store, s3):
    changed = json.loads(release.to_json()) | {"version": "9.9.9"}
    s3.put(f"{release.s3_prefix}release.json", json.dumps(changed).encode())
    with pytest.raises(DigestMismatchError, match=r"release\.json has the digest sha256:"):
        downloaded(release, store, s3)
    s3.put(f"{release.s3_prefix}release.json", b"{")
    with pytest.raises(DigestMismatchError, match=r"release\.json is no manifest"):
        downloaded(release, store, s3)


@pytest.mark.parametrize("content", [b"0123456789", b"012", b"0123456789-too-much"])
def test_a_file_that_was_changed_is_refused_and_nothing_kept_of_it(release, store, s3, content):
    s3.put(f"{release.s3_prefix}model/model.bin", content)
    with pytest.raises(DigestMismatchError, match=r"model/model\.bin has other bytes"):
        downloaded(release, store, s3)
    assert is_empty(store)
    s3.put(f"{release.s3_prefix}model/model.bin", b"\x00weights\r\n")
    assert downloaded(release, store, s3) == release


@pytest.mark.parametrize("path", ["release.json", "model/model.bin", "evidence/gate.json"])
def test_what_is_not_right_in_the_bucket_is_told_with_the_place_there(release, store, s3, path):
    s3.put(f"{release.s3_prefix}{path}", b"0123456789")
    with pytest.raises(DigestMismatchError) as caught:
        downloaded(release, store, s3)
    prefix = f"s3://{s3.bucket}/{release.s3_prefix}"
    assert caught.value.where == prefix
    assert str(caught.value).endswith(
        f"; it lies in {prefix}; delete it there, and publish it from where it is whole: "
        f"`greenroom release publish fraud@{release.hex_digest}`"
    )


def test_a_file_that_is_lost_is_told(release, store, s3):
    s3.delete(f"{release.s3_prefix}model/model.bin")
    with pytest.raises(PublishError, match=r"model/model\.bin is not there, though the release's manifest is"):
        downloaded(release, store, s3)
    assert is_empty(store)


def test_evidence_that_is_not_what_its_index_says_is_refused(release, store, s3):
    s3.put(f"{release.s3_prefix}evidence/gate.json", b"[]")
    with pytest.raises(DigestMismatchError, match=r"evidence/gate\.json has other bytes"):
        downloaded(release, store, s3)
    assert is_empty(store)


@pytest.mark.slow
def test_wherever_a_download_is_cut_nothing_is_in_the_store_and_the_next_finishes(release, tmp_path, s3):
    downloaded(release, ReleaseStore(tmp_path / "whole"), s3)
    for cut in range(len(s3.asked)):
        store = ReleaseStore(tmp_path / f"cut-{cut}")
        s3.asked.clear()
        s3.fails_at = cut
        with pytest.raises(PublishError):
            downloaded(release, store, s3)
        s3.fails_at = None
        assert is_empty(store)
        assert downloaded(release, store, s3) == release
        store.verify_files(release)


def test_a_file_that_came_halfway_goes_on_where_it_was(release, store, s3):
    arrived = store.root / f".download-{release.hex_digest}" / "model"
    arrived.mkdir(parents=True)
    (arrived / "model.bin.part").write_bytes(b"\x00weig")
    assert downloaded(release, store, s3) == release
    ranges = {request["Key"]: request.get("Range") for request in s3.requests if "model/" in request.get("Key", "")}
    assert ranges == {
        f"{release.s3_prefix}model/model.bin": "bytes=5-",
        f"{release.s3_prefix}model/code/inference.py": None,
    }


@pytest.mark.parametrize("left", [b"other bytes, and too many", b"other", b""])
def test_what_an_earlier_try_left_is_not_believed(release, store, s3, left):
    arrived = store.root / f".download-{release.hex_digest}" / "model"
    arrived.mkdir(parents=True)
    (arrived / "model.bin.part").write_bytes(left)
    if left == b"other":
        with pytest.raises(DigestMismatchError):
            downloaded(release, store, s3)
    assert downloaded(release, store, s3) == release
    assert hashlib.sha256((store.folder("fraud", release.digest) / "model/model.bin").read_bytes()).hexdigest() == (
        release.files[1].sha256
    )
