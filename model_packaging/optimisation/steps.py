"""The steps between two ONNX files. Each reads one and writes another; none knows what it costs or changes.

Sources: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html,
https://onnxruntime.ai/docs/performance/model-optimizations/graph-optimizations.html
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from model_packaging.optimisation.errors import OptimisationError, missing
from model_packaging.optimisation.onnx_model import feed, input_types, load_onnx, write_onnx
from model_packaging.optimisation.rows import Rows, one_row, row_count
from model_packaging.optimisation.spec import Fp16, Graph, Int8Dynamic, Int8Static, Simplify

OLDEST_INFERRED_OPSET = 7

QUANTISED = frozenset({"MatMul", "Gemm", "Conv", "Gather", "Attention", "LSTM", "EmbedLayerNormalization"})
"""The operators whose weights onnxruntime stores in 8 bits."""


def simplify(source: Path, target: Path) -> None:
    """Folds constants and takes out what does nothing."""
    try:
        import onnxslim
    except ImportError as error:
        raise missing("onnxslim", "optimise", "step simplify") from error
    model = load_onnx(source)
    opsets = [one.version for one in model.opset_import if one.domain in {"", "ai.onnx"}]
    # onnxruntime's symbolic inference knows no older operators, and a graph of trees may import none of them.
    old = max(opsets, default=0) < OLDEST_INFERRED_OPSET
    write_onnx(onnxslim.slim(model, no_shape_infer=old), target)


def to_fp16(source: Path, target: Path) -> None:
    """Half precision inside; inputs and outputs keep their types."""
    try:
        from onnxruntime.transformers.float16 import convert_float_to_float16
        from onnxruntime.transformers.onnx_model import OnnxModel
    except ImportError as error:
        raise missing("onnxruntime", "optimise", "step fp16") from error
    with warnings.catch_warnings():
        # It warns of every number that half precision cuts off; the step's difference says what that does.
        warnings.simplefilter("ignore", UserWarning)
        converted = OnnxModel(convert_float_to_float16(load_onnx(source), keep_io_types=True))
    converted.topological_sort()  # casts of inputs are put at the end, after what reads them
    write_onnx(converted.model, target)


def quantise_dynamically(source: Path, target: Path, step: Int8Dynamic) -> None:
    """8-bit weights.

    Raises:
        OptimisationError: the graph has nothing that could be quantised.
    """
    _refuse_without_weights(source, step.kind)
    from onnxruntime.quantization import QuantType, quantize_dynamic

    with _quietly():
        quantize_dynamic(source, target, per_channel=step.per_channel, weight_type=QuantType.QInt8)


def quantise_statically(source: Path, target: Path, step: Int8Static, calibration: Rows) -> None:
    """8-bit weights and activations, in the QDQ form that every execution provider reads.

    Raises:
        OptimisationError: the graph has nothing that could be quantised, or the rows are of other inputs.
    """
    _refuse_without_weights(source, step.kind)
    from onnxruntime.quantization import CalibrationMethod, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    method = {
        "minmax": CalibrationMethod.MinMax,
        "entropy": CalibrationMethod.Entropy,
        "percentile": CalibrationMethod.Percentile,
    }[step.method]
    prepared = target.with_name(f"{target.name}.prepared")
    with _quietly():
        quant_pre_process(source, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            target,
            _reader(source, calibration),
            quant_format=QuantFormat.QDQ,
            per_channel=step.per_channel,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=method,
        )
    prepared.unlink()


def optimise_graph(source: Path, target: Path, step: Graph) -> None:
    """What onnxruntime would do at every start, done once."""
    import onnxruntime

    levels = onnxruntime.GraphOptimizationLevel
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.optimized_model_filepath = str(target)
    options.graph_optimization_level = {
        "basic": levels.ORT_ENABLE_BASIC,
        "extended": levels.ORT_ENABLE_EXTENDED,
        "all": levels.ORT_ENABLE_ALL,
    }[step.level]
    onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])


def apply(
    step: Simplify | Fp16 | Int8Dynamic | Int8Static | Graph, source: Path, target: Path, calibration: Rows
) -> None:
    """Takes one step.

    Raises:
        OptimisationError: it cannot be taken; says why.
    """
    match step:
        case Simplify():
            simplify(source, target)
        case Fp16():
            to_fp16(source, target)
        case Int8Dynamic():
            quantise_dynamically(source, target, step)
        case Int8Static():
            quantise_statically(source, target, step, calibration)
        case Graph():
            optimise_graph(source, target, step)


def _refuse_without_weights(source: Path, step: str) -> None:
    operators = {node.op_type for node in load_onnx(source).graph.node}
    if not operators & QUANTISED:
        raise OptimisationError(
            f"step {step}: the graph has nothing to quantise; it has {', '.join(sorted(operators))}, and 8 bits are "
            f"for {', '.join(sorted(QUANTISED))}; take the step out of optimise.yaml"
        )


def _reader(source: Path, calibration: Rows) -> Any:
    """Calibration rows, one at a time, as onnxruntime reads them."""
    from onnxruntime.quantization import CalibrationDataReader

    dtypes = input_types(source)

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime has no types
        def __init__(self) -> None:
            self._next = 0

        def get_next(self) -> Rows | None:
            if self._next == row_count(calibration):
                return None
            self._next += 1
            return feed(one_row(calibration, self._next - 1), dtypes)

    return Reader()


@contextmanager
def _quietly() -> Iterator[None]:
    """The quantiser advises on the root logger to pre-process; what matters is measured."""
    root = logging.getLogger()
    level = root.level
    root.setLevel(logging.ERROR)
    try:
        yield
    finally:
        root.setLevel(level)
