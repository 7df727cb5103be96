"""The files of rows and labels that a gate names: which they are, and what is wrong with them before one is read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from model_packaging.gate.demands import FileSlice
from model_packaging.gate.gate_spec import ArrayFiles, Data, FreeFormTask, GateSpec, TableFile
from model_packaging.named_files import NAMED_FILE_FIX, file_problem
from model_packaging.yaml_lines import KeyPath, Rule

TABLE_SUFFIXES = (".csv", ".parquet", ".jsonl", ".ndjson")
ARRAY_SUFFIXES = (".npy",)


def file_rules(spec: GateSpec, model_folder: Path) -> Iterator[Rule]:
    """The rules that the files break."""
    for path, file, suffixes in _named_files(spec):
        problem = file_problem(model_folder, file, suffixes=suffixes)
        if problem:
            yield Rule(path, file, problem, fix=NAMED_FILE_FIX)
    for key in Data.model_fields:
        one = getattr(spec.data, key)
        if isinstance(one, ArrayFiles) and one.labels is None and not isinstance(spec.task, FreeFormTask):
            yield Rule(("data", key), None, "has no labels to judge by", fix="write `labels: FILE.npy`")


def data_files(spec: GateSpec) -> list[str]:
    """Every file of rows or labels that the gate names, once."""
    return list(dict.fromkeys(file for _, file, _ in _named_files(spec)))


def _named_files(spec: GateSpec) -> Iterator[tuple[KeyPath, str, tuple[str, ...]]]:
    for key in Data.model_fields:
        match getattr(spec.data, key):
            case TableFile(file=file):
                yield ("data", key, "file"), file, TABLE_SUFFIXES
            case ArrayFiles(rows=rows, labels=labels):
                yield ("data", key, "rows"), rows, ARRAY_SUFFIXES
                if labels is not None:
                    yield ("data", key, "labels"), labels, ARRAY_SUFFIXES
    for index, one in enumerate(() if spec.slices is None else spec.slices.of):
        if isinstance(one, FileSlice):
            yield ("slices", "of", index, "file"), one.file, TABLE_SUFFIXES
