"""An ONNX model in memory: run, without its ZipMap, written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.optimisation.errors import OptimisationError, missing
from model_packaging.optimisation.rows import Rows

if TYPE_CHECKING:
    import numpy as np

    from model_packaging.optimisation.measuring import Predict

THREADS = 1
"""A container's workers fill the processors; a figure of one thread is one worker's."""


def load_onnx(path: Path) -> Any:
    """The `ModelProto` of a file, checked.

    Raises:
        OptimisationError: onnx is not installed, or the file is not an ONNX model.
    """
    try:
        import onnx
    except ImportError as error:
        raise missing("onnx", "optimise", "optimising a model") from error
    try:
        model = onnx.load(str(path))
        onnx.checker.check_model(model)
    except Exception as error:  # onnx's errors, protobuf's and the system's have no common base but Exception
        first = str(error).strip().splitlines()[:1]
        raise OptimisationError(f"{path.as_posix()} is not a valid ONNX model: {' '.join(first)}") from error
    return model


def predict_with(path: Path) -> Predict:
    """Runs a file with onnxruntime on one thread; the answers are its floating-point outputs side by side."""
    session = _session(path)
    dtypes = _input_types(session)
    wanted = [one.name for one in session.get_outputs() if one.type in {"tensor(float)", "tensor(double)"}]
    outputs = wanted or [one.name for one in session.get_outputs()][:1]

    def predict(rows: Rows) -> np.ndarray[Any, Any]:
        return side_by_side(session.run(outputs, feed(rows, dtypes)))

    return predict


def input_types(path: Path) -> dict[str, Any]:
    """The inputs of a file by name, each with numpy's type of its numbers."""
    return _input_types(_session(path))


def feed(rows: Rows, dtypes: dict[str, Any]) -> Rows:
    """The rows by the model's own input names and types.

    Raises:
        OptimisationError: the rows are of other inputs.
    """
    if list(rows) == [""] and len(dtypes) == 1:
        rows = {next(iter(dtypes)): rows[""]}
    if set(rows) != set(dtypes):
        there = ", ".join(one or "one without a name" for one in sorted(rows))
        raise OptimisationError(f"the model's inputs are {', '.join(dtypes)}; the rows are of {there}")
    return {name: rows[name].astype(dtype, copy=False) for name, dtype in dtypes.items()}


def side_by_side(outputs: list[Any]) -> np.ndarray[Any, Any]:
    """Several outputs as one table, a row of it what they say of one row."""
    import numpy as np

    arrays = [np.asarray(one) for one in outputs]
    return np.hstack([one.reshape(len(one), -1) for one in arrays])


def without_zipmap(model: Any) -> Any:
    """Gives a classifier's probabilities as a tensor, where the converter wrapped them into dictionaries a row."""
    import onnx

    for node in [one for one in model.graph.node if one.op_type == "ZipMap"]:
        for output in model.graph.output:
            if output.name == node.output[0]:
                output.CopyFrom(onnx.helper.make_tensor_value_info(node.input[0], onnx.TensorProto.FLOAT, [None, None]))
        model.graph.node.remove(node)
    return model


def write_onnx(model: Any, path: Path) -> None:
    """Writes the model's bytes, the same for the same model."""
    path.write_bytes(model.SerializeToString(deterministic=True))


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise missing("onnxruntime", "optimise", "measuring a model") from error
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = THREADS
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # onnxruntime's errors have no public base but Exception
        raise OptimisationError(f"onnxruntime cannot load {path.name}: {str(error).splitlines()[0]}") from error


def _input_types(session: Any) -> dict[str, Any]:
    return {one.name: _numpy_type(one.type) for one in session.get_inputs()}


def _numpy_type(onnx_type: str) -> Any:
    import numpy as np

    inner = onnx_type.removeprefix("tensor(").removesuffix(")")
    named = {"float": np.float32, "double": np.float64, "float16": np.float16, "string": np.str_, "bool": np.bool_}
    return named[inner] if inner in named else np.dtype(inner).type
