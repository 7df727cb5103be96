"""Serves a scikit-learn model: `model_fn` and `transform_fn` of AWS's scikit-learn container.

A classifier answers with label and probability, any other model with its prediction. Columns that have names reach the
model as a data frame, as they did in training.
https://sagemaker.readthedocs.io/en/stable/frameworks/sklearn/using_sklearn.html
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

COLUMNS = tabular.read_columns()


def model_fn(model_dir: str) -> Any:
    """The model. A pickle runs what it names while it is loaded: packaging looked at that first."""
    folder = Path(model_dir)
    if (folder / "model.skops").is_file():
        import skops.io

        path = folder / "model.skops"
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    import joblib

    return joblib.load(folder / "model.joblib")


def transform_fn(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(lambda: tabular.answer(predictions_of(rows_of(body, content_type), model), accept))


def rows_of(body: str | bytes, content_type: str) -> Any:
    """A data frame where the columns have names, texts where a row is one text, otherwise numbers."""
    rows = tabular.read_rows(body, content_type, COLUMNS)
    if COLUMNS.names == ("text",) and not COLUMNS.are_numbers:
        return [str(row[0]) for row in rows]
    if COLUMNS.names:
        import pandas as pd

        return pd.DataFrame(tabular.by_name(rows, COLUMNS), columns=list(COLUMNS.names))
    return tabular.numbers(rows, missing_allowed=True)


def predictions_of(rows: Any, model: Any) -> list[Any]:
    """One prediction a row; what the model says of a value it does not take (a missing one, say) is told with 400."""
    try:
        predicted = model.predict(rows)
        probabilities = model.predict_proba(rows) if hasattr(model, "predict_proba") else None
    except ValueError as error:
        message = f"the model does not take these rows: {str(error).splitlines()[0]}"
        raise tabular.RequestError(400, message) from error
    classes = getattr(model, "classes_", None)
    if isinstance(probabilities, list) or classes is None or len(classes) == 0:
        return tabular.plain(predicted)
    return tabular.classified(predicted, probabilities, classes)
