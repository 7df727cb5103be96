"""Inferentia gets what the Neuron compiler made, in AWS's Neuron container; nothing else does, and it nothing else."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from model_packaging import formats
from model_packaging.formats import UnservableModelError
from model_packaging.formats.neuron_containers import NEURON
from model_packaging.image_table import tabled_image

pytestmark = pytest.mark.unit

NEURON_ATTRIBUTE = "  model : __torch__.torch.classes.neuron.Model\n"
"""As torch_neuronx.trace writes it, and torch.jit.load without torch_neuronx complains of."""


def program(path: Path, attributes: str = NEURON_ATTRIBUTE) -> Path:
    code = (
        f"class Net(Module):\n{attributes}  def forward(self: __torch__.Net,\n    x: Tensor) -> Tensor:\n    return x\n"
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("net/data.pkl", b"\x80\x02c__torch__\nNet\nq\x00)\x81q\x01}q\x02b.")
        archive.writestr("net/code/__torch__.py", code)
        archive.writestr("net/constants.pkl", b"\x80\x02).")
        archive.writestr("net/version", b"3\n")
    return path


def exported(folder: Path) -> Path:
    """What `optimum-cli export neuron` writes."""
    folder.mkdir()
    config = {"architectures": ["BertForSequenceClassification"], "neuron": {"static_batch_size": 1}}
    (folder / "config.json").write_text(json.dumps({**config, "transformers_version": "4.55.4"}), encoding="utf-8")
    program(folder / "model.neuron")
    return folder


def test_a_compiled_program_is_told_and_gets_the_neuron_container(tmp_path):
    model = formats.recognise(program(tmp_path / "model.pt"))
    plan = formats.FORMATS["torchscript"].serving(model, "inferentia")
    assert (model.told, plan.image) == (
        "TorchScript, file format 3, compiled for Neuron, by the program in its zip",
        NEURON,
    )
    assert plan.image_note == (
        "AWS's Neuron container (transformers 4.55.4, PyTorch 2.8.0) is for Inf2 and Trn1, for which the model must "
        "have been compiled; it starts nowhere else: package with --no-check without such a device"
    )
    assert {"code/inference.py", "code/tensors.py"} <= plan.generated.keys()


def test_a_compiled_hugging_face_directory_gets_the_neuron_container(tmp_path):
    model = formats.recognise(exported(tmp_path / "bert"))
    plan = formats.FORMATS["huggingface"].serving(model, "inferentia")
    assert model.told == (
        "a Hugging Face directory (BertForSequenceClassification), by its config.json and model.neuron, compiled for "
        "Neuron"
    )
    assert (sorted(plan.files), plan.image, dict(plan.environment)) == (
        ["config.json", "model.neuron"],
        NEURON,
        {"HF_TASK": "text-classification"},
    )


@pytest.mark.parametrize("processor", ["cpu", "gpu"])
@pytest.mark.parametrize(("name", "make"), [("torchscript", program), ("huggingface", exported)])
def test_what_was_compiled_for_neuron_runs_on_nothing_else(tmp_path, name, make, processor):
    model = formats.recognise(make(tmp_path / "model"))
    with pytest.raises(UnservableModelError, match=f"cannot run on {processor}: it was compiled for Neuron") as caught:
        formats.FORMATS[name].serving(model, processor)
    assert caught.value.violations[0].allowed == "inferentia"


def test_a_program_that_was_not_compiled_is_refused_with_what_compiles_it(tmp_path):
    model = formats.recognise(program(tmp_path / "model.pt", attributes=""))
    with pytest.raises(UnservableModelError) as caught:
        formats.FORMATS["torchscript"].serving(model, "inferentia")
    assert str(caught.value).endswith(
        "model.pt: TorchScript: cannot run on Inferentia: the Neuron compiler did not make it; allowed: cpu, gpu; "
        "compile it (torch_neuronx.trace, or the neuron step of optimise.yaml), or set processor in package.yaml"
    )


def test_a_neuron_file_that_is_no_program_is_told(tmp_path):
    folder = exported(tmp_path / "bert")
    (folder / "model.neuron").write_bytes(b"NEFF")
    with pytest.raises(formats.BrokenModelError, match="it is no TorchScript, which the Neuron compiler makes"):
        formats.recognise(folder)


def test_the_container_is_pinned_without_an_sdk():
    image = tabled_image(NEURON)
    assert image is not None
    assert image.uris["us-east-1"].endswith(
        "/huggingface-pytorch-inference-neuronx:2.8.0-transformers4.55.4-neuronx-py310-sdk2.26.0-ubuntu22.04"
    )
