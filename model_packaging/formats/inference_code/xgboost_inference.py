"""Serves an XGBoost booster: `model_fn` and `transform_fn` of AWS's XGBoost container.

Missing values are the model's to answer: an empty cell or `null` is NaN. A booster that was stopped early answers with
its best iteration, as XGBoost's scikit-learn interface does.
https://sagemaker.readthedocs.io/en/stable/frameworks/xgboost/using_xgboost.html
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xgboost

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

COLUMNS = tabular.read_columns()


def model_fn(model_dir: str) -> xgboost.Booster:
    """The booster; one thread, for a container's workers already fill the processors."""
    names = ("model.json", "model.ubj", "model.bin")
    path = next(Path(model_dir) / name for name in names if (Path(model_dir) / name).is_file())
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(path)
    return booster


def transform_fn(booster: xgboost.Booster, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(lambda: tabular.answer(predictions_of(rows_of(body, content_type), booster), accept))


def rows_of(body: str | bytes, content_type: str) -> np.ndarray:
    """Rows of float32, [rows, columns]."""
    rows = tabular.read_rows(body, content_type, COLUMNS)
    return tabular.numbers(rows, dtype="float32", missing_allowed=True)


def predictions_of(rows: np.ndarray, booster: xgboost.Booster) -> list[Any]:
    """One prediction a row: label and probability of a classifier, otherwise the number."""
    matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names, feature_types=booster.feature_types)
    best = booster.attr("best_iteration")
    trees = (0, 0) if best is None else (0, int(best) + 1)
    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    if objective.startswith("multi:"):
        margins = booster.predict(matrix, output_margin=True, iteration_range=trees)
        probabilities = _softmax(margins.reshape(len(rows), -1))
        return tabular.classified(probabilities.argmax(axis=1), probabilities, np.arange(probabilities.shape[1]))
    predicted = booster.predict(matrix, iteration_range=trees)
    if objective == "binary:logistic":
        return tabular.classified((predicted > 0.5).astype(int), np.stack([1 - predicted, predicted], axis=1), (0, 1))
    if objective == "binary:hinge":
        return tabular.classified(predicted.astype(int), None, (0, 1))
    return tabular.plain(predicted)


def _softmax(margins: Any) -> Any:
    powers = np.exp(margins - margins.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)
