"""The header of an NPY file: shape and dtype, without numpy.

https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

from __future__ import annotations

import ast
import struct
from pathlib import Path

MAGIC = b"\x93NUMPY"
MAXIMUM_HEADER_BYTES = 1 << 16

_KINDS = {"f": "float", "i": "int", "u": "uint", "c": "complex"}


class NpyHeaderError(ValueError):
    """The file is not NPY."""


def read_npy_header(path: Path) -> tuple[tuple[int, ...], str]:
    """The array's shape and its dtype in numpy's words.

    Raises:
        NpyHeaderError: it is not NPY, or holds pickled objects.
    """
    with path.open("rb") as stream:
        head = stream.read(8)
        if head[:6] != MAGIC or len(head) < 8:
            raise NpyHeaderError("its first bytes are not NPY's")
        layout = "<H" if head[6] == 1 else "<I"
        length = stream.read(struct.calcsize(layout))
        text = stream.read(min(struct.unpack(layout, length)[0], MAXIMUM_HEADER_BYTES)) if len(length) > 1 else b""
    try:
        header = ast.literal_eval(text.decode("latin-1"))
        return tuple(int(one) for one in header["shape"]), _dtype(str(header["descr"]))
    except (ValueError, SyntaxError, KeyError, TypeError) as error:
        raise NpyHeaderError("its header cannot be read") from error


def _dtype(descr: str) -> str:
    code = descr.lstrip("<>|=")
    if code[:1] == "b":
        return "bool"
    if code[:1] in {"U", "S"}:
        return "str"
    return f"{_KINDS[code[0]]}{int(code[1:]) * 8}"
