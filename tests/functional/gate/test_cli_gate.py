"""`greenroom gate`: the packaged sample model judged by a gate of the test's own, from a folder to an exit code."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from greenroom.cli.root import root
from model_packaging.gate import GateReport

pytestmark = pytest.mark.slow

REPOSITORY = Path(__file__).parents[3]

GATE = """\
task: {kind: binary, positive: malignant}
data: {test: {file: test.csv}}
metrics:
  accuracy: {at_least: 0.8, not_worse_than_deployed: {by: 0}}
latency: [{p99_ms: 60000, requests: 10}]
confidence: {resamples: 0}
"""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A project with one model, whose gate judges the rows of its samples."""
    (tmp_path / "Pulumi.yaml").write_text("name: gated\nruntime: python\n", encoding="utf-8")
    folder = tmp_path / "models" / "tumor"
    shutil.copytree(REPOSITORY / "models" / "tumor", folder)
    rows = (folder / "samples/rows.csv").read_text(encoding="utf-8").splitlines()
    truth = json.loads((folder / "samples/truth.json").read_text(encoding="utf-8"))
    header = ",".join([*(f"f{number}" for number in range(30)), "label"])
    lines = [f"{row},{label}" for row, label in zip(rows, truth, strict=True)]
    (folder / "test.csv").write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    (folder / "gate.yaml").write_text(GATE, encoding="utf-8")
    return folder


def run(model: Path, *arguments: str) -> Result:
    home = model.parents[1] / "home"
    return CliRunner(env={"GREENROOM_HOME": str(home), "NO_COLOR": "1"}).invoke(root, ["gate", str(model), *arguments])


def test_a_model_that_passes_is_told_and_shown(model: Path, tmp_path: Path) -> None:
    ended = run(model, "--page", str(tmp_path / "out" / "gate.html"))
    assert ended.exit_code == 0, ended.output
    assert ended.stdout.splitlines()[-2:] == [
        "not judged: deployed: accuracy: nothing is deployed to compare with",
        "tumor 1.0.0 passed its gate: 3 demands met, 1 not judged",
    ]
    assert (tmp_path / "out" / "gate.html").read_bytes().startswith(b"<!doctype html>")


def test_a_model_that_fails_ends_in_1_with_one_json_object(model: Path) -> None:
    (model / "gate.yaml").write_text(
        GATE.replace("accuracy: {at_least: 0.8", "log_loss: {at_most: 0.000001"), encoding="utf-8"
    )
    ended = run(model, "--json")
    assert ended.exit_code == 1
    report = GateReport.from_json(ended.stdout.encode())
    assert [one.name for one in report.failures] == ["log_loss"]
    assert "did not pass its gate: 1 of 3 demands failed" in ended.stderr


def test_a_gate_that_is_not_right_ends_in_2_with_its_line(model: Path) -> None:
    (model / "gate.yaml").write_text(GATE.replace("0.8", "1.8"), encoding="utf-8")
    ended = run(model)
    assert ended.exit_code == 2
    assert "gate.yaml:4: metrics.accuracy.at_least: 1.8 is impossible: accuracy is 0 to 1" in ended.stderr


def test_an_environment_that_cannot_be_compared_with_is_told(model: Path) -> None:
    ended = run(model, "--against", "prod")
    assert ended.exit_code == 2
    assert f"--against prod: {model.parents[1]} has no environments/, which would say what is deployed." in ended.stderr


def test_a_model_without_a_gate_is_told_how_to_write_one(model: Path) -> None:
    (model / "gate.yaml").unlink()
    ended = run(model)
    assert ended.exit_code == 2
    assert "gate.yaml: there is none" in ended.stderr
