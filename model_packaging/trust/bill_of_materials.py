"""`bill_of_materials`: what a release is and what it needs to serve, as CycloneDX 1.6 JSON: `evidence/sbom.cdx.json`.

The release is the subject: a `machine-learning-model` with its files' hashes and a model card of its metrics and
signature. Beside it stand what its `requirements.txt` files ask for and the container that it is served in. Nothing of
the time or of chance is in it: its serial number is a UUID of the release's digest. A requirement's version is the one
it is pinned to, or else the one installed on the packaging machine, and a property says which.

https://cyclonedx.org/docs/1.6/json/, https://cyclonedx.org/capabilities/mlbom/
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Mapping
from importlib import metadata
from typing import TYPE_CHECKING, Any

from model_packaging.errors import PackagingError
from model_packaging.release import ECR_IMAGE, Release, ReleaseFile, ServingImage, TensorSpec

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

NAMESPACE = uuid.UUID("2f6ae3ac-7a1b-5d0e-9c57-1f5a2f5a7c11")
"""Of the serial numbers: UUID version 5 of this namespace and a release's digest."""

VERSION_FROM = "greenroom:version-from"
"""The property of a requirement that says where its version is from: `pinned`, `installed` or `unknown`."""

_REQUIREMENT = re.compile(r"^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$")
_PINNED = re.compile(r"^={2,3}\s*([A-Za-z0-9][A-Za-z0-9.!+_-]*)$")


def bill_of_materials(release: Release, requirements: Mapping[str, str]) -> bytes:
    """The bill of materials of a release: the same release and requirements give the same bytes on one machine.

    Args:
        release: The release.
        requirements: The texts of its `requirements.txt` files, by their place in the release.

    Raises:
        PackagingError: cyclonedx-python-lib is not installed.
    """
    try:
        from cyclonedx.model.bom import Bom, BomMetaData
        from cyclonedx.output.json import JsonV1Dot6
    except ImportError as error:
        raise PackagingError(
            "cyclonedx-python-lib, which writes the bill of materials, is not installed;"
            " pip install 'greenroom[package]'"
        ) from error
    model = _model(release)
    needed = [_library(*one) for one in _requirements(requirements)]
    needed.append(_container(release.serving_image))
    bom = Bom(
        components=needed, serial_number=uuid.uuid5(NAMESPACE, release.digest), metadata=BomMetaData(component=model)
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]
    bom.register_dependency(model, needed)
    content = json.loads(JsonV1Dot6(bom).output_as_string())
    content["metadata"].pop("timestamp", None)
    # The library has no model of model cards yet; its validator knows them.
    content["metadata"]["component"]["modelCard"] = _model_card(release)
    # The library compares every component with many others: of 100,000 files that would take minutes.
    files = [_file(release, file) for file in sorted(release.files, key=lambda one: one.path)]
    content["metadata"]["component"]["components"] = files
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _model(release: Release) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType, Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    told = {"greenroom:framework": f"{release.framework.name} {release.framework.version}"}
    if release.format is not None:
        told["greenroom:format"] = release.format
    return Component(
        name=release.name,
        version=release.version,
        type=ComponentType.MACHINE_LEARNING_MODEL,
        bom_ref=release.digest,
        purl=PackageURL("generic", None, release.name, release.version, {"checksum": release.digest}),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=release.hex_digest)],
        properties=[Property(name=name, value=value) for name, value in told.items()],
    )


def _file(release: Release, file: ReleaseFile) -> dict[str, Any]:
    """One file, as https://cyclonedx.org/docs/1.6/json/#metadata_component_components wants it."""
    return {
        "bom-ref": f"{release.digest}#{file.path}",
        "hashes": [{"alg": "SHA-256", "content": file.sha256}],
        "name": file.path,
        "properties": [{"name": "greenroom:size-bytes", "value": str(file.size_bytes)}],
        "type": "file",
    }


