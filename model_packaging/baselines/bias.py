"""The baseline of a bias monitor, `analysis.json`: which rows are meant, and the metrics of each facet's groups.

The document is the one that a Clarify bias job writes; the formulas are in `bias_metrics`.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-bias-drift.html
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from model_packaging.baselines.bias_metrics import (
    DESCRIPTIONS,
    METRICS,
    NEED_GROUP,
    NOT_COMPUTED,
    POST_TRAINING,
    PRE_TRAINING,
    GroupedRows,
)
from model_packaging.baselines.errors import PredictionsError
from model_packaging.baselines.labels import label_text

if TYPE_CHECKING:
    from model_packaging.baselines.bias_metrics import Mask

Document = dict[str, Any]


@dataclass(frozen=True)
class Selection:
    """Which rows of a column are meant: those of some values, or those above a number."""

    values: tuple[str | float, ...] = ()
    above: float | None = None
    """Takes the place of `values`: the lower bound, which is not in it."""

    def given(self) -> list[str | float]:
        """As an analysis configuration has it."""
        return list(self.values) if self.above is None else [self.above]


@dataclass(frozen=True)
class FacetColumn:
    """A column that tells groups apart, and which of its rows are sensitive."""

    name: str
    values: Sequence[Any]
    sensitive: Selection | None = None
    """Without it each value is one after another, against all others."""


def bias_baseline(
    label: str,
    positive: Selection,
    actual: Sequence[Any],
    facets: Sequence[FacetColumn],
    *,
    predicted: Sequence[Any] | None = None,
    group: Sequence[Any] | None = None,
    pre_training: Sequence[str] = PRE_TRAINING,
    post_training: Sequence[str] = POST_TRAINING,
) -> Document:
    """`analysis.json` as a Clarify bias job writes it: the constraints of a bias monitor.

    Args:
        label: The label's column.
        positive: Which of its values are the positive outcome.
        actual: What was true, row by row.
        facets: The columns to look at.
        predicted: What the model answered; without it there is no post-training part.
        group: What conditional demographic disparity is conditional on; without it there is none.
        pre_training: Metrics wanted before training.
        post_training: Metrics wanted of predictions.

    Raises:
        PredictionsError: the rows do not fit together, or nobody is in a group.
    """
    columns = {"predicted": predicted, "group": group} | {facet.name: facet.values for facet in facets}
    for name, values in columns.items():
        if values is not None and len(values) != len(actual):
            raise PredictionsError(f"{name}: {len(values)} values for {len(actual)} rows; give one for each row")
    labels, told = _selected(label, actual, positive)
    answered = None if predicted is None else _selected(label, predicted, positive)[0]
    document: Document = {"version": "1.0"}
    stages = [("pre_training_bias_metrics", pre_training)]
    stages += [("post_training_bias_metrics", post_training)] if answered is not None else []
    for stage, wanted in stages:
        names = [name for name in wanted if name not in NOT_COMPUTED and (group is not None or name not in NEED_GROUP)]
        document[stage] = {
            "label": label,
            "facets": {facet.name: _facet(facet, names, labels, answered, group) for facet in facets},
            "label_value_or_threshold": told,
        }
    return document


def bias_baseline_json(document: Document) -> bytes:
    """The file; infinity is written as Clarify does, as a text."""
    return (json.dumps(document, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _facet(
    facet: FacetColumn, names: Sequence[str], positive: Mask, answered: Mask | None, group: Sequence[Any] | None
) -> list[Document]:
    import numpy as np

    if facet.sensitive is not None:
        chosen = [facet.sensitive]
    else:
        chosen = [Selection((value,)) for value in sorted({label_text(value) for value in facet.values})]
    reports = []
    for selection in chosen:
        sensitive, told = _selected(facet.name, facet.values, selection)
        if not sensitive.any() or sensitive.all():
            who = "no row is" if not sensitive.any() else "every row is"
            raise PredictionsError(
                f"facet {facet.name}: {who} in the sensitive group {told}; it takes two groups to compare"
            )
        groups = None if group is None else np.unique([label_text(one) for one in group], return_inverse=True)[1]
        rows = GroupedRows(sensitive, positive, answered, groups)
        metrics = [
            {"name": name, "description": DESCRIPTIONS[name], "value": _shown(METRICS[name](rows))} for name in names
        ]
        reports.append({"value_or_threshold": told, "metrics": metrics})
    return reports


def _selected(name: str, values: Sequence[Any], wanted: Selection) -> tuple[Mask, str]:
    """Which rows are meant, and how a report tells of it."""
    import numpy as np

    missing = next((row for row, one in enumerate(values, 1) if one is None), None)
    if missing is not None:
        raise PredictionsError(f"{name}: row {missing} has no value; leave such rows out, or name a value for them")
    if wanted.above is None:
        texts = {label_text(one) for one in wanted.values}
        return np.array([label_text(one) in texts for one in values]), ",".join(str(one) for one in wanted.values)
    try:
        numbers = np.array([float(one) for one in values])
    except ValueError as error:
        raise PredictionsError(f"{name}: above {wanted.above}, but not all values are numbers: {error}") from error
    above: Mask = numbers > wanted.above
    return above, f"({float(wanted.above)}, {max(float(numbers.max()), wanted.above)}]"


def _shown(value: float) -> float | str:
    return value if math.isfinite(value) else "Infinity" if value > 0 else "-Infinity"
