"""Serves an ExecuTorch program with ExecuTorch's runtime for Python: the handlers of AWS's framework containers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from executorch.runtime import Runtime

if TYPE_CHECKING:
    from model_packaging.formats.inference_code import tabular, tensors
else:
    import tabular
    import tensors


def model_fn(model_dir: str) -> Any:
    """The program's method `forward`, or its only one."""
    torch.set_num_threads(1)
    program = Runtime.get().load_program(Path(model_dir) / "model.pte")
    names = program.method_names
    return program.load_method("forward" if "forward" in names else next(iter(names)))


def transform_fn(method: Any, body: str | bytes, content_type: str, accept: str) -> Any:
    """Body and content type of the answer; 4XX where the request is wrong."""
    return tabular.answered(
        lambda: tabular.answer(predictions_of(tensors.read_inputs(body, content_type), method), accept)
    )


def predictions_of(inputs: list[np.ndarray], method: Any) -> list[Any]:
    """One prediction a row."""
    outputs = method.execute([torch.from_numpy(np.ascontiguousarray(one)) for one in inputs])
    return tensors.predictions([one.numpy() for one in outputs])
