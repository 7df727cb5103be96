"""gate.yaml is read whole or refused whole: every violation, with its line, what is allowed and what to change."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from model_packaging.errors import InvalidPackageError
from model_packaging.gate import read_gate
from model_packaging.gate.gate_spec import BinaryTask
from model_packaging.gate.metric_table import METRICS
from model_packaging.gate.schema import GATE_SCHEMA_FILE, gate_schema

BINARY = "accuracy, balanced_accuracy, precision, recall, f1, mcc, roc_auc, average_precision, log_loss, brier, ece"

SMALLEST = """\
task: {kind: binary}
data:
  test: {file: test.csv}
metrics:
  roc_auc: {at_least: 0.9}
"""

WHOLE = """\
task: {kind: binary, positive: malignant, threshold: 0.4}
columns: {label: diagnosis, features: [radius, texture], not_features: [clinic]}
data:
  test: {file: test.csv}
  train: {file: test.csv}
request: {body: {kind: json, form: records}, rows_at_most: 50}
answer: {kind: json, predictions: /predictions, score: /probability}
metrics:
  roc_auc: {at_least: 0.9, not_worse_than_deployed: {by: 0.01}}
  log_loss: {at_most: 0.5}
overfitting: {roc_auc: {gap_at_most: 0.05}}
slices:
  of: [{column: clinic}, {column: radius, edges: [10, 20]}, {where: texture > 3, name: rough}, {file: test.csv}]
  worst: {accuracy: {at_least: 0.8}}
calibration: {at_most: 0.1, strategy: quantile}
robustness:
  missing_values: {expect: answers, metric: roc_auc, drop_at_most: 0.1, columns: [radius]}
  perturbation: {metric: roc_auc, drop_at_most: 0.1}
fairness:
  - {group: clinic, limits: {selection_rate_ratio: {at_least: 0.8}, equal_opportunity_difference: {at_most: 0.1}}}
