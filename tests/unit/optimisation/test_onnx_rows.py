"""Rows are fed to an ONNX model by its own names and types, whatever they are stored as."""

from __future__ import annotations

import numpy as np
import pytest

from model_packaging.optimisation.errors import OptimisationError
from model_packaging.optimisation.onnx_model import feed, input_types

pytestmark = pytest.mark.unit

TYPES = {"FLOAT": np.float32, "DOUBLE": np.float64, "INT32": np.int32, "INT64": np.int64, "UINT8": np.uint8}


def test_a_models_inputs_have_numpys_types(tmp_path):
    onnx = pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    helper = onnx.helper
    kinds = {name: getattr(onnx.TensorProto, name) for name in (*TYPES, "BOOL")}
    inputs = [helper.make_tensor_value_info(name, kind, [None, 2]) for name, kind in kinds.items()]
    outputs = [helper.make_tensor_value_info(f"{name}_out", kind, [None, 2]) for name, kind in kinds.items()]
    nodes = [helper.make_node("Identity", [name], [f"{name}_out"]) for name in kinds]
    graph = helper.make_graph(nodes, "same", inputs, outputs)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    (tmp_path / "model.onnx").write_bytes(model.SerializeToString())
    assert {name: np.dtype(one) for name, one in input_types(tmp_path / "model.onnx").items()} == {
        name: np.dtype(one) for name, one in (TYPES | {"BOOL": np.bool_}).items()
    }


def test_unnamed_rows_are_those_of_the_only_input():
    fed = feed({"": np.array([[1.0, 2.0]])}, {"ids": np.int32})
    assert (list(fed), fed["ids"].dtype, fed["ids"].tolist()) == (["ids"], np.dtype(np.int32), [[1, 2]])


@pytest.mark.parametrize(("rows", "told"), [("", "one without a name"), ("other", "other")])
def test_rows_of_other_inputs_are_told_by_their_names(rows, told):
    with pytest.raises(OptimisationError, match=f"the model's inputs are left, right; the rows are of {told}$"):
        feed({rows: np.ones((1, 2))}, {"left": np.float32, "right": np.float32})
