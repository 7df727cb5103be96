"""Serves a LightGBM booster: `model_fn` and `transform_fn` of AWS's framework containers.

Missing values are the model's to answer: an empty cell or `null` is NaN. A column that was a pandas category in
training is sent as its category's number.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import lightgbm
import numpy as np

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

COLUMNS = tabular.read_columns()


def model_fn(model_dir: str) -> lightgbm.Booster:
    """The booster."""
    return lightgbm.Booster(model_file=str(Path(model_dir) / "model.txt"))


def transform_fn(booster: lightgbm.Booster, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(lambda: tabular.answer(predictions_of(rows_of(body, content_type), booster), accept))


def rows_of(body: str | bytes, content_type: str) -> np.ndarray:
    """Rows of float64, [rows, columns]."""
    return tabular.numbers(tabular.read_rows(body, content_type, COLUMNS), missing_allowed=True)


def predictions_of(rows: np.ndarray, booster: lightgbm.Booster) -> list[Any]:
    """One prediction a row: label and probability of a classifier, otherwise the number.

    One thread, for a container's workers already fill the processors.
    """
    predicted = np.asarray(booster.predict(rows, num_threads=1))
    if predicted.ndim == 2:
        return tabular.classified(predicted.argmax(axis=1), predicted, np.arange(predicted.shape[1]))
    if _objective(booster) == "binary":
        return tabular.classified((predicted > 0.5).astype(int), np.stack([1 - predicted, predicted], axis=1), (0, 1))
    return tabular.plain(predicted)


def _objective(booster: lightgbm.Booster) -> str:
    lines = booster.model_to_string(num_iteration=1).split("\n\n")[0].splitlines()
    found = next((line for line in lines if line.startswith("objective=")), "objective=")
    return found.removeprefix("objective=").split(" ")[0]
