"""Serves an MLflow model as MLflow's own scoring server does, in the container of AWS's that this runs in.

A request is JSON with one of `dataframe_split`, `dataframe_records`, `instances` and `inputs`, or CSV whose first line
is the columns' names; the answer is `{"predictions": …}`. Reading and answering is MLflow's, of the version that the
model was logged with.
https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import mlflow.pyfunc
from mlflow.exceptions import MlflowException
from mlflow.pyfunc import scoring_server

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular
else:
    import tabular

MAXIMUM_COLUMNS = 10_000
"""What a CSV may have where the model's signature does not have more."""


def model_fn(model_dir: str) -> Any:
    """The model's python_function."""
    return mlflow.pyfunc.load_model(str(Path(model_dir) / "mlflow"))


def transform_fn(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    """The scoring server's answer, JSON whatever is accepted; its refusals keep their status."""
    del accept
    return tabular.answered(lambda: _scored(model, body, content_type))


def _scored(model: Any, body: str | bytes, content_type: str) -> tuple[str, str]:
    schema = model.metadata.get_input_schema()
    if content_type.startswith("text/csv"):
        _refuse_too_wide(body if isinstance(body, str) else body.decode(errors="replace"), schema)
    try:
        answer = scoring_server.invocations(body, content_type, model, schema)
    except MlflowException as error:
        raise tabular.RequestError(error.get_http_status_code(), error.message) from error
    if answer.status != 200:
        raise tabular.RequestError(answer.status, answer.response)
    return answer.response, answer.mimetype


def _refuse_too_wide(text: str, schema: Any) -> None:
    """A data frame of millions of columns keeps pandas busy for longer than a container has to answer."""
    widest = max(MAXIMUM_COLUMNS, 0 if schema is None else len(schema.inputs))
    columns = text.partition("\n")[0].count(",") + 1
    if columns > widest:
        raise tabular.RequestError(400, f"the first line has {columns} columns; at most {widest} are read")
