"""`PackageSpec`: the `package.yaml` beside a model, which says what a release of it is made of.

```yaml
version: 1.0.0
framework: {name: onnx, version: "1.17"}
files: {model.onnx: model.onnx, code/inference.py: inference.py}
entry_point: code/inference.py
signature: {onnx: model.onnx}
metrics: metrics.json
serving_image: {framework: sklearn, version: 1.4-2, py_version: py3, processor: cpu}
```
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from model_packaging.release import VERSION_PATTERN, Framework, ReleasePath, Signature

PACKAGE_FILE = "package.yaml"

CONTAINER_CODE_FOLDER = "/opt/ml/model/code"
"""Where a framework container finds `code/` of the model data."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ServingImageRequest(_Part):
    """The AWS container wanted, in the words of the SageMaker SDK's `image_uris.retrieve`."""

    framework: str = Field(min_length=1)
    """`sklearn`, `pytorch`, `xgboost`, …"""
    version: str = Field(min_length=1)
    """The container's version, such as `1.4-2`."""
    py_version: str = "py3"
    """The container's Python; `py3` without it."""
    processor: Literal["cpu", "gpu"] = "cpu"
    """What it runs on; `cpu` without it."""


class OnnxSignature(_Part):
    """A signature that is read from an ONNX file."""

    onnx: str = Field(min_length=1)
    """The file, relative to the model's folder."""


def _signature_kind(value: object) -> str:
    has_file = "onnx" in value if isinstance(value, Mapping) else isinstance(value, OnnxSignature)
    return "onnx" if has_file else "tensors"


class PackageSpec(_Part):
    """What a release is made of. Paths on the left are the container's, on the right the model folder's."""

    version: str = Field(pattern=VERSION_PATTERN)
    """The model's version, for people: `1.0.0` (https://semver.org)."""
    framework: Framework
    """What the model is written in."""
    files: dict[ReleasePath, str] = Field(min_length=1)
    """Place under `/opt/ml/model` to file in this folder."""
    entry_point: ReleasePath
    """The inference module, one of `files`, directly in `code/`."""
    signature: Annotated[
        Annotated[OnnxSignature, Tag("onnx")] | Annotated[Signature, Tag("tensors")], Discriminator(_signature_kind)
    ]
    """Read from an ONNX file (`{onnx: FILE}`), or written down as `inputs` and `outputs`."""
    metrics: str = Field(min_length=1)
    """A JSON file of numbers by name, measured on held-out data."""
    baseline: str | None = None
    """A folder with `statistics.json` and `constraints.json` for the data-quality monitor; without it a release has
    no baseline, and a monitor that wants one cannot be deployed with it."""
    serving_image: ServingImageRequest
    """The AWS container to serve with."""
    environment: dict[str, str] = {}
    """More variables for the container; without it there are those that `entry_point` gives."""

    def container_environment(self) -> dict[str, str]:
        """The container's whole environment, as the SageMaker SDK would set it.

        https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
        """
        return {
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_PROGRAM": self.entry_point.removeprefix("code/"),
            "SAGEMAKER_SUBMIT_DIRECTORY": CONTAINER_CODE_FOLDER,
        } | self.environment
