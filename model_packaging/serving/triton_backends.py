"""What runs a Triton model on this machine: onnxruntime, and PyTorch for TorchScript; Python has a module of its own.

Triton's other backends need what is not here (a GPU for TensorRT, a runtime that pip does not bring): they are refused
by name when the container starts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from model_packaging.formats.triton_config import TritonConfig
from model_packaging.serving.kinds import CannotStartError

if TYPE_CHECKING:
    import numpy as np

LOCAL_BACKENDS = ("onnxruntime", "pytorch", "python")


class Backend(Protocol):
    """One loaded model."""

    def run(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Its outputs by name.

        Raises:
            InferenceError: the model answers with an error of its own; anything else it raises is one too.
        """
        ...


class OnnxBackend:
    """An ONNX model in onnxruntime; one thread, for a container's workers already fill the processors."""

    def __init__(self, path: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            message = "Triton's onnxruntime backend needs onnxruntime here: pip install 'greenroom[sandbox]'"
            raise CannotStartError(message) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        file = path / "model.onnx" if path.is_dir() else path
        try:
            self._session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime's errors have no public base but Exception
            raise CannotStartError(f"onnxruntime cannot load {file}: {error}") from error
        self._outputs = [one.name for one in self._session.get_outputs()]

    def run(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Its outputs by name."""
        texts = {name: _as_text(array) for name, array in inputs.items()}
        return dict(zip(self._outputs, self._session.run(self._outputs, texts), strict=True))


def _as_text(array: np.ndarray) -> np.ndarray:
    """Triton's BYTES are bytes; onnxruntime's strings are text."""
    if array.dtype.kind != "O":
        return array
    import numpy as np

    texts = [one.decode() if isinstance(one, bytes) else one for one in array.reshape(-1).tolist()]
    return np.asarray(texts, dtype=object).reshape(array.shape)


class TorchBackend:
    """A TorchScript program: inputs and outputs have places, which their names in the configuration tell.

    https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#special-conventions-for-pytorch-backend
    """

    def __init__(self, path: Path, config: TritonConfig) -> None:
        try:
            import torch
        except ImportError as error:
            message = "Triton's pytorch backend needs torch here: pip install 'greenroom[torch]'"
            raise CannotStartError(message) from error
        self._torch = torch
        try:
            self._program: Any = torch.jit.load(str(path), map_location="cpu").eval()
        except (RuntimeError, ValueError) as error:
            raise CannotStartError(f"torch cannot load {path} as TorchScript: {error}") from error
        self._inputs = _in_places([one.name for one in config.inputs], self._argument_names())
        self._outputs = _in_places([one.name for one in config.outputs], ())

    def run(self, inputs: Mapping[str, np.ndarray]) -> Mapping[str, np.ndarray]:
        """Its outputs by name."""
        tensors = [self._torch.from_numpy(inputs[name].copy()) for name in self._inputs if name in inputs]
        with self._torch.inference_mode():
            answer = self._program(*tensors)
        listed = list(answer) if isinstance(answer, list | tuple) else [answer]
        if len(listed) < len(self._outputs):
            raise RuntimeError(f"the program gives {len(listed)} outputs, config.pbtxt names {len(self._outputs)}")
        return {name: tensor.detach().cpu().numpy() for name, tensor in zip(self._outputs, listed, strict=False)}

    def _argument_names(self) -> tuple[str, ...]:
        schema = self._program.forward.schema
        return tuple(one.name for one in schema.arguments if one.name != "self")


def _in_places(names: list[str], arguments: tuple[str, ...]) -> list[str]:
    """The names in the order of the program's places."""
    numbered = {name: re.fullmatch(r".*__(\d+)", name) for name in names}
    if all(found is not None for found in numbered.values()):
        return sorted(names, key=lambda name: int(name.rpartition("__")[2]))
    if set(names) <= set(arguments):
        return sorted(names, key=arguments.index)
    return names
