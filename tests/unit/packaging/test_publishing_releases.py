"""A release in a bucket is whole, or has no manifest; what is there is not sent again."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from model_packaging import (
    DigestMismatchError,
    PublishError,
    Release,
    ReleaseStore,
    is_published,
    package,
    publish,
    unpublish,
)
from tests.unit.packaging.model_folders import write_model_folder

BUCKET = "artifacts-123456789012"
Sent = tuple[str, dict[str, Any]]


@dataclass
class InMemoryS3:
    """The three operations that publishing uses."""

    objects: dict[str, tuple[bytes, dict[str, Any]]] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    deletes: list[str] = field(default_factory=list)
    refuse_after: int | None = None
    loses: str | None = None

    def head_object(self, **request: str) -> dict[str, Any]:
        assert request["Bucket"] == BUCKET
        if request["Key"] not in self.objects:
            raise ClientError({"Error": {"Code": "404", "Message": "Not Found"}}, "HeadObject")
        body, extra = self.objects[request["Key"]]
        return {"ContentLength": len(body), "Metadata": extra["Metadata"]}

    def upload_file(self, filename: str, bucket: str, key: str, **extra: dict[str, Any]) -> None:
        assert bucket == BUCKET
        if self.refuse_after is not None and len(self.puts) >= self.refuse_after:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "PutObject")
        self.puts.append(key)
        if self.loses is None or not key.endswith(self.loses):
            self.objects[key] = (Path(filename).read_bytes(), extra["ExtraArgs"])

    def delete_object(self, **request: str) -> None:
        assert request["Bucket"] == BUCKET
        self.deletes.append(request["Key"])
        self.objects.pop(request["Key"], None)


@pytest.fixture
def store(tmp_path) -> ReleaseStore:
    return ReleaseStore(tmp_path / "store")


@pytest.fixture
def release(tmp_path, store) -> Release:
    return package(write_model_folder(tmp_path), store)


def keys(release: Release, *paths: str) -> list[str]:
    return [f"releases/fraud/{release.hex_digest}/{path}" for path in paths]


@pytest.mark.slow
def test_the_manifest_goes_last(store, release):
    s3 = InMemoryS3()
    assert publish(release, store, s3, BUCKET) == 3
    assert s3.puts == keys(release, "model/code/inference.py", "model/model.bin", "release.json")
    assert is_published(release, s3, BUCKET)
    assert Release.model_validate_json(s3.objects[s3.puts[-1]][0]) == release


def test_a_second_time_sends_nothing(store, release):
    s3 = InMemoryS3()
    publish(release, store, s3, BUCKET)
    assert (publish(release, store, s3, BUCKET), len(s3.puts)) == (0, 3)


def test_an_upload_that_was_cut_off_has_no_manifest_and_goes_on_where_it_was(store, release):
    s3 = InMemoryS3(refuse_after=1)
    with pytest.raises(PublishError, match=r"model/model\.bin: An error occurred \(AccessDenied\)"):
        publish(release, store, s3, BUCKET)
    assert not is_published(release, s3, BUCKET)
    s3.refuse_after = None
    assert publish(release, store, s3, BUCKET) == 2
    assert s3.puts == keys(release, "model/code/inference.py", "model/model.bin", "release.json")


def test_an_object_with_other_bytes_is_sent_again(store, release):
    s3 = InMemoryS3()
    s3.objects[keys(release, "model/model.bin")[0]] = (b"0123456789", {"Metadata": {"sha256": "other"}})
    assert publish(release, store, s3, BUCKET) == 3
    assert s3.objects[keys(release, "model/model.bin")[0]][0] == b"\x00weights\r\n"


def test_the_bucket_must_hold_what_was_sent_before_the_manifest_goes(store, release):
    s3 = InMemoryS3(loses="model.bin")
    with pytest.raises(PublishError, match=r"does not hold what was sent: model/model\.bin; publish it again"):
        publish(release, store, s3, BUCKET)
    assert not is_published(release, s3, BUCKET)


def test_files_that_are_not_the_releases_are_never_sent(store, release):
    (store.folder("fraud", release.digest) / "model" / "model.bin").write_bytes(b"tampered")
    s3 = InMemoryS3()
    with pytest.raises(DigestMismatchError, match=r"model/model\.bin has other bytes"):
        publish(release, store, s3, BUCKET)
    assert s3.puts == []


@pytest.mark.parametrize(
    ("kms_key_id", "encryption"),
    [
        (None, {}),
        ("alias/artifacts", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "alias/artifacts"}),
    ],
)
def test_every_object_carries_its_digest_and_a_checksum(store, release, kms_key_id, encryption):
    s3 = InMemoryS3()
    publish(release, store, s3, BUCKET, kms_key_id=kms_key_id)
    metadata: list[dict[str, str]] = [{"sha256": file.sha256} for file in release.files] + [{}]
    assert [s3.objects[key][1] for key in s3.puts] == [
        {"ChecksumAlgorithm": "SHA256", "Metadata": one, **encryption} for one in metadata
    ]


def test_unpublished_it_loses_its_manifest_first(store, release):
    s3 = InMemoryS3()
    publish(release, store, s3, BUCKET)
    unpublish(release, s3, BUCKET)
    assert s3.deletes == keys(release, "release.json", "model/code/inference.py", "model/model.bin")
    assert s3.objects == {}
