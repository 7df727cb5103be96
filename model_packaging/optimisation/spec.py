"""`OptimiseSpec`: `optimise.yaml`, the steps from the trained model to the served one.

```yaml
source: model.joblib          # what was trained
target: model.onnx            # what packaging serves; written by `greenroom optimise`
rows: samples/rows.csv        # answers are compared on these
tolerance: 0.0001             # the most that any answer may differ from the original's, unless a step says otherwise
steps:
  - kind: onnx
  - kind: simplify
  - kind: int8_dynamic
    tolerance: 0.02
```
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from model_packaging.complaints import complaints
from model_packaging.errors import InvalidPackageError
from model_packaging.release import ReleasePath
from model_packaging.yaml_lines import KeyPath, Rule, read_yaml

OPTIMISE_FILE = "optimise.yaml"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class _Step(_Part):
    tolerance: Annotated[float, Field(ge=0)] | None = None
    """The most that an answer may differ from the original's, absolutely; without it, the file's `tolerance`."""


class ToOnnx(_Step):
    """Converts the trained model: scikit-learn, XGBoost, LightGBM, CatBoost, PyTorch, TensorFlow."""

    kind: Literal["onnx"]
    opset: Annotated[int, Field(ge=9)] | None = None
    """The ONNX opset to write; without it, the converter's own."""


class Simplify(_Step):
    """Folds constants and takes out what does nothing (onnxslim)."""

    kind: Literal["simplify"]


class Fp16(_Step):
    """Weights and arithmetic in half precision; inputs and outputs stay as they are."""

    kind: Literal["fp16"]


class Int8Dynamic(_Step):
    """Weights in 8 bits; activations are quantised as they come."""

    kind: Literal["int8_dynamic"]
    per_channel: bool = False
    """A scale an output channel; without it, one a tensor."""


class Int8Static(_Step):
    """Weights and activations in 8 bits, with ranges that calibration rows show."""

    kind: Literal["int8_static"]
    calibration: ReleasePath
    """Rows to calibrate with, as `rows`; a few hundred that look like live traffic."""
    method: Literal["minmax", "entropy", "percentile"] = "minmax"
    """How a range is chosen of the calibration's values; without it, their least and greatest."""
    per_channel: bool = False
    """A scale an output channel; without it, one a tensor."""


class Graph(_Step):
    """Graph optimisation by onnxruntime, done once here instead of at every start."""

    kind: Literal["graph"]
    level: Literal["basic", "extended", "all"] = "extended"
    """`extended` fuses for CPUs of one architecture; `all` also lays memory out for the very processor it runs on."""


class TensorRt(_Part):
    """A TensorRT engine of an ONNX model, built where the GPU is: by onnxruntime on the instance, at its first start.

    What it answers is not measured here, and has no tolerance.
    """

    kind: Literal["tensorrt"]
    precision: Literal["fp32", "fp16", "int8"] = "fp16"
    """What the engine computes in."""
    workspace_mib: Annotated[int, Field(ge=1)] = 1024
    """GPU memory that building may use, in MiB."""


class Neuron(_Part):
    """A compilation job for AWS Inferentia, of the trained model itself; its request is written beside the model.

    What it answers is not measured here, and has no tolerance.
    """

    kind: Literal["neuron"]
    target_device: Literal["ml_inf1", "ml_inf2", "ml_trn1"] = "ml_inf2"
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_OutputConfig.html"""
    framework_version: str | None = None
    """The framework's version that the compiler is to read, such as `1.13`; without it, SageMaker's own choice."""


AnyStep = Annotated[
    ToOnnx | Simplify | Fp16 | Int8Dynamic | Int8Static | Graph | TensorRt | Neuron, Field(discriminator="kind")
]


class OptimiseSpec(_Part):
    """What `greenroom optimise` does."""

    source: ReleasePath
    """The trained model: a file or a directory in this folder."""
    target: ReleasePath | None = None
    """The file that is served, written here; `files` or `model` of package.yaml names it. Without it no step may write
    a model: `tensorrt` and `neuron` write what builds one of `source`."""
    rows: ReleasePath
    """Rows to compare answers on and to measure with: CSV without a header, `.npy`, `.npz` with an array an input."""
    tolerance: Annotated[float, Field(ge=0)] = 1e-4
    """The most that an answer may differ from the original's, absolutely; without it, 0.0001."""
    steps: Annotated[tuple[AnyStep, ...], Field(min_length=1)]
    """In order."""

    def tolerance_of(self, step: _Step) -> float:
        """The step's own tolerance, or the file's."""
        return self.tolerance if step.tolerance is None else step.tolerance

    @property
    def served(self) -> str:
        """The file that is served: the source, where no step writes another."""
        return self.source if self.target is None else self.target


def read_optimise_spec(model_folder: Path) -> OptimiseSpec | None:
    """`optimise.yaml` of the folder; None where it has none.

    Raises:
        InvalidPackageError: it breaks rules: all of them, with their lines.
    """
    path = model_folder / OPTIMISE_FILE
    if not path.exists() and not path.is_symlink():
        return None
    shown = path.as_posix()
    document = read_yaml(path, shown)
    try:
        spec = OptimiseSpec.model_validate(document.content)
    except ValidationError as error:
        raise InvalidPackageError(complaints(error, OptimiseSpec, document, shown)) from error
    violations = document.violations(_broken_rules(spec, model_folder), shown)
    if violations:
        raise InvalidPackageError(violations)
    return spec


def _broken_rules(spec: OptimiseSpec, model_folder: Path) -> Iterator[Rule]:
    named: list[tuple[KeyPath, str]] = [(("source",), spec.source), (("rows",), spec.rows)]
    named += [
        (("steps", at, "calibration"), one.calibration)
        for at, one in enumerate(spec.steps)
        if isinstance(one, Int8Static)
    ]
    for place, value in named:
        if not (model_folder / value).exists():
            message = f"there is no {value!r} in {model_folder.as_posix()}"
            yield Rule(place, value, message, fix="put it there, or name another")
    yield from _target_rules(spec, model_folder)
    for at, step in enumerate(spec.steps):
        if step.kind == "onnx" and at > 0:
            yield Rule(("steps", at), step.kind, "conversion is the first step", fix="move it up")
        if step.kind in {"tensorrt", "neuron"} and at != len(spec.steps) - 1:
            message = f"{step.kind} is the last step: what it builds is not an ONNX model"
            yield Rule(("steps", at), step.kind, message, fix="move it down")


def _target_rules(spec: OptimiseSpec, model_folder: Path) -> Iterator[Rule]:
    place, target = ("target",), spec.target
    writing = [step.kind for step in spec.steps if isinstance(step, _Step)]
    if target is None:
        if writing:
            message = f"is missing, and step {writing[0]} writes a model"
            yield Rule(place, None, message, fix="write `target: model.onnx`")
        return
    if not writing:
        kinds = " and ".join(step.kind for step in spec.steps)
        message = f"no step writes {target!r}: {kinds} leaves {spec.source} as it is, and that is served"
        yield Rule(place, target, message, fix="take it out, or convert first: `- kind: onnx`")
        return
    if target == spec.source:
        yield Rule(place, target, "is the source, which must stay as it was trained", fix="name another")
    if (model_folder / target).is_dir():
        yield Rule(place, target, "is a folder, and a file is written", fix="name another")
    if not target.endswith(".onnx"):
        yield Rule(place, target, "is not named .onnx, and an ONNX model is written", fix="name it so")
