"""What a pickle says without being run is what the estimator says of itself."""

from __future__ import annotations

import io
import pickle
import tracemalloc
from typing import Any

import numpy as np
import pytest

from model_packaging.formats import BrokenModelError, recognise
from model_packaging.formats.pickle_reader import read_pickle
from model_packaging.formats.sklearn_format import SklearnFacts

pytestmark = [pytest.mark.functional, pytest.mark.slow]


def estimators() -> dict[str, Any]:
    from sklearn import ensemble, linear_model, model_selection, neighbors, pipeline, preprocessing, svm, tree
    from sklearn.datasets import load_iris

    frame, labels = load_iris(return_X_y=True, as_frame=True)
    names = np.array(["setosa", "versicolor", "virginica"])[labels]
    scaled = pipeline.make_pipeline(preprocessing.StandardScaler(), svm.SVC())
    search = model_selection.GridSearchCV(tree.DecisionTreeClassifier(), {"max_depth": [2, 3]}, cv=2)
    vote = ensemble.VotingClassifier(
        [("tree", tree.DecisionTreeClassifier()), ("near", neighbors.KNeighborsClassifier())]
    )
    return {
        "pipeline": scaled.fit(frame, names),
        "search": search.fit(frame.to_numpy(), labels),
        "vote": vote.fit(frame.to_numpy(), names),
        "forest": ensemble.RandomForestClassifier(n_estimators=5, random_state=0).fit(frame, labels > 0),
        "boosting": ensemble.HistGradientBoostingClassifier(max_iter=3).fit(frame, names),
        "regression": linear_model.Ridge().fit(frame, labels),
    }


def encodings() -> dict[str, Any]:
    import joblib

    def plain(protocol: int) -> Any:
        return lambda model, path: path.write_bytes(pickle.dumps(model, protocol=protocol))

    def dumped(compress: Any) -> Any:
        return lambda model, path: joblib.dump(model, path, compress=compress)

    return {
        **{f"pickle {protocol}": plain(protocol) for protocol in (0, 1, 2, 4, 5)},
        **{f"joblib {kind}": dumped((kind, 3)) for kind in ("zlib", "gzip", "bz2", "xz", "lzma")},
        "joblib": dumped(0),
    }


def test_an_estimator_is_read_as_it_is(tmp_path):
    import sklearn

    path = tmp_path / "model"
    for kind, model in estimators().items():
        expected = (
            sklearn.__version__,
            model.n_features_in_,
            tuple(getattr(model, "feature_names_in_", ())),
            None if kind == "regression" else tuple(model.classes_.tolist()),
            kind not in {"regression", "pipeline"},
        )
        for encoding, save in encodings().items():
            save(model, path)
            facts = recognise(path).facts_as(SklearnFacts).model
            found = (facts.sklearn_version, facts.width, facts.names, facts.labels, facts.has_probabilities)
            assert found == expected, (kind, encoding)


def test_large_arrays_are_stepped_over(tmp_path):
    import joblib
    from sklearn.linear_model import Ridge

    model = Ridge().fit(np.eye(3), [1, 2, 3])
    model.memory_ = np.zeros(50_000_000, dtype=np.int8)
    for path, content in ((tmp_path / "pickle", pickle.dumps), (tmp_path / "joblib", None)):
        if content is None:
            joblib.dump(model, path)
        else:
            path.write_bytes(content(model))
        tracemalloc.start()
        assert recognise(path).format == "sklearn"
        _, peak_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak_bytes < 8_000_000


def test_nothing_of_a_pickle_is_run(tmp_path):
    class Trap:
        def __reduce__(self):
            return (open, (str(tmp_path / "sprung"), "w"))

    content = read_pickle(io.BytesIO(pickle.dumps(Trap())))
    assert not (tmp_path / "sprung").exists()
    assert {str(one) for one in content.classes} <= {"io.open", "_io.open"}


def test_what_was_fitted_is_told_from_what_was_not(tmp_path):
    from sklearn import cluster, dummy, ensemble, neighbors, svm
    from sklearn.datasets import load_iris

    rows, labels = load_iris(return_X_y=True)
    path = tmp_path / "model"
    for made in (
        ensemble.RandomForestRegressor(n_estimators=2), ensemble.BaggingRegressor(n_estimators=2),
        ensemble.AdaBoostRegressor(n_estimators=2), ensemble.IsolationForest(n_estimators=2), dummy.DummyRegressor(),
        neighbors.KNeighborsClassifier(), cluster.KMeans(2), svm.LinearSVC(),
    ):  # fmt: skip
        path.write_bytes(pickle.dumps(made))
        with pytest.raises(BrokenModelError, match="was never fitted"):
            recognise(path)
        path.write_bytes(pickle.dumps(made.fit(rows, labels)))
        assert recognise(path).format == "sklearn"
