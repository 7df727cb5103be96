"""PyTorch and TensorFlow models become ONNX and answer as before."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest

from model_packaging.optimisation import optimise

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
    result = optimise(written(tmp_path, "model.pt"))
    assert [one.step for one in result.steps] == ["original", "onnx", "simplify", "int8_dynamic"]


def test_an_exported_program(tmp_path):
    torch = pytest.importorskip("torch")
    rows = torch.export.Dim("rows")
    program = torch.export.export(network(), (torch.zeros(2, 4),), dynamic_shapes=({0: rows},))
    torch.export.save(program, tmp_path / "model.pt2")
    result = optimise(written(tmp_path, "model.pt2"))
    assert [one.step for one in result.steps] == ["original", "onnx", "simplify", "int8_dynamic"]


def test_a_saved_model(tmp_path):
    tf = pytest.importorskip("tensorflow")
    pytest.importorskip("tf2onnx")
    tf.keras.utils.set_random_seed(0)
    layers = [tf.keras.layers.Input((4,)), tf.keras.layers.Dense(8, "relu"), tf.keras.layers.Dense(3, "softmax")]
    tf.keras.Sequential(layers).export(tmp_path / "saved", verbose=False)
    result = optimise(written(tmp_path, "saved"))
    assert [one.step for one in result.steps] == ["original", "onnx", "simplify", "int8_dynamic"]
