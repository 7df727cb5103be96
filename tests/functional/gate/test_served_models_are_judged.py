"""Real models, trained here and served as packaging serves them, judged by their gates."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from model_packaging.evidence import GATE_REPORT, write_evidence
from model_packaging.gate import GateFailedError, GateReport, evaluate, measure, read_gate, render_page
from model_packaging.gate.deployed_release import deployed_report
from model_packaging.serving import ContainerStartError
from tests.functional.gate.gated_models import (
    TUMOR_GATE,
    diabetes_folder,
    inference_answering,
    release_of,
    served,
    tumor_folder,
)

pytestmark = pytest.mark.slow


def judged(folder: Path, work_folder: Path, *, against: GateReport | None = None) -> GateReport:
    gate = read_gate(folder)
    assert gate is not None
    with served(folder, work_folder) as container:
        return evaluate(gate, container, release_of(folder), release_folder=folder / "release", against=against)


def test_a_good_classifier_passes_beside_the_deployed_one(tmp_path: Path) -> None:
    folder = tumor_folder(tmp_path / "tumor")
    gate = read_gate(folder)
    assert gate is not None
    with served(folder, tmp_path / "deployed") as container:
        deployed = measure(gate, container, release_of(folder, version="0.9.0"))
    report = judged(folder, tmp_path / "work", against=deployed)
    assert [(one.section, one.name, one.verdict) for one in report.results] == [
        ("answers", "the 228 test rows", "passed"),
        ("metrics", "roc_auc", "passed"),
        ("metrics", "accuracy", "passed"),
        ("metrics", "log_loss", "passed"),
        ("deployed", "roc_auc", "passed"),
        ("overfitting", "gap of roc_auc between train and test", "passed"),
        ("slices", "accuracy of clinic = south", "passed"),
        ("calibration", "expected calibration error", "passed"),
        ("robustness", "requests with a missing value that are refused", "passed"),
        ("robustness", "drop of roc_auc with noise of 0.1 standard deviations", "passed"),
        ("fairness", "equal_opportunity_difference by clinic", "passed"),
        ("fairness", "selection_rate_ratio by clinic", "passed"),
        ("latency", "p50 of 1 row", "passed"),
        ("latency", "p99 of 1 row", "passed"),
        ("size", "files of model/", "passed"),
    ]
    assert b"passed" in render_page(report)


def test_the_figures_are_those_of_the_trained_object(tmp_path: Path) -> None:
    import joblib
    import polars as pl
    from sklearn.metrics import log_loss, roc_auc_score

    folder = tumor_folder(tmp_path / "tumor")
    report = judged(folder, tmp_path / "work")
    test = pl.read_csv(folder / "test.csv")
    model = joblib.load(folder / "release/model/model.joblib")
    scores = model.predict_proba(test.drop("clinic", "diagnosis").to_numpy())[:, 1]
    truth = (test["diagnosis"] == "malignant").to_numpy()
    assert report.metrics["roc_auc"] == pytest.approx(roc_auc_score(truth, scores))
    assert report.metrics["log_loss"] == pytest.approx(log_loss(truth, scores))


def test_but_for_latency_a_gate_says_the_same_each_time(tmp_path: Path) -> None:
    gate = "\n".join(line for line in TUMOR_GATE.splitlines() if "latency" not in line and "p99_ms" not in line)
    folder = tumor_folder(tmp_path / "tumor", gate)
    assert judged(folder, tmp_path / "one").to_json() == judged(folder, tmp_path / "two").to_json()


def test_a_regression_passes(tmp_path: Path) -> None:
    report = judged(diabetes_folder(tmp_path / "diabetes"), tmp_path / "work")
    assert report.passed
    assert sorted(report.metrics) == ["mae", "mape", "median_absolute_error", "r2", "rmse"]


def test_a_deployed_release_that_does_not_start_is_known_by_its_own_report(tmp_path: Path) -> None:
    folder = tumor_folder(tmp_path / "tumor")
    gate, release = read_gate(folder), release_of(folder)
    assert gate is not None
    own = judged(folder, tmp_path / "work")
    (folder / "release/model/model.joblib").unlink()
    with pytest.raises(ContainerStartError):
        deployed_report(gate, folder / "release", release)
    write_evidence(folder / "release", release.digest, {GATE_REPORT: own.to_json()})
    assert deployed_report(gate, folder / "release", release) == own


def test_a_weak_classifier_fails_and_is_told_by_how_much(tmp_path: Path) -> None:
    report = judged(tumor_folder(tmp_path / "tumor", c=0.0008), tmp_path / "work")
    message = str(GateFailedError(report)).splitlines()
    assert message[0].endswith("did not pass its gate: 4 of 14 demands failed")
    assert [line.split("  ")[2].strip() for line in message[2:6]] == [
        "accuracy",
        "log_loss",
        "slices: accuracy of large nuclei",
        "calibration: expected calibration error",
    ]
    assert all("missed by" in line for line in message[2:6])


@pytest.mark.parametrize(
    ("output", "why"),
    [
        ('return "nan\\n" * len(answers), "text/csv"', "row 1 and 227 more: the score is nan"),
        ('return "0.5\\n" * (len(answers) - 1), "text/csv"', "rows 1 to 228: 227 predictions for 228 rows"),
        ('raise KeyError("radius")', "rows 1 to 228: the container answered 500: KeyError: 'radius'"),
        ("os._exit(1)", "rows 1 to 228: the container answered 503: the container broke off"),
    ],
)
def test_answers_that_are_none_fail_the_gate(tmp_path: Path, output: str, why: str) -> None:
    report = judged(tumor_folder(tmp_path / "tumor", inference=inference_answering(output)), tmp_path / "work")
    (failure,) = report.failures
    assert failure.told.startswith(why)
    assert failure.section == "answers"


@pytest.mark.parametrize("make", [tumor_folder, diabetes_folder])
def test_the_modules_that_judge_are_imported_when_a_gate_runs(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    import subprocess

    folder = make(tmp_path / "model")
    asked = (
        "import sys; from pathlib import Path; from model_packaging.gate import read_gate; "
        f"read_gate(Path({str(folder)!r})); "
        "print(sorted({'numpy', 'polars', 'sklearn', 'matplotlib'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
