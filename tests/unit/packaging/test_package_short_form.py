"""package.yaml's short form: the model is named, the rest is taken from it; what is wrong is told all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model_packaging import InvalidPackageError, ReleaseStore, package
from model_packaging.judging import UNJUDGED
from tests.unit.packaging import model_bytes as made


def model_folder(parent: Path, package_yaml: str, model: bytes | None = None) -> Path:
    folder = parent / "risk"
    (folder / "samples").mkdir(parents=True)
    (folder / "package.yaml").write_text(package_yaml)
    (folder / "weights").write_bytes(made.xgboost_json() if model is None else model)
    (folder / "samples" / "rows.csv").write_text("age,income\n31,2.5\n")
    return folder


def violations(folder: Path, tmp_path: Path) -> list[str]:
    with pytest.raises(InvalidPackageError) as caught:
        package(folder, ReleaseStore(tmp_path / "store"), judges=UNJUDGED)
    assert not list(tmp_path.glob("store/risk/*"))
    return [str(one).replace(f"{tmp_path.as_posix()}/", "") for one in caught.value.violations]


def test_the_model_is_enough(tmp_path):
    folder = model_folder(tmp_path, "version: 1.0.0\nmodel: weights\n")
    (folder / "samples" / "truth.json").write_text("[1]")
    store = ReleaseStore(tmp_path / "store")
    release = package(folder, store, judges=UNJUDGED)
    assert release.model_dump(mode="json", exclude={"files", "digest", "serving_image"}) == {
        "schema_version": 1,
        "name": "risk",
        "version": "1.0.0",
        "framework": {"name": "xgboost", "version": "2.1.4"},
        "signature": {
            "inputs": [
                {"name": "age", "dtype": "float64", "shape": [None]},
                {"name": "income", "dtype": "float64", "shape": [None]},
            ],
            "outputs": [
                {"name": "probability", "dtype": "float64", "shape": [None]},
                {"name": "label", "dtype": "int64", "shape": [None]},
            ],
        },
        "metrics": {},
        "git_commit": None,
        "environment": {
            "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
        },
        "format": "xgboost",
        "content_types": ["text/csv", "application/json", "application/x-npy"],
        "samples": [{"file": "samples/rows.csv", "content_type": "text/csv"}],
        "lineage": None,
        "load_test": None,
        "optimisation": None,
    }
    image = release.serving_image
    assert (image.framework, image.version, image.processor) == ("xgboost", "3.0-5", "cpu")
    assert [file.path for file in release.files] == [
        "model/code/inference.py",
        "model/code/requirements.txt",
        "model/code/signature.json",
        "model/code/tabular.py",
        "model/model.json",
        "samples/rows.csv",
    ]
    code = store.folder("risk", release.digest) / "model" / "code"
    assert json.loads((code / "signature.json").read_text()) == release.signature.model_dump(mode="json")


def test_everything_that_is_wrong_is_told_at_once(tmp_path):
    folder = model_folder(
        tmp_path, "version: 1.0.0\nmodel: weights\nmetrics: metrics.json\nbaseline: baseline\n", model=made.LIGHTGBM
    )
    (folder / "metrics.json").write_text('{"auc": "high"}')
    (folder / "baseline").mkdir()
    (folder / "baseline" / "statistics.json").write_text("{")
    (folder / "baseline" / "constraints.json").write_text("{")
    (folder / "samples" / "rows.csv").write_text("1\n")
    told = violations(folder, tmp_path)
    assert [one.split(": ")[0] for one in told] == [
        "risk/baseline/constraints.json:1",
        "risk/baseline/statistics.json:1",
        "risk/metrics.json",
        "risk/samples/rows.csv:1",
    ]


@pytest.mark.parametrize(
    ("package_yaml", "told"),
    [
        (
            "version: 1.0.0\nmodel: wieghts\n",
            ("risk/package.yaml:2: model: there is no file 'wieghts'; did you mean 'weights'?; name a file inside the "
            "model's folder, or put it there"),
        ),
        (
            "version: 1.0.0\nmodel: ../risk/weights\n",
            ("risk/package.yaml:2: model: '../risk/weights' is not a plain path: no '..', '.', doubled or trailing slash; "
            "name a file inside the model's folder, or put it there"),
        ),
        (
            "version: 1.0.0\nmodel: weights\nprocessor: tpu\n",
            "risk/package.yaml:3: processor: 'tpu': input should be 'cpu', 'gpu' or 'inferentia'",
        ),
        (
            "version: 1.0.0\nmodel: weights\nlineage: {data: {url: s3://example-bucket/a.csv}}\n",
            "risk/package.yaml:3: lineage.data.url: unknown key; allowed: uri, version, sha256; did you mean 'uri'?",
        ),
        (
            "version: 1.0.0\nmodel: weights\nentry_point: code/own.py\n",
            ("risk/package.yaml:3: entry_point: 'code/own.py' is not a Python module directly in code/ among the files; "
            "allowed: none yet; add it to files, as code/NAME.py"),
        ),
        (
            "version: 1.0.0\nmodel: weights\nsamples: weights\n",
            "risk/weights: there is no such folder of samples; write requests into it",
        ),
        (
            "version: 1.0.0\nmodel: weights\nprocessor: inferentia\n",
            ("risk/weights: XGBoost: cannot run on Inferentia, which needs a model that the Neuron compiler made; "
            "allowed: cpu, gpu; set processor in package.yaml, or convert the model to PyTorch and compile it"),
        ),
        (
            ("version: 1.0.0\nmodel: weights\nsignature:\n  inputs: [{name: rows, dtype: float32, shape: [null, 3]}]\n"
            "  outputs: [{name: score, dtype: float32, shape: [null]}]\n"),
            ("risk/samples/rows.csv:1: has 2 values; the signature has 3 columns; allowed: 3 values a row; "
            "make the sample a request that the model answers"),
        ),
    ],
)  # fmt: skip
def test_each_slip_of_the_short_form_is_told_where_it_is(tmp_path, package_yaml, told):
    assert violations(model_folder(tmp_path, package_yaml), tmp_path)[0] == told


def test_a_model_that_is_none_is_told_with_the_formats_there_are(tmp_path):
    (told,) = violations(model_folder(tmp_path, "version: 1.0.0\nmodel: weights\n", model=b"weights"), tmp_path)
    assert told.startswith(
        "risk/weights: is of no known model format; it is text that begins with 'weights'; allowed: "
    )


def test_a_sample_whose_type_nothing_tells_is_refused(tmp_path):
    folder = model_folder(tmp_path, "version: 1.0.0\nmodel: weights\n")
    (folder / "samples" / "request.dat").write_bytes(b"1")
    (told,) = violations(folder, tmp_path)
    assert told.startswith(
        "risk/samples/request.dat: is a sample whose content type its ending does not tell; allowed: .csv"
    )


def test_a_link_out_of_a_model_that_is_a_folder_is_refused(tmp_path):
    folder = model_folder(tmp_path, "version: 1.0.0\nmodel: source\n")
    (folder / "source").mkdir()
    (folder / "source" / "inference.py").write_text("def model_fn(model_dir):\n    return 1\n")
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "source" / "data.txt").symlink_to(tmp_path / "secret.txt")
    (told,) = violations(folder, tmp_path)
    assert told.startswith("risk/source/data.txt: is a link that leads out of the model's folder")
