"""`optimise`: the steps of `optimise.yaml`, each taken, measured and judged; and the lock that packaging reads.

Every step's answers are compared with the trained model's own, by its own framework, not with those of the step before:
what adds up over the steps is what the table shows. Files are made in a folder beside the model and renamed into place
when all is well.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from model_packaging.beside import read_beside
from model_packaging.complaints import json_complaints
from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.evidence import write_atomically
from model_packaging.measurements import Optimisation, OptimisationStep
from model_packaging.optimisation.accelerators import (
    NEURON_FILE,
    TENSORRT_FILE,
    TRITON_FILE,
    neuron_compilation_job,
    tensorrt_options,
    triton_acceleration,
)
from model_packaging.optimisation.errors import OptimisationError, ToleranceExceededError, missing, refusals
from model_packaging.optimisation.measuring import (
    Predict,
    largest_difference,
    latency_ms,
    machine,
    rows_per_second,
    size_bytes,
    versions,
)
from model_packaging.optimisation.onnx_model import load_onnx, predict_with, write_onnx
from model_packaging.optimisation.originals import Original, load_original
from model_packaging.optimisation.rows import Rows, one_row, read_rows
from model_packaging.optimisation.spec import (
    OPTIMISE_FILE,
    Int8Static,
    Neuron,
    OptimiseSpec,
    TensorRt,
    ToOnnx,
    read_optimise_spec,
)
from model_packaging.optimisation.steps import apply

OPTIMISATION_FILE = "optimisation.json"

Progress = Callable[[OptimisationStep], None]


def optimise(model_folder: Path, *, progress: Progress | None = None) -> Optimisation:
    """Takes the steps of `optimise.yaml` and writes the served model and `optimisation.json` beside it.

    Args:
        model_folder: `models/NAME`.
        progress: Told each step once it is measured, the original first.

    Raises:
        InvalidPackageError: optimise.yaml is missing or breaks rules, or its rows cannot be read.
        OptimisationError: a step cannot be taken.
        ToleranceExceededError: a step changed an answer by too much; nothing was written.
    """
    spec = read_optimise_spec(model_folder)
    if spec is None:
        message, shown = "is not there", (model_folder / OPTIMISE_FILE).as_posix()
        fix = "write one: source, target, rows and steps; see docs/how-to/optimise.md"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix=fix)])
    from model_packaging.formats import recognise

    source = model_folder / spec.source
    model_format = recognise(source).format
    original = load_original(source, model_format)
    with _work_folder(model_folder) as work:
        run = _Run(model_folder, spec, model_format, original, read_rows(model_folder / spec.rows), work, progress)
        try:
            run.take_steps()
        except ModuleNotFoundError as error:  # what a converter itself needs
            raise missing(error.name or "a step", "optimise", "optimise.yaml") from error
        return run.write()


@dataclass
class _Run:
    model_folder: Path
    spec: OptimiseSpec
    model_format: str
    original: Original
    rows: Rows
    work: Path
    progress: Progress | None
    measured: list[OptimisationStep] = field(default_factory=list)
    built: dict[str, bytes] = field(default_factory=dict)
    """Name in the model's folder to what an accelerator step wrote."""
    _current: Path | None = None
    """The ONNX file of the last step; None before the first."""
    _answers: Any = None

    @property
    def source(self) -> Path:
        return self.model_folder / self.spec.source

    def take_steps(self) -> None:
        with refusals(f"{self.source.as_posix()} cannot answer the rows of {self.spec.rows}"):
            self._answers = self.original.predict(self.rows)
        self._measure("original", self.spec.source, self.source, self.original.predict, tolerance=0.0)
        for number, step in enumerate(self.spec.steps):
            match step:
                case TensorRt():
                    self._onnx(step.kind)  # an engine is built of an ONNX model
                    self.built |= {TENSORRT_FILE: tensorrt_options(step), TRITON_FILE: triton_acceleration(step)}
                case Neuron():
                    shapes = {name or "rows": list(one.shape) for name, one in one_row(self.rows, 0).items()}
                    name = self.model_folder.resolve().name
                    self.built[NEURON_FILE] = neuron_compilation_job(step, name, self.model_format, shapes)
                case ToOnnx():
                    path = self.work / f"{number}.onnx"
                    with refusals(f"step {step.kind} cannot be taken"):
                        write_onnx(self.original.to_onnx(self.rows, step.opset), path)
                    self._take(step.kind, path, self.spec.tolerance_of(step))
                case _:
                    calibration = (
                        read_rows(self.model_folder / step.calibration) if isinstance(step, Int8Static) else {}
                    )
                    path = self.work / f"{number}.onnx"
                    source = self._onnx(step.kind)
                    with refusals(f"step {step.kind} cannot be taken"):
                        apply(step, source, path, calibration)
                    self._take(step.kind, path, self.spec.tolerance_of(step))

    def _onnx(self, kind: str) -> Path:
        if self._current is not None:
            return self._current
        if self.model_format != "onnx":
            raise OptimisationError(
                f"{self.source.as_posix()} is {self.model_format}, and step {kind} takes an ONNX model; "
                "write `- kind: onnx` as the first step"
            )
        return self.source

    def _take(self, kind: str, path: Path, tolerance: float) -> None:
        load_onnx(path)
        self._measure(kind, self.spec.served, path, predict_with(path), tolerance=tolerance)
        self._current = path

    def _measure(self, kind: str, file: str, path: Path, predict: Predict, *, tolerance: float) -> None:
        with refusals(f"the model that step {kind} made cannot answer the rows of {self.spec.rows}"):
            answers = predict(self.rows)
        difference = largest_difference(self._answers, answers, kind)
        p50, p99 = latency_ms(predict, self.rows)
        step = OptimisationStep(
            step=kind,
            file=file,
            size_bytes=size_bytes(path),
            p50_ms=round(p50, 4),
            p99_ms=round(p99, 4),
            rows_per_second=round(rows_per_second(predict, self.rows), 1),
            max_abs_difference=difference,
            tolerance=tolerance,
        )
        self.measured.append(step)
        if self.progress is not None:
            self.progress(step)
        if kind != "original" and difference > tolerance:
            raise ToleranceExceededError(self.model_folder.resolve().name, self.measured)

    def write(self) -> Optimisation:
        served = self.source if self._current is None else self._current
        name, vcpus = machine()
        result = Optimisation(
            source_sha256=content_sha256(self.source),
            result_sha256=content_sha256(served),
            tools=versions((*self.original.tools, "onnx", "onnxruntime")),
            vcpus=vcpus,
            machine=name,
            steps=tuple(self.measured),
        )
        if self._current is not None:
            target = self.model_folder / self.spec.served
            target.parent.mkdir(parents=True, exist_ok=True)
            self._current.replace(target)
        for file, content in self.built.items():
            write_atomically(self.model_folder / file, content)
        # The lock goes last: without it, or with a former one, packaging refuses the new file.
        write_atomically(self.model_folder / OPTIMISATION_FILE, (result.model_dump_json(indent=2) + "\n").encode())
        return result


