"""A gate is run through whatever answers `POST /invocations`; here that is a function, so that every answer is known."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from model_packaging.errors import InvalidPackageError
from model_packaging.gate import GateFailedError, GateReport, evaluate, measure, read_gate
from model_packaging.gate.report import GateResult, InvalidGateReportError
from model_packaging.release import Release, ReleaseFile
from model_packaging.serving import ContainerResponse
from tests.unit.gate.gate_releases import a_release

pytestmark = pytest.mark.slow  # scikit-learn takes a second to import

DIGEST = f"sha256:{'a' * 64}"


@dataclass
class Answering:
    """A served model whose answers a function gives: rows of CSV fields to a body; keeps what it was asked."""

    answer: Callable[[list[list[str]]], str | ContainerResponse]
    asked: list[int] = field(default_factory=list)

    def invoke(
        self,
        body: bytes,
        content_type: str,
        accept: str,
        custom_attributes: str | None = None,
        *,
        timeout_seconds: float = 60,
    ) -> ContainerResponse:
        rows = list(csv.reader(io.StringIO(body.decode())))
        self.asked.append(len(rows))
        answer = self.answer(rows)
        return answer if isinstance(answer, ContainerResponse) else ContainerResponse(200, answer.encode(), "text/csv")


def release(*, size_bytes: int = 1024, version: str = "1.0.0") -> Release:
    file = ReleaseFile(path="model/model.bin", sha256="b" * 64, size_bytes=size_bytes)
    return a_release(version=version, files=(file,)).model_copy(update={"digest": DIGEST})


def first_field(rows: list[list[str]]) -> str:
    return "".join(f"{row[0]}\n" for row in rows)


def refusing_missing(rows: list[list[str]]) -> str | ContainerResponse:
    return ContainerResponse(400, b"missing", "text/plain") if any("" in row for row in rows) else first_field(rows)


GATE = """\
task: {kind: binary, positive: "1"}
columns: {not_features: [group]}
data: {test: {file: test.csv}, train: {file: train.csv}}
confidence: {resamples: 0}
"""


def gated(folder: Path, demands: str, *, rows: int = 100, gate: str = GATE) -> Any:
    """A model that answers its one feature: the score; every tenth row of group b is wrong."""
    lines = [
        f"{0.9 if (number % 2) == (number % 20 != 1) else 0.1},{number % 2},{'b' if number % 4 < 2 else 'a'}"
        for number in range(rows)
    ]
    (folder / "test.csv").write_text("\n".join(["score,label,group", *lines]) + "\n", encoding="utf-8")
    right = [f"{0.9 if number % 2 else 0.1},{number % 2},a" for number in range(40)]
    (folder / "train.csv").write_text("\n".join(["score,label,group", *right]) + "\n", encoding="utf-8")
    (folder / "gate.yaml").write_text(gate + demands, encoding="utf-8")
    found = read_gate(folder)
    assert found is not None
    return found


def told(results: tuple[GateResult, ...]) -> list[tuple[Any, ...]]:
    return [
        (one.section, one.name, one.verdict, None if one.measured is None else round(one.measured, 6), one.threshold)
        for one in results
    ]


EVERYTHING = """\
metrics: {accuracy: {at_least: 0.9}, roc_auc: {at_least: 0.99, not_worse_than_deployed: {by: 0.01}}}
overfitting: {accuracy: {gap_at_most: 0.04}}
slices:
  minimum_rows: 30
  of: [{column: group}, {where: "score < 0.5", name: low}, {column: score, edges: [0.5]}]
  worst: {accuracy: {at_least: 0.9}}
calibration: {at_most: 0.2}
robustness:
  missing_values: {expect: refusal, requests: 10}
  perturbation: {metric: accuracy, relative_noise: 0.1, drop_at_most: 0.02}
fairness:
  - {group: group, limits: {equal_opportunity_difference: {at_most: 0.05}, selection_rate_ratio: {at_least: 0.8}}}
