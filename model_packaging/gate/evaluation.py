"""`Run`: a gate run on the packaged model, through its serving process (`model_packaging.gate.evaluate`).

Every figure comes from `POST /invocations` answers, never from the trainer's object. What is asked for and cannot be
measured of these answers or rows is an error of the gate (exit code 2); what was measured and is not good enough is in
the report, which fails. An answer that is none (4xx, 5xx, NaN, too short) fails the part that asked for it.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from model_packaging.gate.budgets import latency_figures, latency_results, size_result
from model_packaging.gate.curves import plots_of
from model_packaging.gate.data_sets import DataSet
from model_packaging.gate.demands import RefusedMissingValues, Slices
from model_packaging.gate.deployed import deployed_figures, deployed_results
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.fairness import fairness_results, group_figures
from model_packaging.gate.gate_data import GateData
from model_packaging.gate.gate_file import Gate
from model_packaging.gate.gate_spec import FreeFormTask
from model_packaging.gate.invocations import Invocations, ServedModel
from model_packaging.gate.metrics import Bins, figures, interval, resamples_of
from model_packaging.gate.outcome import Outcome
from model_packaging.gate.overfitting import overfitting_results
from model_packaging.gate.report import (
    Curve,
    DataFigures,
    GateReport,
    GateResult,
    GroupFigures,
    LatencyFigures,
    Plots,
    SliceFigures,
    failed,
    judged,
)
from model_packaging.gate.report_table import rows_told
from model_packaging.gate.request_bodies import request_form
from model_packaging.gate.robustness import Robust, missing_value_results, perturbation_results
from model_packaging.gate.slices import slice_figures, worst_results
from model_packaging.release import Release
from model_packaging.yaml_lines import KeyPath, Rule

TOOLS = ("numpy", "polars", "scikit-learn")


@dataclass
class Run:
    """One run of a gate; what it finds is collected as it goes."""

    gate: Gate
    container: ServedModel
    release: Release
    release_folder: Path | None
    against: GateReport | None
    rows: GateData
    progress: Callable[[str], None]
    results: list[GateResult] = field(default_factory=list)
    data: dict[str, DataFigures] = field(default_factory=dict)
    slices: tuple[SliceFigures, ...] = ()
    groups: list[GroupFigures] = field(default_factory=list)
    latency: list[LatencyFigures] = field(default_factory=list)
    plots: Plots = field(default_factory=Plots)
    noise: Curve | None = None

    @cached_property
    def bins(self) -> Bins:
        """How probabilities are put into bins."""
        return Bins.of(self.gate.spec.calibration)

    @cached_property
    def invocations(self) -> Invocations:
        """Asks the model in the form that its gate, or else its first sample, has."""
        samples = {}
        if self.release_folder is not None:
            paths = {one.file: self.release_folder / one.file for one in self.release.samples or ()}
            samples = {name: path.read_bytes() for name, path in paths.items() if path.is_file()}
        form = request_form(self.gate.spec.request, self.release, samples)
        return Invocations(self.container, form, self.gate.spec, self.rows.classes)

    def measure(self) -> None:
        """Every metric of the test rows, nothing demanded."""
        with contextlib.suppress(_UnusableError):
            self.ask()

    def ask(self) -> Outcome | None:
        """Truth and answers of the test rows; None where the task has no truth.

        Raises:
            _UnusableError: an answer is none; the failure is among the results.
        """
        test = self.rows.test
        name = f"the {test.rows:,} test rows"
        try:
            if isinstance(self.gate.spec.task, FreeFormTask):
                self.invocations.answered(test.features, self._asked("test", test.rows))
                outcome = None
            else:
                outcome = self._outcome(test)
        except AnswerError as error:
            self.results.append(failed("answers", name, str(error)))
            raise _UnusableError from error
        self.results.append(GateResult(section="answers", name=name, verdict="passed", rows=test.rows))
        if outcome is not None:
            self.plots = plots_of(outcome, self.bins)
        return outcome

    def judge(self) -> None:
        """Every demand, in the order of the report."""
        spec = self.gate.spec
        try:
            outcome = self.ask()
        except _UnusableError:
            self.results += self._size()
            return
        if outcome is not None:
            self._check_named(self.data["test"])
            self.results += self._metrics(outcome)
            self.results += self._deployed()
            self.results += self._overfitting()
            if spec.slices is not None:
                self._slices(spec.slices, outcome)
            self.results += self._calibration()
            self._robustness()
            for wanted in spec.fairness:
                self.groups.append(group_figures(wanted, self.rows.test, outcome))
                self.results += fairness_results(wanted, self.groups[-1])
        self._latency()
        self.results += self._size()

    def report(self) -> GateReport:
        """What was found."""
        return GateReport(
            model=self.release.name,
            version=self.release.version,
            release=self.release.digest,
            gate_sha256=self.gate.sha256,
            task=self.gate.spec.task.kind,
            results=tuple(self.results),
            data=self.data,
            slices=self.slices,
            groups=tuple(self.groups),
            latency=tuple(self.latency),
            deployed=None if self.against is None else deployed_figures(self.against, self.data.get("test")),
            plots=self.plots.model_copy(update={"noise": self.noise}),
            tools={name: importlib.metadata.version(name) for name in TOOLS},
        )

    def _asked(self, name: str, rows: int) -> Callable[[int], None]:
        return lambda done: self.progress(f"{name}: {done:,} of {rows:,} rows")

    def _outcome(self, data: DataSet) -> Outcome:
        outcome = self.invocations.outcome(data, self._asked(data.name, data.rows))
        found, unavailable = figures(outcome, self.bins)
        if self.rows.sets.get(data.name) is data:  # a slice may have the name of one
            self.data[data.name] = DataFigures(
                rows=data.rows, sha256=data.sha256, metrics=found, unavailable=unavailable
            )
        return outcome

    def _check_named(self, test: DataFigures) -> None:
        """Every metric that the gate names must be there.

        Raises:
            InvalidPackageError: names those that are not, and lists those that are.
        """
        there = ", ".join(test.metrics) or "none"
        rules = [
            Rule(path, name, f"{name!r} cannot be measured: {test.unavailable[name]}", there, "name one of those")
            for path, name in self._named_metrics()
            if name in test.unavailable
        ]
        if rules:
            raise self.gate.refused(rules)

    def _named_metrics(self) -> Iterator[tuple[KeyPath, str]]:
        spec = self.gate.spec
        yield from ((("metrics", name), name) for name in spec.metrics)
        yield from ((("overfitting", name), name) for name in spec.overfitting)
        yield from ((("slices", "worst", name), name) for name in ({} if spec.slices is None else spec.slices.worst))
        if spec.calibration is not None:
            yield ("calibration",), "ece"
        for key, one in ({} if spec.robustness is None else spec.robustness.demanded).items():
            if not isinstance(one, RefusedMissingValues):
                yield ("robustness", key, "metric"), one.metric

    def _metrics(self, outcome: Outcome) -> Iterator[GateResult]:
        for name, threshold in self.gate.spec.metrics.items():
            self.progress(f"{name}: {resamples_of(outcome.rows, self.gate.spec.confidence)} resamples")
            where = interval(name, outcome, self.bins, self.gate.spec.confidence)
            for comparison, wanted in threshold.demanded:
                measured = self.data["test"].metrics[name]
                yield judged("metrics", name, measured, comparison, wanted, rows=outcome.rows, interval=where)

    def _deployed(self) -> Iterator[GateResult]:
        margins = {
            name: one.not_worse_than_deployed.by
            for name, one in self.gate.spec.metrics.items()
            if one.not_worse_than_deployed is not None
        }
        yield from deployed_results(margins, self.data["test"], self.against)

    def _overfitting(self) -> Iterator[GateResult]:
        try:
            for name, rows in self.rows.sets.items():
                if name != "test":
                    self._outcome(rows)
        except AnswerError as error:
            yield failed("overfitting", "train and validation rows", str(error))
            return
        yield from overfitting_results(self.gate.spec.overfitting, self.data)

    def _slices(self, wanted: Slices, outcome: Outcome) -> None:
        parts = [(one.name, outcome.taken(one.indices)) for one in self.rows.row_slices]
        for rows in self.rows.file_slices:
            try:
                parts.append((rows.name, self._outcome(rows)))
            except AnswerError as error:
                self.results.append(failed("slices", rows.name, str(error)))
        self.slices = slice_figures(wanted, parts, self.bins)
        self.results += worst_results(wanted, self.slices)

    def _calibration(self) -> Iterator[GateResult]:
        calibration = self.gate.spec.calibration
        if calibration is not None:
            test = self.data["test"]
            told = f"{calibration.bins} {calibration.strategy} bins"
            name = "expected calibration error"
            yield judged(
                "calibration", name, test.metrics["ece"], "at_most", calibration.at_most, rows=test.rows, told=told
            )

    def _robustness(self) -> None:
        wanted = self.gate.spec.robustness
        if wanted is None:
            return
        figures_of_test = self.data["test"].metrics
        robust = Robust(self.invocations, self.rows.test, self.bins, figures_of_test, wanted.seed, self.progress)
        if wanted.missing_values is not None:
            self.results += missing_value_results(robust, wanted.missing_values)
        if wanted.perturbation is not None:
            results, self.noise = perturbation_results(robust, wanted.perturbation)
            self.results += results

    def _latency(self) -> None:
        for wanted in self.gate.spec.latency:
            request = rows_told(wanted.rows)
            self.progress(f"latency: {wanted.requests:,} requests of {request}")
            try:
                self.latency.append(latency_figures(wanted, self.invocations, self.rows.test))
            except AnswerError as error:
                self.results.append(failed("latency", request, str(error)))
                continue
            self.results += latency_results(wanted, self.latency[-1])

    def _size(self) -> Iterator[GateResult]:
        if self.gate.spec.size is not None:
            yield size_result(self.gate.spec.size, self.release)


class _UnusableError(Exception):
    """The test rows have no answers that anything could be judged by."""
