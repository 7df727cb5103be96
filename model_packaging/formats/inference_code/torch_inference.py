"""Serves a program of PyTorch's, TorchScript or exported: the handlers of AWS's PyTorch container.

A program that was compiled for Neuron needs the operators of `torch_neuronx`, which AWS's Neuron container has.
https://sagemaker.readthedocs.io/en/stable/frameworks/pytorch/using_pytorch.html
"""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular, tensors
else:
    import tabular
    import tensors

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"


def model_fn(model_dir: str) -> Any:
    """The program; one thread, for a container's workers already fill the processors."""
    torch.set_num_threads(1)
    folder = Path(model_dir)
    if (folder / "model.pt2").is_file():
        return torch.export.load(folder / "model.pt2").module().to(DEVICE)
    if importlib.util.find_spec("torch_neuronx") is not None:
        importlib.import_module("torch_neuronx")
    return torch.jit.load(str(folder / "model.pt"), map_location=DEVICE).eval()


def transform_fn(model: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(
        lambda: tabular.answer(predictions_of(tensors.read_inputs(body, content_type), model), accept)
    )


def predictions_of(inputs: list[np.ndarray], model: Any) -> list[Any]:
    """One prediction a row."""
    arrays = [torch.from_numpy(np.ascontiguousarray(one)).to(DEVICE) for one in inputs]
    with torch.no_grad():
        answer = model(*arrays)
    return tensors.predictions([one.detach().cpu().numpy() for one in _flat(answer)])


def _flat(answer: Any) -> list[Any]:
    if isinstance(answer, dict):
        return [tensor for one in answer.values() for tensor in _flat(one)]
    return [tensor for one in answer for tensor in _flat(one)] if isinstance(answer, list | tuple) else [answer]
