"""The serving images of the formats, for every region: a table, so that packaging needs no SDK and no second.

`serving_images.json` was made of the SageMaker SDK's configuration by `python -m model_packaging.image_table`, which
makes it anew; a test compares the two where the SDK is installed. What is not in it is asked of the SDK
(`model_packaging.images`).
"""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from model_packaging.package_spec import ServingImageRequest

TABLE = Path(__file__).with_name("serving_images.json")


@dataclass(frozen=True)
class TabledImage:
    """An image in every region that AWS has it in."""

    uris: Mapping[str, str]
    resolved_with: str


def tabled_image(request: ServingImageRequest) -> TabledImage | None:
    """The image; None where the table does not have it."""
    table = _table()
    for row in table["images"]:
        if ServingImageRequest.model_validate(row["request"]) == request:
            accounts = table["registries"][row["registries"]]
            uris = {region: f"{accounts[region]}.dkr.{table['hosts'][region]}/{row['image']}" for region in accounts}
            return TabledImage(uris, table["resolved_with"])
    return None


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(TABLE.read_text(encoding="utf-8"))
    return table


def requests() -> Iterator[ServingImageRequest]:
    """Every image that a format asks for."""
    from model_packaging.formats import (
        containers,
        huggingface_containers,
        neuron_containers,
        tensorflow_saved_model,
        torch_containers,
        triton,
    )

    for version in containers.SKLEARN_VERSIONS:
        yield ServingImageRequest(framework="sklearn", version=version)
    for processor in ("cpu", "gpu"):
        for version in containers.XGBOOST_VERSIONS:
            if processor == "cpu" or containers.release_of(version) >= (1, 2):
                yield _request("xgboost", version, "py3", processor)
        for version, python in torch_containers.CONTAINERS.items():
            yield _request("pytorch", version, python, processor)
        for version, python in tensorflow_saved_model.CONTAINERS.items():
            yield _request("tensorflow", version, python, processor)
        for version, (python, pytorch) in huggingface_containers.CONTAINERS.items():
            yield _request("huggingface", version, python, processor, pytorch)
        yield _request("sagemaker-tritonserver", triton.CONTAINER_VERSION, "py3", processor)
    yield neuron_containers.NEURON


def _request(
    framework: str, version: str, python: str, processor: str, base_framework: str | None = None
) -> ServingImageRequest:
    return ServingImageRequest.model_validate(
        {
            "framework": framework,
            "version": version,
            "py_version": python,
            "processor": processor,
            "base_framework": base_framework,
        }
    )


def main() -> None:
    """Makes the table anew with the SDK that is installed: one image of each kind is asked for, in one region."""
    from model_packaging.images import registries_of, retrieve

    hosts: dict[str, str] = {}
    registries: list[dict[str, str]] = []
    images = []
    for request in requests():
        accounts = registries_of(request)
        for region in accounts.keys() - hosts.keys():
            hosts[region] = retrieve(request, region).split("/", 1)[0].split(".dkr.", 1)[1]
        if accounts not in registries:
            registries.append(accounts)
        image = retrieve(request, next(iter(accounts))).split("/", 1)[1]
        row = {"request": request.model_dump(exclude_none=True), "image": image}
        images.append({**row, "registries": registries.index(accounts)})
    table = {
        "resolved_with": f"sagemaker-core {importlib.metadata.version('sagemaker-core')}",
        "hosts": dict(sorted(hosts.items())),
        "registries": registries,
        "images": images,
    }
    TABLE.write_text(json.dumps(table, indent=1) + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
