"""A serving image is resolved once and pinned; packaging reads the pin and imports no SDK."""

from __future__ import annotations

import importlib.metadata
import json
import sys
from types import ModuleType
from typing import Any

import pytest

from model_packaging import ServingImageError
from model_packaging.image_table import requests, tabled_image
from model_packaging.images import pinned_image, registries_of, retrieve
from model_packaging.package_spec import ServingImageRequest
from tests.unit.packaging.model_folders import LOCK, write_model_folder

REQUEST = ServingImageRequest(framework="sklearn", version="1.4-2-py312")
UNTABLED = ServingImageRequest(framework="sklearn", version="1.10-0")


@pytest.fixture
def no_sdk(monkeypatch):
    monkeypatch.setitem(sys.modules, "sagemaker.core", None)


@pytest.fixture
def sdk(monkeypatch) -> list[dict[str, Any]]:
    """A stand-in with the two functions of `sagemaker.core.image_uris` that we use; records the calls."""
    calls: list[dict[str, Any]] = []

    def config_for_framework(framework: str) -> dict[str, Any]:
        registries = {"us-west-2": "444455556666", "us-east-1": "123456789012"}
        return {
            "inference": {"versions": {version: {"registries": registries} for version in ("1.4-2-py312", "1.10-0")}}
        }

    def retrieve(framework: str, region: str, **named: Any) -> str:
        calls.append({"framework": framework, "region": region, **named})
        return f"123456789012.dkr.ecr.{region}.amazonaws.com/{framework}:{named['version']}"

    image_uris = ModuleType("sagemaker.core.image_uris")
    vars(image_uris).update(config_for_framework=config_for_framework, retrieve=retrieve)
    core = ModuleType("sagemaker.core")
    vars(core).update(image_uris=image_uris)
    for name, module in {"sagemaker": ModuleType("sagemaker"), "sagemaker.core": core}.items():
        monkeypatch.setitem(sys.modules, name, module)
    monkeypatch.setattr(importlib.metadata, "version", lambda name: f"9.9 of {name}")
    return calls


def test_what_is_pinned_needs_no_sdk(tmp_path, no_sdk):
    image = pinned_image(write_model_folder(tmp_path), REQUEST)
    assert image.model_dump() == {**REQUEST.model_dump(exclude_none=True), "uris": LOCK["uris"]}


def test_without_a_pin_the_table_has_it(tmp_path, no_sdk):
    folder = write_model_folder(tmp_path)
    (folder / "image.lock.json").unlink()
    image = pinned_image(folder, REQUEST)
    repository = "sagemaker-scikit-learn:1.4-2-py312-cpu-py3"
    assert image.uris["eu-west-1"][12:] == f".dkr.ecr.eu-west-1.amazonaws.com/{repository}"
    assert image.uris["cn-north-1"].split("/")[0].endswith(".dkr.ecr.cn-north-1.amazonaws.com.cn")
    assert pinned_image(folder, REQUEST) == image


@pytest.mark.slow
def test_the_table_is_what_the_sdk_says():
    pytest.importorskip("sagemaker.core")
    for request in requests():
        tabled = tabled_image(request)
        assert tabled is not None
        assert {region: uri[:12] for region, uri in tabled.uris.items()} == registries_of(request)
        assert tabled.uris["us-east-1"] == retrieve(request, "us-east-1")


def test_without_a_pin_and_an_sdk_it_says_what_to_install(tmp_path, no_sdk):
    folder = write_model_folder(tmp_path)
    (folder / "image.lock.json").unlink()
    with pytest.raises(ServingImageError) as caught:
        pinned_image(folder, UNTABLED)
    assert str(caught.value) == (
        "the serving image must be resolved with the SageMaker SDK, which is not installed "
        f"(there is no {folder.as_posix()}/image.lock.json); pip install 'greenroom[images]'"
    )


def test_a_pin_of_another_image_is_not_taken(tmp_path, no_sdk):
    with pytest.raises(ServingImageError, match="asks for another"):
        pinned_image(write_model_folder(tmp_path), REQUEST.model_copy(update={"version": "1.10-0"}))


@pytest.mark.parametrize("resolve", [True, False])
def test_resolved_for_every_region_it_is_pinned(tmp_path, sdk, resolve):
    folder = write_model_folder(tmp_path)
    if not resolve:
        (folder / "image.lock.json").unlink()
    version = "1.4-2-py312" if resolve else "1.10-0"
    image = pinned_image(folder, REQUEST if resolve else UNTABLED, resolve=resolve)
    uris = {
        "us-east-1": f"123456789012.dkr.ecr.us-east-1.amazonaws.com/sklearn:{version}",
        "us-west-2": f"123456789012.dkr.ecr.us-west-2.amazonaws.com/sklearn:{version}",
    }
    assert image.uris == uris
    assert json.loads((folder / "image.lock.json").read_text()) == {
        "schema_version": 1,
        "request": {**REQUEST.model_dump(exclude_none=True), "version": version},
        "resolved_with": "sagemaker-core 9.9 of sagemaker-core",
        "uris": uris,
    }
    assert sdk == [
        {
            "framework": "sklearn",
            "region": region,
            "version": version,
            "py_version": "py3",
            "instance_type": "ml.m5.xlarge",
            "image_scope": "inference",
        }
        for region in ("us-east-1", "us-west-2")
    ]


def test_a_version_that_aws_has_not_is_told_with_those_it_has(tmp_path, sdk):
    with pytest.raises(
        ServingImageError, match=r"no such serving image: version '9\.9'; allowed: 1\.4-2-py312, 1\.10-0"
    ):
        pinned_image(write_model_folder(tmp_path), REQUEST.model_copy(update={"version": "9.9"}))


def test_a_broken_pin_is_told(tmp_path):
    folder = write_model_folder(tmp_path)
    (folder / "image.lock.json").write_text("{}")
    with pytest.raises(ServingImageError, match="is not a lock of a serving image: request: Field required"):
        pinned_image(folder, REQUEST)


def test_an_image_that_sagemaker_could_not_pull_is_refused(tmp_path):
    folder = write_model_folder(tmp_path)
    (folder / "image.lock.json").write_text(json.dumps({**LOCK, "uris": {"us-east-1": "docker.io/library/python:3"}}))
    with pytest.raises(ServingImageError) as caught:
        pinned_image(folder, REQUEST)
    assert (
        "uris.us-east-1: Value error, 'docker.io/library/python:3' is not an image in ECR; "
        "allowed: ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG"
    ) in str(caught.value)
