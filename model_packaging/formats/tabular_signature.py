"""The signature of a model of rows: what `inference_code/tabular.py` reads, and what it answers with."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from model_packaging.release import TensorSpec

PREDICTION = (TensorSpec(name="prediction", dtype="float64", shape=(None,)),)
"""Of a model that is no classifier."""


def inputs_of_rows(width: int, names: Sequence[str], *, text_columns: Collection[int] = ()) -> tuple[TensorSpec, ...]:
    """An input a column where columns have names or are text, otherwise one of rows.

    Args:
        width: How many columns there are.
        names: Their names; empty where they have none.
        text_columns: The places of those that are text.
    """
    if not names and not text_columns:
        return (TensorSpec(name="rows", dtype="float64", shape=(None, width)),)
    return tuple(
        TensorSpec(name=name, dtype="str" if index in text_columns else "float64", shape=(None,))
        for index, name in enumerate(names or [f"column_{number}" for number in range(1, width + 1)])
    )


def outputs_of_classifier(labels: int, label_dtype: str, *, has_probabilities: bool) -> tuple[TensorSpec, ...]:
    """The label, and beside it the probability of the second of two labels, or of each of more."""
    label = TensorSpec(name="label", dtype=label_dtype, shape=(None,))
    if not has_probabilities:
        return (label,)
    if labels == 2:
        return (TensorSpec(name="probability", dtype="float64", shape=(None,)), label)
    return (label, TensorSpec(name="probabilities", dtype="float64", shape=(None, labels)))