latency: [{rows: 1, p50_ms: 10, p99_ms: 50}, {rows: 50, p99_ms: 100}]
size: {model_mib_at_most: 50}
confidence: {resamples: 0}
"""


def folder_with(tmp_path: Path, gate: str) -> Path:
    (tmp_path / "test.csv").write_text("a,label\n1,0\n2,1\n", encoding="utf-8")
    (tmp_path / "rows.npy").write_bytes(b"")
    (tmp_path / "gate.yaml").write_text(gate, encoding="utf-8")
    return tmp_path


def refusals(tmp_path: Path, gate: str) -> list[str]:
    folder = folder_with(tmp_path, gate)
    with pytest.raises(InvalidPackageError) as refused:
        read_gate(folder)
    return [str(one).replace(f"{folder.as_posix()}/", "") for one in refused.value.violations]


def test_a_model_without_a_gate_has_none(tmp_path: Path) -> None:
    assert read_gate(tmp_path) is None


@pytest.mark.parametrize("text", [SMALLEST, WHOLE])
def test_a_gate_is_read_and_fits_its_schema(tmp_path: Path, text: str) -> None:
    gate = read_gate(folder_with(tmp_path, text))
    assert gate is not None
    assert gate.spec.task.kind == "binary"
    jsonschema.Draft202012Validator(json.loads(gate_schema())).validate(yaml.safe_load(text))


def test_the_same_gate_on_other_rows_is_another(tmp_path: Path) -> None:
    first = read_gate(folder_with(tmp_path, SMALLEST))
    (tmp_path / "test.csv").write_text("a,label\n1,1\n2,0\n", encoding="utf-8")
    second = read_gate(tmp_path)
    assert first is not None
    assert second is not None
    assert first.spec == second.spec
    assert first.sha256 != second.sha256


@pytest.mark.parametrize(
    ("changed", "to", "told"),
    [
        pytest.param(
            "at_least: 0.9",
            "at_least: 1.2",
            "gate.yaml:5: metrics.roc_auc.at_least: 1.2 is impossible: roc_auc is 0 to 1; allowed: 0 to 1",
            id="a threshold that cannot be reached",
        ),
        pytest.param(
            "at_least: 0.9",
            "at_least: 0.9, at_most: 0.8",
            "gate.yaml:5: metrics.roc_auc.at_most: 0.8 is below at_least (0.9): nothing meets both; "
            "allowed: 0.9 or more; take one out",
            id="at_most below at_least",
        ),
        pytest.param(
            "roc_auc: {at_least: 0.9}",
            "rmse: {at_most: 3}",
            "gate.yaml:5: metrics.rmse: 'rmse' is a metric of regression tasks, and this one is binary; "
            f"allowed: {BINARY}; take it out",
            id="a metric of another task",
        ),
        pytest.param(
            "roc_auc",
            "roc_ac",
            f"gate.yaml:5: metrics.roc_ac: there is no metric 'roc_ac'; allowed: {BINARY}; did you mean 'roc_auc'?",
            id="a metric that is not there",
        ),
        pytest.param(
            "{at_least: 0.9}",
            "{}",
            "gate.yaml:5: metrics.roc_auc: demands nothing; "
            "allowed: at_least, at_most, not_worse_than_deployed; write one",
            id="a metric without a threshold",
        ),
        pytest.param(
            "{at_least: 0.9}",
            "{not_worse_than_deployed: {by: -0.1}}",
            "gate.yaml:5: metrics.roc_auc.not_worse_than_deployed.by: -0.1: input should be greater than or equal to 0",
            id="a negative margin",
        ),
        pytest.param(
            "{at_least: 0.9}",
            "{at_least: .nan}",
            "gate.yaml:5: metrics.roc_auc.at_least: nan: input should be a finite number",
            id="a threshold that is NaN",
        ),
        pytest.param(
            "{at_least: 0.9}",
            "{at_lest: 0.9}",
            "gate.yaml:5: metrics.roc_auc.at_lest: unknown key; "
            "allowed: at_least, at_most, not_worse_than_deployed; did you mean 'at_least'?",
            id="a misspelt key",
        ),
        pytest.param(
            "kind: binary",
            "kind: binery",
            "gate.yaml:1: task.kind: there is no kind 'binery'; "
            "allowed: binary, multiclass, regression, free_form; did you mean 'binary'?",
            id="a task that is not there",
        ),
        pytest.param(
            "file: test.csv",
            "file: tset.csv",
            "gate.yaml:3: data.test.file: there is no file 'tset.csv'; did you mean 'test.csv'?; "
            "name a file inside the model's folder, or put it there",
            id="a file that is not there",
        ),
        pytest.param(
            "file: test.csv",
            "file: ../test.csv",
            "gate.yaml:3: data.test.file: '../test.csv' is not a plain path: no '..', '.', doubled or trailing slash; "
            "name a file inside the model's folder, or put it there",
            id="a file that is outside",
        ),
        pytest.param(
            "file: test.csv",
            "file: test.xlsx",
            "gate.yaml:3: data.test.file: 'test.xlsx' is not read: its name ends in none of "
            ".csv, .parquet, .jsonl, .ndjson; name a file inside the model's folder, or put it there",
            id="a file of another kind",
        ),
        pytest.param(
            "{file: test.csv}",
            "{rows: rows.npy}",
            "gate.yaml:3: data.test: has no labels to judge by; write `labels: FILE.npy`",
            id="rows without the truth",
        ),
    ],
)
def test_what_is_wrong_with_a_gate_is_told_with_its_line(tmp_path: Path, changed: str, to: str, told: str) -> None:
    assert refusals(tmp_path, SMALLEST.replace(changed, to)) == [told]


@pytest.mark.parametrize(
    ("added", "told"),
    [
        (
            "overfitting: {roc_auc: {gap_at_most: 0.1}}",
            "gate.yaml:6: overfitting: needs rows that the model was trained on; write `data: {train: …}`",
        ),
        (
            "size: {model_mib_at_most: -3}",
            "gate.yaml:6: size.model_mib_at_most: -3: input should be greater than 0",
        ),
        (
            "latency: [{p50_ms: 10, p99_ms: 5}]",
            "gate.yaml:6: latency[0].p99_ms: 5 is below p50_ms (10), which p99 never is; allowed: 10 or more",
        ),
        ("latency: [{rows: 3}]", "gate.yaml:6: latency[0]: demands nothing; allowed: p50_ms, p99_ms; write one"),
        (
            "latency: [{rows: 600, p99_ms: 5}]",
            "gate.yaml:6: latency[0].rows: 600 rows are more than a request takes (500); raise request.rows_at_most",
        ),
        (
            "calibration: {at_most: 2}",
            "gate.yaml:6: calibration.at_most: 2 is impossible: ece is 0 to 1; allowed: 0 to 1",
        ),
        (
            "slices: {of: [{column: a, edges: [3, 2]}], worst: {f1: {at_least: 0.1}}}",
            "gate.yaml:6: slices.of[0].edges: edges must ascend; order them",
        ),
        (
            "slices: {of: [{colum: a}], worst: {f1: {at_least: 0.1}}}",
            "gate.yaml:6: slices.of[0].colum: unknown key; allowed: column, edges; did you mean 'column'?",
        ),
        (
            "fairness: [{group: a, limits: {selection_rate_ratio: {at_most: 0.8}}}]",
            (
                "gate.yaml:6: fairness[0].limits.selection_rate_ratio.at_most: says at_most where 1 is best; "
                "allowed: at_least; write `at_least`"
            ),
        ),
        (
            "fairness: [{group: a, limits: {mae_difference: {at_most: 0.8}}}]",
            (
                "gate.yaml:6: fairness[0].limits.mae_difference: there is no fairness metric 'mae_difference' for a binary "
                "task; allowed: selection_rate_difference, selection_rate_ratio, equal_opportunity_difference, "
                "predictive_parity_difference, accuracy_difference; did you mean 'accuracy_difference'?"
            ),
        ),
        (
            "robustness: {missing_values: {expect: refusl}}",
            (
                "gate.yaml:6: robustness.missing_values.expect: there is no expect 'refusl'; "
                "allowed: refusal, answers; did you mean 'refusal'?"
            ),
        ),
        (
            "robustness: {perturbation: {metric: roc_auc, drop_at_most: 1}}",
            (
                "gate.yaml:6: robustness.perturbation.drop_at_most: 1 allows everything: roc_auc is 0 to 1; "
                "allowed: 0 to less than 1"
            ),
        ),
        (
            "robustness: {}",
            "gate.yaml:6: robustness: demands nothing; allowed: missing_values, perturbation; write one",
        ),
        (
            "columns: {label: y, features: [a, y]}",
            "gate.yaml:6: columns.features[1]: 'y' is the label: the model would be sent the truth; take it out",
        ),
    ],
)
def test_a_demand_that_cannot_be_judged_is_told(tmp_path: Path, added: str, told: str) -> None:
    assert told in refusals(tmp_path, f"{SMALLEST}{added}\n")


def test_every_violation_is_told_at_once(tmp_path: Path) -> None:
    gate = SMALLEST.replace("at_least: 0.9", "at_least: 1.5").replace("test.csv", "none.csv") + "latency: [{rows: 1}]\n"
    assert [one.split(": ")[1] for one in refusals(tmp_path, gate)] == [
        "data.test.file",
        "metrics.roc_auc.at_least",
        "latency[0]",
    ]


def test_a_misspelt_key_hides_nothing_else_that_is_wrong(tmp_path: Path) -> None:
    gate = """\
