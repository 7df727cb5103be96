"""A release in a bucket is whole, or has no manifest; what is there is not sent again."""

from __future__ import annotations

import hashlib
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from model_packaging import (
    DigestMismatchError,
    PublishError,
    Release,
    ReleaseStore,
    is_published,
    publish,
    unpublish,
)
from model_packaging.evidence import SIGNATURE, write_evidence
from model_packaging.publishing import archive_uri, not_published
from model_packaging.s3_prefix import s3_checksum
from tests.unit.packaging.model_folders import write_model_folder
from tests.unit.packaging.s3_buckets import Recorded, package_alone

pytestmark = pytest.mark.slow  # releases packaged and sent for each

WRITES = ("PutObject", "CopyObject", "UploadPart", "CompleteMultipartUpload")


@pytest.fixture
def store(tmp_path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def release(tmp_path, store) -> Release:
    return package_alone(write_model_folder(tmp_path), store)


def large_release(
    tmp_path: Path, store: ReleaseStore, size_bytes: int = 20 * 1024 * 1024, seed: bytes = b"a"
) -> Release:
    folder = write_model_folder(tmp_path)
    (folder / "model.bin").write_bytes(hashlib.shake_128(seed).digest(size_bytes))
    return package_alone(folder, store)


def keys(release: Release, *paths: str) -> list[str]:
    return [f"releases/fraud/{release.hex_digest}/{path}" for path in paths]


def published(release: Release, store: ReleaseStore, s3: Recorded, **more: Any) -> int:
    return publish(release, store, s3.client, s3.bucket, **more)


def there(release: Release, s3: Recorded) -> bool:
    return is_published(release, s3.client, s3.bucket, checksums=True)


def test_the_manifest_goes_last(store, release, s3):
    assert published(release, store, s3) == 3
    puts = s3.keys_of("PutObject")
    assert (sorted(puts[:2]), puts[2:]) == (
        keys(release, "model/code/inference.py", "model/model.bin"),
        keys(release, "release.json"),
    )
    assert there(release, s3)
    assert Release.model_validate_json(s3.objects()[puts[-1]]) == release


def test_a_second_time_sends_nothing(store, release, s3):
    published(release, store, s3)
    s3.forget()
    assert published(release, store, s3) == 0
    assert s3.asked == [("ListObjectsV2", release.s3_prefix), ("GetObject", *keys(release, "release.json"))]


def test_an_upload_that_was_cut_off_has_no_manifest_and_goes_on_where_it_was(store, release, s3):
    s3.put(keys(release, "model/model.bin")[0], b"\x00weights\r\n", Metadata={"sha256": release.files[1].sha256})
    assert not there(release, s3)
    assert not_published(release, s3.client, s3.bucket) == ("model/code/inference.py", "release.json")
    assert published(release, store, s3) == 2
    assert s3.keys_of("PutObject") == keys(release, "model/code/inference.py", "release.json")


def test_an_object_with_other_bytes_is_sent_again(store, release, s3):
    s3.put(keys(release, "model/model.bin")[0], b"0123456789", Metadata={"sha256": "other"})
    assert published(release, store, s3) == 3
    assert s3.objects()[keys(release, "model/model.bin")[0]] == b"\x00weights\r\n"


@pytest.mark.parametrize("path", ["model/model.bin", "release.json"])
def test_an_object_that_was_lost_or_cut_is_told_and_sent_again(store, release, s3, path):
    published(release, store, s3)
    s3.delete(*keys(release, path))
    assert (there(release, s3), not_published(release, s3.client, s3.bucket)) == (False, (path,))
    assert (published(release, store, s3), there(release, s3)) == (1, True)


@pytest.mark.parametrize("manifest", [b"", b"{", "another's"])
def test_a_prefix_with_the_manifest_of_another_release_is_not_published_and_gets_the_right_one(
    store, release, s3, manifest
):
    published(release, store, s3)
    other = json.dumps(json.loads(release.to_json()) | {"version": "9.9.9"}).encode()
    s3.put(*keys(release, "release.json"), manifest if isinstance(manifest, bytes) else other)
    s3.put(*keys(release, "model/model.bin"), b"\x00weigHts\r\n", Metadata={"sha256": "other"})
    assert not there(release, s3)
    assert (published(release, store, s3), there(release, s3)) == (2, True)
    assert s3.objects()[keys(release, "model/model.bin")[0]] == b"\x00weights\r\n"


@pytest.mark.parametrize("operation", ["ListObjectsV2", "PutObject"])
def test_a_bucket_that_refuses_is_told_with_the_object(store, release, s3, operation):
    s3.refuses = frozenset({operation})
    with pytest.raises(PublishError, match=rf"^s3://{s3.bucket}/releases/fraud/{release.hex_digest}/.*AccessDenied"):
        published(release, store, s3)


def test_files_that_are_not_the_releases_are_never_sent(store, release, s3):
    (store.folder("fraud", release.digest) / "model" / "model.bin").write_bytes(b"tampered")
    with pytest.raises(DigestMismatchError, match=r"model/model\.bin has other bytes"):
        published(release, store, s3)
    assert s3.objects() == {}


def test_a_file_of_the_same_length_with_other_bytes_is_never_sent(store, release, s3):
    (store.folder("fraud", release.digest) / "model" / "model.bin").write_bytes(b"0123456789")
    with pytest.raises(DigestMismatchError, match=r"model/model\.bin has other bytes"):
        published(release, store, s3)
    assert [key for key in s3.objects() if not key.endswith("inference.py")] == []


@pytest.mark.parametrize(
    ("kms_key_id", "encryption"),
    [
        (None, {}),
        ("alias/artifacts", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/artifacts"}),
    ],
)
def test_every_object_carries_its_digest_and_a_checksum(store, release, s3, kms_key_id, encryption):
    published(release, store, s3, kms_key_id=kms_key_id)
    sent = {request["Key"]: request for request in s3.requests if "Body" in request}
    for key, request in sent.items():
        digest = hashlib.sha256(request["Body"].getvalue()).hexdigest()
        told = {name: value for name, value in request.items() if name not in {"Bucket", "Key", "Body", "IfNoneMatch"}}
        assert told == {"ChecksumSHA256": s3_checksum(digest), "Metadata": {"sha256": digest}, **encryption}, key
    assert [request.get("IfNoneMatch") for request in sent.values()] == [None, None, "*"]


def test_unpublished_it_loses_its_manifest_first_and_everything_else_with_it(store, release, s3):
    write_evidence(store.folder("fraud", release.digest), release.digest, {"gate.json": b"{}"})
    published(release, store, s3, archive=True)
    s3.forget()
    unpublish(release, s3.client, s3.bucket)
    assert s3.keys_of("DeleteObject")[0] == keys(release, "release.json")[0]
    assert s3.objects() == {}


def test_a_manifest_that_another_publisher_was_first_with_is_left_alone(store, release, s3):
    published(release, store, s3)
    manifest = s3.objects()[keys(release, "release.json")[0]]
    s3.delete(*keys(release, "release.json"))
    other = json.dumps(json.loads(manifest) | {"git_commit": "a" * 40}).encode()

    def is_first(model, **_more):
        if model.name == "PutObject" and not s3.objects().get(keys(release, "release.json")[0]):
            s3.put(*keys(release, "release.json"), other)

    s3.client.meta.events.register_first("before-call.s3.PutObject", is_first)
    try:
        published(release, store, s3)
    finally:
        s3.client.meta.events.unregister("before-call.s3.PutObject", is_first)
    assert s3.objects()[keys(release, "release.json")[0]] == other
    assert there(release, s3)


def test_what_another_release_of_the_model_has_is_copied_and_not_sent(tmp_path, store, release, s3):
    published(release, store, s3)
    (tmp_path / "fraud" / "inference.py").write_text("def other(): pass\n")
    again = package_alone(tmp_path / "fraud", store)
    s3.forget()
    assert published(again, store, s3) == 3
    assert s3.keys_of("CopyObject") == keys(again, "model/model.bin")
    assert s3.keys_of("PutObject") == keys(again, "model/code/inference.py", "release.json")
    assert there(again, s3)


def test_an_object_that_only_says_it_has_the_bytes_is_not_copied(tmp_path, store, release, s3):
    published(release, store, s3)
    s3.put(keys(release, "model/model.bin")[0], b"0123456789", Metadata={"sha256": release.files[1].sha256})
    (tmp_path / "fraud" / "inference.py").write_text("def other(): pass\n")
    again = package_alone(tmp_path / "fraud", store)
    published(again, store, s3)
    assert s3.objects()[keys(again, "model/model.bin")[0]] == b"\x00weights\r\n"


def test_evidence_goes_before_the_manifest_and_may_be_added_to_later(store, release, s3):
    folder = store.folder("fraud", release.digest)
    write_evidence(folder, release.digest, {"gate.json": b"{}"})
    (folder / "evidence" / SIGNATURE).write_bytes(b"signed")
    assert published(release, store, s3) == 6
    assert s3.keys_of("PutObject")[2:] == keys(
        release, "evidence/gate.json", "evidence/index.json", f"evidence/{SIGNATURE}", "release.json"
    )
    s3.forget()
    assert published(release, store, s3) == 0
    write_evidence(folder, release.digest, {"scan.json": b"[]"})
    s3.forget()
    assert published(release, store, s3) == 3
    assert s3.keys_of("DeleteObject", "PutObject") == keys(
        release, f"evidence/{SIGNATURE}", "evidence/gate.json", "evidence/scan.json", "evidence/index.json"
    )


def test_a_machine_without_evidence_leaves_alone_what_is_there(tmp_path, store, release, s3):
    write_evidence(store.folder("fraud", release.digest), release.digest, {"gate.json": b"{}"})
    published(release, store, s3)
    elsewhere = ReleaseStore(tmp_path / "elsewhere")
    package_alone(tmp_path / "fraud", elsewhere)
    before = s3.objects()
    assert published(release, elsewhere, s3) == 0
    assert s3.objects() == before


def test_an_archive_is_there_when_its_record_is(store, release, s3):
    assert archive_uri(release, s3.client, s3.bucket) is None
    assert published(release, store, s3, archive=True) == 4
    assert published(release, store, s3, archive=True) == 0
    archive, record = (s3.objects()[key] for key in keys(release, "model.tar.gz", "model.tar.gz.json"))
    assert json.loads(record) == {
        "release": release.digest,
        "sha256": hashlib.sha256(archive).hexdigest(),
        "size_bytes": len(archive),
    }
    with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as tar:
        assert tar.getnames() == ["code/inference.py", "model.bin"]
    assert archive_uri(release, s3.client, s3.bucket) == f"s3://{s3.bucket}/{keys(release, 'model.tar.gz')[0]}"
    s3.delete(*keys(release, "model.tar.gz.json"))
    assert archive_uri(release, s3.client, s3.bucket) is None
    assert there(release, s3)


def test_wherever_an_upload_is_cut_nothing_is_deployable_and_publishing_again_finishes(store, release, s3):
    write_evidence(store.folder("fraud", release.digest), release.digest, {"gate.json": b"{}"})
    published(release, store, s3, archive=True)
    whole, requests = s3.objects(), len(s3.asked)
    assert requests >= 14
    for cut in range(requests):
        for key in s3.objects():
            s3.delete(key)
        s3.asked.clear()
        s3.fails_at = cut
        with pytest.raises(PublishError):
            published(release, store, s3, archive=True)
        s3.fails_at = None
        assert not there(release, s3), cut
        published(release, store, s3, archive=True)
        assert (s3.objects(), there(release, s3)) == (whole, True), cut
    assert s3.uploads() == []


def test_a_large_file_goes_in_parts_and_after_a_cut_those_that_arrived_are_not_sent_again(tmp_path, store, s3):
    release = large_release(tmp_path, store)
    file = release.files[1]
    published(release, store, s3)
    calls = [one for one in s3.asked if one[0] in {"UploadPart", "CompleteMultipartUpload"}]
    assert calls == [
        *[("UploadPart", *keys(release, file.path))] * 3,
        ("CompleteMultipartUpload", *keys(release, file.path)),
    ]
    whole, requests = s3.objects(), len(s3.asked)
    for cut in range(requests):
        for key in s3.objects():
            s3.delete(key)
        s3.asked.clear()
        s3.fails_at = cut
        with pytest.raises(PublishError):
            published(release, store, s3)
        arrived = len(s3.keys_of("UploadPart"))
        is_made = "CompleteMultipartUpload" in dict(s3.asked)
        s3.fails_at = None
        assert not there(release, s3), cut
        s3.forget()
        published(release, store, s3)
        assert (len(s3.keys_of("UploadPart")), there(release, s3)) == (0 if is_made else 3 - arrived, True), cut
        assert s3.objects() == whole
    assert s3.uploads() == []


def test_a_large_file_with_other_bytes_is_never_made_an_object(tmp_path, store, s3):
    release = large_release(tmp_path, store)
    place = store.folder("fraud", release.digest) / release.files[1].path
    place.write_bytes(hashlib.shake_128(b"b").digest(release.files[1].size_bytes))
    with pytest.raises(DigestMismatchError, match=r"model/model\.bin has other bytes"):
        published(release, store, s3)
    assert [key for key in s3.objects() if not key.endswith("inference.py")] == []
    assert s3.uploads() == []


def test_progress_counts_every_byte_once_however_it_got_there(tmp_path, store, s3):
    release = large_release(tmp_path, store)
    for _ in ("sent", "there"):
        told: list[int] = []
        published(release, store, s3, progress=told.append)
        assert sum(told) == release.size_bytes
    (tmp_path / "fraud" / "inference.py").write_text("def other(): pass\n")
    again = package_alone(tmp_path / "fraud", store)
    told = []
    published(again, store, s3, progress=told.append)
    assert (sum(told), s3.keys_of("CopyObject")) == (again.size_bytes, keys(again, "model/model.bin"))
