"""AWS's Neuron container, for models that the Neuron compiler made, and how such a model is told from another.

The SageMaker SDK has one Neuron inference container of PyTorch for Inf2 and Trn1, the Hugging Face one: transformers,
PyTorch, `torch_neuronx` and `optimum-neuron`. It calls the handlers of `code/inference.py` as the framework containers
do: https://github.com/aws/sagemaker-huggingface-inference-toolkit

A compiled program holds an object of a class that only Neuron's library brings, by which it is told:
https://awsdocs-neuron.readthedocs-hosted.com/en/latest/frameworks/torch/torch-neuronx/api-reference-guide/inference/api-torch-neuronx-trace.html
"""

from __future__ import annotations

from pathlib import Path

from model_packaging.formats.errors import UnservableModelError
from model_packaging.formats.model_format import Processor
from model_packaging.formats.torch_archive import TorchArchive
from model_packaging.package_spec import ServingImageRequest

NEURON = ServingImageRequest(
    framework="huggingface",
    version="4.55.4",
    py_version="py310",
    processor="inferentia",
    base_framework="pytorch2.8.0",
)
"""The newest that the SDK has."""

_NEURON_CLASS = b"torch.classes.neuron."


def is_compiled_for_neuron(archive: TorchArchive) -> bool:
    """Whether the program holds what the Neuron compiler made."""
    code = (name for name in archive.names if name.startswith("code/") and name.endswith(".py"))
    return any(_NEURON_CLASS in archive.read(name) for name in code)


def neuron_container(path: Path, title: str, *, compiled: bool, compile_with: str) -> tuple[ServingImageRequest, str]:
    """The container, and what to say of it.

    Args:
        path: The model.
        title: Its format, for a message.
        compiled: Whether the Neuron compiler made it.
        compile_with: What does, for a message.

    Raises:
        UnservableModelError: the model is not compiled.
    """
    if not compiled:
        message = "cannot run on Inferentia: the Neuron compiler did not make it"
        fix = f"compile it ({compile_with}), or set processor in package.yaml"
        raise UnservableModelError(path, title, message, allowed="cpu, gpu", fix=fix)
    pytorch = str(NEURON.base_framework).removeprefix("pytorch")
    note = (
        f"AWS's Neuron container (transformers {NEURON.version}, PyTorch {pytorch}) is for Inf2 and Trn1, for which "
        "the model must have been compiled; it starts nowhere else: package with --no-check without such a device"
    )
    return NEURON, note


def compiled_for_neuron(path: Path, title: str, processor: Processor) -> UnservableModelError:
    """Why what the Neuron compiler made runs on no other processor."""
    message, fix = f"cannot run on {processor}: it was compiled for Neuron", "set processor: inferentia in package.yaml"
    return UnservableModelError(path, title, message, allowed="inferentia", fix=fix)