size: {model_mib_at_most: 1}
"""


FAILURE = """\
tumor 1.0.0 (sha256:aaaaaaaaaaaa…) did not pass its gate: 3 of 11 demands failed
     what                                                 measured  demanded  by              rows
  ✗  roc_auc                                              0.95      ≥ 0.99    missed by 0.04  100
  ✗  overfitting: gap of accuracy between train and test  0.05      ≤ 0.04    missed by 0.01  40
  ✗  fairness: equal_opportunity_difference by group      0.2       ≤ 0.05    missed by 0.15  100
  overfitting: gap of accuracy between train and test: accuracy is 1 on train and 0.95 on test
  fairness: equal_opportunity_difference by group: recall is 0.8 for b and 1 for a"""


def test_every_demand_has_its_result(tmp_path: Path) -> None:
    report = evaluate(gated(tmp_path, EVERYTHING), Answering(refusing_missing), release())
    assert told(report.results) == [
        ("answers", "the 100 test rows", "passed", None, None),
        ("metrics", "accuracy", "passed", 0.95, 0.9),
        ("metrics", "roc_auc", "failed", 0.95, 0.99),
        ("deployed", "roc_auc", "not_judged", 0.95, None),
        ("overfitting", "gap of accuracy between train and test", "failed", 0.05, 0.04),
        ("slices", "accuracy of group = b", "passed", 0.9, 0.9),
        ("calibration", "expected calibration error", "passed", 0.05, 0.2),
        ("robustness", "requests with a missing value that are refused", "passed", 1.0, 1.0),
        ("robustness", "drop of accuracy with noise of 0.1 standard deviations", "passed", 0.0, 0.02),
        ("fairness", "equal_opportunity_difference by group", "failed", 0.2, 0.05),
        ("fairness", "selection_rate_ratio by group", "passed", 0.8, 0.8),
        ("size", "files of model/", "passed", 0.000977, 1.0),
    ]
    assert not report.passed


def test_a_failed_gate_says_by_how_much(tmp_path: Path) -> None:
    report = evaluate(gated(tmp_path, EVERYTHING), Answering(refusing_missing), release())
    assert str(GateFailedError(report)) == FAILURE


def test_a_report_is_the_same_each_time_and_survives_its_json(tmp_path: Path) -> None:
    gate = gated(tmp_path, EVERYTHING)
    first, second = (evaluate(gate, Answering(refusing_missing), release()) for _ in range(2))
    assert first.to_json() == second.to_json()
    assert GateReport.from_json(first.to_json()) == first
    assert json.loads(first.to_json())["passed"] is False


def test_a_report_that_was_changed_is_refused(tmp_path: Path) -> None:
    report = evaluate(gated(tmp_path, EVERYTHING), Answering(refusing_missing), release())
    with pytest.raises(InvalidGateReportError, match="says passed: True, and its results say False"):
        GateReport.from_json(report.to_json().replace(b'"passed": false', b'"passed": true'))


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(
            lambda rows: ContainerResponse(500, b"KeyError: 'x'", "text/plain"),
            "rows 1 to 100: the container answered 500: KeyError: 'x'",
            id="5xx",
        ),
        pytest.param(
            lambda rows: ContainerResponse(400, b"no such column", "text/plain"),
            "rows 1 to 100: the container answered 400: no such column",
            id="4xx",
        ),
        pytest.param(lambda rows: first_field(rows[:-2]), "rows 1 to 100: 98 predictions for 100 rows", id="short"),
        pytest.param(
            lambda rows: first_field(rows[:-1]) + "nan\n",
            "row 100: the score is nan",
            id="NaN",
        ),
        pytest.param(
            lambda rows: ContainerResponse(200, b"<html>", "text/html"),
            "rows 1 to 100: the answer (text/html) cannot be read: Expecting value: line 1 column 1 (char 0); "
            "it begins '<html>'; say how it is read under `answer`",
            id="no answer at all",
        ),
    ],
)
def test_an_answer_that_is_none_fails_the_gate(
    tmp_path: Path, answer: Callable[[list[list[str]]], str | ContainerResponse], why: str
) -> None:
    gate = gated(tmp_path, "metrics: {accuracy: {at_least: 0.9}}\nsize: {model_mib_at_most: 1}\n")
    report = evaluate(gate, Answering(answer), release())
    assert [(one.section, one.verdict, one.told) for one in report.results] == [
        ("answers", "failed", why),
        ("size", "passed", ""),
    ]
    assert why in str(GateFailedError(report))


def test_more_rows_than_a_request_takes_are_sent_in_several(tmp_path: Path) -> None:
    served = Answering(first_field)
    gate = gated(tmp_path, "request: {rows_at_most: 40}\nmetrics: {accuracy: {at_least: 0.9}}\n")
    assert evaluate(gate, served, release()).passed
    assert served.asked == [40, 40, 20]


def test_more_bytes_than_a_request_takes_are_sent_in_several(tmp_path: Path) -> None:
    served = Answering(first_field)
    gate = gated(tmp_path, "request: {bytes_at_most: 200}\nmetrics: {accuracy: {at_least: 0.9}}\n")
    assert evaluate(gate, served, release()).passed
    assert served.asked == [50, 50]


def test_a_row_that_no_request_takes_fails_the_gate(tmp_path: Path) -> None:
    gate = gated(tmp_path, "request: {bytes_at_most: 2}\nmetrics: {accuracy: {at_least: 0.9}}\n")
    report = evaluate(gate, Answering(first_field), release())
    assert [one.told for one in report.failures] == ["row 1 makes a request of 4 bytes, and one may have 2"]


def refusal(tmp_path: Path, demands: str, answer: Callable[[list[list[str]]], str] = first_field, **more: Any) -> str:
    gate = gated(tmp_path, demands, **more)
    with pytest.raises(InvalidPackageError) as refused:
        evaluate(gate, Answering(answer), release())
    return str(refused.value).replace(f"{tmp_path.as_posix()}/", "")


@pytest.mark.parametrize(
    ("demands", "message"),
    [
        (
            'slices: {of: [{where: "scor < 1"}], worst: {f1: {at_least: 0.1}}}\n',
            "gate.yaml:5: slices.of[0].where: 'scor < 1' is no condition over the data: ",
        ),
        (
            'slices: {of: [{where: "score + 1"}], worst: {f1: {at_least: 0.1}}}\n',
            (
                "gate.yaml:5: slices.of[0].where: 'score + 1' is not true or false for each row; "
                "allowed: a condition such as age >= 65"
            ),
        ),
        (
            "slices: {of: [{column: grup}], worst: {f1: {at_least: 0.1}}}\n",
            "gate.yaml:5: slices.of[0].column: the test data has no column 'grup'; allowed: score, label, group",
        ),
        (
            "fairness: [{group: sex, limits: {accuracy_difference: {at_most: 0.1}}}]\n",
            "gate.yaml:5: fairness[0].group: test.csv has no column 'sex'; allowed: score, label, group",
        ),
        (
            "robustness: {perturbation: {metric: f1, drop_at_most: 0.1, columns: [b]}}\n",
            "gate.yaml:5: robustness.perturbation.columns[0]: 'b' is no feature of the data; allowed: score",
        ),
    ],
)
def test_what_only_the_data_shows_to_be_wrong_is_told_with_its_line(tmp_path: Path, demands: str, message: str) -> None:
    assert refusal(tmp_path, demands).startswith(message)


def test_a_metric_that_the_answers_do_not_allow_lists_those_there_are(tmp_path: Path) -> None:
    def labels(rows: list[list[str]]) -> str:
        return "".join(f"{round(float(row[0]))}\n" for row in rows)

    assert refusal(tmp_path, "metrics: {roc_auc: {at_least: 0.9}}\n", labels) == (
        "gate.yaml:5: metrics.roc_auc: 'roc_auc' cannot be measured: it needs a score or a probability for each row, "
        "which the answers do not hold; allowed: accuracy, balanced_accuracy, precision, recall, f1, mcc; "
        "name one of those"
    )


def test_data_of_other_labels_than_the_task_is_told(tmp_path: Path) -> None:
    gate = GATE.replace('"1"', '"2"')
    assert refusal(tmp_path, "metrics: {f1: {at_least: 0.9}}\n", gate=gate) == (
        "gate.yaml:1: task: a binary task has '2' and one other label, and the data has 2: '0', '1'; "
        "mend the task or the data"
    )


@pytest.mark.parametrize(
    ("theirs", "by", "verdict"),
    [(first_field, 0.0, "passed"), (lambda rows: first_field(rows[1:] + rows[:1]), 0.0, "passed")],
)
def test_the_deployed_release_is_asked_the_same_rows(
    tmp_path: Path, theirs: Callable[[list[list[str]]], str], by: float, verdict: str
) -> None:
    gate = gated(tmp_path, f"metrics: {{accuracy: {{not_worse_than_deployed: {{by: {by}}}}}}}\n")
    against = measure(gate, Answering(theirs), release(version="0.9.0"))
    report = evaluate(gate, Answering(first_field), release(), against=against)
    assert [one.verdict for one in report.results if one.section == "deployed"] == [verdict]
    assert report.deployed is not None
    assert report.deployed.same_rows


def test_a_release_worse_than_the_deployed_one_fails_by_how_much(tmp_path: Path) -> None:
    gate = gated(tmp_path, "metrics: {brier: {not_worse_than_deployed: {by: 0.01}}}\n")
    against = measure(gate, Answering(first_field), release(version="0.9.0"))
    worse = evaluate(gate, Answering(lambda rows: "".join("0.5\n" for _ in rows)), release(), against=against)
    assert [(one.name, one.comparison, one.told) for one in worse.failures] == [
        ("brier", "at_most", "0.9.0 (sha256:aaaaaaaaaaaa…) has 0.05 on the same rows; at most 0.01 worse")
    ]


def test_a_deployed_release_without_the_metric_lists_what_it_has(tmp_path: Path) -> None:
    gate = gated(tmp_path, "metrics: {brier: {not_worse_than_deployed: {by: 0.01}}}\n")
    against = measure(
        gate, Answering(lambda rows: "".join(f"{round(float(row[0]))}\n" for row in rows)), release(version="0.9.0")
    )
    report = evaluate(gate, Answering(first_field), release(), against=against)
    assert [one.told for one in report.failures] == [
        "0.9.0 (sha256:aaaaaaaaaaaa…) has no brier; it has: accuracy, balanced_accuracy, precision, recall, f1, mcc"
    ]


def test_slices_too_small_to_judge_are_shown_and_not_judged(tmp_path: Path) -> None:
    demands = "slices: {minimum_rows: 90, of: [{column: group}], worst: {accuracy: {at_least: 0.99}}}\n"
    report = evaluate(gated(tmp_path, demands), Answering(first_field), release())
    assert [(one.name, one.rows, one.judged) for one in report.slices] == [
        ("group = a", 50, False),
        ("group = b", 50, False),
    ]
    assert [(one.verdict, one.told) for one in report.results if one.section == "slices"] == [
        ("not_judged", "no slice has 90 rows on which accuracy is defined")
    ]


def test_a_slice_may_be_named_as_a_set_of_rows_is(tmp_path: Path) -> None:
    slices = "slices: {of: [{file: train.csv, name: test}], worst: {accuracy: {at_least: 0.9}}}\n"
    gate = gated(tmp_path, f"metrics: {{accuracy: {{at_least: 0.9}}}}\n{slices}")
    report = evaluate(gate, Answering(first_field), release())
    assert [(name, one.rows, one.metrics["accuracy"]) for name, one in report.data.items()] == [("test", 100, 0.95)]
    assert [(one.name, one.rows, one.metrics["accuracy"]) for one in report.slices] == [("test", 40, 1.0)]


def test_missing_values_that_end_in_a_server_error_fail(tmp_path: Path) -> None:
    def breaking(rows: list[list[str]]) -> str | ContainerResponse:
        return ContainerResponse(500, b"boom", "text/plain") if [""] in rows else first_field(rows)

    gate = gated(tmp_path, "robustness: {missing_values: {expect: refusal}}\n")
    report = evaluate(gate, Answering(breaking), release())
    assert [one.told for one in report.failures] == ["row 1 without 'score' was answered 500: boom"]


def test_missing_values_that_are_answered_cost_at_most_so_much(tmp_path: Path) -> None:
    def guessing(rows: list[list[str]]) -> str:
        return "".join(f"{row[0] or 0.5}\n" for row in rows)

    demands = "robustness: {missing_values: {expect: answers, metric: brier, rate: 0.5, drop_at_most: 0.01}}\n"
    report = evaluate(gated(tmp_path, demands), Answering(guessing), release())
    (result,) = report.failures
    assert result.name == "drop of brier with 50% of values missing"
    assert result.margin is not None
    assert result.margin < 0


def test_noise_is_the_same_each_time_and_keeps_whole_numbers_whole() -> None:
    import polars as pl

    from model_packaging.gate.robustness import with_noise

    rows = pl.DataFrame({"a": [1.0, None, 3.0], "b": [1, 20, 300], "c": ["x", "y", "z"]})
    noisy = with_noise(rows, 0.1, None, 7)
    assert isinstance(noisy, pl.DataFrame)
    again = with_noise(rows, 0.1, None, 7)
    assert isinstance(again, pl.DataFrame)
    assert noisy.equals(again)
    assert noisy.schema == rows.schema
    assert noisy["c"].to_list() == ["x", "y", "z"]
    assert noisy["a"][1] is None
    assert noisy["b"].to_list() != [1, 20, 300]


def test_images_as_arrays_are_judged_too(tmp_path: Path) -> None:
    images = np.zeros((30, 4, 4), dtype=np.uint8)
    labels = np.arange(30) % 3
    images[np.arange(30), 0, labels] = 255
    np.save(tmp_path / "rows.npy", images)
    np.save(tmp_path / "labels.npy", labels)
    (tmp_path / "gate.yaml").write_text(
        "task: {kind: multiclass}\ndata: {test: {rows: rows.npy, labels: labels.npy}}\n"
        "request: {body: {kind: npy}, rows_at_most: 8}\nmetrics: {accuracy: {at_least: 1}, roc_auc: {at_least: 1}}\n"
        "robustness: {perturbation: {metric: accuracy, drop_at_most: 0.5}}\n",
        encoding="utf-8",
    )
    gate = read_gate(tmp_path)
    assert gate is not None

    class Brightest:
        def invoke(self, body: bytes, content_type: str, accept: str, *_: Any, **__: Any) -> ContainerResponse:
            rows = np.load(io.BytesIO(body))
            assert rows.dtype == np.uint8
            assert rows.shape[1:] == (4, 4)
            scores = rows[:, 0, :3] + 1.0
            return ContainerResponse(
                200, json.dumps((scores / scores.sum(axis=1, keepdims=True)).tolist()).encode(), "application/json"
            )

    report = evaluate(gate, Brightest(), release())
    assert [(one.section, one.verdict) for one in report.results] == [
        ("answers", "passed"),
        ("metrics", "passed"),
        ("metrics", "passed"),
        ("robustness", "passed"),
    ]


def test_a_free_form_model_must_answer_every_row(tmp_path: Path) -> None:
    (tmp_path / "prompts.jsonl").write_text('{"prompt": "a"}\n{"prompt": "b"}\n', encoding="utf-8")
    (tmp_path / "gate.yaml").write_text(
        "task: {kind: free_form}\ndata: {test: {file: prompts.jsonl}}\nrequest: {rows_at_most: 1}\n"
        "latency: [{p99_ms: 60000, requests: 10, warm_up: 0}]\n",
        encoding="utf-8",
    )
    gate = read_gate(tmp_path)
    assert gate is not None
    report = evaluate(gate, Answering(lambda rows: f"echo {rows[0][0]}"), release())
    assert [(one.section, one.verdict) for one in report.results] == [("answers", "passed"), ("latency", "passed")]
    silent = evaluate(gate, Answering(lambda rows: ""), release())
    assert [one.told for one in silent.failures] == ["rows 1 to 1: the answer is empty"]
