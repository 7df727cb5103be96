"""The data of a gate is read whole, or refused with the gate's line: a truncated file, a missing column, no truth."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from model_packaging.errors import InvalidPackageError
from model_packaging.gate import Gate, read_data, read_gate
from model_packaging.gate.data_sets import DataSet, read_data_set
from model_packaging.judging import Judges, Judging
from model_packaging.store import ReleaseStore
from tests.unit.gate.gate_releases import a_release

TABLE = pl.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"], "label": [0, 1], "site": ["n", "s"]})


def gate_of(folder: Path, file: str, *, kind: str = "binary", columns: str = "{not_features: [site]}") -> Gate:
    metric = "rmse: {at_most: 1}" if kind == "regression" else "f1: {at_least: 0.1}"
    data = file if file.startswith("{") else f"{{file: {file}}}"
    (folder / "gate.yaml").write_text(
        f"task: {{kind: {kind}}}\ncolumns: {columns}\ndata: {{test: {data}}}\nmetrics: {{{metric}}}\n", encoding="utf-8"
    )
    gate = read_gate(folder)
    assert gate is not None
    return gate


def rows_of(gate: Gate) -> DataSet:
    return read_data_set(gate, "test", gate.spec.data.test, ("data", "test"))


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("test.csv", TABLE.write_csv),
        ("test.parquet", TABLE.write_parquet),
        ("test.jsonl", TABLE.write_ndjson),
    ],
)
def test_tables_of_every_format_are_the_same_rows(tmp_path: Path, name: str, write: Any) -> None:
    write(tmp_path / name)
    rows = rows_of(gate_of(tmp_path, name))
    assert isinstance(rows.features, pl.DataFrame)
    assert rows.features.rows() == [(1.5, "x"), (2.5, "y")]
    assert rows.labels is not None
    assert rows.labels.tolist() == ["0", "1"]


def refusal(tmp_path: Path, gate: Gate) -> str:
    with pytest.raises(InvalidPackageError) as refused:
        rows_of(gate)
    return str(refused.value).replace(f"{tmp_path.as_posix()}/", "")


def test_a_truncated_file_is_refused_with_the_gates_line(tmp_path: Path) -> None:
    TABLE.write_parquet(tmp_path / "test.parquet")
    whole = (tmp_path / "test.parquet").read_bytes()
    (tmp_path / "test.parquet").write_bytes(whole[: len(whole) // 2])
    told = refusal(tmp_path, gate_of(tmp_path, "test.parquet"))
    assert told.startswith("gate.yaml:3: data.test.file: cannot be read as parquet: ")


@pytest.mark.parametrize(
    ("text", "columns", "told"),
    [
        ("a,label,site\n", "{not_features: [site]}", "gate.yaml:3: data.test.file: has no rows; give it some"),
        ("", "{}", "gate.yaml:3: data.test.file: cannot be read as csv: empty CSV"),
        (
            "a,labl,site\n1,0,n\n",
            "{not_features: [site]}",
            "gate.yaml:2: columns.label: test.csv has no column 'label'; allowed: a, labl, site; did you mean 'labl'?",
        ),
        (
            "a,label,site\n1,0,n\n",
            "{features: [a, b], not_features: [site]}",
            "gate.yaml:2: columns.features[1]: test.csv has no column 'b'; allowed: a, label, site",
        ),
        (
            "a,label\n1,0\n2,\n",
            "{}",
            "gate.yaml:3: data.test.file: has no label in row 2; leave out rows without the truth",
        ),
        (
            "label\n1\n0\n",
            "{}",
            "gate.yaml:3: data.test.file: has no column to send to the model; write columns.features",
        ),
    ],
)
def test_a_table_without_what_the_gate_names_is_refused(tmp_path: Path, text: str, columns: str, told: str) -> None:
    (tmp_path / "test.csv").write_text(text, encoding="utf-8")
    assert refusal(tmp_path, gate_of(tmp_path, "test.csv", columns=columns)) == told


def test_a_regression_needs_finite_numbers(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,label\n1,2.5\n2,NaN\n", encoding="utf-8")
    assert refusal(tmp_path, gate_of(tmp_path, "test.csv", kind="regression", columns="{}")) == (
        "gate.yaml:3: data.test.file: has no finite label in row 2; leave out those rows"
    )


def test_a_label_that_is_no_number_is_told_with_its_row(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,label\n1,2.5\n2,\n3,high\n", encoding="utf-8")
    assert refusal(tmp_path, gate_of(tmp_path, "test.csv", kind="regression", columns="{}")) == (
        "gate.yaml:3: data.test.file: has a label in row 3 that is no number: 'high'; mend it, or leave out that row"
    )


@pytest.mark.slow  # scikit-learn takes a second to import
def test_everything_that_the_data_show_to_be_wrong_is_told_at_once(tmp_path: Path) -> None:
    TABLE.write_csv(tmp_path / "test.csv")
    TABLE.drop("b").write_csv(tmp_path / "train.csv")
    TABLE.drop("label").write_csv(tmp_path / "north.csv")
    (tmp_path / "gate.yaml").write_text(
        """\
