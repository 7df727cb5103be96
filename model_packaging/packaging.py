"""`package`: a model's folder becomes a release in a store.

Nothing of the machine goes into it: no time, no mode, no owner, no absolute path; files are ordered by their
place in the release. So the same files give the same digest anywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from model_packaging.images import pinned_image
from model_packaging.reading import read_model_folder
from model_packaging.release import Release, sealed
from model_packaging.store import ReleaseStore


def package(
    model_folder: Path,
    store: ReleaseStore,
    *,
    git_commit: str | None = None,
    resolve_image: bool = False,
    tell: Callable[[str], None] | None = None,
) -> Release:
    """Makes a release of a model's folder and puts it into `store`.

    A release that the store has already is returned as it is there, with the git commit it was first made at.

    Args:
        model_folder: `models/NAME`, with its `package.yaml`; the folder's name is the model's.
        store: Where the release goes.
        git_commit: Where the files came from; told in the release, no part of its digest.
        resolve_image: Resolve the serving image anew, whatever `image.lock.json` pins.
        tell: Gets a line for a person: what the model was recognised as, and what the container is where AWS has none
            for it; without it nobody is told.

    Raises:
        InvalidPackageError: the folder breaks rules: all of them, with file and line.
        ServingImageError: the serving image is not pinned and cannot be resolved.
    """
    model = read_model_folder(model_folder)
    content = model.content
    if tell is not None:
        for line in (content.told, content.image_note):
            if line is not None:
                tell(line)
    image = pinned_image(model_folder, content.serving_image, resolve=resolve_image)
    with store.staging() as staged:
        staged.copy_all(model.sources)
        staged.write_all(model.generated)
        release = sealed(
            {
                "name": model.name,
                "version": model.spec.version,
                "files": staged.files,
                "framework": content.framework,
                "signature": content.signature,
                "metrics": model.metrics,
                "git_commit": git_commit,
                "serving_image": image,
                "environment": dict(content.environment),
                "format": content.format,
                "content_types": content.content_types,
                "samples": model.samples,
                "lineage": model.spec.lineage,
            }
        )
        return store.add(release, staged)