task: {kind: binary}
data:
  test: {file: none.csv}
metrics:
  roc_auc: {at_lest: 0.9}
  f1: {at_least: 1.5}
  rmse: {at_most: 3}
latency: [{rows: 1, p99_ms: -3}]
overfitting: {f1: {gap_at_most: 0.1}}
sizes: {model_mib_at_most: 3}
"""
    assert [": ".join(one.split(": ")[:2]) for one in refusals(tmp_path, gate)] == [
        "gate.yaml:3: data.test.file",
        "gate.yaml:5: metrics.roc_auc.at_lest",
        "gate.yaml:6: metrics.f1.at_least",
        "gate.yaml:7: metrics.rmse",
        "gate.yaml:8: latency[0].p99_ms",
        "gate.yaml:9: overfitting",
        "gate.yaml:10: sizes",
    ]


@pytest.mark.parametrize("task", ["{kind: binery}", "{kind: binary, positve: x}", "[]"])
def test_of_a_gate_whose_task_is_unknown_no_more_is_told(tmp_path: Path, task: str) -> None:
    told = refusals(tmp_path, SMALLEST.replace("{kind: binary}", task).replace("0.9", "1.5"))
    assert [one.split(":")[1] for one in told] == ["1"]


def test_the_committed_schema_is_what_the_gate_says() -> None:
    committed = Path(__file__).parents[3] / "docs" / "schemas" / GATE_SCHEMA_FILE
    assert committed.read_text(encoding="utf-8") == gate_schema(), "run `greenroom schema`"


def test_every_key_is_described() -> None:
    schema = json.loads(gate_schema())
    blocks = {"GateSpec": schema, **schema["$defs"]}
    assert [
        f"{block}.{key}"
        for block, content in blocks.items()
        for key, field in content.get("properties", {}).items()
        if "description" not in field and "const" not in field
    ] == []


def test_every_metric_is_of_a_task_and_bounded_where_it_can_be() -> None:
    assert {name: metric.range_said for name, metric in METRICS.items() if metric.range_said != "0 to 1"} == {
        "mcc": "-1 to 1",
        "log_loss": "0 or more",
        "rmse": "0 or more",
        "mae": "0 or more",
        "median_absolute_error": "0 or more",
        "mape": "0 or more",
        "r2": "1 or less",
    }


@pytest.mark.parametrize(
    ("written", "label"), [("1", "1"), ("1.0", "1"), ("true", "true"), ("'1'", "1"), ("yes it is", "yes it is")]
)
def test_the_positive_label_is_text_however_yaml_reads_it(tmp_path, written, label):
    (tmp_path / "test.csv").write_text("a,label\n1,0\n")
    (tmp_path / "gate.yaml").write_text(SMALLEST.replace("{kind: binary}", f"{{kind: binary, positive: {written}}}"))
    gate = read_gate(tmp_path)
    assert gate is not None
    assert gate.spec.task == BinaryTask(kind="binary", positive=label)
    jsonschema.validate(yaml.safe_load((tmp_path / "gate.yaml").read_text()), json.loads(gate_schema()))