def pinned_optimisation(model_folder: Path) -> Optimisation | None:
    """The table that `optimisation.json` locks; None where the folder has neither it nor `optimise.yaml`.

    Raises:
        InvalidPackageError: it is missing, cannot be read, or is of other files than those that are there.
    """
    spec = read_optimise_spec(model_folder)
    path = model_folder / OPTIMISATION_FILE
    shown, fix = path.as_posix(), f"greenroom optimise {model_folder.as_posix()}"
    content = read_beside(path, fix=fix)
    if spec is None and content is None:
        return None
    if spec is None:
        message = f"is there, and {OPTIMISE_FILE}, which says what was done, is not"
        raise InvalidPackageError([Violation(shown, None, "", None, message, fix="delete it, or bring that back")])
    if content is None:
        raise InvalidPackageError([Violation(shown, None, "", None, "is not there", fix=fix)])
    try:
        lock = Optimisation.model_validate_json(content)
    except ValidationError as error:
        raise InvalidPackageError([Violation(shown, None, "", None, json_complaints(error), fix=fix)]) from error
    files = [(spec.source, lock.source_sha256), (spec.served, lock.result_sha256)]
    stale = [
        Violation(shown, None, "", None, f"was measured of another {name}", fix=fix)
        for name, digest in files
        if not (model_folder / name).exists() or content_sha256(model_folder / name) != digest
    ]
    if stale:
        raise InvalidPackageError(stale)
    return lock


def content_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes; of a directory's, that of its files' digests and paths, ordered."""
    import hashlib

    from model_packaging.store import file_sha256

    if path.is_file():
        return file_sha256(path)
    whole = hashlib.sha256()
    for one in sorted(path.rglob("*")):
        if one.is_file():
            whole.update(f"{file_sha256(one)}  {one.relative_to(path).as_posix()}\n".encode())
    return whole.hexdigest()


@contextmanager
def _work_folder(model_folder: Path) -> Iterator[Path]:
    """Beside the model, that a rename moves the result into place; gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=".optimising-", dir=model_folder))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
