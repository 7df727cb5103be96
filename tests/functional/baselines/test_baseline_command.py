"""`greenroom baseline` writes what the local AWS's monitors compare with, or nothing."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from greenroom.cli.root import root
from greenroom.sandbox.cloud.monitoring.analysis import JobInputs, analyze
from model_packaging.baselines.ground_truth import ground_truth_records

pytest.importorskip("polars")

ROWS = [(n / 100, "yes" if n >= 50 else "no", 20 + n % 60, "Oslo" if n % 3 else "Rome", int(n % 7 < n / 12)) for n in range(100)]  # fmt: skip
SPEC = """\
data: data.csv
label: truth
outputs: [probability, answer]
model_quality: {problem_type: BinaryClassification, probability: probability}
"""


@pytest.fixture
def model(tmp_path):
    """A model's folder with its data."""
    folder = tmp_path / "loan"
    folder.mkdir()
    lines = ["probability,answer,age,city,truth", *(",".join(map(str, row)) for row in ROWS)]
    (folder / "data.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "baseline.yaml").write_text(SPEC, encoding="utf-8")
    return folder


def greenroom(*arguments):
    return CliRunner().invoke(root, [str(one) for one in arguments])


def captured(rows):
    return [
        json.dumps(
            {
                "captureData": {
                    "endpointInput": {"data": f"{age},{city}\n", "encoding": "CSV"},
                    "endpointOutput": {"data": f"{probability},{answer}\n", "encoding": "CSV"},
                },
                "eventMetadata": {"eventId": f"e{index}"},
                "eventVersion": "0",
            }
        )
        for index, (probability, answer, age, city, _) in enumerate(rows)
    ]


def documents(folder):
    return [json.loads((folder / name).read_text(encoding="utf-8")) for name in ("statistics.json", "constraints.json")]


def test_the_local_monitors_find_nothing_in_the_very_data_and_drift_in_other(model):
    ended = greenroom("baseline", model, "--json")
    assert ended.exit_code == 0, ended.output
    told = json.loads(ended.stdout)
    assert (told["rows"], [one["name"] for one in told["features"]]) == (100, ["probability", "answer", "age", "city"])
    statistics, constraints = documents(model / "baseline")
    same = JobInputs("DataQuality", {}, captured(ROWS), statistics=statistics, constraints=constraints)
    assert analyze(same).violations == ()
    older = [(probability, answer, age + 50, "Bern", truth) for probability, answer, age, _, truth in ROWS]
    drifted = JobInputs("DataQuality", {}, captured(older), statistics=statistics, constraints=constraints)
    assert {(one.feature_name, one.constraint_check_type) for one in analyze(drifted).violations} == {
        ("age", "baseline_drift_check"),
        ("city", "baseline_drift_check"),
        ("city", "categorical_values_check"),
    }


def test_the_local_model_quality_monitor_has_the_same_figures(model):
    assert greenroom("baseline", model).exit_code == 0
    statistics, constraints = documents(model / "baseline" / "model_quality")
    truth = ground_truth_records({f"e{index}": row[-1] for index, row in enumerate(ROWS)}).decode().splitlines()
    endpoint = {"ProbabilityAttribute": "0", "ProbabilityThresholdAttribute": 0.5}
    inputs = JobInputs("ModelQuality", endpoint, captured(ROWS), "BinaryClassification", truth, constraints=constraints)
    report = analyze(inputs)
    section = statistics["binary_classification_metrics"]
    assert {name: value for name, value, _ in report.metrics} == pytest.approx(
        {name: section[name]["value"] for name, _, _ in report.metrics}
    )
    assert report.violations == ()
    worse = ground_truth_records({f"e{index}": 1 - row[-1] for index, row in enumerate(ROWS)}).decode().splitlines()
    inputs = JobInputs("ModelQuality", endpoint, captured(ROWS), "BinaryClassification", worse, constraints=constraints)
    assert analyze(inputs).violations != ()


def test_a_person_reads_columns_types_and_where_it_lies(model):
    ended = greenroom("baseline", model)
    assert ended.stdout.splitlines()[:5] == [
        "100 rows, 4 columns",
        "COLUMN       TYPE        PRESENT  CONSTRAINT",
        "probability  Fractional  100.0%   not negative",
        "answer       String      100.0%   one of no, yes",
        "age          Integral    100.0%   not negative",
    ]
    assert f"4 files in {model / 'baseline'}: statistics.json, constraints.json," in ended.stdout


def test_what_would_break_a_terminals_table_is_escaped(model):
    (model / "baseline.yaml").unlink()
    (model / "data.csv").write_text('"a\tb",c\n1,"x\ny"\n2,\x1b[31m\n', encoding="utf-8")
    ended = greenroom("baseline", model, "--data", model / "data.csv")
    assert ended.stdout.splitlines()[2:4] == [
        "a\\tb    Integral  100.0%   not negative",
        "c       String    100.0%   one of \\x1b[31m, x\\ny",
    ]


def test_bad_data_is_one_clear_error_and_nothing_is_written(model):
    bad = model / "bad.csv"
    bad.write_text("probability,answer,age,city,truth\n0.1,no,20,Oslo\n0.2,no,x,Oslo,1\n", encoding="utf-8")
    ended = greenroom("baseline", model, "--data", bad, "--json")
    assert ended.exit_code == 2
    assert f"{bad.as_posix()}:2: has 4 fields, the header 5" in ended.stderr
    (violation,) = json.loads(ended.stdout)["error"]["violations"]
    assert (violation["line"], violation["message"]) == (2, "has 4 fields, the header 5")
    assert not (model / "baseline").exists()


def test_without_a_baseline_yaml_all_columns_are_the_requests(model):
    (model / "baseline.yaml").unlink()
    ended = greenroom("baseline", model, "--data", model / "data.csv", "--json")
    told = json.loads(ended.stdout)
    assert told["files"] == ["statistics.json", "constraints.json"]
    assert [one["name"] for one in told["features"]] == ["probability", "answer", "age", "city", "truth"]


@pytest.mark.parametrize(
    ("package", "is_told"),
    [
        (None, True),
        ("version: 1.0.0\nmodel: model.onnx\n", True),
        ("version: [\n", True),
        ("version: 1.0.0\nmodel: model.onnx\nbaseline: baseline\n", False),
    ],
)
def test_a_baseline_that_package_yaml_does_not_name_is_told_how_it_gets_into_the_release(model, package, is_told):
    if package is not None:
        (model / "package.yaml").write_text(package, encoding="utf-8")
    ended = greenroom("baseline", model)
    assert ended.exit_code == 0, ended.output
    hint = f"To have it in the release, write in {model / 'package.yaml'}: baseline: baseline"
    assert (hint in ended.stderr) is is_told
