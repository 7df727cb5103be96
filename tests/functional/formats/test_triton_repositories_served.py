"""Triton model repositories, served in Triton's protocol and compared with the original's predictions."""

from __future__ import annotations

import json
import struct
import textwrap
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from model_packaging.formats.triton import TritonFormat
from model_packaging.release import Signature, TensorSpec
from model_packaging.serving import ContainerSpec, ContainerStartError, VariantContainer
from tests.functional.formats.served_models import packaged, served

pytestmark = [pytest.mark.functional, pytest.mark.slow]

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-tritonserver:26.05-py3-cpu"
BINARY = "application/vnd.sagemaker-triton.binary+json;json-header-size="

PYTHON_MODEL = """
    import json
    import numpy as np
    import triton_python_backend_utils as pb_utils

    class TritonPythonModel:
        def initialize(self, args):
            config = json.loads(args["model_config"])
            output = pb_utils.get_output_config_by_name(config, "DOUBLED")
            self.dtype = pb_utils.triton_string_to_numpy(output["data_type"])
            self.factor = float(config["parameters"]["factor"]["string_value"])

        def execute(self, requests):
            responses = []
            for request in requests:
                values = pb_utils.get_input_tensor_by_name(request, "VALUES").as_numpy()
                if (values < 0).any():
                    error = pb_utils.TritonError("a value is negative")
                    responses.append(pb_utils.InferenceResponse(output_tensors=[], error=error))
                else:
                    doubled = pb_utils.Tensor("DOUBLED", (values * self.factor).astype(self.dtype))
                    responses.append(pb_utils.InferenceResponse(output_tensors=[doubled]))
            return responses
"""

PYTHON_CONFIG = """
    backend: "python"
    max_batch_size: 8
    input [ { name: "VALUES" data_type: TYPE_FP32 dims: [ 4 ] } ]
    output [ { name: "DOUBLED" data_type: TYPE_FP32 dims: [ 4 ] } ]
    parameters { key: "factor" value: { string_value: "2" } }
"""


@pytest.fixture(scope="module")
def iris(tmp_path_factory):
    """A classifier in ONNX, and what scikit-learn says of three rows."""
    skl2onnx = pytest.importorskip("skl2onnx")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows, labels = load_iris(return_X_y=True)
    model = LogisticRegression(max_iter=500).fit(rows, labels)
    inputs = [("rows", skl2onnx.common.data_types.FloatTensorType([None, 4]))]
    converted = skl2onnx.convert_sklearn(model, initial_types=inputs, options={"zipmap": False}, target_opset=17)
    path = tmp_path_factory.mktemp("onnx") / "model.onnx"
    path.write_bytes(converted.SerializeToString())
    return path, model.predict_proba(ROWS)


def repository(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    for place, content in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else textwrap.dedent(content).encode())
    return folder


def request(rows, name="rows", **more) -> str:
    tensor = {"name": name, "shape": list(np.shape(rows)), "datatype": "FP32", "data": rows}
    return json.dumps({"inputs": [tensor], **more})


def outputs(response) -> dict[str, np.ndarray]:
    assert response.status == 200, response.body
    listed = json.loads(response.body)["outputs"]
    return {one["name"]: np.asarray(one["data"]).reshape(one["shape"]) for one in listed}


def test_an_onnx_model_without_configuration_gets_one_and_answers_as_the_original(iris, tmp_path):
    path, answer = iris
    folder = repository(tmp_path / "models", {"iris/1/model.onnx": path.read_bytes()})
    with served(TritonFormat(), folder, tmp_path) as it:
        assert it.plan.generated["iris/config.pbtxt"].decode() == textwrap.dedent(
            """\
            # Written by Greenroom from the model's signature.
            name: "iris"
            backend: "onnxruntime"
            max_batch_size: 0
            input [
              {
                name: "rows"
                data_type: TYPE_FP32
                dims: [ -1, 4 ]
              }
            ]
            output [
              {
                name: "label"
                data_type: TYPE_INT64
                dims: [ -1 ]
              },
              {
                name: "probabilities"
                data_type: TYPE_FP32
                dims: [ -1, 3 ]
              }
            ]
            """
        )
        assert it.signature.inputs == (TensorSpec(name="rows", dtype="float32", shape=(None, 4)),)
        found = outputs(it.invoke(request(ROWS), "application/json"))
        np.testing.assert_allclose(found["probabilities"], answer, atol=1e-5)
        assert found["label"].tolist() == answer.argmax(axis=1).tolist()


