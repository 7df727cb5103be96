"""The inputs that samples show, for a model of tensors that does not say its shapes.

A sample is `{"inputs": {NAME: nested lists}}` (or `{"inputs": nested lists}` where there is one input), rows in CSV or
in `{"instances": […]}`, or NPY. Its first dimension is the batch's, which is free.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.model_format import NPY, SampleFile
from model_packaging.formats.samples import inputs_of_samples, npy_of
from model_packaging.release import TensorSpec

FLOAT, WHOLE = "float32", "int64"
"""PyTorch's own types for numbers that nobody gave another."""


def tensors_of_samples(samples: Sequence[SampleFile], names: Sequence[str]) -> tuple[TensorSpec, ...] | None:
    """The inputs, by the model's names, as the first sample that has tensors shows them; None where none has.

    Raises:
        InvalidPackageError: a sample names other inputs than the model, or its lists are not of one length.
    """
    for sample in samples:
        found = _tensors_of(sample, names)
        if found is not None:
            return found
    return None


def no_sample(path: Path, title: str) -> InvalidPackageError:
    """What to tell where the model needs a sample to know its shapes, and there is none."""
    fix = (
        "put a request into samples/ (JSON, CSV or NPY), or write the signature's inputs and outputs into package.yaml"
    )
    told = f"{title} does not say the shapes of its inputs, and there is no sample with tensors"
    return InvalidPackageError([Violation(path.as_posix(), None, "", None, told, fix=fix)])


def _tensors_of(sample: SampleFile, names: Sequence[str]) -> tuple[TensorSpec, ...] | None:
    if sample.content_type == NPY and len(names) == 1:
        shape, dtype = npy_of(sample)
        return (TensorSpec(name=names[0], dtype=_torch_dtype(dtype), shape=(None, *shape[1:])),)
    if sample.content_type == "application/json":
        given = _given(sample, names)
        if given is not None:
            return tuple(_tensor(sample, name, given[name]) for name in names)
    rows = inputs_of_samples([sample]) if len(names) == 1 else None
    if rows is None or len(rows) != 1 or len(rows[0].shape) != 2:
        return None
    return (TensorSpec(name=names[0], dtype=FLOAT, shape=rows[0].shape),)


def _given(sample: SampleFile, names: Sequence[str]) -> dict[str, Any] | None:
    try:
        content = json.loads(sample.path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise _misfit(sample, f"is not JSON: {error}") from error
    if isinstance(content, dict):
        content = content.get("inputs", content.get("instances"))
    if isinstance(content, list) and len(names) == 1:
        return {names[0]: content}
    if not isinstance(content, dict):
        return None
    if {*content} != {*names}:
        raise _misfit(sample, f"has the inputs {', '.join(content)}; the model reads {', '.join(names)}")
    return content


def _tensor(sample: SampleFile, name: str, value: Any) -> TensorSpec:
    shape: list[int] = []
    level = [value]
    while level and all(isinstance(one, list) for one in level):
        lengths = {len(one) for one in level}
        if len(lengths) != 1:
            raise _misfit(sample, f"input {name!r} has lists of different lengths: {sorted(lengths)}")
        shape.append(lengths.pop())
        level = [item for one in level for item in one]
    if not shape or any(isinstance(one, list | dict) for one in level):
        raise _misfit(sample, f"input {name!r} is no tensor: nested lists of numbers")
    return TensorSpec(name=name, dtype=_dtype(sample, name, level), shape=(None, *shape[1:]))


def _dtype(sample: SampleFile, name: str, values: list[Any]) -> str:
    if all(isinstance(one, bool) for one in values):
        return "bool"
    if any(isinstance(one, bool) or not isinstance(one, int | float) for one in values):
        raise _misfit(sample, f"input {name!r} has a value that is no number")
    return WHOLE if all(isinstance(one, int) for one in values) else FLOAT


def _torch_dtype(dtype: str) -> str:
    return FLOAT if dtype == "float64" else dtype


def _misfit(sample: SampleFile, message: str) -> InvalidPackageError:
    fix = "make the sample a request that the model answers"
    return InvalidPackageError([Violation(sample.shown, None, "", None, message, fix=fix)])
