"""What becomes of one column while its file is read: its entries in `statistics.json` and `constraints.json`.

Two readings: the first finds type, completeness, sum, least and largest value, sketch and categories; the second, of
the numbers only, fills ten buckets between the least and the largest and sums the squares of what differs from the
mean, so that both are exact and not estimated from the sketch.

Types are inferred as the data-quality container infers them, by how values are written
(awslabs/deequ, `analyzers/DataType.scala`): `1.0` is Fractional, `1` Integral, a column of both Fractional; what is
nowhere present is Unknown. Two differences, on purpose: deequ makes a String of a column in which numbers and texts
stand together, and here that is an error until the column is said to be text, for it is a stray `N/A` more often than
not; and numbers in scientific notation are numbers here, while AWS's guide has them rewritten first
(https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-baseline.html).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from model_packaging.baseline import BUCKETS, MAXIMUM_DOMAIN, SKETCH_SHAPE, SKETCH_SIZE, Document
from model_packaging.baselines.distinct import Categories
from model_packaging.baselines.sketch import KllSketch
from model_packaging.baselines.table import Cells, Place

if TYPE_CHECKING:
    import numpy as np
    import polars as pl

    Floats = np.ndarray[tuple[int], np.dtype[np.float64]]

InferredType = Literal["Integral", "Fractional", "String"]

_TOLD = 3
"""Cells that a message names."""


@dataclass(frozen=True)
class Problem:
    """What is wrong with a column's cells, and where it begins."""

    column: str
    place: Place | None
    value: object
    message: str
    fix: str


class ColumnStatistics:
    """One column.

    Args:
        name: The column's.
        declared: Its type, where it is not to be inferred.
    """

    def __init__(self, name: str, declared: InferredType | None = None) -> None:
        self.name, self.declared = name, declared
        self.rows = 0
        self.numbers, self.texts = _Numbers(), Categories()
        self._text_count = 0
        self._examples: dict[str, list[tuple[Place, object]]] = {"number": [], "text": [], "infinite": []}

    def add(self, cells: Cells) -> None:
        """The first reading."""
        self.rows += cells.rows
        if cells.numbers is not None:
            self._add_numbers(cells.numbers, cells)
        if cells.texts is not None:
            self._add_texts(cells.texts, cells)

    def add_again(self, cells: Cells) -> None:
        """The second reading; only where `has_numbers`."""
        if cells.numbers is not None:
            self.numbers.add_again(_floats(cells.numbers))

    @property
    def has_numbers(self) -> bool:
        """Whether the second reading has anything to do."""
        return self.numbers.count > 0

    @property
    def inferred_type(self) -> str:
        """As both documents name it."""
        if self.numbers.count == 0 and self._text_count == 0:
            return "Unknown"
        if self.declared is not None:
            return self.declared
        if self._text_count > 0:
            return "String"
        return "Fractional" if self.numbers.is_fractional else "Integral"

    def problems(self) -> Iterator[Problem]:
        """What the first reading found wrong."""
        if self._examples["infinite"]:
            count = self.numbers.not_finite
            yield self._problem(
                "infinite",
                f"holds {count} number{'s' * (count != 1)} that {'is' if count == 1 else 'are'} not finite",
                "write nothing (or null) where there is none, or name what stands for it in `format: {missing: […]}`",
            )
        if self.numbers.count > 0 and self._text_count > 0:
            fewer = "text" if self._text_count <= self.numbers.count else "number"
            counts = {"text": self._text_count, "number": self.numbers.count}
            yield self._problem(
                fewer,
                f"mixes {self.numbers.count} numbers and {self._text_count} texts; of the {counts[fewer]} {fewer}s",
                f"mend them, name them in `format: {{missing: […]}}`, or say `types: {{{self.name}: String}}`",
            )
        elif self._text_count > 0 and self.declared in {"Integral", "Fractional"}:
            yield self._problem("text", f"is said to be {self.declared}, and holds text", "mend it, or its type")
        elif self.declared == "Integral" and self.numbers.is_fractional:
            yield Problem(
                self.name, None, None, "is said to be Integral, and holds fractional numbers", "mend its type"
            )

    def overflow(self) -> Problem | None:
        """Whether the numbers are too large for their statistics, as far as a reading has found those."""
        numbers = self.numbers
        if numbers.count == 0 or all(map(math.isfinite, numbers.figures())):
            return None
        message = "its numbers are too large: their sum or spread is infinite"
        return Problem(self.name, None, None, message, f"scale them; they are {numbers.least:g} to {numbers.largest:g}")

    def statistics(self) -> Document:
        """Its entry in `statistics.json`."""
        present = self.numbers.count + self._text_count
        common = {"num_present": present, "num_missing": self.rows - present}
        feature: Document = {"name": self.name, "inferred_type": self.inferred_type}
        if self.numbers.count > 0:
            feature["numerical_statistics"] = {"common": common, **self.numbers.statistics()}
            return feature
        strings: Document = {"common": common, "distinct_count": self.texts.distinct}
        counts = self.texts.counts
        if counts:
            buckets = [{"value": value, "count": counts[value]} for value in sorted(counts)]
            strings["distribution"] = {"categorical": {"buckets": buckets}}
        feature["string_statistics"] = strings
        return feature

    def constraints(self) -> Document:
        """Its entry in `constraints.json`."""
        feature: Document = {
            "name": self.name,
            "inferred_type": self.inferred_type,
            "completeness": (self.numbers.count + self._text_count) / self.rows,
        }
        counts = self.texts.counts
        if self.numbers.count > 0:
            feature["num_constraints"] = {"is_non_negative": self.numbers.least >= 0}
        elif counts and len(counts) <= MAXIMUM_DOMAIN:
            feature["string_constraints"] = {"domains": sorted(counts)}
        return feature

    def typical(self) -> float | str | None:
        """The median of numbers (off by what the sketch is), the most frequent text; None where nothing is present."""
        if self.numbers.count > 0:
            return self.numbers.sketch.quantile(0.5)
        counts = self.texts.counts
        return min(counts, key=lambda text: (-counts[text], text)) if counts else None

    def _add_numbers(self, numbers: pl.Series, cells: Cells) -> None:
        before = self.numbers.not_finite
        self.numbers.add(_floats(numbers), is_fractional=cells.is_fractional)
        if self.numbers.not_finite > before:
            self._keep("infinite", (~numbers.is_finite()).fill_null(value=False), numbers, cells)
        self._keep("number", numbers.is_not_null(), numbers, cells)

    def _add_texts(self, texts: pl.Series, cells: Cells) -> None:
        self._text_count += len(texts) - texts.null_count()
        counted = texts.drop_nulls().rename("value").value_counts(name="count")
        self.texts.add(zip(counted["value"].to_list(), counted["count"].to_list(), strict=True))
        self._keep("text", texts.is_not_null(), texts, cells)

    def _keep(self, kind: str, mask: pl.Series, values: pl.Series, cells: Cells) -> None:
        """A few cells of a kind, in case a message has to name them."""
        kept = self._examples[kind]
        if len(kept) < _TOLD:
            for index in mask.arg_true().head(_TOLD - len(kept)).to_list():
                kept.append((cells.place(index), values[index]))

    def _problem(self, kind: str, message: str, fix: str) -> Problem:
        examples = self._examples[kind]
        told = ", ".join(f"{value!r} in {place}" for place, value in examples)
        return Problem(self.name, examples[0][0], examples[0][1], f"{message}: {told}", fix)


