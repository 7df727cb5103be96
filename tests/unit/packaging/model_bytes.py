"""A few bytes of every tabular format: what each begins, goes on and ends with, made without its framework."""

from __future__ import annotations

import json
import pickle
import struct
from typing import Any


def varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*out, number])


def span(field: int, data: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(data)) + data


def number(field: int, value: int) -> bytes:
    return varint(field << 3) + varint(value)


def onnx_value(name: str, element_type: int, *dimensions: int | str) -> bytes:
    shape = b"".join(span(1, number(1, one) if isinstance(one, int) else span(2, one.encode())) for one in dimensions)
    return span(1, name.encode()) + span(2, span(1, number(1, element_type) + span(2, shape)))


def onnx(*, opset: int = 17, external: str | None = None, inputs: tuple[bytes, ...] | None = None) -> bytes:
    """`rows` [any, 3] of float32 in, `score` [any] of float32 out, through one node."""
    node = span(4, b"MatMul")
    data = b"" if external is None else number(14, 1) + span(13, span(1, b"location") + span(2, external.encode()))
    weights = span(8, b"weights") + data
    values = b"".join(
        span(11, one) for one in inputs or (onnx_value("rows", 1, "rows", 3), onnx_value("weights", 1, 3))
    )
    graph = span(1, node) + span(2, b"graph") + span(5, weights) + values + span(12, onnx_value("score", 1, "rows"))
    return number(1, 8) + span(2, b"tests") + span(7, graph) + span(8, span(1, b"") + number(2, opset))


LEARNER: dict[str, Any] = {
    "learner": {
        "attributes": {},
        "feature_names": ["age", "income"],
        "gradient_booster": {"name": "gbtree"},
        "learner_model_param": {"base_score": "5E-1", "num_class": "0", "num_feature": "2", "num_target": "1"},
        "objective": {"name": "binary:logistic"},
    },
    "version": [2, 1, 4],
}


def xgboost_json(learner: Any = LEARNER) -> bytes:
    return json.dumps(learner, separators=(",", ":")).encode()


def ubjson(value: Any) -> bytes:
    """As XGBoost writes it: lengths as int64, strings with them, numbers as int64."""

    def sized(data: bytes) -> bytes:
        return b"L" + struct.pack(">q", len(data)) + data

    match value:
        case dict():
            return b"{" + b"".join(sized(key.encode()) + ubjson(one) for key, one in value.items()) + b"}"
        case list():
            return b"[#L" + struct.pack(">q", len(value)) + b"".join(map(ubjson, value))
        case str():
            return b"S" + sized(value.encode())
        case _:
            return b"L" + struct.pack(">q", value)


def xgboost_binary(*, version: tuple[int, int] = (1, 6), magic: bytes = b"binf") -> bytes:
    parameters = struct.pack("<fIiiiII", 0.5, 2, 0, 0, 0, *version).ljust(136, b"\0")
    names = b"".join(struct.pack("<Q", len(one)) + one for one in (b"binary:logistic", b"gbtree"))
    return magic + parameters + names + b"\0" * 64


LIGHTGBM = b"""tree
version=v4
num_class=1
num_tree_per_iteration=1
label_index=0
max_feature_idx=1
objective=binary sigmoid:1
feature_names=age income
feature_infos=[0:1] [0:1]
tree_sizes=20

Tree=0
num_leaves=1


end of trees

parameters:
end of parameters
"""

CATBOOST: dict[str, Any] = {
    "features_info": {
        "categorical_features": [{"feature_id": "town", "feature_index": 0, "flat_feature_index": 1}],
        "float_features": [{"feature_id": "age", "feature_index": 0, "flat_feature_index": 0}],
    },
    "model_info": {
        "catboost_version_info": "Git info:\n    Branch: tags/v1.2.10",
        "class_params": {"class_names": ["no", "yes"]},
        "params": {"loss_function": {"type": "Logloss"}},
    },
    "oblivious_trees": [],
    "scale_and_bias": [1, [0]],
}


def catboost_json() -> bytes:
    return json.dumps(CATBOOST, separators=(",", ":")).encode()


class _Named:
    """Pickled under another name: the class of a library that need not be installed."""

    def __init__(self, name: str, state: Any) -> None:
        self.name, self.state = name, state


_PythonPickler: Any = pickle._Pickler  # the one whose opcodes can be written


class _NamingPickler(_PythonPickler):  # type: ignore[misc]
    def save(self, obj: Any, save_persistent_id: bool = True) -> Any:
        if not isinstance(obj, _Named):
            return super().save(obj, save_persistent_id)
        module, _, name = obj.name.rpartition(".")
        self.write(pickle.GLOBAL + f"{module}\n{name}\n".encode() + pickle.EMPTY_TUPLE + pickle.NEWOBJ)
        super().save(obj.state)
        self.write(pickle.BUILD)
        return None


def pickled(name: str, state: Any, *, protocol: int = 2) -> bytes:
    """An object of the class `name`, with `state`; a value of the state may be `(class, state)` named by `named`."""
    import io

    stream = io.BytesIO()
    _NamingPickler(stream, protocol).dump(_Named(name, state))
    return stream.getvalue()


def named(name: str, state: Any) -> Any:
    return _Named(name, state)


SKLEARN_STATE = {"n_features_in_": 3, "classes_": ["no", "yes"], "_sklearn_version": "1.4.2"}


def sklearn_pickle(state: Any = SKLEARN_STATE) -> bytes:
    return pickled("sklearn.linear_model._logistic.LogisticRegression", state)
