"""Small real models of every tabular format, with the predictions of the original: what a release must answer."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TrainedModel:
    """A model that was written to a file, and what it answers to the rows of `request`."""

    request: bytes
    content_type: str
    expected: list[Any]
    """Predictions, in the shape of the answer's."""
    told: str


Trainer = Callable[[Path], TrainedModel]
ROWS = slice(0, 150, 30)


def _tumors():
    from sklearn.datasets import load_breast_cancer

    return load_breast_cancer(return_X_y=True, as_frame=True)


def _irises():
    from sklearn.datasets import load_iris

    frame, labels = load_iris(return_X_y=True, as_frame=True)
    return frame, np.array(["setosa", "versicolor", "virginica"])[labels]


def _diabetes():
    from sklearn.datasets import load_diabetes

    return load_diabetes(return_X_y=True)


def csv_of(rows: Any, *, header: bool = False) -> bytes:
    import pandas as pd

    return bytes(pd.DataFrame(rows).to_csv(index=False, header=header), "utf-8")


def binary(probabilities: Any, labels: Any) -> list[Any]:
    pairs = zip(np.asarray(probabilities).tolist(), np.asarray(labels).tolist(), strict=True)
    return [{"probability": row[1], "label": label} for row, label in pairs]


def multiclass(probabilities: Any, labels: Any, classes: Any) -> list[Any]:
    names = [str(one) for one in np.asarray(classes).tolist()]
    pairs = zip(np.asarray(probabilities).tolist(), np.asarray(labels).tolist(), strict=True)
    return [{"label": label, "probabilities": dict(zip(names, row, strict=True))} for row, label in pairs]


def sklearn_pipeline(save: Callable[[Any, Path], object], encoding: str) -> Trainer:
    def train(path: Path) -> TrainedModel:
        import sklearn
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        frame, labels = _irises()
        model = make_pipeline(StandardScaler(), LogisticRegression()).fit(frame, labels)
        save(model, path)
        rows = frame.iloc[ROWS]
        expected = multiclass(model.predict_proba(rows), model.predict(rows), model.classes_)
        told = f"scikit-learn {sklearn.__version__} (Pipeline), by the classes that its {encoding} names"
        return TrainedModel(csv_of(rows, header=True), "text/csv", expected, told)

    return train


def save_pickle(model: Any, path: Path) -> None:
    path.write_bytes(pickle.dumps(model))


def save_joblib(compress: Any) -> Callable[[Any, Path], object]:
    def save(model: Any, path: Path) -> None:
        import joblib

        joblib.dump(model, path, compress=compress)

    return save


def save_skops(model: Any, path: Path) -> None:
    import skops.io

    skops.io.dump(model, path)


def sklearn_regressor(path: Path) -> TrainedModel:
    import joblib
    import sklearn
    from sklearn.ensemble import RandomForestRegressor

    rows, target = _diabetes()
    model = RandomForestRegressor(n_estimators=10, random_state=0, n_jobs=1).fit(rows, target)
    joblib.dump(model, path)
    told = f"scikit-learn {sklearn.__version__} (RandomForestRegressor), by the classes that its joblib names"
    request = f'{{"instances": {rows[ROWS].tolist()}}}'.encode()
    return TrainedModel(request, "application/json", model.predict(rows[ROWS]).tolist(), told)


def sklearn_of_texts(path: Path) -> TrainedModel:
    import joblib
    import sklearn
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.naive_bayes import MultinomialNB
    from sklearn.pipeline import make_pipeline

    texts = ["a fine day", "what a fine, fine play", "a bad day", "a play so bad, so bad"]
    model = make_pipeline(TfidfVectorizer(), MultinomialNB()).fit(texts, [1, 1, 0, 0])
    joblib.dump(model, path)
    told = f"scikit-learn {sklearn.__version__} (Pipeline), by the classes that its joblib names"
    request = b'{"instances": ["a fine play", "bad, bad"]}'
    rows = ["a fine play", "bad, bad"]
    return TrainedModel(request, "application/json", binary(model.predict_proba(rows), model.predict(rows)), told)


