"""The KLL sketch of `statistics.json`, fed by arrays: the very levels that `model_packaging.baseline` makes of a list.

A level holds up to k values; one more, and it is sorted, its largest value stays and every other of the rest moves up,
where it stands for two (first the even ones, then the odd, in turn, where KLL tosses a coin). What is sorted is always
k + 1 values in the order they came, so that the sketch depends neither on how the data was cut into batches nor on the
machine. Up to k values it holds every one of them; beyond, a rank is off by less than 0.1 % of the number of values
(measured, up to five million: 0.085 % at most). The sketch is Karnin, Lang and Liberty's
(https://arxiv.org/abs/1603.05346), with k values on every level.

`model_packaging.baseline` has the same rule for lists, without numpy: the local AWS's monitors need no array library.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from model_packaging.baseline import SKETCH_SIZE

if TYPE_CHECKING:
    import numpy as np

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]


class KllSketch:
    """Levels of values; one on level n stands for 2ⁿ."""

    def __init__(self, size: int = SKETCH_SIZE) -> None:
        self._size = size
        self._levels: list[list[Floats]] = [[]]
        self._counts = [0]
        self._odd = 0

    def add(self, values: Floats) -> None:
        """Take in finite values, in their order."""
        start = 0
        while start < len(values):
            room = self._size + 1 - self._counts[0]
            self._put(0, values[start : start + room])
            start += room
            level = 0
            while self._counts[level] > self._size:
                self._compact(level)
                level += 1

    def levels(self) -> list[list[float]]:
        """As they stand under `sketch.data`."""
        return [[float(value) for part in parts for value in part.tolist()] for parts in self._levels]

    def quantile(self, share: float) -> float:
        """The value that `share` (0 to 1) of the values is not above; there is at least one value."""
        weighted = sorted((value, 1 << level) for level, values in enumerate(self.levels()) for value in values)
        wanted = share * sum(weight for _, weight in weighted)
        passed = 0
        for value, weight in weighted:
            passed += weight
            if passed >= wanted:
                return value
        return weighted[-1][0]

    def _put(self, level: int, values: Floats) -> None:
        if level == len(self._levels):
            self._levels.append([])
            self._counts.append(0)
        self._levels[level].append(values)
        self._counts[level] += len(values)

    def _compact(self, level: int) -> None:
        import numpy as np

        ordered = np.sort(np.concatenate(self._levels[level]))
        even = len(ordered) // 2 * 2
        self._levels[level], self._counts[level] = [], 0
        self._put(level, ordered[even:].copy())
        self._put(level + 1, ordered[self._odd : even : 2].copy())
        self._odd = 1 - self._odd
