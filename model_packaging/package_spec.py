"""`PackageSpec`: the `package.yaml` beside a model, which says what a release of it is made of.

The short form names the model, and everything else is read from it:

```yaml
version: 1.0.0
model: model.joblib
```

Any other key may be written beside `model`, and then holds. The long form names no model but all that a release is
made of:

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

from model_packaging.lineage import Lineage
from model_packaging.release import VERSION_PATTERN, Framework, ReleasePath, Signature
from model_packaging.trust.allowed import AllowedFindings

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
    processor: Literal["cpu", "gpu", "inferentia"] = "cpu"
    """What it runs on; `cpu` without it."""
    base_framework: str | None = None
    """For a Hugging Face container, what it is built on: `pytorch2.6.0`; other containers have none."""


class OnnxSignature(_Part):
    """A signature that is read from an ONNX file."""

    onnx: str = Field(min_length=1)
    """The file, relative to the model's folder."""


def _signature_kind(value: object) -> str:
    has_file = "onnx" in value if isinstance(value, Mapping) else isinstance(value, OnnxSignature)
    return "signature by file" if has_file else "signature by tensors"


class PackageSpec(_Part):
    """What a release is made of. Paths on the left are the container's, on the right the model folder's."""

    version: str = Field(pattern=VERSION_PATTERN)
    """The model's version, for people: `1.0.0` (https://semver.org)."""
    model: str | None = Field(default=None, min_length=1)
    """The model's file or folder, of a format that is recognised from its bytes; without it, `framework`, `files`,
    `entry_point`, `signature` and `serving_image` must be written."""
    framework: Framework | None = None
    """What the model is written in; without it, what the model says."""
    files: Annotated[dict[ReleasePath, str], Field(min_length=1)] | None = None
    """Place under `/opt/ml/model` to file in this folder; without it, the model's own files and its serving code. With
    `model`, these are added to them, or replace what is generated."""
    entry_point: ReleasePath | None = None
    """The inference module, one of `files`, directly in `code/`; without it, the serving code of the model's format."""
    signature: (
        Annotated[
            Annotated[OnnxSignature, Tag("signature by file")] | Annotated[Signature, Tag("signature by tensors")],
            Discriminator(_signature_kind),
        ]
        | None
    ) = None
    """Read from an ONNX file (`{onnx: FILE}`), or written down as `inputs` and `outputs`; without it, what the model
    says, or else its samples show."""
    metrics: str | None = Field(default=None, min_length=1)
    """A JSON file of numbers by name, measured on held-out data; without it a release has no metrics."""
    baseline: str | None = None
    """A folder with `statistics.json` and `constraints.json` for the data-quality monitor; without it a release has
    no baseline, and a monitor that wants one cannot be deployed with it."""
    samples: str | None = None
    """A folder of requests that the model answers (CSV, JSON, NPY, …; a `truth.json` in it is none); without it, and
    with `model`, `samples` where there is such a folder."""
    serving_image: ServingImageRequest | None = None
    """The AWS container to serve with; without it, that of the model's format."""
    processor: Literal["cpu", "gpu", "inferentia"] | None = None
    """What the container runs on, where `serving_image` is not written; `cpu` without it."""
    content_types: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """What `POST /invocations` reads; without it, and with `model`, what the serving code of its format reads."""
    lineage: Lineage | None = None
    """What the model came from: data, training run, frameworks; without it a release does not say."""
    scan: AllowedFindings = AllowedFindings()
    """What the scan of the files lets pass beside what models need; without it, nothing."""
    environment: dict[str, str] = {}
    """More variables for the container; without it there are those that `entry_point` gives."""


LONG_FORM_KEYS = ("framework", "files", "entry_point", "signature", "serving_image")
"""What must be written where no `model` is."""


def container_environment(entry_point: str | None, more: Mapping[str, str]) -> dict[str, str]:
    """The container's whole environment, as the SageMaker SDK would set it; of a container without a module, `more`.

    https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
    """
    if entry_point is None:
        return dict(more)
    return {
        "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
        "SAGEMAKER_PROGRAM": entry_point.removeprefix("code/"),
        "SAGEMAKER_SUBMIT_DIRECTORY": CONTAINER_CODE_FOLDER,
        **more,
    }
