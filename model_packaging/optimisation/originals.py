"""The trained models that an optimisation begins with: how each answers, and how it becomes ONNX.

| format | loaded by | converted by |
|---|---|---|
| `onnx` | onnxruntime | is ONNX |
| `sklearn` | joblib or skops | skl2onnx |
| `xgboost`, `lightgbm` | the library's own `Booster` | onnxmltools |
| `catboost` | `CatBoost` | its own export |
| `torchscript`, `torch_export` | torch | torch.onnx |
| `tensorflow_saved_model` | TensorFlow | tf2onnx |

A pickle or a skops file is loaded only after the scan of `model_packaging.trust` has let it pass.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from model_packaging.optimisation.errors import OptimisationError, missing, refusals
from model_packaging.optimisation.measuring import Predict
from model_packaging.optimisation.onnx_model import load_onnx, predict_with, side_by_side, without_zipmap
from model_packaging.optimisation.rows import Rows, one_row, single


@dataclass(frozen=True)
class Original:
    """A trained model."""

    predict: Predict
    """Its own answers, by its own framework."""
    to_onnx: Callable[[Rows, int | None], Any]
    """Sample rows and an opset, or None for the converter's own, to a `ModelProto`."""
    tools: tuple[str, ...]
    """The modules that load and convert it."""


def load_original(path: Path, model_format: str) -> Original:
    """The trained model at `path`.

    Args:
        path: The file or directory.
        model_format: What it was recognised as.

    Raises:
        OptimisationError: there is no conversion of that format, its framework is not installed, or it cannot be
            loaded.
    """
    load = _LOADERS.get(model_format)
    if load is None:
        raise OptimisationError(
            f"{path.as_posix()} is {model_format}, which is not converted to ONNX; "
            f"allowed: {', '.join(sorted(_LOADERS))}"
        )
    try:
        with refusals(f"{path.as_posix()} cannot be loaded as {model_format}"):
            return load(path)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get(model_format, "optimise")
        raise missing(error.name or model_format, extra, f"a {model_format} model") from error


def _onnx(path: Path) -> Original:
    model = load_onnx(path)
    return Original(predict_with(path), lambda _rows, _opset: model, ("onnx", "onnxruntime"))


def _sklearn(path: Path) -> Original:
    model = _load_sklearn(path)
    answer = model.predict_proba if hasattr(model, "predict_proba") else model.predict

    def predict(rows: Rows) -> Any:
        return _table(answer(single(rows)))

    def to_onnx(rows: Rows, opset: int | None) -> Any:
        from skl2onnx import to_onnx as convert

        classifier = hasattr(model, "classes_") or hasattr(model, "predict_proba")
        options = {id(model): {"zipmap": False}} if classifier else None
        return convert(model, single(one_row(rows, 0)), options=options, target_opset=opset)

    return Original(predict, to_onnx, ("sklearn", "skl2onnx"))


def _load_sklearn(path: Path) -> Any:
    import zipfile

    from model_packaging.trust.scanning import scan_files

    scan_files({path.name: path})  # what a pickle or a skops file may bring to life is judged there, before it lives
    if zipfile.is_zipfile(path):
        import skops.io

        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    import joblib

    return joblib.load(path)


def _xgboost(path: Path) -> Original:
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(path)
    names = booster.feature_names

    def predict(rows: Rows) -> Any:
        return _two_columns(booster.predict(xgboost.DMatrix(single(rows), feature_names=names)), _is_binary(booster))

    def to_onnx(rows: Rows, opset: int | None) -> Any:
        from onnxmltools import convert_xgboost

        plain = booster.copy()
        plain.feature_names = None  # the converter wants its own: f0, f1, …
        plain.feature_types = None
        return convert_xgboost(plain, initial_types=_float_rows(rows), target_opset=opset)

    return Original(predict, to_onnx, ("xgboost", "onnxmltools"))


def _is_binary(booster: Any) -> bool:
    import json

    objective = json.loads(booster.save_config())["learner"]["objective"]["name"]
    return str(objective) == "binary:logistic"


def _lightgbm(path: Path) -> Original:
    import lightgbm

    booster = lightgbm.Booster(model_file=path)
    binary = str(booster.dump_model()["objective"]).startswith("binary")

    def predict(rows: Rows) -> Any:
        return _two_columns(booster.predict(single(rows)), binary)

    def to_onnx(rows: Rows, opset: int | None) -> Any:
        from onnxmltools import convert_lightgbm

        return convert_lightgbm(booster, initial_types=_float_rows(rows), target_opset=opset, zipmap=False)

    return Original(predict, to_onnx, ("lightgbm", "onnxmltools"))


