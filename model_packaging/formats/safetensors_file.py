"""What a safetensors file says: names, types and shapes of its tensors, in a JSON header before the bytes.

Nothing in it can run. A file that is shorter than its header says is cut short.

Source: https://github.com/huggingface/safetensors#format
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HEADER_LENGTH_BYTES = 8
MAXIMUM_HEADER_BYTES = 100_000_000
"""As the format's own reader: more is a denial of service."""


class SafetensorsError(ValueError):
    """The file is not safetensors, or is cut short."""


@dataclass(frozen=True)
class SafetensorsFile:
    """The header."""

    parameters: int
    dtypes: tuple[str, ...]
    """In the format's words: `F32`, `BF16`, …"""


def read_safetensors(path: Path) -> SafetensorsFile:
    """The header, compared with the file's length.

    Raises:
        SafetensorsError: it is not safetensors, or is cut short.
    """
    size = path.stat().st_size
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(HEADER_LENGTH_BYTES), "little")
        if size < HEADER_LENGTH_BYTES + 2 or length > min(MAXIMUM_HEADER_BYTES, size - HEADER_LENGTH_BYTES):
            raise SafetensorsError("its header is cut short, or it is not safetensors")
        header = stream.read(length)
    try:
        content = json.loads(header)
        tensors = {name: one for name, one in content.items() if name != "__metadata__"}
        end = max((int(one["data_offsets"][1]) for one in tensors.values()), default=0)
        parameters = sum(_elements(one["shape"]) for one in tensors.values())
        dtypes = tuple(sorted({str(one["dtype"]) for one in tensors.values()}))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise SafetensorsError(f"its header is damaged: {error!r}") from error
    there = size - HEADER_LENGTH_BYTES - length
    if there < end:
        raise SafetensorsError(f"it is cut short: {end} bytes of tensors, {there} are there")
    return SafetensorsFile(parameters, dtypes)


def _elements(shape: list[Any]) -> int:
    number = 1
    for size in shape:
        number *= int(size)
    return number
