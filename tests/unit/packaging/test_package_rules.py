"""A broken model folder: every violation at once, with file, line, value, what is allowed and what to change."""

from __future__ import annotations

from pathlib import Path

import pytest

from model_packaging import InvalidPackageError, ReleaseStore
from model_packaging.errors import PackagingError
from model_packaging.yaml_lines import read_yaml
from tests.unit.packaging.model_folders import PACKAGE, write_model_folder
from tests.unjudged import package


def told(folder: Path, tmp_path: Path) -> list[str]:
    with pytest.raises(InvalidPackageError) as caught:
        package(folder, ReleaseStore(tmp_path / "store"))
    assert isinstance(caught.value, PackagingError)
    return [str(one).replace(f"{tmp_path.as_posix()}/", "") for one in caught.value.violations]


KEYS = (
    "version, model, framework, files, entry_point, signature, metrics, baseline, samples, serving_image, processor, "
    "content_types, lineage, scan, environment"
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "version: 1.0.0",
            "version: '1.0'",
            "fraud/package.yaml:1: version: '1.0': is not a semantic version such as 1.0.0 (https://semver.org)",
        ),
        (
            "metrics: metrics.json\n",
            "metrics: metrics.json\nbaselin: baseline\n",
            f"fraud/package.yaml:11: baselin: unknown key; allowed: {KEYS}; did you mean 'baseline'?",
        ),
        (
            "processor: cpu",
            "procesor: cpu",
            ("fraud/package.yaml:11: serving_image.procesor: unknown key; "
            "allowed: framework, version, py_version, processor, base_framework; did you mean 'processor'?"),
        ),
        (
            "processor: cpu",
            "processor: tpu",
            "fraud/package.yaml:11: serving_image.processor: 'tpu': input should be 'cpu', 'gpu' or 'inferentia'",
        ),
        (
            "entry_point: code/inference.py\n",
            "",
            "fraud/package.yaml:1: entry_point: is missing; write `entry_point: …`, or `model: FILE` and nothing of the kind",
        ),
        (
            "model.bin: model.bin",
            "model.bin: modle.bin",
            ("fraud/package.yaml:4: files.model.bin: there is no file 'modle.bin'; did you mean 'model.bin'?; "
            "name a file inside the model's folder, or put it there"),
        ),
        (
            "model.bin: model.bin",
            "model.bin: ../other/model.bin",
            ("fraud/package.yaml:4: files.model.bin: '../other/model.bin' is not a plain path: no '..', '.', doubled or "
            "trailing slash; name a file inside the model's folder, or put it there"),
        ),
        (
            "entry_point: code/inference.py",
            "entry_point: inference.py",
            ("fraud/package.yaml:6: entry_point: 'inference.py' is not a Python module directly in code/ among the files; "
            "allowed: code/inference.py; add it to files, as code/NAME.py"),
        ),
        (
            "model.bin: model.bin",
            "model.bin: model.bin\n  MODEL.bin: model.bin",
            ("fraud/package.yaml:5: files.MODEL.bin: differs only in case from 'model.bin', which is one file on some "
            "systems; rename one"),
        ),
        (
            "model.bin: model.bin",
            "code: model.bin",
            "fraud/package.yaml:4: files.code: is a file and, for another entry, a folder; rename one",
        ),
        (
            "metrics: metrics.json",
            "metrics: metrics.json\nenvironment: {SAGEMAKER_PROGRAM: x.py}",
            "fraud/package.yaml:11: environment.SAGEMAKER_PROGRAM: is what entry_point gives; take it out",
        ),
        (
            "dtype: float32, shape: [null, 3]}",
            "dtype: float32, shap: [null, 3]}",
            ("fraud/package.yaml:8: signature.inputs[0].shap: unknown key; allowed: name, dtype, shape; "
            "did you mean 'shape'?"),
        ),
        ("metrics: metrics.json", "metrics: metrics.json\nmetrics: m.json", "fraud/package.yaml:11: metrics: is there twice, first on line 10; keep one"),
        ("version: 1.0.0", "version: [1.0.0", "fraud/package.yaml:2: is not YAML: expected ',' or ']', but got ':'"),
        (
            "metrics: metrics.json",
            "metrics: metrics.json\nbaseline: nowhere",
            ("fraud/package.yaml:11: baseline: there is no file 'nowhere/constraints.json'; "
            "name a file inside the model's folder, or put it there"),
        ),
    ],
)  # fmt: skip
def test_each_slip_is_told_where_it_is(tmp_path, old, new, message):
    assert old in PACKAGE
    folder = write_model_folder(tmp_path, package=PACKAGE.replace(old, new, 1))
    assert message in told(folder, tmp_path)


def test_all_of_them_at_once_in_the_order_of_lines(tmp_path):
    text = PACKAGE.replace("version: 1.0.0", "version: one").replace("model.bin: model.bin", "model.bin: gone.bin")
    text = text.replace("processor: cpu", "colour: red")
    folder = write_model_folder(tmp_path, package=text)
    assert [line.split(": ")[:2] for line in told(folder, tmp_path)] == [
        ["fraud/package.yaml:1", "version"],
        ["fraud/package.yaml:4", "files.model.bin"],
        ["fraud/package.yaml:11", "serving_image.colour"],
    ]


@pytest.mark.parametrize("name", ["Fraud", "fraud_2", "-fraud", "f" * 64])
def test_a_folder_that_cannot_name_a_model_is_refused(tmp_path, name):
    (message,) = told(write_model_folder(tmp_path, name), tmp_path)
    assert f"the folder's name is the model's, and '{name}' cannot be one" in message