class _Numbers:
    def __init__(self) -> None:
        self.count = self.not_finite = 0
        self.least, self.largest = math.inf, -math.inf
        self.is_fractional = False
        self.sketch = KllSketch()
        self._sums: list[float] = []
        self._squares: list[float] = []
        self._buckets = [0] * BUCKETS

    def add(self, values: Floats, *, is_fractional: bool) -> None:
        import numpy as np

        finite = values[np.isfinite(values)]
        self.not_finite += len(values) - len(finite)
        self.count += len(values)
        self.is_fractional = self.is_fractional or is_fractional
        if len(finite) > 0:
            self.least = min(self.least, float(finite.min()))
            self.largest = max(self.largest, float(finite.max()))
            self._sums.append(_sum(finite))
            self.sketch.add(finite)

    def add_again(self, values: Floats) -> None:
        import numpy as np

        if len(values) == 0:
            return
        with np.errstate(over="ignore"):
            self._squares.append(_sum((values - self.mean) ** 2))
        width = (self.largest - self.least) / BUCKETS
        if width > 0:
            with np.errstate(over="ignore"):
                places = np.minimum((values - self.least) / width, BUCKETS - 1).astype(np.int64)
            for place, count in enumerate(np.bincount(places, minlength=BUCKETS).tolist()):
                self._buckets[place] += count
        else:
            self._buckets[0] += len(values)

    @property
    def total(self) -> float:
        try:
            return math.fsum(self._sums)
        except OverflowError:
            return math.inf

    @property
    def mean(self) -> float:
        return self.total / self.count

    @property
    def deviation(self) -> float:
        return math.sqrt(sum(self._squares) if math.inf in self._squares else math.fsum(self._squares) / self.count)

    def figures(self) -> tuple[float, ...]:
        """What has to be finite."""
        return self.total, self.deviation, self.largest - self.least

    def statistics(self) -> Document:
        width = (self.largest - self.least) / BUCKETS
        bounds = [self.least + index * width for index in range(BUCKETS)] + [self.largest]
        return {
            "mean": self.mean,
            "sum": self.total,
            "std_dev": self.deviation,
            "min": self.least,
            "max": self.largest,
            "distribution": {
                "kll": {
                    "buckets": [
                        {"lower_bound": bounds[index], "upper_bound": bounds[index + 1], "count": float(count)}
                        for index, count in enumerate(self._buckets)
                    ],
                    "sketch": {
                        "parameters": {"c": SKETCH_SHAPE, "k": float(SKETCH_SIZE)},
                        "data": self.sketch.levels(),
                    },
                }
            },
        }


def _sum(values: Floats) -> float:
    """Exactly rounded while a sketch would hold every value; pairwise, off in the last digits, in large batches."""
    import numpy as np

    if len(values) > SKETCH_SIZE:
        with np.errstate(over="ignore"):
            return float(values.sum())
    try:
        return math.fsum(values.tolist())
    except OverflowError:
        return math.inf


def _floats(numbers: pl.Series) -> Floats:
    return numbers.drop_nulls().to_numpy()
