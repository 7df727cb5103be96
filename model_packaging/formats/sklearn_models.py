"""What a pickled scikit-learn model says of itself: version, columns, labels, kind.

`PickledObject`s come from a pickle or a skops file alike. A pipeline asks its first step what goes in and its last step
what comes out; a search asks the estimator it found.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from model_packaging.formats.pickled import PickledObject
from model_packaging.formats.pickled_arrays import array_dtype, array_values

WRAPPERS = {"xgboost": "XGBoost", "lightgbm": "LightGBM", "catboost": "CatBoost"}
"""Top-level module to the framework whose scikit-learn wrapper was pickled."""

_INNER = ("best_estimator_", "estimator_", "regressor_", "classifier_")
_FIRST_OF = ("estimators_", "calibrated_classifiers_", "transformer_list")

READS_TEXT = ("sklearn.feature_extraction.text.",)
MAY_READ_TEXT = frozenset(
    {"OneHotEncoder", "OrdinalEncoder", "TargetEncoder", "ColumnTransformer", "FunctionTransformer"}
)
"""Steps whose columns may be text: samples say which are."""

WITHOUT_PROBABILITIES = frozenset({
    "LinearSVC", "RidgeClassifier", "RidgeClassifierCV", "Perceptron", "PassiveAggressiveClassifier", "NearestCentroid",
    "NuSVC", "SVC", "OneVsOneClassifier", "OutputCodeClassifier",
})  # fmt: skip


WITHOUT_FITTING = frozenset({"FrozenEstimator", "FunctionTransformer", "HashingVectorizer", "Normalizer"})
"""Which learn nothing, or hold another that did."""


@dataclass(frozen=True)
class ModelFacts:
    """What packaging needs of a pickled model."""

    class_name: str
    """Of the pickled object: `sklearn.pipeline.Pipeline`."""
    wrapper: str | None
    """`XGBoost`, … where the object is that framework's scikit-learn wrapper."""
    sklearn_version: str | None
    width: int | None
    """How many columns it reads; None where it does not say."""
    names: tuple[str, ...]
    """The columns' names; empty where it has none."""
    reads_texts: bool
    """Whether a row is one text."""
    may_read_text: bool
    """Whether a column may be text."""
    labels: tuple[Any, ...] | None
    """A classifier's; None for any other model."""
    label_dtype: str
    has_probabilities: bool
    is_fitted: bool


def model_facts(root: PickledObject) -> ModelFacts:
    """Reads the model's attributes."""
    first, last = _first(root), _last(root)
    names = next((found for one in (root, first) if (found := array_values(one.attribute("feature_names_in_")))), [])
    labels, dtype = _labels(root, last)
    classes = {one.class_name for one in _steps(root)}
    top = root.class_name.split(".")[0]
    return ModelFacts(
        class_name=root.class_name,
        wrapper=WRAPPERS.get(top),
        sklearn_version=_version(root) or _version(last) or _version(first),
        width=_width(root, first),
        names=tuple(map(str, names)),
        reads_texts=first.class_name.startswith(READS_TEXT),
        may_read_text=any(name.rsplit(".", 1)[-1] in MAY_READ_TEXT for name in classes),
        labels=labels,
        label_dtype=dtype,
        has_probabilities=labels is not None and _has_probabilities(last),
        is_fitted=_is_fitted(root),
    )


def _is_fitted(model: PickledObject) -> bool:
    """Whether scikit-learn's own estimator has learned something: an attribute whose name ends with an underscore.

    https://scikit-learn.org/stable/developers/develop.html#estimated-attributes
    """
    steps = model.attribute("steps")
    if isinstance(steps, list):  # a pipeline itself learns nothing
        return all(_is_fitted(one) for one in list(_inner(model, last=True))[:1])
    module, _, name = model.class_name.rpartition(".")
    if not module.startswith("sklearn.") or name in WITHOUT_FITTING or not isinstance(model.state, dict):
        return True
    return any(str(key).endswith("_") for key in model.state)


def _version(model: PickledObject) -> str | None:
    version = model.attribute("_sklearn_version")
    return version if isinstance(version, str) else None


def _width(*models: PickledObject) -> int | None:
    keys = ("n_features_in_", "_n_features_in", "_n_features")
    found = (one.attribute(key) for one in models for key in keys)
    return next((one for one in found if isinstance(one, int) and one > 0), None)


def _first(model: PickledObject, depth: int = 0) -> PickledObject:
    """The estimator that gets the rows."""
    inner = next(_inner(model, last=False), None)
    return model if inner is None or depth > 20 else _first(inner, depth + 1)


def _last(model: PickledObject, depth: int = 0) -> PickledObject:
    """The estimator that answers."""
    if model.attribute("classes_") is not None:
        return model
    inner = next(_inner(model, last=True), None)
    return model if inner is None or depth > 20 else _last(inner, depth + 1)


def _inner(model: PickledObject, *, last: bool) -> Iterator[PickledObject]:
    steps = model.attribute("steps")
    if isinstance(steps, list):
        objects = [one for _, one in _pairs(steps) if isinstance(one, PickledObject)]
        yield from reversed(objects) if last else objects
        return
    for key in _INNER:
        value = model.attribute(key)
        if isinstance(value, PickledObject):
            yield value
    for key in _FIRST_OF:
        values = model.attribute(key)
        if isinstance(values, list):
            items = [one[1] if isinstance(one, tuple) and len(one) > 1 else one for one in values]
            yield from (one for one in items if isinstance(one, PickledObject))


def _pairs(steps: list[Any]) -> Iterator[tuple[Any, Any]]:
    yield from ((one[0], one[1]) for one in steps if isinstance(one, tuple | list) and len(one) == 2)


def _steps(model: PickledObject, depth: int = 0) -> Iterator[PickledObject]:
    yield model
    if depth < 20:
        for one in _inner(model, last=False):
            yield from _steps(one, depth + 1)


def _labels(*models: PickledObject) -> tuple[tuple[Any, ...] | None, str]:
    for model in models:
        for key in ("classes_", "_classes"):
            value = model.attribute(key)
            values = array_values(value)
            if values:
                code = array_dtype(value)
                text = code.startswith(("O", "U")) or isinstance(values[0], str)
                return tuple(values), "str" if text else "bool" if code.startswith("b") else "int64"
        count = model.attribute("n_classes_")
        if isinstance(count, int) and model.class_name.startswith("xgboost."):
            return tuple(range(count)), "int64"
    return None, ""


def _has_probabilities(model: PickledObject) -> bool:
    name = model.class_name.rsplit(".", 1)[-1]
    if name in {"SVC", "NuSVC"}:
        return model.attribute("probability") is True
    if name == "SGDClassifier":
        return model.attribute("loss") in {"log_loss", "log", "modified_huber"}
    return name not in WITHOUT_PROBABILITIES
