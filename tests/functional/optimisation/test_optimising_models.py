"""Real models, trained on data that ships with scikit-learn, converted step by step and compared with themselves."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest

from model_packaging.errors import InvalidPackageError
from model_packaging.optimisation import optimise, pinned_optimisation
from model_packaging.optimisation.errors import OptimisationError, ToleranceExceededError
from model_packaging.optimisation.originals import load_original

pytestmark = [pytest.mark.functional, pytest.mark.slow]


def iris() -> tuple[Any, Any]:
    from sklearn.datasets import load_iris

    rows, labels = load_iris(return_X_y=True)
    return rows.astype(np.float32), labels


def diabetes() -> tuple[Any, Any]:
    from sklearn.datasets import load_diabetes

    rows, target = load_diabetes(return_X_y=True)
    return rows.astype(np.float32), target


def two_kinds() -> tuple[Any, Any]:
    rows, labels = iris()
    return rows[:100], labels[:100]


def perceptron(folder: Path) -> tuple[str, Any]:
    import joblib
    from sklearn.neural_network import MLPClassifier

    rows, labels = iris()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge to be converted
        joblib.dump(MLPClassifier((32,), max_iter=80, random_state=0).fit(rows, labels), folder / "model.joblib")
    return "model.joblib", rows


def skops_forest(folder: Path) -> tuple[str, Any]:
    import skops.io
    from sklearn.ensemble import RandomForestRegressor

    rows, target = diabetes()
    skops.io.dump(RandomForestRegressor(10, random_state=0).fit(rows, target), folder / "model.skops")
    return "model.skops", rows


def xgboost_binary(folder: Path) -> tuple[str, Any]:
    import xgboost

    rows, labels = two_kinds()
    xgboost.XGBClassifier(n_estimators=5).fit(rows, labels).save_model(folder / "model.json")
    return "model.json", rows


def xgboost_regression(folder: Path) -> tuple[str, Any]:
    import xgboost

    rows, target = diabetes()
    xgboost.XGBRegressor(n_estimators=5).fit(rows, target).save_model(folder / "model.ubj")
    return "model.ubj", rows


def lightgbm_multiclass(folder: Path) -> tuple[str, Any]:
    import lightgbm

    rows, labels = iris()
    options = {"objective": "multiclass", "num_class": 3, "verbose": -1}
    lightgbm.train(options, lightgbm.Dataset(rows, labels), 5).save_model(folder / "model.txt")
    return "model.txt", rows


def lightgbm_binary(folder: Path) -> tuple[str, Any]:
    import lightgbm

    rows, labels = two_kinds()
    data = lightgbm.Dataset(rows, labels)
    lightgbm.train({"objective": "binary", "verbose": -1}, data, 5).save_model(folder / "model.txt")
    return "model.txt", rows


def catboost_multiclass(folder: Path) -> tuple[str, Any]:
    import catboost

    rows, labels = iris()
    model = catboost.CatBoostClassifier(iterations=5, verbose=0, allow_writing_files=False, random_seed=0)
    model.fit(rows, labels).save_model(str(folder / "model.cbm"))
    return "model.cbm", rows


TRAINED = [
    perceptron,
    skops_forest,
    xgboost_binary,
    xgboost_regression,
    lightgbm_multiclass,
    lightgbm_binary,
    catboost_multiclass,
]


def prepared(
    tmp_path: Path, train: Any, *steps: str, tolerance: float = 1e-3, target: str = "target: model.onnx\n"
) -> Path:
    folder = tmp_path / "flower"
    folder.mkdir()
    source, rows = train(folder)
    np.savetxt(folder / "rows.csv", rows[::3], delimiter=",")
    np.save(folder / "calibration.npy", rows)
    told = "".join(f"  - {{kind: {step}}}\n" for step in steps)
    (folder / "optimise.yaml").write_text(
        f"source: {source}\n{target}rows: rows.csv\ntolerance: {tolerance}\nsteps:\n{told}"
    )
    return folder


@pytest.mark.parametrize("train", TRAINED, ids=lambda one: one.__name__)
def test_a_model_becomes_onnx_and_answers_as_before(tmp_path, train):
    folder = prepared(tmp_path, train, "onnx", "simplify", tolerance=2e-3)
    result = optimise(folder)
    assert [one.step for one in result.steps] == ["original", "onnx", "simplify"]
    assert [one.file for one in result.steps][1:] == ["model.onnx", "model.onnx"]
    assert result.steps[0].max_abs_difference == 0
    assert all(one.max_abs_difference <= 2e-3 and one.p50_ms <= one.p99_ms for one in result.steps)
    assert {"onnx", "onnxruntime"} < result.tools.keys()
    assert (folder / "model.onnx").stat().st_size == result.steps[-1].size_bytes
    session = onnxruntime.InferenceSession(folder / "model.onnx", providers=["CPUExecutionProvider"])
    assert all(one.type.startswith("tensor(") for one in session.get_outputs())
    assert pinned_optimisation(folder) == result
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


def test_weights_in_eight_bits_and_in_half_precision_are_measured_against_the_original(tmp_path):
    static = "int8_static, calibration: calibration.npy, tolerance: 0.2"
    folder = prepared(tmp_path, perceptron, "onnx", "fp16, tolerance: 0.01", static)
    told: list[str] = []
    result = optimise(folder, progress=lambda step: told.append(step.step))
    assert told == ["original", "onnx", "fp16", "int8_static"]
    by_step = {one.step: one for one in result.steps}
    assert 0 < by_step["fp16"].max_abs_difference <= 0.01
    assert 0 < by_step["int8_static"].max_abs_difference <= 0.2
    assert json.loads((folder / "optimisation.json").read_text())["steps"][3]["step"] == "int8_static"


def test_a_step_that_changes_the_answers_too_much_fails_and_writes_nothing(tmp_path):
    folder = prepared(tmp_path, perceptron, "onnx", "int8_dynamic, tolerance: 1.0e-9")
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(ToleranceExceededError, match=r"step int8_dynamic changes an answer of flower by .* times that"):
        optimise(folder)
    assert sorted(path.name for path in folder.iterdir()) == before


NO_TARGET = ""


@pytest.mark.parametrize(
    ("steps", "target", "told"),
    [
        (("onnx", "int8_dynamic"), None, r"the graph has nothing to quantise; it has .*TreeEnsemble"),
        (
            ("simplify",),
            None,
            "model.json is xgboost, and step simplify takes an ONNX model; write `- kind: onnx` as the first step",
        ),
        (
            ("tensorrt",),
            NO_TARGET,
            "model.json is xgboost, and step tensorrt takes an ONNX model; write `- kind: onnx`",
        ),
        (("onnx, opset: 999",), None, "step onnx cannot be taken: .*999"),
        (("neuron",), NO_TARGET, "step neuron: xgboost models are not compiled for Inferentia; allowed: tensorflow_"),
    ],
    ids=[
        "nothing to quantise",
        "not converted",
        "an engine of no ONNX model",
        "an opset that is not there",
        "a compiler that does not read it",
    ],
)
def test_a_step_that_cannot_be_taken_says_why_and_writes_nothing(tmp_path, steps, target, told):
    folder = prepared(tmp_path, xgboost_binary, *steps, **({} if target is None else {"target": target}))
    before = sorted(path.name for path in folder.iterdir())
    with pytest.raises(OptimisationError, match=told):
        optimise(folder)
    assert sorted(path.name for path in folder.iterdir()) == before


def test_a_model_that_its_framework_does_not_load_is_told_as_such(tmp_path):
    (tmp_path / "model.json").write_text('{"learner": {}}')
    with pytest.raises(OptimisationError, match=r"model\.json cannot be loaded as xgboost: "):
        load_original(tmp_path / "model.json", "xgboost")


@pytest.mark.parametrize(
    ("name", "rows", "told"),
    [
        ("rows.npy", np.ones((4, 7), np.float32), "X has 7 features, but MLPClassifier is expecting 4 features"),
        ("rows.npy", np.full((4, 4), np.nan, np.float32), "Input X contains NaN"),
        ("rows.npy", np.ones((2, 4, 4), np.float32), "dim 3"),
    ],
    ids=["other columns", "no numbers", "other dimensions"],
)
def test_rows_that_the_model_cannot_answer_are_told_as_such(tmp_path, name, rows, told):
    folder = prepared(tmp_path, perceptron, "onnx")
    np.save(folder / name, rows)
    spec = (folder / "optimise.yaml").read_text()
    (folder / "optimise.yaml").write_text(spec.replace("rows.csv", name))
    with pytest.raises(OptimisationError, match=rf"model\.joblib cannot answer the rows of {name}: .*{told}"):
        optimise(folder)


def test_a_served_file_that_was_never_measured_or_was_changed_since_is_refused(tmp_path):
    folder = prepared(tmp_path, perceptron, "onnx", "graph")
    with pytest.raises(InvalidPackageError, match="is not there; greenroom optimise"):
        pinned_optimisation(folder)
    optimise(folder)
    with (folder / "model.onnx").open("ab") as stream:
        stream.write(b"\0")
    with pytest.raises(InvalidPackageError, match=r"was measured of another model\.onnx; greenroom optimise"):
        pinned_optimisation(folder)


def test_what_an_accelerator_builds_is_written_as_its_build_step(tmp_path):
    folder = prepared(tmp_path, perceptron, "onnx", "tensorrt, precision: fp16, workspace_mib: 512")
    optimise(folder)
    providers = json.loads((folder / "tensorrt.json").read_text())["providers"]
    assert [name for name, _ in providers] == [
        "TensorrtExecutionProvider",
        "CUDAExecutionProvider",
        "CPUExecutionProvider",
    ]
    assert providers[0][1]["trt_max_workspace_size"] == 512 * 1024 * 1024
    assert 'parameters { key: "precision_mode" value: "FP16" }' in (folder / "tensorrt.pbtxt").read_text()


def converted_perceptron(folder: Path) -> tuple[str, Any]:
    import joblib
    from skl2onnx import to_onnx

    source, rows = perceptron(folder)
    model = to_onnx(joblib.load(folder / source), rows[:1], options={"zipmap": False})
    (folder / "trained.onnx").write_bytes(model.SerializeToString())
    return "trained.onnx", rows


def test_an_onnx_model_needs_no_target_for_what_builds_its_engine(tmp_path):
    folder = prepared(tmp_path, converted_perceptron, "tensorrt", target=NO_TARGET)
    result = optimise(folder)
    assert [(one.step, one.file) for one in result.steps] == [("original", "trained.onnx")]
    assert result.result_sha256 == result.source_sha256
    assert pinned_optimisation(folder) == result
    assert (folder / "tensorrt.json").is_file()


def test_the_model_that_optimised_is_served_twice_the_same(tmp_path):
    """The same folder optimised twice gives the same file: the converters are deterministic, so the digest is."""
    folder = prepared(tmp_path, perceptron, "onnx", "simplify", "int8_dynamic, tolerance: 1")
    first = optimise(folder)
    assert optimise(folder).result_sha256 == first.result_sha256
