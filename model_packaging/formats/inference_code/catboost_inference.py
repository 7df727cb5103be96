"""Serves a CatBoost model: `model_fn` and `transform_fn` of AWS's framework containers.

A missing number is the model's to answer; a missing category or text is refused, as CatBoost does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import catboost
import numpy as np

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

COLUMNS = tabular.read_columns()


def model_fn(model_dir: str) -> catboost.CatBoost:
    """The model, as a classifier where it has labels, otherwise as a regressor."""
    binary, text = Path(model_dir) / "model.cbm", Path(model_dir) / "model.json"
    path, encoding = (binary, "cbm") if binary.is_file() else (text, "json")
    classifier = catboost.CatBoostClassifier().load_model(path, format=encoding)
    if len(classifier.classes_):
        return classifier
    return catboost.CatBoostRegressor().load_model(path, format=encoding)


def transform_fn(model: catboost.CatBoost, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(lambda: tabular.answer(predictions_of(rows_of(body, content_type), model), accept))


def rows_of(body: str | bytes, content_type: str) -> Any:
    """Rows of float64, or of numbers and texts where a column is text."""
    rows = tabular.read_rows(body, content_type, COLUMNS)
    if COLUMNS.are_numbers:
        return tabular.numbers(rows, missing_allowed=True)
    columns = tabular.by_name(rows, COLUMNS)
    missing = [name for name, dtype in zip(COLUMNS.names, COLUMNS.dtypes, strict=True) if dtype == "str"]
    missing = [name for name in missing if None in columns[name]]
    if missing:
        raise tabular.RequestError(400, f"a value is missing in column {', '.join(missing)}, which is text")
    return [list(row) for row in zip(*(columns[name] for name in COLUMNS.names), strict=True)]


def predictions_of(rows: Any, model: catboost.CatBoost) -> list[Any]:
    """One prediction a row: label and probability of a classifier, otherwise the number.

    One thread, for a container's workers already fill the processors.
    """
    if not isinstance(model, catboost.CatBoostClassifier):
        return tabular.plain(model.predict(rows, thread_count=1))
    probabilities = np.asarray(model.predict_proba(rows, thread_count=1))
    labels = np.asarray(model.predict(rows, thread_count=1)).reshape(-1)
    return tabular.classified(labels, probabilities, model.classes_)
