"""What the formats of boosted trees (XGBoost, LightGBM, CatBoost) have in common: their columns and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_packaging.formats.model_format import SampleFile
from model_packaging.formats.samples import check_samples
from model_packaging.release import Signature, TensorSpec


@dataclass(frozen=True)
class BoostedTrees:
    """What such a file says of its model."""

    width: int
    """How many columns it reads."""
    names: tuple[str, ...]
    """Their names; empty where it has none."""
    labels: int
    """How many labels a classifier has; 0 of any other model."""
    text_columns: frozenset[int] = frozenset()
    """Columns that hold text."""
    label_dtype: str = "int64"
    has_probabilities: bool = True


def trees_signature(trees: BoostedTrees, samples: Sequence[SampleFile]) -> Signature:
    """An input a column where columns have names or are text, otherwise one of rows; checked against the samples.

    Raises:
        InvalidPackageError: a sample does not fit it.
    """
    signature = Signature(inputs=_inputs(trees), outputs=_outputs(trees))
    check_samples(samples, signature)
    return signature


def _inputs(trees: BoostedTrees) -> tuple[TensorSpec, ...]:
    if not trees.names and not trees.text_columns:
        return (TensorSpec(name="rows", dtype="float64", shape=(None, trees.width)),)
    names = trees.names or tuple(f"column_{number}" for number in range(1, trees.width + 1))
    return tuple(
        TensorSpec(name=name, dtype="str" if index in trees.text_columns else "float64", shape=(None,))
        for index, name in enumerate(names)
    )


def _outputs(trees: BoostedTrees) -> tuple[TensorSpec, ...]:
    if not trees.labels:
        return (TensorSpec(name="prediction", dtype="float64", shape=(None,)),)
    label = TensorSpec(name="label", dtype=trees.label_dtype, shape=(None,))
    if not trees.has_probabilities:
        return (label,)
    if trees.labels == 2:
        return (TensorSpec(name="probability", dtype="float64", shape=(None,)), label)
    return (label, TensorSpec(name="probabilities", dtype="float64", shape=(None, trees.labels)))


def unnamed(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether the names are only numbers of columns, in one of these patterns (`Column_{}`), or empty."""
    return any(all(name == one.format(index) for index, name in enumerate(names)) for one in patterns)
