"""The same bytes have the same digest, anywhere; any other byte has another."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from model_packaging import Release, ReleaseStore, manifest_digest
from model_packaging.release import canonical_json, checked_path, sealed
from tests.unit.packaging.model_folders import PACKAGE, write_model_folder
from tests.unjudged import package

FIELDS: dict[str, object] = {
    "name": "fraud",
    "version": "1.0.0",
    "files": ({"path": "model/model.bin", "sha256": "ab" * 32, "size_bytes": 9},),
    "framework": {"name": "sklearn", "version": "1.5"},
    "signature": {
        "inputs": ({"name": "rows", "dtype": "float32", "shape": (None, 3)},),
        "outputs": ({"name": "score", "dtype": "float32", "shape": (None,)},),
    },
    "metrics": {"roc_auc": 0.9},
    "serving_image": {
        "framework": "sklearn",
        "version": "1.4-2-py312",
        "py_version": "py3",
        "processor": "cpu",
        "uris": {"us-east-1": "123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.4-2"},
    },
    "environment": {"SAGEMAKER_PROGRAM": "inference.py"},
}


def digest_of(folder: Path, store: Path) -> str:
    return package(folder, ReleaseStore(store)).digest


def test_the_canonical_json_is_this_and_no_other():
    assert canonical_json(sealed(FIELDS)) == (
        b'{"environment":{"SAGEMAKER_PROGRAM":"inference.py"},'
        b'"files":[{"path":"model/model.bin","sha256":"' + b"ab" * 32 + b'","size_bytes":9}],'
        b'"framework":{"name":"sklearn","version":"1.5"},"metrics":{"roc_auc":0.9},"name":"fraud","schema_version":1,'
        b'"serving_image":{"framework":"sklearn","processor":"cpu","py_version":"py3",'
        b'"uris":{"us-east-1":"123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:1.4-2"},"version":"1.4-2-py312"},'
        b'"signature":{"inputs":[{"dtype":"float32","name":"rows","shape":[null,3]}],'
        b'"outputs":[{"dtype":"float32","name":"score","shape":[null]}]},"version":"1.0.0"}'
    )


def test_the_git_commit_says_where_it_came_from_and_not_what_it_is():
    assert sealed({**FIELDS, "git_commit": "a" * 40}).digest == sealed(FIELDS).digest


@pytest.mark.parametrize(
    "change",
    [
        {"name": "growth"},
        {"version": "1.0.1"},
        {"files": ({"path": "model/model.bin", "sha256": "ab" * 31 + "ac", "size_bytes": 9},)},
        {"files": ({"path": "model/model.bi", "sha256": "ab" * 32, "size_bytes": 9},)},
        {"metrics": {"roc_auc": 0.91}},
        {"environment": {}},
    ],
    ids=str,
)
def test_everything_else_is_in_the_digest(change):
    assert sealed(FIELDS | change).digest != sealed(FIELDS).digest


def test_a_manifest_reads_back_as_it_was_written():
    release = sealed({**FIELDS, "git_commit": "a" * 40})
    assert Release.model_validate_json(release.to_json()) == release
    assert manifest_digest(release) == release.digest


def test_time_mode_place_and_order_of_the_files_do_not_matter(tmp_path):
    folder = write_model_folder(tmp_path / "here")
    other = shutil.copytree(folder, tmp_path / "elsewhere" / "deeper" / "fraud")
    (other / "model.bin").chmod(0o700)
    os.utime(other / "model.bin", (0, 0))
    (other / "not-in-the-package.txt").write_text("whatever")
    lines = PACKAGE.splitlines(keepends=True)
    (other / "package.yaml").write_text("".join([*lines[5:], *lines[:2], lines[2], lines[4], lines[3]]))
    assert digest_of(other, tmp_path / "store2") == digest_of(folder, tmp_path / "store1")


@pytest.mark.slow
@given(position=st.integers(0, 9), value=st.integers(0, 255))
def test_any_byte_counts(tmp_path_factory, position, value):
    tmp_path = tmp_path_factory.mktemp("bytes")
    folder = write_model_folder(tmp_path)
    original = (folder / "model.bin").read_bytes()
    changed = original[:position] + bytes([value]) + original[position + 1 :]
    before = digest_of(folder, tmp_path / "store")
    (folder / "model.bin").write_bytes(changed)
    assert (digest_of(folder, tmp_path / "store") == before) == (changed == original)


@pytest.mark.parametrize("path", ["model/a.bin", "a", "code/模型.py"])
def test_a_plain_path_is_kept(path):
    assert checked_path(path) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        ".",
        "/etc/passwd",
        "../up",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "C:/a",
        "a\0b",
        "cafe\u0301.onnx",
        "a\nb",
        "a\udcff",
        "a" * 256,
        "a/" * 401 + "a",
    ],
)
def test_a_path_that_could_mean_something_else_elsewhere_is_refused(path):
    with pytest.raises(ValueError):
        checked_path(path)


@pytest.mark.parametrize(
    "change",
    [
        {"metrics": {"roc_auc": float("nan")}},
        {"name": "Fraud"},
        {"version": "1.0"},
        {"files": ({"path": "../model", "sha256": "ab" * 32, "size_bytes": 9},)},
        {"surprise": 1},
        {
            "files": (
                {"path": "model/b", "sha256": "ab" * 32, "size_bytes": 9},
                {"path": "model/a", "sha256": "ab" * 32, "size_bytes": 9},
            )
        },
    ],
    ids=str,
)
def test_what_is_no_release_is_refused(change):
    with pytest.raises(ValidationError):
        sealed(FIELDS | change)
