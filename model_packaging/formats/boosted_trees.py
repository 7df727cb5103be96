"""What the formats of boosted trees (XGBoost, LightGBM, CatBoost) have in common: their columns and their answers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from model_packaging.formats.model_format import SampleFile
from model_packaging.formats.samples import check_samples
from model_packaging.formats.tabular_signature import PREDICTION, inputs_of_rows, outputs_of_classifier
from model_packaging.release import Signature


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
    """Of its columns and its answers, checked against the samples.

    Raises:
        InvalidPackageError: a sample does not fit it.
    """
    inputs = inputs_of_rows(trees.width, trees.names, text_columns=trees.text_columns)
    classified = outputs_of_classifier(trees.labels, trees.label_dtype, has_probabilities=trees.has_probabilities)
    signature = Signature(inputs=inputs, outputs=classified if trees.labels else PREDICTION)
    check_samples(samples, signature)
    return signature


def unnamed(names: Sequence[str], patterns: Sequence[str]) -> bool:
    """Whether the names are only numbers of columns, in one of these patterns (`Column_{}`), or empty."""
    return any(all(name == one.format(index) for index, name in enumerate(names)) for one in patterns)
