"""Small numpy arrays in a pickle as lists: feature names and class labels."""

from __future__ import annotations

import math
import struct
from typing import Any

from model_packaging.formats.pickled import LongSpan, PickledClass, PickledObject, dtype_code, item_bytes

_LAYOUTS = {
    "b1": "?", "i1": "b", "i2": "h", "i4": "i", "i8": "q", "u1": "B", "u2": "H", "u4": "I", "u8": "Q", "f4": "f",
    "f8": "d",
}  # fmt: skip


def array_object(code: str, shape: tuple[int, ...], data: bytes | None) -> PickledObject:
    """An array as joblib pickles it, of a dtype's code and its data."""
    dtype = PickledObject(PickledClass("numpy", "dtype"), (code,))
    found = PickledObject(PickledClass("joblib.numpy_pickle", "NumpyArrayWrapper"))
    found.state, found.raw = {"dtype": dtype, "shape": shape}, data
    return found


def array_values(value: Any) -> list[Any] | None:
    """The items of an array, a list or a tuple, flat; None where it is none of these, or too long to have been kept."""
    if isinstance(value, list | tuple):
        return list(value)
    return _values_of(value) if isinstance(value, PickledObject) else None


def _values_of(value: PickledObject) -> list[Any] | None:
    match value.class_name.rsplit(".", 1)[-1]:
        case "NumpyArrayWrapper":
            return _of_joblib(value)
        case "_reconstruct":
            return _of_state(value.state)
        case "_frombuffer":
            data, dtype, shape = value.arguments[:3]
            return _decoded(_bytes_of(data), dtype, shape)
        case "scalar":
            dtype, data = value.arguments[:2]
            return _decoded(_bytes_of(data), dtype, (1,))
        case _:
            return None


def array_dtype(value: Any) -> str:
    """The array's dtype code (`i8`, `O8`, …); empty where it is no array."""
    if not isinstance(value, PickledObject):
        return ""
    if value.class_name.endswith("NumpyArrayWrapper"):
        return dtype_code(value.attribute("dtype"))
    if value.class_name.endswith("multiarray._reconstruct") and isinstance(value.state, tuple) and len(value.state) > 2:
        return dtype_code(value.state[2])
    if value.class_name.endswith("numeric._frombuffer"):
        return dtype_code(value.arguments[1])
    return ""


def _of_joblib(wrapper: PickledObject) -> list[Any] | None:
    if wrapper.items:
        return array_values(wrapper.items[0])
    return _decoded(wrapper.raw, wrapper.attribute("dtype"), wrapper.attribute("shape"))


def _of_state(state: Any) -> list[Any] | None:
    if not isinstance(state, tuple) or len(state) < 5:
        return None
    _, shape, dtype, _, data = state[:5]
    return data if isinstance(data, list) else _decoded(_bytes_of(data), dtype, shape)


def _bytes_of(data: Any) -> bytes | None:
    if isinstance(data, LongSpan):
        return None
    if isinstance(data, PickledObject):  # protocol 2 writes bytes as text, encoded
        first = data.arguments[0] if isinstance(data.arguments, tuple) and data.arguments else None
        return first.encode("latin-1") if isinstance(first, str) else first if isinstance(first, bytes) else None
    return data if isinstance(data, bytes) else None


def _decoded(data: bytes | None, dtype: Any, shape: Any) -> list[Any] | None:
    code = dtype_code(dtype)
    if data is None or not isinstance(shape, tuple) or len(data) != item_bytes(dtype) * math.prod(shape):
        return None
    if code[:1] == "U":
        width = item_bytes(dtype)
        parts = (data[at : at + width] for at in range(0, len(data), width)) if width else iter(())
        return [one.decode("utf-32-le").rstrip("\0") for one in parts]
    if code not in _LAYOUTS:
        return None
    order = ">" if isinstance(dtype.state, tuple) and len(dtype.state) > 1 and dtype.state[1] == ">" else "<"
    return list(struct.unpack(f"{order}{math.prod(shape)}{_LAYOUTS[code]}", data))
