"""Which AWS container serves a model: the one made for it, or the nearest that runs it, and then said so.

The versions are those that the SageMaker SDK's image URI configuration lists (`sagemaker.core.image_uris`); a test
compares them where the SDK is installed.
"""

from __future__ import annotations

from pathlib import Path

from model_packaging.formats.errors import UnservableModelError
from model_packaging.formats.model_format import Processor
from model_packaging.package_spec import ServingImageRequest

SKLEARN_VERSIONS = ("0.20.0", "0.23-1", "1.0-1", "1.2-1", "1.4-2-py312", "1.9-0")
XGBOOST_VERSIONS = ("0.90-2", "1.0-1", "1.2-2", "1.3-1", "1.5-1", "1.7-1", "3.0-5", "3.2-0")

PYTHON_ON_CPU = ServingImageRequest(framework="sklearn", version="1.4-2-py312", py_version="py3", processor="cpu")
"""The smallest container that installs `code/requirements.txt` when it starts and calls a module's handlers. Its Python
is 3.12, for which the frameworks have wheels."""

PYTHON_ON_GPU = ServingImageRequest(framework="pytorch", version="2.6.0", py_version="py312", processor="gpu")
"""The same with CUDA."""


def python_container(path: Path, title: str, processor: Processor) -> tuple[ServingImageRequest, str]:
    """The container for a framework that AWS has none for, and what to say of it.

    Raises:
        UnservableModelError: the processor is an Inferentia, which only compiled models run on.
    """
    refuse_inferentia(path, title, processor)
    image = PYTHON_ON_CPU if processor == "cpu" else PYTHON_ON_GPU
    kind = "scikit-learn" if image.framework == "sklearn" else "PyTorch"
    note = (
        f"AWS has no container for {title} on {processor}; the {kind} {image.version} one is the nearest: it installs "
        "code/requirements.txt when it starts (which needs the network) and calls code/inference.py"
    )
    return image, note


def refuse_inferentia(path: Path, title: str, processor: Processor) -> None:
    """Inferentia runs what the Neuron compiler made of a PyTorch or TensorFlow model, and nothing else.

    Raises:
        UnservableModelError: `processor` is `inferentia`.
    """
    if processor == "inferentia":
        message = "cannot run on Inferentia, which needs a model that the Neuron compiler made"
        fix = "set processor in package.yaml, or convert the model to PyTorch and compile it"
        raise UnservableModelError(path, title, message, allowed="cpu, gpu", fix=fix)


def nearest_version(versions: tuple[str, ...], wanted: str) -> tuple[str, bool]:
    """The container version for a framework's version, and whether it is of the same release (major and minor).

    The same major and minor where there is one, otherwise the next newer (frameworks read older files), otherwise the
    newest.
    """
    target = release_of(wanted)
    same = [one for one in versions if release_of(one) == target]
    if same:
        return same[-1], True
    newer = [one for one in versions if release_of(one) > target]
    return (newer[0] if newer else versions[-1]), False


def release_of(version: str) -> tuple[int, int]:
    """Major and minor of `1.4-2-py312`, `1.9.1`, `3.2`; zeros where it says none."""
    parts = version.split("-", maxsplit=1)[0].split(".")
    numbers = [int(one) if one.isdigit() else 0 for one in (*parts, "0", "0")[:2]]
    return numbers[0], numbers[1]
