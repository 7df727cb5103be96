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
data-quality monitor compares with; `PackagingError` is the root of what can go wrong.
"""

from model_packaging.baseline import DataQualityBaseline
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
    "is_published",
    "manifest_digest",
    "package",
    "publish",
    "unpublish",
]
