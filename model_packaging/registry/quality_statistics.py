"""A release's metrics in the shape that Studio shows and Model Monitor reads: `binary_classification_metrics`, ….

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-metrics.html: an object a kind of problem,
in it a metric each with `value` and `standard_deviation`. A release's gate says its kind of problem; where
there is none it is told by what was measured, and classification is called binary unless the metrics say otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

_REGRESSION = frozenset({"mae", "mse", "rmse", "r2", "mape", "smape", "wape", "msle", "rmsle", "explained_variance"})
_MULTICLASS_WORDS = ("macro", "micro", "weighted", "multiclass", "ovr", "ovo")

_MONITORS_NAMES = {"roc_auc": "auc", "r2_score": "r2", "accuracy_score": "accuracy"}
"""Names that Model Monitor has its own word for."""


_KINDS = {
    "binary": "binary_classification_metrics",
    "multiclass": "multiclass_classification_metrics",
    "regression": "regression_metrics",
}
"""A gate's task to Model Monitor's kind of problem; other tasks have none."""


def quality_statistics(metrics: Mapping[str, float], task: str | None = None) -> bytes:
    """The document.

    Args:
        metrics: The release's.
        task: What its gate calls the problem; None where it has none.
    """
    values = {
        _MONITORS_NAMES.get(name, name): {"value": value, "standard_deviation": "NaN"}
        for name, value in metrics.items()
    }
    return (
        json.dumps({_KINDS.get(task or "", _kind(metrics)): values}, indent=2, sort_keys=True, ensure_ascii=False)
        + "\n"
    ).encode()


def _kind(metrics: Mapping[str, float]) -> str:
    names = {name.casefold() for name in metrics}
    if any(word in _REGRESSION for name in names for word in (name, *name.split("_"))):
        return "regression_metrics"
    if any(word in name.split("_") for name in names for word in _MULTICLASS_WORDS):
        return "multiclass_classification_metrics"
    return "binary_classification_metrics"
