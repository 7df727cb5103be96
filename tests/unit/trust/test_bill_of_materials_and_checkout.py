"""What a release needs, and where it came from."""

import json
import os
import subprocess
from pathlib import Path

import pytest

from model_packaging.release import Release, sealed
from model_packaging.trust.bill_of_materials import bill_of_materials
from model_packaging.trust.checkout import checkout, git_commit, without_credentials
from tests.unit.manifests import SERVING_IMAGE, manifest

pytestmark = pytest.mark.unit

REQUIREMENTS = {
    "model/code/requirements.txt": "onnxruntime==1.20.1 \\\n  --hash=sha256:00\nnumpy>=1.26  # arrays\n"
    "Not_Installed[extra]~=1.0; python_version > '3'\n-r other.txt\n# nothing\n"
}


def release(version: str = "1.0.0") -> Release:
    return sealed(
        manifest(
            version=version,
            files=[{"path": "model/model.onnx", "sha256": "0" * 64, "size_bytes": 3}],
            framework={"name": "onnx", "version": "1.17"},
            metrics={"auc": 0.99},
            serving_image={
                **SERVING_IMAGE,
                "uris": {"eu-west-1": "123456789012.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2"},
            },
        )
    )


@pytest.mark.slow
def test_it_is_cyclonedx_as_its_schema_wants_it() -> None:
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    content = bill_of_materials(release(), REQUIREMENTS).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(content) is None


def test_the_same_release_has_the_same_bytes_and_another_one_another_number() -> None:
    first, second = (bill_of_materials(release(), REQUIREMENTS) for _ in range(2))
    assert first == second
    other = json.loads(bill_of_materials(release("2.0.0"), REQUIREMENTS))
    assert other["serialNumber"] != json.loads(first)["serialNumber"]
    assert "timestamp" not in json.loads(first)["metadata"]


def test_it_names_the_model_its_requirements_and_its_container() -> None:
    content = json.loads(bill_of_materials(release(), REQUIREMENTS))
    model = content["metadata"]["component"]
    assert (model["type"], model["hashes"], model["modelCard"]["quantitativeAnalysis"]) == (
        "machine-learning-model",
        [{"alg": "SHA-256", "content": release().hex_digest}],
        {"performanceMetrics": [{"type": "auc", "value": "0.99"}]},
    )
    told = {}
    for one in content["components"]:
        properties = {each["name"]: each["value"] for each in one["properties"]}
        told[one["purl"].split("?")[0].split("@")[0]] = (one["type"], properties.get("greenroom:version-from"))
    assert told == {
        "pkg:docker/sagemaker-scikit-learn": ("container", None),
        "pkg:pypi/not-installed": ("library", "unknown"),
        "pkg:pypi/numpy": ("library", "installed"),
        "pkg:pypi/onnxruntime": ("library", "pinned"),
    }


def git(folder: Path, *words: str) -> None:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True)


def test_a_checkout_names_the_files_of_the_model_that_differ(tmp_path: Path) -> None:
    model = tmp_path / "models" / "tumor"
    model.mkdir(parents=True)
    (model / "model.onnx").write_bytes(b"1")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "tag", "v1")
    git(tmp_path, "remote", "add", "origin", "https://ada:token@example.com/models.git?key=1")
    (tmp_path / "elsewhere.txt").write_text("not the model's", encoding="utf-8")
    clean = json.loads(checkout(model))["git"]
    (model / "model.onnx").write_bytes(b"2")
    (model / "new file.json").write_bytes(b"{}")
    dirty = json.loads(checkout(model))["git"]
    assert (clean["clean"], clean["tags"], clean["branch"], clean["remote"]) == (
        True,
        ["v1"],
        "main",
        "https://example.com/models.git",
    )
    assert (dirty["clean"], dirty["differing"]) == (False, ["models/tumor/model.onnx", "models/tumor/new file.json"])
    assert dirty["commit"] == clean["commit"] == git_commit(model)


def test_where_there_is_no_repository_that_is_said(tmp_path: Path) -> None:
    told = json.loads(checkout(tmp_path))["git"]
    assert told == {"available": False, "reason": f"{tmp_path.as_posix()} is in no git repository"}
    assert git_commit(tmp_path) is None


def test_where_there_is_no_git_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert json.loads(checkout(tmp_path))["git"] == {
        "available": False,
        "reason": "git is not installed on this machine",
    }
    assert git_commit(tmp_path) is None


def test_a_git_that_does_not_answer_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "git").write_text("#!/bin/sh\nexec sleep 60\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.setattr("model_packaging.trust.checkout._GIT_SECONDS", 0.05)
    assert git_commit(tmp_path) is None
    assert json.loads(checkout(tmp_path))["git"]["reason"] == "git did not answer: TimeoutExpired"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://ada:token@example.com:8443/a.git", "https://example.com:8443/a.git"),
        ("https://token@example.com/a.git", "https://example.com/a.git"),
        ("ssh://git@example.com/a.git", "ssh://git@example.com/a.git"),
        ("git@example.com:team/a.git", "git@example.com:team/a.git"),
        ("/srv/a.git", "/srv/a.git"),
    ],
)
def test_a_remotes_credentials_are_never_told(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