def sklearn_of_mixed_columns(path: Path) -> TrainedModel:
    import joblib
    import sklearn
    from sklearn.compose import make_column_transformer
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame, _ = _irises()
    frame = frame.assign(size=np.where(frame.iloc[:, 2] > 4, "large", "small"))
    columns = make_column_transformer((OneHotEncoder(), ["size"]), (StandardScaler(), list(frame.columns[:3])))
    model = make_pipeline(columns, Ridge()).fit(frame.drop(columns="petal width (cm)"), frame["petal width (cm)"])
    joblib.dump(model, path)
    rows = frame.drop(columns="petal width (cm)").iloc[ROWS]
    told = f"scikit-learn {sklearn.__version__} (Pipeline), by the classes that its joblib names"
    return TrainedModel(csv_of(rows, header=True), "text/csv", model.predict(rows).tolist(), told)


def onnx_classifier(path: Path) -> TrainedModel:
    from skl2onnx import to_onnx
    from sklearn.linear_model import LogisticRegression

    frame, labels = _tumors()
    rows = frame.to_numpy(dtype=np.float32)
    model = LogisticRegression(max_iter=5000).fit(rows, labels)
    converted = to_onnx(model, rows[:1], options={"zipmap": False}, target_opset=17)
    path.write_bytes(converted.SerializeToString())
    pairs = zip(model.predict(rows[ROWS]).tolist(), model.predict_proba(rows[ROWS]).tolist(), strict=True)
    expected = [{"label": label, "probabilities": row} for label, row in pairs]
    return TrainedModel(csv_of(rows[ROWS]), "text/csv", expected, "ONNX, opset 17, by its protobuf")


def xgboost_classifier(encoding: str, told: str) -> Trainer:
    def train(path: Path) -> TrainedModel:
        import xgboost

        frame, labels = _tumors()
        model = xgboost.XGBClassifier(n_estimators=10, n_jobs=1).fit(frame, labels)
        path.write_bytes(model.get_booster().save_raw(encoding))
        rows = frame.iloc[ROWS]
        expected = binary(model.predict_proba(rows), model.predict(rows))
        return TrainedModel(csv_of(rows, header=True), "text/csv", expected, told.format(xgboost.__version__))

    return train


def xgboost_of_three_labels(path: Path) -> TrainedModel:
    import xgboost

    frame, labels = _irises()
    codes = np.unique(labels, return_inverse=True)[1]
    matrix = xgboost.DMatrix(frame.to_numpy(), codes)
    parameters = {"objective": "multi:softprob", "num_class": 3, "nthread": 1}
    model = xgboost.train(parameters, matrix, num_boost_round=5)
    path.write_bytes(model.save_raw("ubj"))
    rows = frame.to_numpy()[ROWS]
    probabilities = model.predict(xgboost.DMatrix(rows))
    expected = multiclass(probabilities, probabilities.argmax(axis=1), [0, 1, 2])
    told = f"XGBoost {xgboost.__version__}, multi:softprob, by its UBJSON learner"
    return TrainedModel(csv_of(rows), "text/csv", expected, told)


def xgboost_stopped_early(path: Path) -> TrainedModel:
    import xgboost

    rows, target = _diabetes()
    model = xgboost.XGBRegressor(n_estimators=60, early_stopping_rounds=2, learning_rate=0.7, n_jobs=1)
    model.fit(rows[:300], target[:300], eval_set=[(rows[300:], target[300:])], verbose=False)
    assert model.best_iteration < model.get_booster().num_boosted_rounds() - 1
    path.write_bytes(model.get_booster().save_raw("json"))
    told = f"XGBoost {xgboost.__version__}, reg:squarederror, by its JSON learner"
    request = f"{rows[ROWS].tolist()}".encode()
    return TrainedModel(request, "application/json", model.predict(rows[ROWS]).tolist(), told)


def lightgbm_classifier(path: Path) -> TrainedModel:
    import lightgbm

    frame, labels = _tumors()
    model = lightgbm.LGBMClassifier(n_estimators=10, n_jobs=1, verbose=-1).fit(frame, labels)
    path.write_text(model.booster_.model_to_string())
    rows = frame.iloc[ROWS]
    told = "LightGBM, text format v4, binary sigmoid:1, by its header"
    return TrainedModel(csv_of(rows), "text/csv", binary(model.predict_proba(rows), model.predict(rows)), told)


