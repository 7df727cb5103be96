"""The local AWS takes a release as S3 does: in parts, conditionally, with an archive that its endpoints unpack."""

from __future__ import annotations

import hashlib
import random

import boto3
import pytest

from greenroom.sandbox.cloud import in_process_cloud
from model_packaging import ReleaseStore, download, is_published, publish, unpublish
from model_packaging.publishing import archive_uri
from model_packaging.unpacking import unpack
from tests.unit.packaging.model_folders import write_model_folder
from tests.unjudged import package

ACCOUNT = "111122223333"
WEIGHTS_BYTES = 20 * 1024 * 1024


@pytest.mark.slow
def test_a_large_release_goes_there_and_comes_back(tmp_path):
    folder = write_model_folder(tmp_path)
    (folder / "model.bin").write_bytes(random.Random(1).randbytes(WEIGHTS_BYTES))
    store, elsewhere = ReleaseStore(tmp_path / "here"), ReleaseStore(tmp_path / "there")
    release = package(folder, store)
    with in_process_cloud() as address:
        s3 = boto3.client(
            "s3",
            endpoint_url=address.url,
            region_name="us-east-1",
            aws_access_key_id=ACCOUNT,
            aws_secret_access_key="test",
        )
        s3.create_bucket(Bucket="artifacts")
        told: list[int] = []
        assert publish(release, store, s3, "artifacts", archive=True, progress=told.append) == 8
        assert sum(told) == release.size_bytes
        assert is_published(release, s3, "artifacts", checksums=True)
        assert archive_uri(release, s3, "artifacts") == f"s3://artifacts/{release.s3_prefix}model.tar.gz"
        s3.download_file("artifacts", f"{release.s3_prefix}model.tar.gz", str(tmp_path / "model.tar.gz"))
        assert download(s3, "artifacts", release.name, release.digest, elsewhere) == release
        assert publish(release, elsewhere, s3, "artifacts", archive=True) == 0
        unpublish(release, s3, "artifacts")
        assert "Contents" not in s3.list_objects_v2(Bucket="artifacts")
    elsewhere.verify_files(release)
    assert unpack(tmp_path / "model.tar.gz", tmp_path / "model") == ("code/inference.py", "model.bin")
    digests = {file.path: file.sha256 for file in release.files}
    with (tmp_path / "model" / "model.bin").open("rb") as stream:
        assert hashlib.file_digest(stream, "sha256").hexdigest() == digests["model/model.bin"]