@pytest.fixture(scope="module")
def doubling(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    files = {"double/config.pbtxt": PYTHON_CONFIG, "double/1/model.py": PYTHON_MODEL}
    with served(TritonFormat(), repository(folder / "models", files), folder) as it:
        yield it


def test_a_python_model_is_initialized_with_its_configuration_and_executes_requests(doubling):
    assert doubling.signature == Signature(
        inputs=(TensorSpec(name="VALUES", dtype="float32", shape=(None, 4)),),
        outputs=(TensorSpec(name="DOUBLED", dtype="float32", shape=(None, 4)),),
    )
    answer = doubling.invoke(request([[1.0, 2.0, 3.0, 4.0]], "VALUES", id="mine"), "application/json")
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {
        "id": "mine",
        "model_name": "double",
        "model_version": "1",
        "outputs": [{"name": "DOUBLED", "datatype": "FP32", "shape": [1, 4], "data": [2.0, 4.0, 6.0, 8.0]}],
    }


def test_tensors_travel_as_bytes_behind_the_json(doubling):
    tensor = {"name": "VALUES", "shape": [1, 4], "datatype": "FP32", "parameters": {"binary_data_size": 16}}
    wanted = [{"name": "DOUBLED", "parameters": {"binary_data": True}}]
    header = json.dumps({"inputs": [tensor], "outputs": wanted}).encode()
    answer = doubling.invoke(header + struct.pack("<4f", 1, 2, 3, 4), f"{BINARY}{len(header)}")
    assert answer.status == 200, answer.body
    assert answer.content_type.startswith(BINARY)
    size = int(answer.content_type.removeprefix(BINARY))
    (described,) = json.loads(answer.body[:size])["outputs"]
    assert described == {"name": "DOUBLED", "datatype": "FP32", "shape": [1, 4], "parameters": {"binary_data_size": 16}}
    assert struct.unpack("<4f", answer.body[size:]) == (2.0, 4.0, 6.0, 8.0)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("{", "failed to parse the request JSON buffer"),
        ("[]", "no JSON object with a list 'inputs'"),
        (request([[1.0, 2.0, 3.0, 4.0]], "OTHER"), "unexpected inference input 'OTHER' for model 'double'"),
        ('{"inputs": []}', "expected 1 inputs but got 0 inputs for model 'double'"),
        (request([[1.0, 2.0]], "VALUES"), "Expected [-1, 4], got [1, 2]"),
        (request([[1.0, 2.0, 3.0, 4.0]] * 9, "VALUES"), "inference request batch-size must be <= 8 for 'double'"),
        (request([[1.0, 2.0, 3.0, "x"]], "VALUES"), "input 'VALUES': an element is no FP32"),
        (request([[-1.0, 2.0, 3.0, 4.0]], "VALUES"), "a value is negative"),
        (request([[1.0, 2.0, 3.0, 4.0]], "VALUES").replace("FP32", "FP64"), "data-type is 'FP64'"),
        (request([[1.0] * 4], "VALUES", outputs=[{"name": "NO"}]), "unexpected inference output 'NO'"),
    ],
)
def test_a_wrong_request_is_told_with_400_as_triton_does(doubling, body, told):
    response = doubling.invoke(body, "application/json")
    assert response.status == 400
    assert told in json.loads(response.body)["error"]


def test_an_ensemble_runs_its_steps_in_the_order_of_their_tensors(iris, tmp_path):
    path, answer = iris
    ensemble = """
        platform: "ensemble"
        max_batch_size: 8
        input [ { name: "ROWS" data_type: TYPE_FP32 dims: [ 4 ] } ]
        output [ { name: "P" data_type: TYPE_FP32 dims: [ 3 ] } ]
        ensemble_scheduling {
          step [
            {
              model_name: "iris"
              input_map { key: "rows" value: "scaled" }
              output_map { key: "probabilities" value: "P" }
            },
            {
              model_name: "double"
              input_map { key: "VALUES" value: "ROWS" }
              output_map { key: "DOUBLED" value: "scaled" }
            }
          ]
        }
    """
    files = {
        "whole/config.pbtxt": ensemble,
        "whole/1/.keep": b"",
        "iris/1/model.onnx": path.read_bytes(),
        "double/config.pbtxt": PYTHON_CONFIG,
        "double/1/model.py": PYTHON_MODEL,
    }
    with served(TritonFormat(), repository(tmp_path / "models", files), tmp_path) as it:
        assert it.plan.environment == {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "whole"}
        halves = (np.asarray(ROWS) / 2).tolist()
        found = outputs(it.invoke(request(halves, "ROWS"), "application/json"))
        np.testing.assert_allclose(found["P"], answer, atol=1e-5)


