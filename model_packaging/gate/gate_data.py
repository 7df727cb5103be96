"""`read_data`: every row that a gate judges on, read and checked before anything is started or asked.

What only the data show to be wrong (a column that is not there, a label that is none, a condition that is none) is
told all at once, each with its line of `gate.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ParamSpec, TypeVar

import polars as pl

from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.gate.data_sets import DataSet, read_data_set, read_table
from model_packaging.gate.demands import FileSlice
from model_packaging.gate.gate_file import Gate
from model_packaging.gate.gate_rules import robust_columns
from model_packaging.gate.gate_spec import DataFile, TableFile
from model_packaging.gate.outcome import classes_of
from model_packaging.gate.slices import RowSlice, read_file_slice, read_row_slices
from model_packaging.yaml_lines import Rule

Asked = ParamSpec("Asked")
Read = TypeVar("Read")


@dataclass(frozen=True)
class GateData:
    """The rows of a gate."""

    sets: Mapping[str, DataSet]
    """`test`; `train` and `validation` where overfitting is judged."""
    file_slices: tuple[DataSet, ...]
    """The slices that have files of their own."""
    row_slices: tuple[RowSlice, ...]
    """The slices of the test rows."""
    classes: tuple[str, ...]
    """Of a classification, the positive one last where there are two."""

    @property
    def test(self) -> DataSet:
        """The test rows."""
        return self.sets["test"]


def read_data(gate: Gate) -> GateData:
    """The rows that a gate names.

    Raises:
        InvalidPackageError: with everything that is wrong with them, or that they show to be wrong with the gate.
    """
    reading = _Reading()
    sets: dict[str, DataSet] = {}
    for name, one in _sets(gate).items():
        rows = reading.tried(read_data_set, gate, name, one, ("data", name))
        sets |= {} if rows is None else {name: rows}
    test = reading.tried(_table_of_test, gate, sets.get("test"))
    files: list[DataSet | None] = []
    slices: list[RowSlice] = []
    for index, wanted in enumerate(() if gate.spec.slices is None else gate.spec.slices.of):
        if isinstance(wanted, FileSlice):
            files.append(reading.tried(read_file_slice, gate, index, wanted))
        elif test is not None:
            slices += reading.tried(read_row_slices, gate, index, wanted, test) or []
    if "test" in sets:
        reading.tried(_check_robust_columns, gate, sets["test"])
    whole_files = tuple(one for one in files if one is not None)
    classes = () if reading.violations else reading.tried(_classes, gate, [*sets.values(), *whole_files])
    reading.check()
    return GateData(sets, whole_files, tuple(slices), classes or ())


def _sets(gate: Gate) -> dict[str, DataFile]:
    data, is_compared = gate.spec.data, bool(gate.spec.overfitting)
    named = {"test": data.test, "train": data.train, "validation": data.validation}
    return {name: one for name, one in named.items() if one is not None and (name == "test" or is_compared)}


def _table_of_test(gate: Gate, test: DataSet | None) -> pl.DataFrame | None:
    """What slices are made of; also where a column is missing that is not theirs."""
    wanted = gate.spec.data.test
    if test is None and isinstance(wanted, TableFile):
        return read_table(gate, wanted.file, ("data", "test", "file"))
    return None if test is None else test.table


def _check_robust_columns(gate: Gate, test: DataSet) -> None:
    rules = list(robust_columns(gate.spec, test.feature_names, "is no feature of the data"))
    if rules:
        raise gate.refused(rules)


def _classes(gate: Gate, every: list[DataSet]) -> tuple[str, ...]:
    labels = [str(label) for one in every if one.labels is not None for label in one.labels]
    try:
        return classes_of(gate.spec.task, labels)
    except ValueError as error:
        raise gate.refused([Rule(("task",), None, str(error), fix="mend the task or the data")]) from error


@dataclass
class _Reading:
    """Reads part after part, and collects what is wrong with each."""

    violations: list[Violation] = field(default_factory=list)

    def tried(self, read: Callable[Asked, Read], *asked: Asked.args, **named: Asked.kwargs) -> Read | None:
        """What is read; None where something is wrong with it."""
        try:
            return read(*asked, **named)
        except InvalidPackageError as error:
            self.violations += error.violations
            return None

    def check(self) -> None:
        """Raises what was wrong; a column that several files lack is told once."""
        if self.violations:
            raise InvalidPackageError({(one.path, repr(one.value)): one for one in reversed(self.violations)}.values())
