"""PyTorch's formats, exported here from tiny models, packaged, served and compared with the original."""

from __future__ import annotations

import importlib
import io
import json
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from model_packaging.formats.executorch_program import ExecutorchFormat
from model_packaging.formats.exported_program import ExportedProgramFormat
from model_packaging.formats.torch_containers import tensor_code
from model_packaging.formats.torchscript import TorchScriptFormat
from model_packaging.release import Signature, TensorSpec
from tests.functional.formats.served_models import packaged, sample_file, served

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.frameworks]

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]


@pytest.fixture(scope="module")
def iris():
    """A classifier of the iris rows that scikit-learn ships, and what it says of three of them."""
    torch = pytest.importorskip("torch")
    from sklearn.datasets import load_iris

    torch.set_num_threads(1)
    torch.manual_seed(0)
    rows, labels = load_iris(return_X_y=True)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 3), torch.nn.Softmax(1))
    optimiser = torch.optim.Adam(model.parameters(), 0.05)
    inputs, wanted = torch.tensor(rows, dtype=torch.float32), torch.tensor(labels)
    for _ in range(60):
        optimiser.zero_grad()
        torch.nn.functional.nll_loss(torch.log(model(inputs)), wanted).backward()
        optimiser.step()
    model.eval()
    with torch.no_grad():
        answer = model(torch.tensor(ROWS, dtype=torch.float32)).numpy()
    return model, answer


def predictions(response) -> np.ndarray:
    assert (response.status, response.content_type) == (200, "application/json"), response.body
    return np.asarray(json.loads(response.body)["predictions"])


def npy(rows) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(rows, dtype="float32"))
    return buffer.getvalue()


def csv(rows) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def saved_script(model, path: Path, how: str) -> Path:
    import torch

    with warnings.catch_warnings():
        # PyTorch tells people to use torch.export; TorchScript files are still what many of them have.
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        program = torch.jit.script(model) if how == "script" else torch.jit.trace(model, torch.zeros(2, 4))
        torch.jit.save(program, str(path))
    return path


@pytest.mark.parametrize("how", ["script", "trace"])
def test_torchscript_answers_as_the_model_it_was_made_of(iris, tmp_path, how):
    model, answer = iris
    path = saved_script(model, tmp_path / "whatever.bin", how)
    samples = [sample_file(tmp_path, json.dumps({"instances": ROWS}), "application/json")]
    with served(TorchScriptFormat(), path, tmp_path, samples) as it:
        name = it.signature.inputs[0].name
        assert it.signature == Signature(
            inputs=(TensorSpec(name=name, dtype="float32", shape=(None, 4)),),
            outputs=(TensorSpec(name="output", dtype="float32", shape=(None,)),),
        )
        requests: list[tuple[str | bytes, str]] = [
            (json.dumps({"instances": ROWS}), "application/json"),
            (csv(ROWS), "text/csv"),
            (npy(ROWS), "application/x-npy"),
        ]
        for body, content_type in requests:
            np.testing.assert_allclose(predictions(it.invoke(body, content_type)), answer, atol=1e-6)
        assert it.invoke("1,2,3\n", "text/csv").status == 400
        assert it.invoke("1,2,3,x\n", "text/csv").status == 400
        assert it.invoke("{", "application/json").status == 400
        assert it.invoke("x", "image/png").status == 415


