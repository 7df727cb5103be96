"""MLflow model folders, logged here with scikit-learn, served and compared with MLflow's own predictions."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from model_packaging import formats
from model_packaging.formats.mlflow_model import MlflowModelFormat
from model_packaging.release import Signature, TensorSpec
from tests.functional.formats.served_models import packaged, served

pytestmark = [pytest.mark.functional, pytest.mark.slow]


@pytest.fixture(scope="module")
def logged(tmp_path_factory):
    with warnings.catch_warnings():
        # MLflow and what it imports warn of their own next releases.
        warnings.simplefilter("ignore")
        mlflow_sklearn = pytest.importorskip("mlflow.sklearn")
        from mlflow.models import infer_signature
        from sklearn.datasets import load_iris
        from sklearn.linear_model import LogisticRegression

        frame, labels = load_iris(return_X_y=True, as_frame=True)
        frame.columns = ["sepal_length", "sepal_width", "petal_length", "petal_width"]
        model = LogisticRegression(max_iter=500).fit(frame, labels)
        folder = tmp_path_factory.mktemp("mlflow") / "model"
        mlflow_sklearn.save_model(
            model,
            str(folder),
            signature=infer_signature(frame, model.predict(frame)),
            pip_requirements=[f"mlflow=={_version('mlflow')}", f"scikit-learn=={_version('scikit-learn')}"],
        )
    rows = frame.iloc[[0, 75, 140]]
    return folder, rows, model.predict(rows).tolist()


def _version(name: str) -> str:
    import importlib.metadata

    return importlib.metadata.version(name)


def test_an_mlflow_model_is_served_as_its_scoring_server_does(logged, tmp_path):
    folder, rows, answer = logged
    with served(MlflowModelFormat(), folder, tmp_path) as it:
        assert it.signature == Signature(
            inputs=tuple(TensorSpec(name=name, dtype="float64", shape=(None,)) for name in rows.columns),
            outputs=(TensorSpec(name="output", dtype="int64", shape=(None,)),),
        )
        assert it.model.told == f"an MLflow {_version('mlflow')} model (sklearn), by its MLmodel"
        split = json.loads(rows.to_json(orient="split"))
        del split["index"]
        requests = [
            (json.dumps({"dataframe_split": split}), "application/json"),
            (json.dumps({"dataframe_records": json.loads(rows.to_json(orient="records"))}), "application/json"),
            (json.dumps({"inputs": {name: rows[name].tolist() for name in rows.columns}}), "application/json"),
            (rows.to_csv(index=False), "text/csv"),
        ]
        for body, content_type in requests:
            response = it.invoke(body, content_type)
            assert (response.status, json.loads(response.body)) == (200, {"predictions": answer}), response.body
        assert it.invoke("[[1, 2, 3, 4]]", "application/json").status == 400
        assert it.invoke('{"dataframe_records": [{"sepal_length": 1.0}]}', "application/json").status == 400
        assert it.invoke("x", "image/png").status == 415


def test_it_lies_whole_under_its_own_folder_and_needs_what_it_was_logged_with(logged):
    folder, _, _ = logged
    form = MlflowModelFormat()
    plan = form.serving(formats.recognise(folder), "cpu")
    written = {f"mlflow/{path.relative_to(folder).as_posix()}" for path in Path(folder).rglob("*") if path.is_file()}
    assert set(plan.files) == written
    assert plan.generated["code/requirements.txt"] == (folder / "requirements.txt").read_bytes()
    assert np.all([place.startswith("code/") for place in plan.generated])


def test_it_becomes_a_release_that_keeps_the_containers_contract(logged, tmp_path):
    folder, rows, _ = logged
    release = packaged(folder, tmp_path, "iris", {"rows.csv": rows.to_csv(index=False)})
    assert (release.format, release.serving_image.framework) == ("mlflow", "sklearn")