@pytest.mark.frameworks
def test_a_torchscript_model_in_a_repository_takes_inputs_by_their_places(tmp_path):
    import warnings

    torch = pytest.importorskip("torch")

    class Difference(torch.nn.Module):  # type: ignore[misc,name-defined]
        def forward(self, left, right):
            return left - right, left + right

    config = """
        backend: "pytorch"
        max_batch_size: 4
        input [
          { name: "INPUT__1" data_type: TYPE_FP32 dims: [ 2 ] },
          { name: "INPUT__0" data_type: TYPE_FP32 dims: [ 2 ] }
        ]
        output [
          { name: "OUTPUT__0" data_type: TYPE_FP32 dims: [ 2 ] },
          { name: "OUTPUT__1" data_type: TYPE_FP32 dims: [ 2 ] }
        ]
    """
    folder = repository(tmp_path / "models", {"difference/config.pbtxt": config, "difference/1/.keep": b""})
    with warnings.catch_warnings():
        # PyTorch tells people to use torch.export; Triton reads TorchScript.
        warnings.filterwarnings("ignore", message=".*torch.jit.*", category=FutureWarning)
        program = torch.jit.trace(Difference(), (torch.zeros(1, 2), torch.zeros(1, 2)))
        torch.jit.save(program, str(folder / "difference/1/model.pt"))
    tensors = [
        {"name": f"INPUT__{place}", "shape": [1, 2], "datatype": "FP32", "data": data}
        for place, data in enumerate([[5.0, 6.0], [1.0, 2.0]])
    ]
    with served(TritonFormat(), folder, tmp_path) as it:
        found = outputs(it.invoke(json.dumps({"inputs": tensors}), "application/json"))
        assert {name: one.tolist() for name, one in found.items()} == {
            "OUTPUT__0": [[4.0, 4.0]],
            "OUTPUT__1": [[6.0, 8.0]],
        }


@pytest.mark.parametrize(
    ("files", "environment", "told"),
    [
        (
            {"plan/config.pbtxt": 'backend: "tensorrt"', "plan/1/model.plan": b"ftrt"},
            {},
            "model 'plan' is run by Triton's backend 'tensorrt', which is not on this machine",
        ),
        ({"config.pbtxt": 'backend: "python"'}, {}, "is a model and not a repository of models"),
        (
            {"a/config.pbtxt": PYTHON_CONFIG, "a/1/model.py": PYTHON_MODEL, "code/inference.py": b""},
            {},
            "has the folders: a, code; name it in SAGEMAKER_TRITON_DEFAULT_MODEL_NAME",
        ),
        (
            {"a/config.pbtxt": PYTHON_CONFIG, "a/1/model.py": PYTHON_MODEL},
            {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "b"},
            "SAGEMAKER_TRITON_DEFAULT_MODEL_NAME=b: no such folder",
        ),
        (
            {"a/config.pbtxt": 'backend: "python"\nmax_batch_size: many', "a/1/model.py": PYTHON_MODEL},
            {},
            "a/config.pbtxt:2: max_batch_size: is 'many'; allowed: a whole number",
        ),
    ],
)
def test_what_triton_would_not_start_with_is_told_when_the_container_starts(tmp_path, files, environment, told):
    folder = repository(tmp_path / "model", files)
    with pytest.raises(ContainerStartError) as caught:
        VariantContainer.start(ContainerSpec("m", IMAGE, environment, folder), tmp_path / "work")
    assert told in " ".join(str(caught.value).split())


def test_a_repository_becomes_a_release_that_keeps_the_containers_contract(iris, tmp_path):
    repository(tmp_path / "models", {"iris/1/model.onnx": iris[0].read_bytes()})
    release = packaged(tmp_path / "models", tmp_path, "iris", {"rows.json": request(ROWS)})
    assert (release.format, release.serving_image.framework) == ("triton", "sagemaker-tritonserver")
    assert [one.path for one in release.files] == [
        "model/iris/1/model.onnx",
        "model/iris/config.pbtxt",
        "samples/rows.json",
    ]
