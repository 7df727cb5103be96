"""What a file is, is told by its bytes: whatever its name, whichever framework is installed, cut off where it may be."""

from __future__ import annotations

import bz2
import gzip
import lzma
import zlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats import (
    FORMATS,
    AmbiguousModelError,
    BrokenModelError,
    SampleFile,
    UnrecognisedFormatError,
    UnservableModelError,
    recognise,
)
from model_packaging.formats.lz4_frames import LZ4_MAGIC
from tests.unit.packaging import model_bytes as made

MODELS: dict[str, tuple[bytes, str]] = {
    "onnx": (made.onnx(), "ONNX, opset 17, by its protobuf"),
    "xgboost json": (made.xgboost_json(), "XGBoost 2.1.4, binary:logistic, by its JSON learner"),
    "xgboost ubj": (made.ubjson(made.LEARNER), "XGBoost 2.1.4, binary:logistic, by its UBJSON learner"),
    "xgboost binary": (made.xgboost_binary(), "XGBoost 1.6.0, binary:logistic, by its old binary learner"),
    "lightgbm": (made.LIGHTGBM, "LightGBM, text format v4, binary sigmoid:1, by its header"),
    "catboost json": (made.catboost_json(), "CatBoost 1.2.10, Logloss, by its JSON sections"),
    "sklearn": (
        made.sklearn_pickle(),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its pickle names",
    ),
    "sklearn zlib": (
        zlib.compress(made.sklearn_pickle()),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (zlib) names",
    ),
    "sklearn gzip": (
        gzip.compress(made.sklearn_pickle()),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (gzip) names",
    ),
    "sklearn bz2": (
        bz2.compress(made.sklearn_pickle()),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (bz2) names",
    ),
    "sklearn xz": (
        lzma.compress(made.sklearn_pickle()),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (xz) names",
    ),
    "sklearn lzma": (
        lzma.compress(made.sklearn_pickle(), format=lzma.FORMAT_ALONE),
        "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (lzma) names",
    ),
    "xgboost wrapper": (
        made.pickled("xgboost.sklearn.XGBClassifier", {"n_classes_": 2}),
        "XGBoost's scikit-learn wrapper (XGBClassifier), by the classes that its pickle names",
    ),
    "lightgbm wrapper": (
        made.pickled("lightgbm.sklearn.LGBMRegressor", {"_n_features": 4, "_sklearn_version": "1.7.1"}),
        "LightGBM's scikit-learn wrapper (LGBMRegressor), by the classes that its pickle names",
    ),
    "catboost wrapper": (
        made.pickled("catboost.core.CatBoostRegressor", {}),
        "CatBoost's scikit-learn wrapper (CatBoostRegressor), by the classes that its pickle names",
    ),
}


