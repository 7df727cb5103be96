"""`optimise.yaml` is read whole, and what is wrong with it is told at once, with its line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from model_packaging.errors import InvalidPackageError
from model_packaging.optimisation import OptimiseSpec, read_optimise_spec
from model_packaging.optimisation.rows import one_row, read_rows, row_count
from model_packaging.optimisation.spec import Int8Dynamic, Neuron, Simplify, TensorRt, ToOnnx

pytestmark = pytest.mark.unit

GOOD = """\
source: model.joblib
target: model.onnx
rows: rows.csv
tolerance: 0.001
steps:
  - kind: onnx
  - kind: simplify
  - kind: int8_dynamic
    tolerance: 0.02
"""


def folder(tmp_path: Path, text: str) -> Path:
    model = tmp_path / "m"
    model.mkdir(exist_ok=True)
    (model / "optimise.yaml").write_text(text)
    (model / "model.joblib").write_bytes(b"x")
    (model / "rows.csv").write_text("1,2\n3,4\n")
    return model


def violations(tmp_path: Path, text: str) -> list[str]:
    with pytest.raises(InvalidPackageError) as caught:
        read_optimise_spec(folder(tmp_path, text))
    return [str(one).replace(tmp_path.as_posix() + "/", "") for one in caught.value.violations]


def test_a_folder_without_the_file_is_not_optimised(tmp_path):
    assert read_optimise_spec(tmp_path) is None


def test_steps_are_read_in_their_order_each_with_its_tolerance(tmp_path):
    spec = read_optimise_spec(folder(tmp_path, GOOD))
    assert spec == OptimiseSpec(
        source="model.joblib",
        target="model.onnx",
        rows="rows.csv",
        tolerance=0.001,
        steps=(ToOnnx(kind="onnx"), Simplify(kind="simplify"), Int8Dynamic(kind="int8_dynamic", tolerance=0.02)),
    )
    writing = [one for one in spec.steps if not isinstance(one, TensorRt | Neuron)]
    assert [spec.tolerance_of(one) for one in writing] == [0.001, 0.001, 0.02]


@pytest.mark.parametrize("kind", ["tensorrt", "neuron"])
def test_what_is_only_built_elsewhere_serves_the_source_and_names_no_target(tmp_path, kind):
    spec = read_optimise_spec(folder(tmp_path, f"source: model.joblib\nrows: rows.csv\nsteps: [{{kind: {kind}}}]\n"))
    assert spec is not None
    assert (spec.target, spec.served) == (None, "model.joblib")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("rows: rows.csv\n", "", ["m/optimise.yaml:1: rows: is missing; write `rows: …`"]),
        (
            "kind: simplify",
            "kind: simplyfy",
            [
                "m/optimise.yaml:7: steps[1].kind: there is no kind 'simplyfy'; allowed: onnx, simplify, fp16, int8_dynamic, int8_static, graph, tensorrt, neuron; did you mean 'simplify'?"
            ],
        ),
        (
            "tolerance: 0.02",
            "tolerance: -1",
            ["m/optimise.yaml:9: steps[2].tolerance: -1: input should be greater than or equal to 0"],
        ),
        (
            "  - kind: onnx\n  - kind: simplify\n",
            "  - kind: simplify\n  - kind: onnx\n",
            ["m/optimise.yaml:7: steps[1]: conversion is the first step; move it up"],
        ),
        (
            "target: model.onnx\nrows: rows.csv",
            "target: model.joblib\nrows: rows.npy",
            [
                "m/optimise.yaml:2: target: is the source, which must stay as it was trained; name another",
                "m/optimise.yaml:2: target: is not named .onnx, and an ONNX model is written; name it so",
                "m/optimise.yaml:3: rows: there is no 'rows.npy' in m; put it there, or name another",
            ],
        ),
        (
            "  - kind: simplify\n",
            "  - kind: tensorrt\n",
            [
                "m/optimise.yaml:7: steps[1]: tensorrt is the last step: what it builds is not an ONNX model; move it down"
            ],
        ),
        (
            "target: model.onnx\n",
            "",
            ["m/optimise.yaml:1: target: is missing, and step onnx writes a model; write `target: model.onnx`"],
        ),
        (
            "  - kind: onnx\n  - kind: simplify\n  - kind: int8_dynamic\n    tolerance: 0.02\n",
            "  - kind: neuron\n",
            [
                "m/optimise.yaml:2: target: no step writes 'model.onnx': neuron leaves model.joblib as it is, and that is served; take it out, or convert first: `- kind: onnx`"
            ],
        ),
        (
            "  - kind: int8_dynamic\n",
            "  - kind: tensorrt\n",
            [
                "m/optimise.yaml:9: steps[2].tolerance: unknown key; allowed: kind, precision, workspace_mib; take it out"
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_line(tmp_path, old, new, told):
    assert violations(tmp_path, GOOD.replace(old, new)) == told


def test_rows_are_read_of_each_kind_of_file(tmp_path):
    np.save(tmp_path / "a.npy", np.ones((3, 2)))
    np.savez(tmp_path / "b.npz", left=np.ones((3, 2)), right=np.zeros((3, 1)))
    (tmp_path / "c.csv").write_text("1,2\n3,4\n5,6\n")
    found = {name: read_rows(tmp_path / name) for name in ("a.npy", "b.npz", "c.csv")}
    assert {name: {key: value.shape for key, value in rows.items()} for name, rows in found.items()} == {
        "a.npy": {"": (3, 2)},
        "b.npz": {"left": (3, 2), "right": (3, 1)},
        "c.csv": {"": (3, 2)},
    }
    assert {row_count(rows) for rows in found.values()} == {3}
    assert one_row(found["c.csv"], 1)[""].tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("rows.txt", b"1", "is not a file of rows: its name ends in '.txt'; allowed: .csv, .npy, .npz"),
        ("rows.npz", b"PK", "is not a file of rows"),
        ("rows.npy", b"", "is not a file of rows"),
        ("rows.csv", b"1,2\n3\n", "is not a file of rows"),
        ("rows.csv", b"a,b\n1,2\n", "could not convert string 'a' .*; write numbers: CSV without a header"),
        ("rows.csv", b"", "must hold at least one row, as many of every input; it has: rows 0"),
        ("rows", b"1", "its name has no ending; allowed: .csv, .npy, .npz"),
        ("missing.csv", None, "is not a file of rows"),
    ],
)
def test_a_file_that_holds_no_rows_is_told(tmp_path, name, content, told):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidPackageError, match=told):
        read_rows(tmp_path / name)


def test_one_value_is_no_rows(tmp_path):
    np.save(tmp_path / "one.npy", np.float32(1))
    with pytest.raises(InvalidPackageError, match="has no rows but one value: rows; write numbers"):
        read_rows(tmp_path / "one.npy")


def test_a_folder_is_not_written_over(tmp_path):
    (tmp_path / "m" / "model.onnx").mkdir(parents=True)
    told = "m/optimise.yaml:2: target: is a folder, and a file is written; name another"
    assert violations(tmp_path, GOOD) == [told]


def test_inputs_of_different_lengths_are_told(tmp_path):
    np.savez(tmp_path / "b.npz", left=np.ones((3, 2)), right=np.zeros((2, 1)))
    with pytest.raises(InvalidPackageError, match="as many of every input; it has: left 3, right 2"):
        read_rows(tmp_path / "b.npz")