def _catboost(path: Path) -> Original:
    import catboost

    model = catboost.CatBoost().load_model(str(path), format="json" if path.suffix == ".json" else "cbm")
    kind = "Probability" if len(getattr(model, "classes_", ())) > 0 else "RawFormulaVal"

    def predict(rows: Rows) -> Any:
        return _table(model.predict(single(rows), prediction_type=kind, thread_count=1))

    def to_onnx(_rows: Rows, opset: int | None) -> Any:
        if opset is not None:
            raise OptimisationError("CatBoost's export chooses its own opset; take `opset` out")
        with tempfile.TemporaryDirectory() as folder:
            exported = Path(folder) / "model.onnx"
            model.save_model(str(exported), format="onnx")
            return without_zipmap(load_onnx(exported))

    return Original(predict, to_onnx, ("catboost",))


def _torchscript(path: Path) -> Original:
    import torch

    module = torch.jit.load(str(path), map_location="cpu").eval()
    return Original(_torch_predict(module), lambda rows, opset: _export_torch(module, rows, opset), ("torch",))


def _torch_export(path: Path) -> Original:
    import torch

    program = torch.export.load(path)
    return Original(
        _torch_predict(program.module()),
        lambda rows, opset: _export_torch(program, rows, opset),
        ("torch", "onnxscript"),
    )


def _torch_predict(module: Any) -> Predict:
    import torch

    def predict(rows: Rows) -> Any:
        with torch.inference_mode():
            answer = module(*(torch.from_numpy(values) for values in rows.values()))
        outputs = list(answer) if isinstance(answer, tuple | list) else [answer]
        return side_by_side([one.numpy() for one in outputs])

    return predict


def _export_torch(module: Any, rows: Rows, opset: int | None) -> Any:
    import onnx
    import torch

    exported = io.BytesIO()
    with redirect_stdout(io.StringIO()):  # the exporter tells its stages on standard output
        if isinstance(module, torch.export.ExportedProgram):
            torch.onnx.export(module, f=exported, dynamo=True, opset_version=opset, verbose=False)
        else:
            names = [name or "rows" for name in rows]
            samples = tuple(torch.from_numpy(values[:2]) for values in rows.values())
            torch.onnx.export(
                module,
                samples,
                exported,
                dynamo=False,  # the new exporter takes no TorchScript
                opset_version=opset,
                input_names=names,
                dynamic_axes={name: {0: "rows"} for name in names},
            )
    return onnx.load_from_string(exported.getvalue())


def _tensorflow(path: Path) -> Original:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(path))
    serve = loaded.signatures["serving_default"]
    names = list(serve.structured_input_signature[1])

    def predict(rows: Rows) -> Any:
        fed = {names[0]: rows[""]} if list(rows) == [""] else rows
        answer = serve(**{name: tf.constant(values) for name, values in fed.items()})
        return side_by_side([answer[name].numpy() for name in sorted(answer)])

    def to_onnx(_rows: Rows, opset: int | None) -> Any:
        import tf2onnx.tf_loader
        from tf2onnx import convert

        graph, inputs, outputs = tf2onnx.tf_loader.from_saved_model(str(path), None, None)
        model, _ = convert.from_graph_def(graph, input_names=inputs, output_names=outputs, opset=opset)
        return model

    return Original(predict, to_onnx, ("tensorflow", "tf2onnx"))


def _float_rows(rows: Rows) -> list[tuple[str, Any]]:
    from onnxmltools.convert.common.data_types import FloatTensorType

    return [("rows", FloatTensorType([None, single(rows).shape[1]]))]


def _table(answer: Any) -> Any:
    import numpy as np

    values = np.asarray(answer)
    return values.reshape(len(values), -1)


def _two_columns(answer: Any, binary: bool) -> Any:
    """A boosting library gives the second class's probability; ONNX gives both."""
    import numpy as np

    values = _table(answer)
    return np.hstack([1 - values, values]) if binary else values


_LOADERS: dict[str, Callable[[Path], Original]] = {
    "catboost": _catboost,
    "torch_export": _torch_export,
    "lightgbm": _lightgbm,
    "onnx": _onnx,
    "sklearn": _sklearn,
    "tensorflow_saved_model": _tensorflow,
    "torchscript": _torchscript,
    "xgboost": _xgboost,
}

_EXTRAS = {
    "catboost": "optimise,catboost",
    "torch_export": "optimise,torch",
    "lightgbm": "optimise,lightgbm",
    "sklearn": "optimise,sklearn",
    "tensorflow_saved_model": "optimise,tensorflow",
    "torchscript": "optimise,torch",
    "xgboost": "optimise,xgboost",
}
