"""The sample model: its release is what the environments pin, and it says what its card says."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import yaml

from model_packaging import Release, ReleaseStore, Signature, TensorSpec
from tests.unjudged import package

ROOT = Path(__file__).parents[3]
TUMOR = ROOT / "models" / "tumor"


@pytest.fixture(scope="module")
def release(tmp_path_factory) -> Release:
    return package(TUMOR, ReleaseStore(tmp_path_factory.mktemp("store")))


@pytest.fixture(scope="module")
def inference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("tumor_inference", TUMOR / "inference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_dev_environment_pins_the_release_that_the_files_give(release):
    environment = yaml.safe_load((ROOT / "environments" / "dev.yaml").read_text())
    assert environment["releases"]["tumor"] == release.digest


def test_a_checkout_has_the_same_bytes_on_every_system(release):
    attributes = (ROOT / ".gitattributes").read_text().splitlines()
    assert "* text=auto eol=lf" in attributes
    assert "*.onnx binary" in attributes


def test_its_signature_is_read_from_the_model(release):
    assert release.signature == Signature(
        inputs=(TensorSpec(name="rows", dtype="float32", shape=(None, 30)),),
        outputs=(
            TensorSpec(name="label", dtype="int64", shape=(None,)),
            TensorSpec(name="probabilities", dtype="float32", shape=(None, 2)),
        ),
    )


def test_it_is_small_and_good_enough(release):
    assert release.size_bytes < 200_000
    assert release.metrics["accuracy"] > 0.95
    assert release.metrics["roc_auc"] > 0.99
    assert release.has_baseline


def test_its_image_is_pinned_where_its_environments_are(release):
    regions = {yaml.safe_load(path.read_text())["region"] for path in sorted((ROOT / "environments").glob("*.yaml"))}
    for region in regions:
        assert re.fullmatch(rf"\d{{12}}\.dkr\.ecr\.{region}\.amazonaws\.com/[\w./:-]+", release.image_uri(region))


def test_its_baseline_describes_the_answer_and_then_the_thirty_features():
    features = json.loads((TUMOR / "baseline" / "constraints.json").read_text())["features"]
    assert [feature["name"] for feature in features[:3]] == ["probability", "label", "mean_radius"]
    assert len(features) == 32
    assert features[1]["string_constraints"] == {"domains": ["benign", "malignant"]}


@pytest.mark.parametrize(("file", "content_type"), [("rows.csv", "text/csv"), ("request.json", "application/json")])
def test_its_samples_are_answered_as_the_pathologist_found(inference, file, content_type):
    session = inference.model_fn(str(TUMOR))
    body, answered_type = inference.transform_fn(session, (TUMOR / "samples" / file).read_text(), content_type, "*/*")
    assert answered_type == "application/json"
    labels = [one["label"] for one in json.loads(body)["predictions"]]
    truth = json.loads((TUMOR / "samples" / "truth.json").read_text())
    assert sum(label == found for label, found in zip(labels, truth, strict=True)) >= 5


def test_both_content_types_mean_the_same_rows(inference):
    csv = inference.rows_of((TUMOR / "samples" / "rows.csv").read_text(), "text/csv; charset=utf-8")
    request = inference.rows_of((TUMOR / "samples" / "request.json").read_bytes(), "application/json")
    assert np.array_equal(csv, request)


@pytest.mark.parametrize(
    ("body", "content_type", "code", "message"),
    [
        ("1,2,3\n", "text/csv", 400, "a row has 30 numbers; row 1 has 3"),
        ("", "text/csv", 400, "there is no row in the body"),
        (",".join(["x"] * 30), "text/csv", 400, "every value must be a number: could not convert string to float: 'x'"),
        (json.dumps([[1.0] * 30, [None] * 30]), "application/json", 400, "a value is missing or not finite in row 2"),
        ("{", "application/json", 400, "the body is not JSON: "),
        ("{}", "application/json", 400, 'the body must be {"instances": [[…], …]} or [[…], …]'),
        ("[" * 100_000, "application/json", 400, "the body is not JSON: "),
        ("<rows/>", "text/xml", 415, "content type 'text/xml': send text/csv or application/json"),
    ],
)
def test_a_bad_request_is_the_callers_fault_and_says_why(inference, body, content_type, code, message):
    answer = inference.transform_fn(inference.model_fn(str(TUMOR)), body, content_type, "*/*")
    assert (answer.status_code, answer.get_data(as_text=True).startswith(message)) == (code, True)


def test_an_answer_comes_in_what_the_caller_accepts(inference):
    probability = np.asarray([0.25, 0.75], dtype=np.float32)
    assert inference.answer_of(probability, "text/csv") == ("0.25,benign\n0.75,malignant\n", "text/csv")
    with pytest.raises(inference.RequestError, match="this model answers in application/json or text/csv") as caught:
        inference.answer_of(probability, "image/png")
    assert caught.value.status == 406
