"""PyTorch's, TensorFlow's, Hugging Face's, NVIDIA's and MLflow's models are recognised from their bytes alone."""

from __future__ import annotations

import json
import struct
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from model_packaging import formats
from model_packaging.errors import InvalidPackageError
from model_packaging.formats import SampleFile
from model_packaging.release import Framework, Signature, TensorSpec
from tests.unit.formats.heavy_models import GRAPH, huggingface, mlmodel, safetensors, saved_model, torchscript, zipped

pytestmark = pytest.mark.unit


def refusal(path: Path) -> str:
    with pytest.raises(InvalidPackageError) as caught:
        formats.recognise(path)
    return str(caught.value)


def test_torchscript_tells_its_inputs_by_name_and_gets_their_shapes_from_a_sample(tmp_path):
    model = formats.recognise(torchscript(tmp_path / "model.bin", b"Tuple[Tensor, Tensor]"))
    assert (model.format, model.framework) == ("torchscript", Framework(name="pytorch", version="TorchScript 3"))
    assert model.told == "TorchScript, file format 3, by the program in its zip"
    assert dict(model.files) == {"model.pt": tmp_path / "model.bin"}
    sample = tmp_path / "sample.json"
    sample.write_text('{"inputs": {"left": [[1.5, 2.5]], "right": [3]}}', encoding="utf-8")
    form = formats.FORMATS["torchscript"]
    assert form.signature(model, [SampleFile(sample, "sample.json", "application/json")]) == Signature(
        inputs=(
            TensorSpec(name="left", dtype="float32", shape=(None, 2)),
            TensorSpec(name="right", dtype="int64", shape=(None,)),
        ),
        outputs=(
            TensorSpec(name="output_0", dtype="float32", shape=(None,)),
            TensorSpec(name="output_1", dtype="float32", shape=(None,)),
        ),
    )
    with pytest.raises(InvalidPackageError, match="does not say the shapes of its inputs, and there is no sample"):
        form.signature(model, [])


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"inputs": {"left": [[1]]}}', "sample.json: has the inputs left; the model reads left, right"),
        ('{"inputs": {"left": [[1], [1, 2]], "right": [1]}}', "input 'left' has lists of different lengths: [1, 2]"),
        ('{"inputs": {"left": [["a"]], "right": [1]}}', "input 'left' has a value that is no number"),
        ('{"inputs": {"left": 1, "right": [1]}}', "input 'left' is no tensor: nested lists of numbers"),
        ("{", "is not JSON"),
    ],
)
def test_a_sample_that_is_no_request_of_the_program_is_told(tmp_path, content, told):
    model = formats.recognise(torchscript(tmp_path / "model.pt"))
    sample = tmp_path / "sample.json"
    sample.write_text(content, encoding="utf-8")
    with pytest.raises(InvalidPackageError) as caught:
        formats.FORMATS["torchscript"].signature(model, [SampleFile(sample, "sample.json", "application/json")])
    assert told in str(caught.value)


def test_an_npy_sample_gives_a_program_of_one_input_its_shape(tmp_path):
    path = torchscript(tmp_path / "model.pt")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["net/code/__torch__.py"] = members["net/code/__torch__.py"].replace(b",\n    right: Tensor", b"")
    model = formats.recognise(zipped(path, members))
    np.save(tmp_path / "rows.npy", np.zeros((5, 2, 3)))
    samples = [SampleFile(tmp_path / "rows.npy", "rows.npy", "application/x-npy")]
    inputs = formats.FORMATS["torchscript"].signature(model, samples).inputs
    assert inputs == (TensorSpec(name="left", dtype="float32", shape=(None, 2, 3)),)


@pytest.mark.parametrize("member", ["m/models/model.json", "serialized_exported_program.json"])
def test_an_exported_program_tells_its_whole_signature(tmp_path, member):
    path = zipped(tmp_path / "model.pt2", {member: json.dumps(GRAPH).encode()})
    model = formats.recognise(path)
    assert (model.format, model.framework.version) == ("torch_export", "2.15.0")
    form = formats.FORMATS["torch_export"]
    assert form.signature(model, []) == Signature(
        inputs=(TensorSpec(name="x", dtype="int64", shape=(None, 4)),),
        outputs=(TensorSpec(name="y", dtype="float64", shape=(None,)),),
    )
    plan = form.serving(model, "cpu")
    assert plan.generated["code/requirements.txt"] == b"torch==2.15.*\n"
    assert "it installs PyTorch 2.15" in (plan.image_note or "")