def lightgbm_of_three_labels(path: Path) -> TrainedModel:
    import lightgbm

    frame, labels = _irises()
    codes = np.unique(labels, return_inverse=True)[1]
    model = lightgbm.LGBMClassifier(n_estimators=5, n_jobs=1, verbose=-1).fit(frame.to_numpy(), codes)
    path.write_text(model.booster_.model_to_string())
    rows = frame.to_numpy()[ROWS]
    probabilities = np.asarray(model.booster_.predict(rows))
    expected = multiclass(probabilities, probabilities.argmax(axis=1), [0, 1, 2])
    told = "LightGBM, text format v4, multiclass num_class:3, by its header"
    return TrainedModel(csv_of(rows), "text/csv", expected, told)


def lightgbm_regressor(path: Path) -> TrainedModel:
    import lightgbm

    rows, target = _diabetes()
    model = lightgbm.LGBMRegressor(n_estimators=10, n_jobs=1, verbose=-1).fit(rows, target)
    path.write_text(model.booster_.model_to_string())
    told = "LightGBM, text format v4, regression, by its header"
    return TrainedModel(csv_of(rows[ROWS]), "text/csv", np.asarray(model.booster_.predict(rows[ROWS])).tolist(), told)


def catboost_classifier(encoding: str, told: str) -> Trainer:
    def train(path: Path) -> TrainedModel:
        import catboost

        frame, labels = _irises()
        frame = frame.assign(size=np.where(frame.iloc[:, 2] > 4, "large", "small"))
        model = catboost.CatBoostClassifier(
            iterations=5, verbose=0, allow_writing_files=False, thread_count=1, cat_features=["size"]
        ).fit(frame, labels)
        model.save_model(path, format=encoding)
        rows = frame.iloc[ROWS]
        expected = multiclass(model.predict_proba(rows), model.predict(rows).reshape(-1), model.classes_)
        return TrainedModel(csv_of(rows, header=True), "text/csv", expected, told.format(catboost.__version__))

    return train


def catboost_regressor(path: Path) -> TrainedModel:
    import catboost

    rows, target = _diabetes()
    model = catboost.CatBoostRegressor(iterations=5, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(rows, target).save_model(path)
    told = f"CatBoost {catboost.__version__}, RMSE, by its magic bytes"
    return TrainedModel(csv_of(rows[ROWS]), "text/csv", model.predict(rows[ROWS]).tolist(), told)


def wrapper_of_xgboost(path: Path) -> TrainedModel:
    import joblib
    import xgboost

    frame, labels = _tumors()
    model = xgboost.XGBClassifier(n_estimators=5, n_jobs=1).fit(frame.to_numpy(), labels)
    joblib.dump(model, path)
    rows = frame.to_numpy()[ROWS]
    told = "XGBoost's scikit-learn wrapper (XGBClassifier), by the classes that its pickle names"
    return TrainedModel(csv_of(rows), "text/csv", binary(model.predict_proba(rows), model.predict(rows)), told)


MODELS: dict[str, Trainer] = {
    "sklearn-pickle": sklearn_pipeline(save_pickle, "pickle"),
    "sklearn-joblib": sklearn_pipeline(save_joblib(0), "joblib"),
    "sklearn-joblib-zlib": sklearn_pipeline(save_joblib(3), "joblib (zlib)"),
    "sklearn-joblib-xz": sklearn_pipeline(save_joblib(("xz", 3)), "joblib (xz)"),
    "sklearn-skops": sklearn_pipeline(save_skops, "skops"),
    "sklearn-regression": sklearn_regressor,
    "sklearn-texts": sklearn_of_texts,
    "sklearn-mixed-columns": sklearn_of_mixed_columns,
    "onnx": onnx_classifier,
    "xgboost-json": xgboost_classifier("json", "XGBoost {}, binary:logistic, by its JSON learner"),
    "xgboost-ubj": xgboost_classifier("ubj", "XGBoost {}, binary:logistic, by its UBJSON learner"),
    "xgboost-labels": xgboost_of_three_labels,
    "xgboost-stopped-early": xgboost_stopped_early,
    "sklearn-wrapper-of-xgboost": wrapper_of_xgboost,
    "lightgbm-binary": lightgbm_classifier,
    "lightgbm-labels": lightgbm_of_three_labels,
    "lightgbm-regression": lightgbm_regressor,
    "catboost-cbm": catboost_classifier("cbm", "CatBoost {}, MultiClass, by its magic bytes"),
    "catboost-json": catboost_classifier("json", "CatBoost {}, MultiClass, by its JSON sections"),
    "catboost-regression": catboost_regressor,
}
