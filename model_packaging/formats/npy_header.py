"""The header of an NPY array: shape and dtype, without numpy.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import ast
import struct
from dataclasses import dataclass
from typing import BinaryIO

MAGIC = b"\x93NUMPY"
MAXIMUM_HEADER_BYTES = 1 << 16

_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}


class NpyHeaderError(ValueError):
    """The bytes are not NPY."""


@dataclass(frozen=True)
class NpyHeader:
    """Shape and dtype of the array that follows."""

    shape: tuple[int, ...]
    code: str
    """`f8`, `i8`, `U5`, … without the byte order."""

    @property
    def dtype(self) -> str:
        """The dtype in numpy's words: `float64`, `str`, …."""
        return _dtype(self.code)


def read_npy_header(stream: BinaryIO) -> NpyHeader:
    """Reads the header; the stream is then at the array's data.

    Raises:
        NpyHeaderError: it is not NPY, or holds pickled objects.
    """
    head = stream.read(8)
    if head[:6] != MAGIC or len(head) < 8:
        raise NpyHeaderError("its first bytes are not NPY's")
    layout = "<H" if head[6] == 1 else "<I"
    length = stream.read(struct.calcsize(layout))
    text = stream.read(min(struct.unpack(layout, length)[0], MAXIMUM_HEADER_BYTES)) if len(length) > 1 else b""
    try:
        header = ast.literal_eval(text.decode("latin-1"))
        code = str(header["descr"]).lstrip("<>|=")
        _dtype(code)
        return NpyHeader(tuple(int(one) for one in header["shape"]), code)
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise NpyHeaderError("its header cannot be read") from error


def _dtype(code: str) -> str:
    if code[:1] == "b":
        return "bool"
    if code[:1] in {"U", "S"}:
        return "str"
    if code[:1] == "[":
        return "record"  # a structured dtype, as the nodes of a tree have
    return f"{_KINDS[code[0]]}{int(code[1:]) * 8}"
