"""Releases put into a store without a model's folder: whatever files and fields a test wants."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from model_packaging import Release, ReleaseStore
from model_packaging.release import ReleaseFile, sealed
from tests.unit.manifests import manifest

FILES = {"model/model.bin": b"weights", "model/code/inference.py": b"def model_fn(folder): return folder\n"}
BASELINE = {"baseline/statistics.json": b'{"version": 0}', "baseline/constraints.json": b'{"version": 0.0}'}


def fields(files: Mapping[str, bytes], **changed: Any) -> dict[str, Any]:
    given = {
        "name": "fraud",
        "files": tuple(
            ReleaseFile(path=path, sha256=hashlib.sha256(files[path]).hexdigest(), size_bytes=len(files[path]))
            for path in sorted(files)
        ),
        "metrics": {"roc_auc": 0.9, "log_loss": 0.25},
    }
    return manifest(**(given | changed))


def stored(store: ReleaseStore, files: Mapping[str, bytes] = FILES, **changed: Any) -> Release:
    with store.staging() as staged:
        for path, content in files.items():
            target = staged.folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return store.add(sealed(fields(files, **changed)), staged)


def store_in(folder: Path) -> ReleaseStore:
    return ReleaseStore(folder / "releases")