def _model_card(release: Release) -> dict[str, Any]:
    """Metrics and signature, as https://cyclonedx.org/docs/1.6/json/#components_items_modelCard wants them."""
    metrics = [{"type": name, "value": repr(value)} for name, value in sorted(release.metrics.items())]
    return {
        "modelParameters": {
            "inputs": [{"format": _told(one)} for one in release.signature.inputs],
            "outputs": [{"format": _told(one)} for one in release.signature.outputs],
        },
        "quantitativeAnalysis": {"performanceMetrics": metrics},
    }


def _told(tensor: TensorSpec) -> str:
    shape = ", ".join("?" if one is None else str(one) for one in tensor.shape)
    return f"{tensor.name}: {tensor.dtype}[{shape}]"


def _requirements(texts: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
    """Name, what stands behind it, and the file; each name once, ordered."""
    found: dict[str, tuple[str, str, str]] = {}
    for path, text in sorted(texts.items()):
        for line in text.replace("\\\n", " ").splitlines():
            wanted = re.split(r"\s#|^#|;|\s--", line.strip(), maxsplit=1)[0].strip()
            match = _REQUIREMENT.match(wanted)
            if not wanted or wanted.startswith("-") or match is None:
                continue
            name = re.sub(r"[-_.]+", "-", match[1]).lower()  # PEP 503
            found.setdefault(name, (name, match[2].strip(), path))
    return [found[name] for name in sorted(found)]


def _library(name: str, wanted: str, path: str) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from packageurl import PackageURL

    pinned = _PINNED.match(wanted)
    installed = _installed(name)
    if pinned is not None:
        version, origin = pinned[1], "pinned"
    elif installed is not None:
        version, origin = installed.version, "installed"
    else:
        version, origin = None, "unknown"
    properties = [Property(name=VERSION_FROM, value=origin), Property(name="greenroom:required-by", value=path)]
    if wanted and pinned is None:
        properties.append(Property(name="greenroom:wanted", value=wanted))
    return Component(
        name=name,
        version=version,
        type=ComponentType.LIBRARY,
        bom_ref=f"pypi:{name}",
        scope=ComponentScope.REQUIRED,
        purl=PackageURL("pypi", None, name, version),
        licenses=_licenses(installed) if installed is not None and installed.version == version else [],
        properties=properties,
    )


def _installed(name: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None


def _licenses(installed: metadata.Distribution) -> list[Any]:
    """What the package says of its own licence, if it says it shortly: an SPDX expression, or a name."""
    from cyclonedx.model.license import DisjunctiveLicense, LicenseExpression

    expressions = installed.metadata.get_all("License-Expression")
    if expressions:
        return [LicenseExpression(expressions[0])]
    name = "".join(installed.metadata.get_all("License") or []).strip()
    if name and "\n" not in name and len(name) <= 64 and name.upper() != "UNKNOWN":
        return [DisjunctiveLicense(name=name)]
    classifiers = [
        one.rpartition(" :: ")[2]
        for one in installed.metadata.get_all("Classifier") or []
        if one.startswith("License :: OSI Approved ::")
    ]
    return [DisjunctiveLicense(name=one) for one in sorted(classifiers)]


def _container(image: ServingImage) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType
    from packageurl import PackageURL

    uri = image.uris[min(image.uris)] if image.uris else ""
    found = ECR_IMAGE.fullmatch(uri)
    name = image.framework if found is None else found["repository"]
    _, _, tag = uri.rpartition("/")[2].partition(":")
    regions = [Property(name=f"greenroom:image:{region}", value=one) for region, one in sorted(image.uris.items())]
    qualifiers = {} if found is None else {"repository_url": uri.split("/", 1)[0]}
    return Component(
        name=name,
        version=tag or image.version,
        type=ComponentType.CONTAINER,
        bom_ref=f"container:{name}",
        purl=PackageURL("docker", None, name, tag or image.version, qualifiers),
        properties=regions,
    )