def test_a_link_out_of_the_folder_is_refused_and_one_within_it_is_followed(tmp_path):
    folder = write_model_folder(tmp_path)
    (folder / "model.bin").rename(folder / "weights.bin")
    (folder / "model.bin").symlink_to("weights.bin")
    within = package(folder, ReleaseStore(tmp_path / "store"))
    assert within.digest == package(write_model_folder(tmp_path / "plain"), ReleaseStore(tmp_path / "store")).digest

    secret = tmp_path / "secret"
    secret.write_text("not yours")
    (folder / "model.bin").unlink()
    (folder / "model.bin").symlink_to(secret)
    (message,) = told(folder, tmp_path)
    assert f"'model.bin' is a link that leads out of the model's folder, to {secret.name}" in message


@pytest.mark.parametrize(
    ("count", "length", "messages"),
    [
        (97, 1, []),
        (98, 1, ["makes 101 variables with those that every container has; allowed: at most 100"]),
        (31, 1024, []),
        (
            32,
            1024,
            ["makes 32968 bytes of names and values with those that every container has; allowed: at most 32768"],
        ),
        (1, 1025, ["has 1025 characters; allowed: at most 1024"]),
    ],
)
def test_the_whole_environment_of_the_container_keeps_sagemakers_limits(tmp_path, count, length, messages):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html
    variables = "".join(f"  V{index:02}: {'x' * length}\n" for index in range(count))
    folder = write_model_folder(tmp_path, package=f"{PACKAGE}environment:\n{variables}")
    if messages:
        assert [one.split(": ", 2)[2] for one in told(folder, tmp_path)] == messages
    else:
        assert len(package(folder, ReleaseStore(tmp_path / "store")).environment) == count + 3


def test_a_folder_without_a_package_file_is_told(tmp_path):
    (tmp_path / "fraud").mkdir()
    assert told(tmp_path / "fraud", tmp_path) == [
        "fraud/package.yaml: cannot be read: No such file or directory; write it"
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "fraud/metrics.json:1: is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        ("[]", "fraud/metrics.json: must be an object of numbers by name"),
        ('{"roc_auc": NaN}', "fraud/metrics.json: roc_auc: nan is not a finite number"),
        ('{"roc_auc": "high"}', "fraud/metrics.json: roc_auc: 'high' is not a finite number"),
        ('{"roc_auc": true}', "fraud/metrics.json: roc_auc: True is not a finite number"),
    ],
)  # fmt: skip
def test_metrics_that_are_no_numbers_are_refused(tmp_path, text, message):
    folder = write_model_folder(tmp_path)
    (folder / "metrics.json").write_text(text)
    assert told(folder, tmp_path) == [message]


GOOD = '{"features": [{"name": "radius"}], "monitoring_config": {}}'
FIX = "write both files with `model_packaging.baseline.DataQualityBaseline`, or take a baseline job's own"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is not JSON: Expecting property name enclosed in double quotes: line 1 column 2 (char 1); " + FIX),
        ("[]", f'is not an object; allowed: {{"features": […]}}; {FIX}'),
        ("{}", f"features: is not a list of features; allowed: at least one feature; {FIX}"),
        ('{"features": [{}]}', f"features[0].name: None is not a feature's name; allowed: text; {FIX}"),
        (
            '{"features": [{"name": "a"}, {"name": "a"}]}',
            "features[1].name: a second feature 'a'; give each its own name",
        ),
        (
            '{"features": [{"name": "a"}], "monitoring_config": {"distribution_constraints": {"comparison_threshold": 2}}}',
            "monitoring_config.distribution_constraints.comparison_threshold: 2 is not a distance; allowed: 0 to 1",
        ),
        (
            '{"features": [{"name": "a"}], "monitoring_config": 3}',
            f"monitoring_config: is not an object of objects; {FIX}",
        ),
    ],
)
def test_a_baseline_that_no_monitor_could_read_is_refused(tmp_path, text, message):
    folder = write_model_folder(tmp_path, package=f"{PACKAGE}baseline: baseline\n")
    (folder / "baseline").mkdir()
    (folder / "baseline" / "statistics.json").write_text(GOOD)
    (folder / "baseline" / "constraints.json").write_text(GOOD)
    assert package(folder, ReleaseStore(tmp_path / "store")).has_baseline

    (folder / "baseline" / "constraints.json").write_text(text)
    (folder / "metrics.json").write_text("[]")
    first, second = told(folder, tmp_path)
    line = ":1" if text == "{" else ""
    assert first == f"fraud/baseline/constraints.json{line}: {message}"
    assert second == "fraud/metrics.json: must be an object of numbers by name"


def test_a_file_that_is_no_onnx_model_is_told(tmp_path):
    head, tail = PACKAGE.split("signature:\n")
    text = head + "signature: {onnx: model.bin}\n" + tail.split("\n", 2)[2]
    (message,) = told(write_model_folder(tmp_path, package=text), tmp_path)
    assert message.startswith("fraud/model.bin: is not a readable ONNX model: ")


def test_nothing_is_left_in_the_store_of_a_package_that_failed(tmp_path):
    folder = write_model_folder(tmp_path)
    (folder / "image.lock.json").write_text("{}")
    store = ReleaseStore(tmp_path / "store")
    with pytest.raises(PackagingError):
        package(folder, store)
    assert (store.list(), list(tmp_path.glob("store/*"))) == ((), [])


def test_every_key_knows_its_line(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: 1\nb:\n  - c: 2\n  - d\n")
    document = read_yaml(path, "a.yaml")
    assert document.content == {"a": 1, "b": [{"c": 2}, "d"]}
    places = [("a",), ("b",), ("b", 0, "c"), ("b", 1), ("b", 1, "nothing")]
    assert [document.line(place) for place in places] == [1, 2, 3, 4, 4]
