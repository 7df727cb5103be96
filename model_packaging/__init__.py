"""Model files become an immutable, content-addressed `Release`. Imports nothing else of ours.

```python
from pathlib import Path
from model_packaging import ReleaseStore, package, publish

store = ReleaseStore(Path(".greenroom/releases"))
release = package(Path("models/tumor"), store)      # the same files: the same digest, on any machine
print(release.digest, release.metrics)
publish(release, store, boto3.client("s3"), "my-artifact-bucket")
```

`package.yaml` (`PackageSpec`) says what a release is made of; `DataQualityBaseline` makes the two documents a
data-quality monitor compares with; `PackagingError` is the root of what can go wrong. What is named is imported when it
is named: a serving process imports this package and needs little of it.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_packaging.baseline import DataQualityBaseline
    from model_packaging.downloading import download
    from model_packaging.errors import (
        DigestMismatchError,
        InvalidDigestError,
        InvalidPackageError,
        PackagingError,
        PublishError,
        ReleaseNotFoundError,
        ServingImageError,
        Violation,
    )
    from model_packaging.package_spec import PackageSpec
    from model_packaging.packaging import package
    from model_packaging.publishing import is_published, publish, unpublish
    from model_packaging.release import (
        Framework,
        Release,
        ReleaseFile,
        ServingImage,
        Signature,
        TensorSpec,
        manifest_digest,
    )
    from model_packaging.store import ReleaseStore

_HOME_OF = {
    "DataQualityBaseline": "model_packaging.baseline",
    "DigestMismatchError": "model_packaging.errors",
    "Framework": "model_packaging.release",
    "InvalidDigestError": "model_packaging.errors",
    "InvalidPackageError": "model_packaging.errors",
    "PackageSpec": "model_packaging.package_spec",
    "PackagingError": "model_packaging.errors",
    "PublishError": "model_packaging.errors",
    "Release": "model_packaging.release",
    "ReleaseFile": "model_packaging.release",
    "ReleaseNotFoundError": "model_packaging.errors",
    "ReleaseStore": "model_packaging.store",
    "ServingImage": "model_packaging.release",
    "ServingImageError": "model_packaging.errors",
    "Signature": "model_packaging.release",
    "TensorSpec": "model_packaging.release",
    "Violation": "model_packaging.errors",
    "download": "model_packaging.downloading",
    "is_published": "model_packaging.publishing",
    "manifest_digest": "model_packaging.release",
    "package": "model_packaging.packaging",
    "publish": "model_packaging.publishing",
    "unpublish": "model_packaging.publishing",
}

__all__ = [
    "DataQualityBaseline",
    "DigestMismatchError",
    "Framework",
    "InvalidDigestError",
    "InvalidPackageError",
    "PackageSpec",
    "PackagingError",
    "PublishError",
    "Release",
    "ReleaseFile",
    "ReleaseNotFoundError",
    "ReleaseStore",
    "ServingImage",
    "ServingImageError",
    "Signature",
    "TensorSpec",
    "Violation",
    "download",
    "is_published",
    "manifest_digest",
    "package",
    "publish",
    "unpublish",
]


def __getattr__(name: str) -> Any:
    """Import what is named, when it is named (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)


def __dir__() -> list[str]:
    """What is public."""
    return sorted(__all__)
