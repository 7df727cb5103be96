"""Serving images, pinned in `image.lock.json` beside the model: from a table, or from the SageMaker SDK.

Importing `sagemaker.core` costs more than a second, a URI in every region ten, and what it answers changes with its
version. So a model's folder holds the answer for every region, and packaging reads that; where it does not, the table
that was made of the SDK (`image_table`) has what the formats ask for; only another image, or the user's word, asks the
SDK itself. A deployment never does: the release has the URIs.

The account ids in the URIs are AWS's own registries, which are public:
https://docs.aws.amazon.com/sagemaker/latest/dg-ecr-paths/sagemaker-algo-docker-registry-paths.html
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from model_packaging.beside import read_beside
from model_packaging.complaints import json_complaints
from model_packaging.errors import ServingImageError
from model_packaging.evidence import write_atomically
from model_packaging.image_table import tabled_image
from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import ImageUri, ServingImage

LOCK_FILE = "image.lock.json"

_INSTANCE_TYPES = {"cpu": "ml.m5.xlarge", "gpu": "ml.g5.xlarge", "inferentia": "ml.inf2.xlarge"}
"""The SDK asks for an instance type to choose the processor by; any of the kind will do."""


class ImageLock(BaseModel):
    """`image.lock.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_version: Literal[1] = 1
    request: ServingImageRequest
    resolved_with: str
    uris: dict[str, ImageUri]


def pinned_image(model_folder: Path, request: ServingImageRequest, *, resolve: bool = False) -> ServingImage:
    """The image that the folder's lock pins for `request`; where it does not, resolved anew and pinned.

    Args:
        model_folder: The folder of `image.lock.json`.
        request: What package.yaml asks for.
        resolve: Ask the SDK, whatever is pinned.

    Raises:
        ServingImageError: the lock cannot be read, or the SDK is needed and not installed, or has no such image.
    """
    path = model_folder / LOCK_FILE
    lock = None if resolve else _read(path)
    if lock is None or lock.request != request:
        tabled = None if resolve else _tabled(request)
        lock = tabled or resolve_image(request, reason=_reason(path, lock, resolve))
        _write(path, lock)
    return ServingImage(**request.model_dump(exclude={"base_framework"}), uris=lock.uris)


def resolve_image(request: ServingImageRequest, *, reason: str = "") -> ImageLock:
    """Asks the SageMaker SDK for the image in every region it knows.

    Raises:
        ServingImageError: the SDK is not installed, or has no such image.
    """
    try:
        accounts = registries_of(request)
        uris = {region: retrieve(request, region) for region in sorted(accounts)}
    except ImportError as error:
        raise ServingImageError(
            f"the serving image must be resolved with the SageMaker SDK, which is not installed{reason}; "
            "pip install 'greenroom[images]'"
        ) from error
    except (ValueError, OSError) as error:
        raise ServingImageError(f"the SageMaker SDK has no such serving image: {error}") from error
    version = importlib.metadata.version("sagemaker-core")
    return ImageLock(request=request, resolved_with=f"sagemaker-core {version}", uris=uris)


def retrieve(request: ServingImageRequest, region: str) -> str:
    """The image's URI in a region, from the SDK.

    Raises:
        ImportError: the SDK is not installed.
        ValueError: AWS has no such image there.
    """
    from sagemaker.core import image_uris

    uri = image_uris.retrieve(
        request.framework,
        region,
        version=request.version,
        py_version=request.py_version,
        instance_type=_INSTANCE_TYPES[request.processor],
        image_scope="inference",
        **({} if request.base_framework is None else {"base_framework_version": request.base_framework}),
        **_neuron_tool(request),
    )
    return str(uri)


def registries_of(request: ServingImageRequest) -> dict[str, str]:
    """Every region that AWS has the image in, to the account whose registry it lies in, from the SDK.

    Raises:
        ImportError: the SDK is not installed.
        ValueError: AWS has no such image; lists the versions it has.
    """
    from sagemaker.core import image_uris

    tool = _neuron_tool(request).get("inference_tool")
    config = image_uris.config_for_framework("-".join(filter(None, (request.framework, tool))))
    scoped = config.get("inference", config)
    versions, version = scoped["versions"], request.version
    full = scoped.get("version_aliases", {}).get(version, version)
    if full not in versions:
        raise ValueError(f"version {version!r}; allowed: {', '.join(versions)}")
    found = versions[full]
    if request.base_framework is not None:
        if request.base_framework not in found:
            bases = ", ".join(name for name in found if name != "version_aliases")
            raise ValueError(f"version {version!r} on {request.base_framework!r}; allowed: {bases}")
        found = found[request.base_framework]
    return {str(region): str(account) for region, account in found["registries"].items()}


def _neuron_tool(request: ServingImageRequest) -> dict[str, str]:
    """Said of Hugging Face's container for Inf2; by itself the SDK would take Inf1's for any Inferentia.

    https://github.com/aws/sagemaker-python-sdk (`image_uris._get_inference_tool`)
    """
    is_neuron = request.framework == "huggingface" and request.processor == "inferentia"
    return {"inference_tool": "neuronx"} if is_neuron else {}


def _tabled(request: ServingImageRequest) -> ImageLock | None:
    found = tabled_image(request)
    return (
        None if found is None else ImageLock(request=request, resolved_with=found.resolved_with, uris=dict(found.uris))
    )


def _read(path: Path) -> ImageLock | None:
    content = read_beside(path, fix="delete it, and package again")
    if content is None:
        return None
    try:
        return ImageLock.model_validate_json(content)
    except ValidationError as error:
        raise ServingImageError(
            f"{path.as_posix()} is not a lock of a serving image: {json_complaints(error)}; "
            "delete it and package again with --resolve-image"
        ) from error


def _write(path: Path, lock: ImageLock) -> None:
    try:
        write_atomically(path, (lock.model_dump_json(indent=2, exclude_none=True) + "\n").encode())
    except OSError as error:
        raise ServingImageError(
            f"{path.as_posix()} cannot be written: {error.strerror}; the serving image is pinned there: make the "
            "folder writable, or package once where it is, and keep the file"
        ) from error


def _reason(path: Path, lock: ImageLock | None, resolve: bool) -> str:
    if resolve:
        return ""
    if lock is None:
        return f" (there is no {path.as_posix()})"
    return f" ({path.as_posix()} pins {lock.request!r}, package.yaml asks for another)"
