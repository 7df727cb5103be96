"""AWS's PyTorch container for a program of PyTorch's, and the serving code that goes with it."""

from __future__ import annotations

from pathlib import Path

from model_packaging.formats.containers import refuse_inferentia
from model_packaging.formats.inference_code import module_bytes, tabular_code
from model_packaging.formats.model_format import Processor
from model_packaging.package_spec import ServingImageRequest

CONTAINERS = {"2.3.0": "py311", "2.4.0": "py311", "2.5.1": "py311", "2.6.0": "py312"}
"""Versions of AWS's PyTorch inference container to their Python (the SageMaker SDK's image URI configuration)."""

NEWEST = "2.6.0"


def torch_container(path: Path, title: str, processor: Processor) -> ServingImageRequest:
    """The newest container: PyTorch reads what an older one wrote.

    Raises:
        UnservableModelError: the processor is an Inferentia, which only compiled models run on.
    """
    refuse_inferentia(path, title, processor)
    return ServingImageRequest(
        framework="pytorch",
        version=NEWEST,
        py_version=CONTAINERS[NEWEST],
        processor=processor,
    )


def tensor_code(inference_module: str) -> dict[str, bytes]:
    """`code/inference.py` of that module, with the two modules that it reads requests with."""
    return {**tabular_code(inference_module), "code/tensors.py": module_bytes("tensors.py")}
