"""The containers that the formats name are ones that the SageMaker SDK knows, in the versions that it knows."""

from __future__ import annotations

import pytest

from model_packaging.formats import huggingface_containers, tensorflow_saved_model, torch_containers, triton
from model_packaging.images import resolve_image
from model_packaging.package_spec import ServingImageRequest

pytestmark = [pytest.mark.unit, pytest.mark.slow]

REQUESTS = [
    (
        ServingImageRequest(framework="pytorch", version=version, py_version=python, processor="cpu"),
        f"pytorch-inference:{version}-cpu-{python}",
    )
    for version, python in torch_containers.CONTAINERS.items()
]
REQUESTS += [
    (
        ServingImageRequest(framework="tensorflow", version=version, py_version=python, processor="gpu"),
        f"tensorflow-inference:{version}-gpu",
    )
    for version, python in tensorflow_saved_model.CONTAINERS.items()
]
REQUESTS += [
    (
        ServingImageRequest(framework="huggingface", version=version, py_version=python, base_framework=pytorch),
        f"huggingface-pytorch-inference:{pytorch.removeprefix('pytorch')}-transformers{version}-cpu-{python}",
    )
    for version, (python, pytorch) in huggingface_containers.CONTAINERS.items()
]
REQUESTS += [
    (
        ServingImageRequest(
            framework="sagemaker-tritonserver", version=triton.CONTAINER_VERSION, py_version="py3", processor=processor
        ),
        f"sagemaker-tritonserver:{triton.CONTAINER_VERSION}-py3{suffix}",
    )
    for processor, suffix in (("cpu", "-cpu"), ("gpu", ""))
]


@pytest.mark.parametrize(("request_", "image"), REQUESTS, ids=[image for _, image in REQUESTS])
def test_the_sdk_has_the_image_in_many_regions(request_, image):
    pytest.importorskip("sagemaker.core")
    uris = resolve_image(request_).uris
    assert len(uris) > 20
    assert uris["us-east-1"].partition("/")[2].startswith(image)


def test_each_list_ends_with_the_sdks_newest():
    image_uris = pytest.importorskip("sagemaker.core.image_uris")

    def newest(framework: str) -> str:
        config = image_uris.config_for_framework(framework)
        versions = config.get("inference", config)["versions"]
        return max(map(str, versions), key=lambda version: [int(part) for part in version.split(".")])

    assert {
        "pytorch": torch_containers.NEWEST,
        "tensorflow": list(tensorflow_saved_model.CONTAINERS)[-1],
        "huggingface": list(huggingface_containers.CONTAINERS)[-1],
        "sagemaker-tritonserver": triton.CONTAINER_VERSION,
    } == {name: newest(name) for name in ("pytorch", "tensorflow", "huggingface", "sagemaker-tritonserver")}
