"""The values of a text column: counted one by one while they are few, estimated when they are many.

Up to `MAXIMUM_CATEGORIES` distinct values there is an exact count of each. Beyond, a column holds identifiers or prose:
no monitor compares such a distribution, so it is left out of `statistics.json`, and `distinct_count` is an estimate by
HyperLogLog with 2¹⁴ registers: off by about 1 % (measured; Flajolet et al. 2007; the data-quality container's own
estimate is the one of awslabs/deequ, `ApproxCountDistinct`, allowed 5 %).
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

MAXIMUM_CATEGORIES = 10_000
"""Distinct values of a text column that are counted one by one."""

_REGISTER_BITS = 14
_REGISTERS = 1 << _REGISTER_BITS
_HASH_BITS = 32
_CORRECTION = 0.7213 / (1 + 1.079 / _REGISTERS)


class HyperLogLog:
    """An estimate of how many distinct texts there were; the same on any machine, in any order."""

    def __init__(self) -> None:
        import numpy as np

        self._registers: np.ndarray[tuple[int], np.dtype[np.uint8]] = np.zeros(_REGISTERS, dtype=np.uint8)

    def add(self, texts: Iterable[str]) -> None:
        """Take in texts."""
        import numpy as np

        checksums = np.fromiter((zlib.crc32(text.encode()) for text in texts), dtype=np.uint64)
        if len(checksums) == 0:
            return
        hashes = _mixed(checksums)
        index = (hashes >> np.uint64(_HASH_BITS - _REGISTER_BITS)).astype(np.int64)
        rest = (hashes & np.uint64((1 << (_HASH_BITS - _REGISTER_BITS)) - 1)).astype(np.float64)
        # The place of the highest bit set, from the left, from 1; frexp gives a number's length in bits.
        ranks = (_HASH_BITS - _REGISTER_BITS + 1 - np.frexp(rest)[1]).astype(np.uint8)
        np.maximum.at(self._registers, index, ranks)

    def estimate(self) -> float:
        """How many there were, rounded to a whole number."""
        import numpy as np

        raw = _CORRECTION * _REGISTERS**2 / float(np.sum(np.exp2(-self._registers.astype(np.float64))))
        empty = int(np.count_nonzero(self._registers == 0))
        if raw <= 2.5 * _REGISTERS and empty > 0:
            raw = _REGISTERS * math.log(_REGISTERS / empty)
        elif raw > (1 << _HASH_BITS) / 30:
            raw = -(1 << _HASH_BITS) * math.log1p(-min(raw / (1 << _HASH_BITS), 1 - 1e-9))
        return float(round(raw))


def _mixed(checksums: np.ndarray[tuple[int], np.dtype[np.uint64]]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    """CRC-32 tells texts apart but is linear; the finalizer of MurmurHash3 makes every bit depend on all."""
    import numpy as np

    mask = np.uint64(0xFFFFFFFF)
    mixed = checksums
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        mixed = ((mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)) & mask
    return mixed ^ (mixed >> np.uint64(16))


class Categories:
    """The distinct values of a text column, with their counts while they are few."""

    def __init__(self) -> None:
        self.counts: Counter[str] | None = Counter()
        self._estimate: HyperLogLog | None = None

    def add(self, counts: Iterable[tuple[str, int]]) -> None:
        """Take in values, each with how often it was met."""
        if self._estimate is not None:
            self._estimate.add(value for value, _ in counts)
            return
        if self.counts is None:
            raise AssertionError("counts are there until there is an estimate")
        for value, count in counts:
            self.counts[value] += count
        if len(self.counts) > MAXIMUM_CATEGORIES:
            self._estimate = HyperLogLog()
            self._estimate.add(self.counts)
            self.counts = None

    @property
    def distinct(self) -> float:
        """How many there are: exact while they are counted."""
        if self._estimate is not None:
            return self._estimate.estimate()
        return float(len(self.counts or ()))
