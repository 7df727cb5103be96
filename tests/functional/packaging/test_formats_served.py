"""A real model of each tabular format: named in package.yaml and nothing else, packaged, served, and asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from model_packaging import Release, ReleaseStore, package
from model_packaging.judging import UNJUDGED
from model_packaging.optimisation.accelerators import tensorrt_options
from model_packaging.optimisation.spec import TensorRt
from model_packaging.serving import ContainerSpec, VariantContainer
from tests.functional.packaging.trained_models import MODELS, TrainedModel

pytestmark = [pytest.mark.functional, pytest.mark.slow]

ENDINGS = {"text/csv": "csv", "application/json": "json"}


def model_folder(tmp_path: Path, name: str) -> tuple[Path, TrainedModel]:
    folder = tmp_path / name
    (folder / "samples").mkdir(parents=True)
    trained = MODELS[name](folder / "weights")
    (folder / "package.yaml").write_text("version: 1.0.0\nmodel: weights\n")
    (folder / "samples" / f"rows.{ENDINGS[trained.content_type]}").write_bytes(trained.request)
    return folder, trained


@contextmanager
def served(release: Release, store: ReleaseStore, work: Path) -> Iterator[VariantContainer]:
    folder = store.folder(release.name, release.digest) / "model"
    image = release.image_uri("us-east-1")
    container = VariantContainer.start(ContainerSpec(release.name, image, release.environment, folder), work)
    try:
        yield container
    finally:
        container.stop()


def approximately(value: Any) -> Any:
    """The same, with every number within what float32 keeps."""
    if isinstance(value, dict):
        return {key: approximately(one) for key, one in value.items()}
    if isinstance(value, list):
        return [approximately(one) for one in value]
    return pytest.approx(value, rel=2e-5, abs=1e-6) if isinstance(value, float) else value


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.filterwarnings("ignore:X does not have valid feature names:UserWarning")  # LightGBM's wrapper, of an array
def test_what_was_trained_is_what_is_served(tmp_path, name):
    folder, trained = model_folder(tmp_path, name)
    store = ReleaseStore(tmp_path / "store")
    told: list[str] = []
    release = package(folder, store, judges=UNJUDGED, tell=told.append)

    assert told[0] == trained.told
    assert (release.format, [one.file for one in release.samples or ()]) == (
        name.split("-")[0],
        [f"samples/rows.{ENDINGS[trained.content_type]}"],
    )
    with served(release, store, tmp_path / "work") as container:
        answer = container.invoke(trained.request, trained.content_type, "application/json")
        assert (answer.status, answer.content_type) == (200, "application/json"), answer.body
        assert json.loads(answer.body) == {"predictions": approximately(trained.expected)}

        lines = container.invoke(trained.request, trained.content_type, "text/csv")
        assert (lines.status, lines.content_type) == (200, "text/csv")
        assert len(lines.body.splitlines()) == len(trained.expected)

        wrong = {
            "too narrow": container.invoke(b"[[]]", "application/json", "*/*").status,
            "no JSON": container.invoke(b"{", "application/json", "*/*").status,
            "no row": container.invoke(b"", "text/csv", "*/*").status,
            "unknown type": container.invoke(b"1", "application/pdf", "*/*").status,
            "unknown accept": container.invoke(trained.request, trained.content_type, "image/png").status,
            "infinite": container.invoke(_with_infinity(trained), "text/csv", "*/*").status,
        }
    assert wrong == {
        "too narrow": 400, "no JSON": 400, "no row": 400, "unknown type": 415, "unknown accept": 406, "infinite": 400,
    }  # fmt: skip


def _with_infinity(trained: TrainedModel) -> bytes:
    """A row as wide as the model's where it reads CSV; any other is too narrow."""
    width = trained.request.splitlines()[0].count(b",") + 1
    return b",".join([b"inf"] * width) if trained.content_type == "text/csv" else b"inf,inf"


@pytest.mark.parametrize("name", ["onnx", "sklearn-mixed-columns", "xgboost-ubj", "lightgbm-labels", "catboost-cbm"])
def test_generated_code_keeps_the_container_contract(tmp_path, name):
    folder, _ = model_folder(tmp_path, name)
    release = package(folder, ReleaseStore(tmp_path / "store"))
    assert release.format == name.split("-")[0]