def test_what_of_pytorchs_cannot_be_served_says_what_it_is(tmp_path):
    weights = zipped(
        tmp_path / "weights.pt", {"w/data.pkl": b"\x80\x02}.", "w/version": b"3", "w/byteorder": b"little"}
    )
    assert "holds weights or a pickled object: there is no program to run" in refusal(weights)
    compiled = zipped(
        tmp_path / "compiled.pt2", {"m/archive_format": b"pt2", "m/data/aotinductor/model/model.so": b"\x7fELF"}
    )
    assert "a library that AOTInductor compiled for one machine" in refusal(compiled)
    damaged = zipped(tmp_path / "damaged.pt2", {"m/models/model.json": b"{}", "m/archive_format": b"pt2"})
    assert "the program's JSON (models/model.json) is damaged" in refusal(damaged)
    whole = torchscript(tmp_path / "whole.pt").read_bytes()
    (tmp_path / "cut.pt").write_bytes(whole[: len(whole) // 2])
    assert "the zip is cut short or damaged" in refusal(tmp_path / "cut.pt")


def test_an_executorch_program_that_is_cut_short_is_told(tmp_path):
    path = tmp_path / "model.pte"
    path.write_bytes(struct.pack("<I", 900) + b"ET12" + bytes(24))
    assert "ExecuTorch: the flatbuffer ET12 is cut short or damaged" in refusal(path)


def test_a_saved_model_is_version_1_unless_it_says_another(tmp_path):
    form = formats.FORMATS["tensorflow_saved_model"]
    model = formats.recognise(saved_model(tmp_path / "model"))
    assert (model.format, model.framework) == (form.name, Framework(name="tensorflow", version="2.18.1"))
    assert list(model.files) == ["1/saved_model.pb"]
    assert form.signature(model, []) == Signature(
        inputs=(TensorSpec(name="x", dtype="float32", shape=(None, 4)),),
        outputs=(TensorSpec(name="p", dtype="int64", shape=(None,)),),
    )
    plan = form.serving(model, "cpu")
    assert (plan.image.version, plan.image_note, plan.entry_point) == ("2.18.0", None, None)
    versions = tmp_path / "versions"
    for version in ("3", "12"):
        saved_model(versions / version)
    assert list(formats.recognise(versions).files) == ["3/saved_model.pb", "12/saved_model.pb"]


NEAREST = "AWS has no TensorFlow {} container; the {} one is the nearest, whose TensorFlow reads it"


@pytest.mark.parametrize(
    ("wrote", "version", "note"),
    [
        (b"2.18.1", "2.18.0", None),
        (b"2.17.0", "2.18.0", NEAREST.format("2.17.0", "2.18.0")),
        (b"2.21.0", "2.20.0", NEAREST.format("2.21.0", "2.20.0") + " as a rule, not by promise"),
        (b"", "2.20.0", None),
    ],
)
def test_a_saved_models_container_is_that_of_its_version_or_the_nearest(tmp_path, wrote, version, note):
    model = formats.recognise(saved_model(tmp_path / "model", version=wrote))
    plan = formats.FORMATS["tensorflow_saved_model"].serving(model, "cpu")
    assert (plan.image.version, plan.image_note) == (version, note)


def test_a_saved_model_that_cannot_be_served_says_why(tmp_path):
    assert "none of its graphs is tagged 'serve'; tags: train" in refusal(saved_model(tmp_path / "a", tag=b"train"))
    other = formats.recognise(saved_model(tmp_path / "b", name=b"other"))
    with pytest.raises(InvalidPackageError, match=r"it has no signature 'serving_default'.*it has: other"):
        formats.FORMATS["tensorflow_saved_model"].serving(other, "cpu")
    cut = saved_model(tmp_path / "c") / "saved_model.pb"
    cut.write_bytes(cut.read_bytes()[:-20])
    assert "saved_model.pb" in refusal(tmp_path / "c")
    variables = saved_model(tmp_path / "d") / "variables"
    variables.mkdir()
    (variables / "variables.data-00000-of-00002").write_bytes(b"")
    assert "missing: variables.data-00001-of-00002, variables.index" in refusal(tmp_path / "d")


def test_a_hugging_face_directory_is_served_by_its_task_without_its_code(tmp_path):
    folder = huggingface(tmp_path / "m", transformers_version="4.50.1", auto_map={"AutoModel": "modeling.Net"})
    safetensors(folder / "model.safetensors")
    (folder / "modeling.py").write_text("raise SystemExit", encoding="utf-8")
    (folder / "pytorch_model.bin").write_bytes(b"")
    model = formats.recognise(folder)
    assert model.told == (
        "a Hugging Face directory (BertForSequenceClassification), by its config.json and safetensors of 6 parameters "
        "(F32); the code that it brings (auto_map) is left out and never run"
    )
    assert list(model.files) == ["config.json", "model.safetensors"]
    plan = formats.FORMATS["huggingface"].serving(model, "gpu")
    assert (plan.image.version, plan.image.processor, dict(plan.environment)) == (
        "4.51.3",
        "gpu",
        {"HF_TASK": "text-classification"},
    )
    assert "code/requirements.txt" not in plan.generated


def test_a_hugging_face_directory_that_is_not_whole_says_what_is_missing(tmp_path):
    cut = huggingface(tmp_path / "cut")
    safetensors(cut / "model.safetensors", missing_bytes=4)
    assert "it is cut short: 24 bytes of tensors, 20 are there" in refusal(cut)
    shards = huggingface(tmp_path / "shards")
    safetensors(shards / "model-1.safetensors")
    index = {"weight_map": {"a": "model-1.safetensors", "b": "model-2.safetensors"}}
    (shards / "model.safetensors.index.json").write_text(json.dumps(index), encoding="utf-8")
    assert "weights that model.safetensors.index.json names are missing: model-2.safetensors" in refusal(shards)
    unknown = huggingface(tmp_path / "unknown", architectures=["NetForDancing"])
    safetensors(unknown / "model.safetensors")
    with pytest.raises(InvalidPackageError, match="no pipeline is known for the architecture NetForDancing"):
        formats.FORMATS["huggingface"].signature(formats.recognise(unknown), [])


def test_a_tensorrt_plan_tells_its_version_and_wants_a_gpu(tmp_path):
    path = tmp_path / "engine"
    path.write_bytes(b"ftrt" + bytes(20) + bytes([10, 3, 0, 26]) + bytes(100))
    model = formats.recognise(path)
    form = formats.FORMATS["tensorrt"]
    assert (model.format, model.framework.version) == ("tensorrt", "10.3.0.26")
    plan = form.serving(model, "gpu")
    assert plan.generated["model/config.pbtxt"].decode().splitlines()[1:] == ['name: "model"', 'backend: "tensorrt"']
    assert (list(plan.files), dict(plan.environment)) == (
        ["model/1/model.plan"],
        {"SAGEMAKER_TRITON_DEFAULT_MODEL_NAME": "model"},
    )
    with pytest.raises(InvalidPackageError, match=r"runs on a GPU, and the processor is cpu; allowed: gpu"):
        form.serving(model, "cpu")
    with pytest.raises(InvalidPackageError, match=r"write the signature's inputs and outputs into package.yaml"):
        form.signature(model, [])


def test_a_triton_repository_holds_models_and_nothing_else(tmp_path):
    (tmp_path / "models" / "m" / "1").mkdir(parents=True)
    (tmp_path / "models" / "m" / "1" / "model.py").write_bytes(b"")
    (tmp_path / "models" / "m" / "config.pbtxt").write_text(
        'input { name: "a" data_type: TYPE_STRING dims: 1 }\noutput { name: "b" data_type: TYPE_FP16 dims: 1 }',
        encoding="utf-8",
    )
    one = formats.recognise(tmp_path / "models" / "m")
    whole = formats.recognise(tmp_path / "models")
    assert list(one.files) == list(whole.files) == ["m/1/model.py", "m/config.pbtxt"]
    assert whole.told == "a Triton model repository of m (python), by its config.pbtxt and versions"
    (tmp_path / "models" / "notes").mkdir()
    assert "is a folder of the repository, and no model" in refusal(tmp_path / "models")


def test_an_mlflow_model_tells_its_signature(tmp_path):
    columns = json.dumps([{"name": "age", "type": "long"}, {"name": "name", "type": "string"}])
    tensor = json.dumps([{"type": "tensor", "tensor-spec": {"dtype": "float32", "shape": [-1, 3]}}])
    folder = mlmodel(tmp_path / "m", f"signature:\n  inputs: '{columns}'\n  outputs: '{tensor}'\n")
    (folder / "code").mkdir()
    (folder / "code" / "mine.py").write_text("", encoding="utf-8")
    model = formats.recognise(folder)
    form = formats.FORMATS["mlflow"]
    assert (model.told, list(model.files)) == (
        "an MLflow 3.1.0 model (sklearn), by its MLmodel",
        ["mlflow/MLmodel", "mlflow/code/mine.py"],
    )
    assert form.signature(model, []) == Signature(
        inputs=(
            TensorSpec(name="age", dtype="int64", shape=(None,)),
            TensorSpec(name="name", dtype="str", shape=(None,)),
        ),
        outputs=(TensorSpec(name="output", dtype="float32", shape=(None, 3)),),
    )
    assert form.serving(model, "cpu").generated["code/requirements.txt"] == b"mlflow==3.1.0\n"


def test_an_mlflow_model_that_is_not_right_says_where(tmp_path):
    broken = mlmodel(tmp_path / "a", "signature:\n  inputs: '[{}]'\n")
    assert f"{broken.as_posix()}/MLmodel:4: signature.inputs: is no signature of MLflow's" in refusal(broken)
    assert "it has no flavors" in refusal(mlmodel(tmp_path / "b", flavors="[]"))
    without = formats.recognise(mlmodel(tmp_path / "c", flavors="{spark: {}}"))
    with pytest.raises(InvalidPackageError, match=r"it has no flavor python_function.*it has: spark"):
        formats.FORMATS["mlflow"].serving(without, "cpu")
    with pytest.raises(InvalidPackageError, match=r"it was logged without a signature, and there is no sample"):
        formats.FORMATS["mlflow"].signature(without, [])


@pytest.mark.slow
def test_recognising_imports_no_framework():
    heavy = {"torch", "tensorflow", "transformers", "mlflow", "safetensors", "executorch"}
    import subprocess

    code = f"import sys; import model_packaging.formats; print(sorted({heavy!r} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
