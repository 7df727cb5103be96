"""`package`: a model's folder becomes a release in a store.

Nothing of the machine goes into it: no time, no mode, no owner, no absolute path; files are ordered by their
place in the release. So the same files give the same digest anywhere.
"""

from __future__ import annotations

from pathlib import Path

from model_packaging.images import pinned_image
from model_packaging.package_spec import OnnxSignature, PackageSpec
from model_packaging.reading import read_model_folder
from model_packaging.release import Release, Signature, sealed
from model_packaging.signature import read_onnx_signature
from model_packaging.store import ReleaseStore


def package(
    model_folder: Path, store: ReleaseStore, *, git_commit: str | None = None, resolve_image: bool = False
) -> Release:
    """Makes a release of a model's folder and puts it into `store`.

    A release that the store has already is returned as it is there, with the git commit it was first made at.

    Args:
        model_folder: `models/NAME`, with its `package.yaml`; the folder's name is the model's.
        store: Where the release goes.
        git_commit: Where the files came from; told in the release, no part of its digest.
        resolve_image: Resolve the serving image anew, whatever `image.lock.json` pins.

    Raises:
        InvalidPackageError: the folder breaks rules: all of them, with file and line.
        ServingImageError: the serving image is not pinned and cannot be resolved.
    """
    model = read_model_folder(model_folder)
    signature = _signature(model.spec, model_folder)
    image = pinned_image(model_folder, model.spec.serving_image, resolve=resolve_image)
    with store.staging() as staged:
        staged.copy_all(model.sources)
        release = sealed(
            {
                "name": model.name,
                "version": model.spec.version,
                "files": staged.files,
                "framework": model.spec.framework,
                "signature": signature,
                "metrics": model.metrics,
                "git_commit": git_commit,
                "serving_image": image,
                "environment": model.spec.container_environment(),
            }
        )
        return store.add(release, staged)


def _signature(spec: PackageSpec, model_folder: Path) -> Signature:
    if isinstance(spec.signature, OnnxSignature):
        return read_onnx_signature(model_folder / spec.signature.onnx)
    return spec.signature