def test_torchscript_of_two_inputs_and_two_outputs_reads_them_by_name(tmp_path):
    torch = pytest.importorskip("torch")

    class Pair(torch.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, left, mask):
            return left.sum(dim=2), torch.where(mask > 0, left[:, :, 0], -left[:, :, 0])

    left, mask = [[[1.5, 2.0], [3.0, 4.0]]], [[1, 0]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        program = torch.jit.trace(Pair(), (torch.tensor(left), torch.tensor(mask)))
        torch.jit.save(program, str(tmp_path / "pair.pt"))
    request = json.dumps({"inputs": {"left": left, "mask": mask}})
    samples = [sample_file(tmp_path, request, "application/json")]
    with served(TorchScriptFormat(), tmp_path / "pair.pt", tmp_path, samples) as it:
        assert [(one.name, one.dtype, one.shape) for one in it.signature.inputs] == [
            ("left", "float32", (None, 2, 2)),
            ("mask", "int64", (None, 2)),
        ]
        answer = it.invoke(request, "application/json")
        assert json.loads(answer.body) == {"predictions": [{"output_0": [3.5, 7.0], "output_1": [1.5, -3.0]}]}
        assert it.invoke('{"inputs": {"left": 1}}', "application/json").status == 400


def test_an_exported_program_answers_as_the_model_it_was_made_of(iris, tmp_path):
    import torch

    model, answer = iris
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (torch.zeros(2, 4),), dynamic_shapes=({0: batch},))
    torch.export.save(program, tmp_path / "model.pt2")
    with served(ExportedProgramFormat(), tmp_path / "model.pt2", tmp_path) as it:
        assert it.signature == Signature(
            inputs=(TensorSpec(name="input", dtype="float32", shape=(None, 4)),),
            outputs=(TensorSpec(name="softmax", dtype="float32", shape=(None, 3)),),
        )
        assert it.model.framework.version == torch.__version__.partition("+")[0]
        np.testing.assert_allclose(predictions(it.invoke(csv(ROWS), "text/csv")), answer, atol=1e-6)
        body = json.dumps({"instances": ROWS[:1]})
        np.testing.assert_allclose(predictions(it.invoke(body, "application/json")), answer[:1], atol=1e-6)
        assert it.invoke("1,2\n", "text/csv").status == 400


def test_an_executorch_program_answers_as_the_model_it_was_made_of(iris, tmp_path):
    pytest.importorskip("executorch")
    import torch

    model, answer = iris
    with warnings.catch_warnings():
        # ExecuTorch's compiler and what it imports use old ways of Python's and PyTorch's.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        warnings.filterwarnings("ignore", category=FutureWarning)
        warnings.filterwarnings("ignore", category=UserWarning, module="(torchao|executorch|torch)")
        from executorch.exir import to_edge

        program = to_edge(torch.export.export(model, (torch.zeros(3, 4),))).to_executorch()
    path = tmp_path / "model.pte"
    path.write_bytes(program.buffer)
    with served(ExecutorchFormat(), path, tmp_path) as it:
        assert it.signature == Signature(
            inputs=(TensorSpec(name="input", dtype="float32", shape=(3, 4)),),
            outputs=(TensorSpec(name="output", dtype="float32", shape=(3, 3)),),
        )
        np.testing.assert_allclose(predictions(it.invoke(csv(ROWS), "text/csv")), answer, atol=1e-6)
        assert it.invoke(csv(ROWS[:1]), "text/csv").status == 400


@pytest.mark.parametrize("how", ["script", "export"])
def test_a_program_becomes_a_release_that_keeps_the_containers_contract(iris, tmp_path, how):
    import torch

    path = tmp_path / "program"
    if how == "script":
        saved_script(iris[0], path, how)
    else:
        shapes = ({0: torch.export.Dim("batch")},)
        with path.open("wb") as stream:
            torch.export.save(torch.export.export(iris[0], (torch.zeros(2, 4),), dynamic_shapes=shapes), stream)
    release = packaged(path, tmp_path, "iris", {"rows.csv": csv(ROWS), "rows.json": json.dumps({"instances": ROWS})})
    wanted = {"script": ("torchscript", "model/model.pt"), "export": ("torch_export", "model/model.pt2")}[how]
    assert (release.format, wanted[1] in {one.path for one in release.files}) == (wanted[0], True)


@pytest.mark.filterwarnings("ignore:.*torch.jit.*:FutureWarning")  # as in saved_script
def test_a_program_compiled_for_neuron_has_its_operators_before_it_is_loaded(iris, tmp_path, monkeypatch):
    model, answer = iris
    saved_script(model, tmp_path / "model.pt", "script")
    signature = {"inputs": [{"name": "input", "dtype": "float32", "shape": [None, 4]}], "outputs": []}
    generated = {**tensor_code("torch_inference.py"), "code/signature.json": json.dumps(signature).encode()}
    for name, content in generated.items():
        (tmp_path / Path(name).name).write_bytes(content)
    (tmp_path / "torch_neuronx.py").write_text("import pathlib; pathlib.Path(__file__).with_suffix('.seen').touch()")
    monkeypatch.syspath_prepend(str(tmp_path))
    try:
        code = importlib.import_module("inference")
        loaded = code.model_fn(str(tmp_path))
        assert (tmp_path / "torch_neuronx.seen").is_file()
        np.testing.assert_allclose(code.predictions_of([np.array(ROWS, "float32")], loaded), answer, atol=1e-6)
    finally:
        for name in ("inference", "torch_neuronx", "tabular", "tensors"):
            sys.modules.pop(name, None)
