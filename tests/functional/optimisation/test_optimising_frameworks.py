"""PyTorch and TensorFlow models become ONNX and answer as before."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pytest

from model_packaging.optimisation import optimise, pinned_optimisation

pytestmark = [
    pytest.mark.functional,
    pytest.mark.frameworks,
    # The exporters' own: of an old exporter that TorchScript needs, of packages that they use.
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning"),
]

ROWS = np.random.default_rng(0).random((32, 4), dtype=np.float32)


def written(tmp_path: Path, source: str) -> Path:
    np.save(tmp_path / "rows.npy", ROWS)
    (tmp_path / "optimise.yaml").write_text(
        f"source: {source}\ntarget: model.onnx\nrows: rows.npy\ntolerance: 1.0e-4\n"
        "steps:\n  - {kind: onnx}\n  - {kind: simplify}\n  - {kind: int8_dynamic, tolerance: 0.05}\n"
    )
    return tmp_path


def assert_converted(folder: Path) -> None:
    assert [one.step for one in optimise(folder).steps] == ["original", "onnx", "simplify", "int8_dynamic"]


def network():
    import torch

    torch.manual_seed(0)
    layers = torch.nn.Sequential(
        torch.nn.Linear(4, 16), torch.nn.ReLU(), torch.nn.Linear(16, 3), torch.nn.Softmax(dim=-1)
    )
    return layers.eval()


def test_torchscript(tmp_path):
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.trace(network(), torch.zeros(2, 4)).save(tmp_path / "model.pt")
    assert_converted(written(tmp_path, "model.pt"))


def test_a_compilation_job_alone_is_of_the_trained_model_and_needs_no_target(tmp_path):
    torch = pytest.importorskip("torch")
    torch.jit.trace(network(), torch.zeros(2, 4)).save(tmp_path / "model.pt")
    folder = written(tmp_path, "model.pt")
    (folder / "optimise.yaml").write_text("source: model.pt\nrows: rows.npy\nsteps: [{kind: neuron}]\n")
    result = optimise(folder)
    assert [(one.step, one.file) for one in result.steps] == [("original", "model.pt")]
    assert pinned_optimisation(folder) == result
    job = json.loads((folder / "neuron_compilation_job.json").read_text())
    assert job["InputConfig"] == {"DataInputConfig": '{"rows": [1, 4]}', "Framework": "PYTORCH"}


def test_an_exported_program(tmp_path):
    torch = pytest.importorskip("torch")
    rows = torch.export.Dim("rows")
    program = torch.export.export(network(), (torch.zeros(2, 4),), dynamic_shapes=({0: rows},))
    torch.export.save(program, tmp_path / "model.pt2")
    assert_converted(written(tmp_path, "model.pt2"))


def test_a_saved_model(tmp_path):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tf2onnx")
    tf.keras.utils.set_random_seed(0)
    layers = [tf.keras.layers.Input((4,)), tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dense(3, "softmax")]
    tf.keras.Sequential(layers).export(tmp_path / "saved", verbose=False)
    assert_converted(written(tmp_path, "saved"))
