"""What SageMaker would put under /opt/ml/model, and that nobody writes there."""

from __future__ import annotations

import os

import pytest

from model_packaging.contract.model_folder import check_layout, check_unchanged, snapshot
from model_packaging.contract.probe import CheckFailedError


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "code").mkdir()
    (tmp_path / "model.onnx").write_bytes(b"weights")
    (tmp_path / "code" / "inference.py").write_bytes(b"pass")
    return tmp_path


def test_plain_files_in_plain_folders_are_right(folder):
    assert check_layout(folder) == "2 files, 11 B"


def test_what_no_s3_prefix_holds_is_told(folder):
    (folder / "passwords").symlink_to("/etc/passwd")
    os.mkfifo(folder / "code" / "pipe")
    with pytest.raises(CheckFailedError) as caught:
        check_layout(folder)
    expected = "passwords is a symbolic link to /etc/passwd; code/pipe is neither a file nor a folder"
    assert str(caught.value) == expected


def test_an_empty_folder_is_no_model(tmp_path):
    with pytest.raises(CheckFailedError, match="the release has no file under model/"):
        check_layout(tmp_path)


def test_what_the_code_wrote_is_told(folder):
    before = snapshot(folder)
    assert check_unchanged(folder, before) == "nothing was written"
    (folder / "cache.bin").write_bytes(b"x")
    (folder / "model.onnx").write_bytes(b"other weights")
    (folder / "code" / "inference.py").unlink()
    with pytest.raises(CheckFailedError) as caught:
        check_unchanged(folder, before)
    expected = "the release's code wrote cache.bin; deleted code/inference.py; changed model.onnx"
    assert str(caught.value) == expected