def test_the_same_folder_is_the_same_release(tmp_path):
    folder, _ = model_folder(tmp_path, "xgboost-json")
    first = package(folder, ReleaseStore(tmp_path / "one"), judges=UNJUDGED)
    second = package(folder, ReleaseStore(tmp_path / "two"), judges=UNJUDGED)
    assert first.digest == second.digest


def test_what_is_written_down_holds(tmp_path):
    folder, _ = model_folder(tmp_path, "xgboost-json")
    (folder / "own.py").write_text(
        "def model_fn(model_dir):\n    return 7\n\ndef transform_fn(model, body, type_, accept):\n    return '7', 'text/plain'\n"
    )
    (folder / "package.yaml").write_text(
        "version: 1.0.0\nmodel: weights\nfiles: {code/own.py: own.py, booster.json: weights}\nentry_point: code/own.py\n"
        "framework: {name: xgboost, version: 2.1.4}\ncontent_types: [application/json, text/csv]\n"
        "environment: {THRESHOLD: '0.3'}\nlineage: {data: {uri: s3://example-bucket/train.csv, version: '7'}}\n"
    )
    store = ReleaseStore(tmp_path / "store")
    told: list[str] = []
    release = package(folder, store, judges=UNJUDGED, tell=told.append)
    assert [file.path for file in release.files] == [
        "model/booster.json",
        "model/code/own.py",
        "model/code/requirements.txt",
        "model/code/signature.json",
        "samples/rows.csv",
    ]
    assert release.environment["SAGEMAKER_PROGRAM"] == "own.py"
    assert release.environment["THRESHOLD"] == "0.3"
    assert (release.serving_image.framework, release.serving_image.version) == ("xgboost", "3.0-5")
    assert told[1] == "AWS has no XGBoost 2.1.4 container; the 3.0-5 one reads what it wrote"
    assert release.content_types == ("text/csv", "application/json")
    assert release.lineage is not None
    assert release.lineage.data is not None
    assert release.lineage.data.version == "7"
    with served(release, store, tmp_path / "work") as container:
        assert container.invoke(b"", "text/csv", "*/*").body == b"7"


def test_a_folder_with_its_own_module_is_served_by_it(tmp_path):
    folder = tmp_path / "echo"
    (folder / "source").mkdir(parents=True)
    (folder / "samples").mkdir()
    (folder / "samples" / "rows.csv").write_text("1,2\n3,4\n")
    (folder / "source" / "factor.txt").write_text("3")
    (folder / "source" / "inference.py").write_text(
        "from pathlib import Path\n\n\ndef model_fn(model_dir):\n    return float((Path(model_dir) / 'factor.txt').read_text())\n\n\n"
        "def predict_fn(rows, model):\n    return rows * model\n"
    )
    (folder / "package.yaml").write_text("version: 1.0.0\nmodel: source\n")
    store = ReleaseStore(tmp_path / "store")
    told: list[str] = []
    release = package(folder, store, judges=UNJUDGED, tell=told.append)
    assert told[0] == "Python functions, by model_fn, predict_fn in inference.py"
    assert [file.path for file in release.files] == ["model/code/inference.py", "model/factor.txt", "samples/rows.csv"]
    with served(release, store, tmp_path / "work") as container:
        assert json.loads(container.invoke(b"1,2\n3,4\n", "text/csv", "application/json").body) == [[3, 6], [9, 12]]


def test_a_tensorrt_engine_is_wanted_of_a_machine_that_has_none(tmp_path):
    folder, trained = model_folder(tmp_path, "onnx")
    (folder / "tensorrt.json").write_bytes(tensorrt_options(TensorRt(kind="tensorrt")))
    with (folder / "package.yaml").open("a") as written:
        written.write("processor: gpu\nfiles: {tensorrt.json: tensorrt.json}\n")
    store = ReleaseStore(tmp_path / "store")
    release = package(folder, store, judges=UNJUDGED)
    assert {"model/model.onnx", "model/tensorrt.json"} <= {file.path for file in release.files}
    with served(release, store, tmp_path / "work") as container:
        answer = container.invoke(trained.request, trained.content_type, "application/json")
        assert json.loads(answer.body) == {"predictions": approximately(trained.expected)}
        log = container.log_path.read_text()
    assert "tensorrt.json: TensorRT is not here: CPUExecutionProvider is used" in log
