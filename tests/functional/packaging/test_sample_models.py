"""The sample models: each passes its judges, answers as what was trained, and is the same release everywhere."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from click.testing import CliRunner

from greenroom.cli.root import root
from model_packaging import Release, ReleaseStore, package
from model_packaging.evidence import read_evidence
from model_packaging.judging import UNJUDGED
from model_packaging.serving.container import VariantContainer
from model_packaging.serving.release_container import start_release

pytestmark = [pytest.mark.functional, pytest.mark.slow]

ROOT = Path(__file__).parents[3]
MODELS = ROOT / "models"
SAMPLE_MODELS = ("diabetes", "digits", "tumor")

EVIDENCE = ["checkout.json", "contract.json", "gate.html", "gate.json", "sbom.cdx.json", "scan.json"]


@dataclass(frozen=True)
class Judged:
    """A sample model that was packaged as anybody packages it."""

    release: Release
    store: ReleaseStore
    told: tuple[str, ...]

    @property
    def folder(self) -> Path:
        return self.store.folder(self.release.name, self.release.digest)

    def evidence(self, name: str) -> Any:
        return json.loads(read_evidence(self.folder, self.release.name, self.release.digest)[name])


@pytest.fixture(scope="module", params=SAMPLE_MODELS)
def judged(request, tmp_path_factory) -> Judged:
    store = ReleaseStore(tmp_path_factory.mktemp("store"))
    told: list[str] = []
    return Judged(package(MODELS / request.param, store, tell=told.append), store, tuple(told))


def test_it_passes_its_judges_and_keeps_what_they_found(judged):
    assert sorted(read_evidence(judged.folder, judged.release.name, judged.release.digest)) == EVIDENCE
    contract, gate = judged.evidence("contract.json"), judged.evidence("gate.json")
    assert {one["status"] for one in contract["checks"]} <= {"passed", "skipped"}
    assert (gate["passed"], gate["release"]) == (True, judged.release.digest)
    assert {one["verdict"] for one in gate["results"] if one["section"] != "deployed"} == {"passed"}
    assert any(line.startswith("gate: passed") for line in judged.told)


def test_its_digest_is_the_same_in_another_store_and_of_a_copied_folder(judged, tmp_path):
    copied = tmp_path / "elsewhere" / judged.release.name
    shutil.copytree(MODELS / judged.release.name, copied)
    (tmp_path / "elsewhere" / judged.release.name / "train.py").touch()
    store = ReleaseStore(tmp_path / "store")
    digests = [package(one, store, judges=UNJUDGED).digest for one in (MODELS / judged.release.name, copied)]
    assert digests == [judged.release.digest] * 2


def test_its_lineage_names_the_very_rows_it_was_trained_on(judged):
    lineage = judged.release.lineage
    assert lineage is not None
    assert lineage.data is not None
    rows = (MODELS / judged.release.name / "data" / "train.csv").read_bytes()
    assert lineage.data.sha256 == hashlib.sha256(rows).hexdigest()
    assert lineage.frameworks["scikit-learn"]


def test_its_metrics_are_what_the_gate_measures_of_the_served_model(judged):
    measured = {one["name"]: one["measured"] for one in judged.evidence("gate.json")["results"]}
    both = judged.release.metrics.keys() & measured.keys()
    assert len(both) >= 1
    for name in both:
        assert measured[name] == pytest.approx(judged.release.metrics[name], abs=5e-4)


def test_its_card_tells_what_the_gate_measures(judged):
    card = (MODELS / judged.release.name / "README.md").read_text(encoding="utf-8")
    for name, value in judged.release.metrics.items():
        assert any(f" {value:.{digits}f} " in card for digits in (1, 3)), name


def test_its_samples_are_what_the_contract_check_sent(judged):
    assert judged.release.samples is not None
    sent = {one.file.removeprefix("samples/") for one in judged.release.samples}
    there = {one.name for one in (MODELS / judged.release.name / "samples").iterdir()}
    assert sent == there - {"truth.json"}


def served(model: str, store: ReleaseStore) -> VariantContainer:
    release = package(MODELS / model, store, judges=UNJUDGED)
    return start_release(store.folder(model, release.digest), release)


def rows_of(file: Path) -> Any:
    return np.asarray([[float(one) for one in row] for row in csv.reader(file.read_text().splitlines())])


def test_diabetes_answers_as_the_trained_booster(tmp_path):
    import xgboost

    booster = xgboost.Booster(model_file=MODELS / "diabetes" / "model.json")
    file = MODELS / "diabetes" / "samples" / "rows.csv"
    expected = booster.predict(xgboost.DMatrix(rows_of(file), feature_names=booster.feature_names))
    container = served("diabetes", ReleaseStore(tmp_path / "store"))
    try:
        answer = container.invoke(file.read_bytes(), "text/csv", "application/json")
    finally:
        container.stop()
    assert json.loads(answer.body) == {"predictions": pytest.approx(expected.tolist(), rel=1e-6)}


def test_digits_in_half_precision_answers_as_the_trained_perceptron_and_reads_the_image(tmp_path):
    import skops.io

    folder = MODELS / "digits"
    perceptron = skops.io.load(
        folder / "trained.skops", trusted=skops.io.get_untrusted_types(file=folder / "trained.skops")
    )
    expected = perceptron.predict_proba(rows_of(folder / "samples" / "rows.csv").astype(np.float32))
    tolerance = yaml.safe_load((folder / "optimise.yaml").read_text(encoding="utf-8"))["steps"][-1]["tolerance"]
    container = served("digits", ReleaseStore(tmp_path / "store"))
    try:
        rows = container.invoke((folder / "samples" / "rows.csv").read_bytes(), "text/csv", "application/json")
        image = container.invoke(
            (folder / "samples" / "seven.pgm").read_bytes(), "image/x-portable-graymap", "application/json"
        )
    finally:
        container.stop()
    answers = json.loads(rows.body)["predictions"]
    assert np.abs(np.asarray([one["probabilities"] for one in answers]) - expected).max() <= tolerance
    assert [one["digit"] for one in answers] == expected.argmax(axis=1).tolist()
    assert [one["digit"] for one in json.loads(image.body)["predictions"]] == [7]


def test_tumor_answers_as_the_pathologist_found_in_all_but_one_sample(tmp_path):
    folder = MODELS / "tumor" / "samples"
    container = served("tumor", ReleaseStore(tmp_path / "store"))
    try:
        answer = container.invoke((folder / "request.json").read_bytes(), "application/json", "application/json")
    finally:
        container.stop()
    labels = [one["label"] for one in json.loads(answer.body)["predictions"]]
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))
    assert [one == found for one, found in zip(labels, truth, strict=True)] == [True, True, True, False, True, True]


def test_the_table_of_digits_is_of_the_files_that_are_there(tmp_path):
    release = package(MODELS / "digits", ReleaseStore(tmp_path / "store"), judges=UNJUDGED)
    assert release.optimisation is not None
    served_files = {file.path: file.sha256 for file in release.files}
    trained = hashlib.sha256((MODELS / "digits" / "trained.skops").read_bytes()).hexdigest()
    assert (release.optimisation.source_sha256, release.optimisation.result_sha256) == (
        trained,
        served_files["model/model.onnx"],
    )
    assert [one.step for one in release.optimisation.steps] == ["original", "onnx", "simplify", "fp16"]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the converters' own
def test_digits_optimised_anew_is_packaged_anew(tmp_path):
    for name in ("environments", "models/digits"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    folder = tmp_path / "models" / "digits"
    for name in ("model.onnx", "optimisation.json"):
        (folder / name).unlink()
    ended = CliRunner().invoke(root, ["optimise", str(folder)], catch_exceptions=False)
    assert ended.exit_code == 0, ended.output
    release = package(folder, ReleaseStore(tmp_path / "store"), judges=UNJUDGED)
    assert release.optimisation is not None


@pytest.mark.parametrize("model", SAMPLE_MODELS)
def test_training_it_twice_gives_the_same_bytes(tmp_path, model):
    contents = []
    for threads in ("1", "2"):
        folder = tmp_path / threads / model
        shutil.copytree(MODELS / model, folder)
        environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": threads}
        subprocess.run([sys.executable, folder / "train.py"], env=environment, check=True, capture_output=True)
        files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
        contents.append({path.relative_to(folder): path.read_bytes() for path in files})
    assert contents[0] == contents[1]


@pytest.mark.parametrize("model", SAMPLE_MODELS)
def test_what_is_here_is_small(model):
    assert sum(path.stat().st_size for path in (MODELS / model).rglob("*") if path.is_file()) < 1_000_000