task: {kind: binary}
columns: {features: [a, b], not_features: [sit]}
data: {test: {file: test.csv}, train: {file: train.csv}}
overfitting: {f1: {gap_at_most: 0.1}}
""",
        encoding="utf-8",
    )
    broken = all_that_is_wrong(tmp_path)
    assert broken == [
        "gate.yaml:2: columns.features[1]: train.csv has no column 'b'; allowed: a, label, site",
        (
            "gate.yaml:2: columns.not_features[0]: test.csv has no column 'sit'; allowed: a, b, label, site; "
            "did you mean 'site'?"
        ),
    ]
    (tmp_path / "gate.yaml").write_text(
        """\
task: {kind: binary}
columns: {not_features: [sit]}
data: {test: {file: test.csv}}
slices: {of: [{column: sites}], worst: {f1: {at_least: 0.1}}}
""",
        encoding="utf-8",
    )
    paths = ["columns.not_features[0]", "slices.of[0].column"]
    assert [one.split(": ")[1] for one in all_that_is_wrong(tmp_path)] == paths
    (tmp_path / "gate.yaml").write_text(
        """\
task: {kind: binary}
columns: {not_features: [site]}
data: {test: {file: test.csv}}
slices:
  of: [{column: sites}, {where: "a > 2"}, {where: "c > 2"}, {file: north.csv}, {column: b, edges: [1]}]
  worst: {f1: {at_least: 0.1}}
robustness: {perturbation: {metric: f1, drop_at_most: 0.1, columns: [aa]}}
""",
        encoding="utf-8",
    )
    assert [one.split(": ")[1] for one in all_that_is_wrong(tmp_path)] == [
        "columns.label",
        "slices.of[0].column",
        "slices.of[2].where",
        "slices.of[4].edges",
        "robustness.perturbation.columns[0]",
    ]


def all_that_is_wrong(folder: Path) -> list[str]:
    gate = read_gate(folder)
    assert gate is not None
    with pytest.raises(InvalidPackageError) as refused:
        read_data(gate)
    return [str(one).replace(f"{folder.as_posix()}/", "") for one in refused.value.violations]


@pytest.mark.slow
def test_a_gate_whose_data_are_wrong_is_told_before_anything_is_started(tmp_path: Path) -> None:
    (tmp_path / "test.csv").write_text("a,labl,site\n1,0,n\n", encoding="utf-8")
    told: list[str] = []
    judging = Judging(Judges(), ReleaseStore(tmp_path / "store"), told.append)
    with pytest.raises(InvalidPackageError, match=r"test\.csv has no column 'label'"):
        judging.judge(tmp_path, a_release(), gate_of(tmp_path, "test.csv"))
    assert told == []


@pytest.mark.parametrize(
    ("labels", "told"),
    [
        (np.zeros(3), "gate.yaml:3: data.test.labels: has the shape [3], and there are 2 rows; allowed: the shape [2]"),
        (
            np.array([{}, {}]),
            (
                "gate.yaml:3: data.test.labels: cannot be read as an array: Object arrays cannot be loaded when "
                "allow_pickle=False"
            ),
        ),
    ],
)
def test_arrays_that_do_not_fit_or_would_run_code_are_refused(tmp_path: Path, labels: Any, told: str) -> None:
    np.save(tmp_path / "rows.npy", np.zeros((2, 3)))
    np.save(tmp_path / "labels.npy", labels, allow_pickle=True)
    assert refusal(tmp_path, gate_of(tmp_path, "{rows: rows.npy, labels: labels.npy}", columns="{}")) == told


def test_a_link_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside.csv"
    TABLE.write_csv(outside)
    model = tmp_path / "model"
    model.mkdir()
    (model / "test.csv").symlink_to(outside)
    with pytest.raises(InvalidPackageError, match="is a link that leads out of the model's folder"):
        gate_of(model, "test.csv")