def lz4_frame(data: bytes) -> bytes:
    """One block of literals, compressed as LZ4 does where nothing repeats, and one that is stored."""
    half = len(data) // 2
    run = half - 15
    block = b"\xf0" + b"\xff" * (run // 255) + bytes([run % 255]) + data[:half]
    stored = data[half:]
    sizes = [len(block).to_bytes(4, "little"), (len(stored) | 0x80000000).to_bytes(4, "little")]
    return LZ4_MAGIC + b"\x40\x40\x00" + sizes[0] + block + sizes[1] + stored + b"\0" * 4


@pytest.mark.parametrize("name", MODELS)
def test_a_format_is_told_by_its_bytes(tmp_path, name):
    data, told = MODELS[name]
    path = tmp_path / "weights.txt"
    path.write_bytes(data)
    model = recognise(path)
    assert (model.told, list(model.files.values())) == (told, [path])


def test_lz4_needs_no_package(tmp_path):
    path = tmp_path / "model"
    path.write_bytes(lz4_frame(made.sklearn_pickle()))
    assert recognise(path).told == "scikit-learn 1.4.2 (LogisticRegression), by the classes that its joblib (lz4) names"


def violations_of(path: Path) -> tuple[Violation, ...]:
    """Everything that is asked of a format; anything but a clear error fails the test."""
    try:
        model = recognise(path)
        FORMATS[model.format].signature(model, ())
        FORMATS[model.format].serving(model, "cpu")
    except InvalidPackageError as error:
        return error.violations
    return ()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_model_that_is_cut_short_or_damaged_is_told(tmp_path, name, data):
    whole, _ = MODELS[name]
    length = data.draw(st.integers(0, len(whole)))
    cut = bytearray(whole[:length])
    if data.draw(st.booleans()) and cut:
        cut[data.draw(st.integers(0, len(cut) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "model"
    path.write_bytes(cut)
    assert {one.file for one in violations_of(path)} <= {path.as_posix()}


@pytest.mark.parametrize(
    ("name", "keep", "message"),
    [
        ("onnx", 40, "ONNX: the protobuf is cut short or damaged: field 7 at byte"),
        ("xgboost json", 100, "XGBoost (JSON, UBJSON): the JSON is cut short or damaged: "),
        ("xgboost ubj", 100, "XGBoost (JSON, UBJSON): the UBJSON is cut short or damaged: ends too early"),
        ("xgboost binary", 100, "XGBoost (JSON, UBJSON): the binary model is cut short or damaged"),
        ("lightgbm", 200, "LightGBM (text): the text is cut short: the line `end of trees` is missing"),
        ("catboost json", 100, "CatBoost (cbm, JSON): the JSON is cut short or damaged: "),
        ("sklearn", 80, "scikit-learn (joblib, pickle, skops): "),
        ("sklearn zlib", 80, "scikit-learn (joblib, pickle, skops): the compressed data is cut short or damaged: "),
    ],
)
def test_half_a_model_is_a_broken_one(tmp_path, name, keep, message):
    path = tmp_path / "model"
    path.write_bytes(MODELS[name][0][:keep])
    with pytest.raises(BrokenModelError) as caught:
        recognise(path)
    assert str(caught.value).startswith(f"{path.as_posix()}: {message}")
    assert str(caught.value).endswith("; save or copy the model again")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "there is no such file or folder"),
        (b"", "the file is empty"),
        (b"\x00\x01weights", "is of no known model format; its first bytes are 00 01 77 65 69 67 68 74"),
        (
            b'{"weights": [1, 2]}',
            "is of no known model format; it is text that begins with '{\"weights\": [1, 2]}'",
        ),
        (b"ccopy_reg\n_reconstructor\nS'\\g'\n.", "is of no known model format; it is a pickle of str"),
        (made.pickled("collections.Counter", {}), "is of no known model format; it is a pickle of collections.Counter"),
    ],
)
def test_what_is_no_model_is_told_with_the_formats_there_are(tmp_path, content, message):
    path = tmp_path / "model"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(UnrecognisedFormatError) as caught:
        recognise(path)
    assert caught.value.violations[0].message == message
    assert caught.value.formats == tuple(one.title for one in FORMATS.values())


def test_a_folder_with_one_model_is_that_model(tmp_path):
    (tmp_path / "notes.md").write_text("# Notes")
    (tmp_path / "model.bin").write_bytes(made.onnx())
    assert dict(recognise(tmp_path).files) == {"model.onnx": tmp_path / "model.bin"}


def test_a_folder_with_two_models_is_ambiguous(tmp_path):
    (tmp_path / "a").write_bytes(made.onnx())
    (tmp_path / "b").write_bytes(made.LIGHTGBM)
    with pytest.raises(AmbiguousModelError) as caught:
        recognise(tmp_path)
    assert caught.value.candidates == (
        "a (ONNX, opset 17, by its protobuf)",
        "b (LightGBM, text format v4, binary sigmoid:1, by its header)",
    )


def test_a_folder_without_a_model_says_what_is_there(tmp_path):
    (tmp_path / "notes.md").write_text("# Notes")
    with pytest.raises(UnrecognisedFormatError, match=r"holds no model of a known format \(there: notes.md\)"):
        recognise(tmp_path)


def test_a_folder_of_very_many_files_is_not_looked_through(tmp_path):
    for index in range(1001):
        (tmp_path / str(index)).touch()
    with pytest.raises(
        UnrecognisedFormatError, match="1001 entries, too many to look at each: name the model's own file"
    ):
        recognise(tmp_path)


def test_a_model_beside_its_own_module_is_served_by_it(tmp_path):
    (tmp_path / "weights").write_bytes(made.onnx())
    (tmp_path / "inference.py").write_text("from model import model_fn\n")
    (tmp_path / "model.py").write_text("def model_fn(model_dir):\n    return 1\n")
    model = recognise(tmp_path)
    assert model.told == "ONNX, opset 17, by its protobuf; served by its own inference.py"
    assert sorted(model.files) == ["code/inference.py", "code/model.py", "weights"]


def test_weights_in_another_file_go_with_the_model(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(made.onnx(external="weights.data"))
    with pytest.raises(BrokenModelError, match=r"its weights are in 'weights\.data', which is not beside it"):
        recognise(path)
    (tmp_path / "weights.data").write_bytes(b"\0" * 12)
    assert sorted(recognise(path).files) == ["model.onnx", "weights.data"]


def test_weights_outside_the_folder_are_refused(tmp_path):
    path = tmp_path / "model.onnx"
    path.write_bytes(made.onnx(external="../weights.data"))
    with pytest.raises(BrokenModelError, match=r"'\.\./weights\.data' is not a plain path"):
        recognise(path)


def signature_of(path: Path, content: bytes, samples: tuple[SampleFile, ...] = ()) -> tuple[list[Any], list[Any]]:
    path.write_bytes(content)
    model = recognise(path)
    signature = FORMATS[model.format].signature(model, samples)
    inputs, outputs = (
        [(one.name, one.dtype, one.shape) for one in part] for part in (signature.inputs, signature.outputs)
    )
    return inputs, outputs


BINARY = [("probability", "float64", (None,)), ("label", "int64", (None,))]
TWO_NAMES = [("age", "float64", (None,)), ("income", "float64", (None,))]


@pytest.mark.parametrize(
    ("content", "inputs", "outputs"),
    [
        (made.onnx(), [("rows", "float32", (None, 3))], [("score", "float32", (None,))]),
        (made.xgboost_json(), TWO_NAMES, BINARY),
        (made.xgboost_binary(), [("rows", "float64", (None, 2))], BINARY),
        (made.LIGHTGBM, TWO_NAMES, BINARY),
        (
            made.catboost_json(),
            [("age", "float64", (None,)), ("town", "str", (None,))],
            [("probability", "float64", (None,)), ("label", "str", (None,))],
        ),
        (
            made.sklearn_pickle(),
            [("rows", "float64", (None, 3))],
            [("probability", "float64", (None,)), ("label", "str", (None,))],
        ),
        (
            made.pickled(
                "sklearn.pipeline.Pipeline",
                {
                    "steps": [
                        ("words", made.named("sklearn.feature_extraction.text.TfidfVectorizer", {"vocabulary_": {}})),
                        (
                            "svm",
                            made.named("sklearn.svm._classes.LinearSVC", {"n_features_in_": 9, "classes_": [1, 2]}),
                        ),
                    ],
                    "_sklearn_version": "1.5.0",
                },
            ),
            [("text", "str", (None,))],
            [("label", "int64", (None,))],
        ),
    ],
)
def test_a_signature_is_read_from_the_model(tmp_path, content, inputs, outputs):
    assert signature_of(tmp_path / "model", content) == (inputs, outputs)


def test_columns_that_may_be_text_are_told_by_a_sample(tmp_path):
    state = {
        "n_features_in_": 2,
        "_sklearn_version": "1.5.0",
        "steps": [
            ("columns", made.named("sklearn.compose._column_transformer.ColumnTransformer", {"n_features_in_": 2})),
            ("ridge", made.named("sklearn.linear_model._ridge.Ridge", {"n_features_in_": 5})),
        ],
    }
    content = made.pickled("sklearn.pipeline.Pipeline", state)
    with pytest.raises(InvalidPackageError, match="does not say which columns are text, and there is no sample"):
        signature_of(tmp_path / "model", content)
    sample = tmp_path / "rows.csv"
    sample.write_text("town,age\nBonn,3\nKöln,\n", encoding="utf-8")
    inputs, _ = signature_of(tmp_path / "model", content, (SampleFile(sample, "rows.csv", "text/csv"),))
    assert inputs == [("town", "str", (None,)), ("age", "float64", (None,))]


@pytest.mark.parametrize(
    ("name", "content_type", "text", "told"),
    [
        ("r.csv", "text/csv", "1,2,3\n4,5\n", "r.csv:2: has 2 values; the signature has 3 columns; allowed: 3 values a row"),
        ("r.csv", "text/csv", "1,2,3\n\n4,x,6\n", "r.csv:3: column 2: 'x' is no number; allowed: float64"),
        ("r.csv", "text/csv", "", "r.csv: holds no row; allowed: at least one"),
        ("r.json", "application/json", '{"instances": [\n [1, 2, 3],\n [1]\n]}', "r.json:3: has 1 values; the signature has 3 columns; allowed: 3 values a row"),
        ("r.json", "application/json", '[[1, 2, "x"]]', "r.json:1: column 3: 'x' is no number; allowed: float64"),
        ("r.json", "application/json", "{\n", "r.json:2: is not JSON: Expecting property name enclosed in double quotes"),
        ("r.npy", "application/x-npy", "no", "r.npy: is not NPY: its first bytes are not NPY's"),
    ],
)  # fmt: skip
def test_a_sample_that_does_not_fit_is_told_by_file_and_line(tmp_path, name, content_type, text, told):
    sample = tmp_path / name
    sample.write_text(text)
    with pytest.raises(InvalidPackageError) as caught:
        signature_of(tmp_path / "model", made.sklearn_pickle(), (SampleFile(sample, name, content_type),))
    assert str(caught.value).startswith(told)


def plan_of(path: Path, content: bytes, processor: Any = "cpu") -> tuple[str, str, str, str | None]:
    path.write_bytes(content)
    model = recognise(path)
    plan = FORMATS[model.format].serving(model, processor)
    requirements = plan.generated["code/requirements.txt"].decode().strip()
    return plan.image.framework, plan.image.version, requirements, plan.image_note


def xgboost_of(*version: int) -> bytes:
    return made.xgboost_json({**made.LEARNER, "version": list(version)})


def sklearn_of(version: str) -> bytes:
    return made.sklearn_pickle({**made.SKLEARN_STATE, "_sklearn_version": version})


FROM_REQUIREMENTS = "installs it from code/requirements.txt when it starts (which needs the network)"
INSTALLS = "it installs the model's version from code/requirements.txt when it starts (which needs the network)"


@pytest.mark.parametrize(
    ("content", "plan"),
    [
        (xgboost_of(3, 2, 0), ("xgboost", "3.2-0", "xgboost~=3.2.0", None)),
        (xgboost_of(3, 0, 2), ("xgboost", "3.0-5", "xgboost~=3.0.2", None)),
        (
            xgboost_of(2, 1, 4),
            ("xgboost", "3.0-5", "xgboost>=2.1.4", "AWS has no XGBoost 2.1.4 container; the 3.0-5 one reads what it wrote"),
        ),
        (
            xgboost_of(3, 3, 0),
            (
                "xgboost", "3.2-0", "xgboost==3.3.0",
                f"AWS has no XGBoost 3.3.0 container; the newest, 3.2-0, {FROM_REQUIREMENTS}",
            ),
        ),
        (made.xgboost_binary(version=(3, 0)), ("xgboost", "3.0-5", "xgboost~=3.0.0", None)),
        (
            made.xgboost_binary(version=(1, 6)),
            ("xgboost", "1.7-1", "xgboost>=1.6.0", "AWS has no XGBoost 1.6.0 container; the 1.7-1 one reads what it wrote"),
        ),
        (
            made.xgboost_binary(version=(0, 0)),
            ("xgboost", "0.90-2", "xgboost~=0.90", None),
        ),
        (sklearn_of("1.4.2"), ("sklearn", "1.4-2-py312", "scikit-learn==1.4.2", None)),
        (sklearn_of("1.9.1"), ("sklearn", "1.9-0", "scikit-learn==1.9.1", None)),
        (
            sklearn_of("1.7.0"),
            ("sklearn", "1.9-0", "scikit-learn==1.7.0", f"AWS has no scikit-learn 1.7.0 container; the 1.9-0 one is the nearest: {INSTALLS}"),
        ),
    ],
)  # fmt: skip
def test_the_container_is_that_of_the_version_or_the_nearest(tmp_path, content, plan):
    assert plan_of(tmp_path / "model", content) == plan


@pytest.mark.parametrize("name", ["onnx", "lightgbm", "catboost json"])
def test_where_aws_has_no_container_it_is_said(tmp_path, name):
    for processor, version in (("cpu", "1.4-2-py312"), ("gpu", "2.6.0")):
        _, container, _, note = plan_of(tmp_path / "model", MODELS[name][0], processor)
        assert container == version
        assert str(note).startswith("AWS has no container for ")


@pytest.mark.parametrize("name", ["onnx", "lightgbm", "catboost json", "xgboost json", "sklearn"])
def test_inferentia_is_refused_with_what_can_be(tmp_path, name):
    with pytest.raises(UnservableModelError, match="cannot run on Inferentia") as caught:
        plan_of(tmp_path / "model", MODELS[name][0], "inferentia")
    assert caught.value.violations[0].allowed == "cpu, gpu"


def test_a_class_of_the_notebook_cannot_be_served(tmp_path):
    state = {**made.SKLEARN_STATE, "scaler": made.named("__main__.Scaler", {})}
    with pytest.raises(UnservableModelError, match="it names a class or function of __main__"):
        plan_of(tmp_path / "model", made.sklearn_pickle(state))


UNFITTED = {"C": 1.0, "_sklearn_version": "1.5.0"}


@pytest.mark.parametrize(
    ("class_name", "state"),
    [
        ("sklearn.linear_model._logistic.LogisticRegression", UNFITTED),
        (
            "sklearn.pipeline.Pipeline",
            {
                "steps": [
                    ("scale", made.named("sklearn.preprocessing._data.StandardScaler", {"mean_": 1})),
                    ("model", made.named("sklearn.linear_model._logistic.LogisticRegression", UNFITTED)),
                ],
                "_sklearn_version": "1.5.0",
            },
        ),
    ],
)
def test_an_estimator_that_learned_nothing_is_no_model(tmp_path, class_name, state):
    path = tmp_path / "model"
    path.write_bytes(made.pickled(class_name, state))
    with pytest.raises(BrokenModelError) as caught:
        recognise(path)
    short = class_name.rpartition(".")[2]
    assert str(caught.value) == (
        f"{path.as_posix()}: scikit-learn (joblib, pickle, skops): the {short} was never fitted; fit it, and save it again"
    )
