"""From `baseline.yaml` and a file of data to the folder of baselines beside a model.

```
baseline/statistics.json  constraints.json        data quality; always
baseline/model_quality/statistics.json  constraints.json
baseline/bias/analysis_config.json  analysis.json  the job's configuration, and its result: a bias monitor's constraints
baseline/explainability/analysis_config.json
```

Data quality is streamed. Model quality and bias read their few columns into memory: 16 bytes a number and row, and the
length of texts.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from model_packaging.baselines.baseline_spec import BaselineSpec
from model_packaging.baselines.bias import FacetColumn, bias_baseline, bias_baseline_json
from model_packaging.baselines.bias_metrics import NOT_COMPUTED, POST_TRAINING, PRE_TRAINING
from model_packaging.baselines.clarify import analysis_json, bias_analysis, explainability_analysis
from model_packaging.baselines.dataset_format import Kind
from model_packaging.baselines.errors import BaselineDataError
from model_packaging.baselines.folder import write_folder
from model_packaging.baselines.model_quality import model_quality_baseline
from model_packaging.baselines.reading import BaselineFile, read_baseline_file
from model_packaging.baselines.streaming import Dataset, FileBaseline, read_dataset
from model_packaging.baselines.table import Table
from model_packaging.baselines.text_blocks import Progress
from model_packaging.errors import Violation

FOLDER = "baseline"
"""Beside the model; `package.yaml` names it."""

Columns = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class MadeBaseline:
    """What was written."""

    folder: Path
    files: tuple[str, ...]
    """Paths in the folder."""
    rows: int
    features: tuple[Mapping[str, Any], ...]
    """As they stand in `constraints.json`."""
    left_out: tuple[str, ...]
    """What a reader might look for and not find, and why."""


def make_baseline(model_folder: Path, *, data: Path | None = None, progress: Progress | None = None) -> MadeBaseline:
    """Makes and writes the baselines of a model; on an error nothing is written.

    Args:
        model_folder: With or without a `baseline.yaml`.
        data: Instead of the file that it names.
        progress: Told of bytes (Parquet: rows) read, and how many there are, at each reading.

    Raises:
        InvalidPackageError: `baseline.yaml` is not YAML.
        BaselineDataError: everything wrong with it, or with the data.
        PredictionsError: the model's answers and what was true do not fit together.
    """
    file = read_baseline_file(model_folder)
    dataset = _dataset(file, model_folder, data)
    table = dataset.table()
    wrong = list(file.column_violations(table.names, dataset.shown))
    if wrong:
        raise BaselineDataError(wrong)
    found = read_dataset(dataset, output_columns=file.spec.outputs, progress=progress)
    files = {
        "statistics.json": found.baseline.statistics_json(),
        "constraints.json": found.baseline.constraints_json(),
        **_further(file.spec, dataset, table, found, progress),
    }
    write_folder(model_folder / FOLDER, files)
    features = tuple(found.baseline.constraints["features"])
    return MadeBaseline(model_folder / FOLDER, tuple(files), found.rows, features, tuple(_left_out(file.spec)))


def _dataset(file: BaselineFile, model_folder: Path, data: Path | None) -> Dataset:
    spec = file.spec
    if data is None and spec.data is None:
        message = "no file of data is named"
        fix = "name one with --data FILE, or as `data: FILE` in baseline.yaml"
        raise BaselineDataError([Violation(file.shown, None, "data", None, message, fix=fix)])
    path = data if data is not None else model_folder / str(spec.data)
    left_out = (*spec.leave_out, *(() if spec.label is None else (spec.label,)))
    return Dataset(path, path.as_posix(), spec.format.dataset_format(), spec.columns, left_out, spec.types)


def _further(
    spec: BaselineSpec, dataset: Dataset, table: Table, found: FileBaseline, progress: Progress | None
) -> dict[str, bytes]:
    kind: Kind = dataset.dataset_format.recognised(dataset.path, dataset.shown).kind or "csv"
    files: dict[str, bytes] = {}
    columns = _loaded(replace(dataset, leave_out=()), _names(spec), progress)
    if spec.model_quality is not None and spec.label is not None:
        wanted = spec.model_quality
        quality = model_quality_baseline(
            wanted.problem_type,
            columns[spec.label],
            predicted=None if wanted.predicted is None else columns[wanted.predicted],
            probability=None if wanted.probability is None else columns[wanted.probability],
            positive=wanted.positive,
            threshold=wanted.threshold,
        )
        files["model_quality/statistics.json"] = quality.statistics_json()
        files["model_quality/constraints.json"] = quality.constraints_json()
    if spec.bias is not None:
        files["bias/analysis_config.json"] = analysis_json(bias_analysis(spec, table.names, kind))
        files["bias/analysis.json"] = bias_baseline_json(_bias(spec, columns))
    if spec.explainability is not None:
        features = [name for name in found.typical if name not in spec.outputs]
        config = explainability_analysis(spec, features, found.typical, kind)
        files["explainability/analysis_config.json"] = analysis_json(config)
    return files


def _bias(spec: BaselineSpec, columns: Columns) -> dict[str, Any]:
    bias = spec.bias
    if bias is None or spec.label is None:
        raise AssertionError("a bias baseline is asked for with its spec and a label only")
    return bias_baseline(
        spec.label,
        bias.positive,
        columns[spec.label],
        [FacetColumn(one.column, columns[one.column], one.selection) for one in bias.facets],
        predicted=None if spec.predicted is None else columns[spec.predicted],
        group=None if bias.group is None else columns[bias.group],
        pre_training=PRE_TRAINING if bias.pre_training == "all" else bias.pre_training,
        post_training=POST_TRAINING if bias.post_training == "all" else bias.post_training,
    )


def _names(spec: BaselineSpec) -> list[str]:
    """Columns that model quality and bias need, each once."""
    names: list[str | None] = []
    if spec.model_quality is not None:
        names += [spec.label, spec.model_quality.predicted, spec.model_quality.probability]
    if spec.bias is not None:
        names += [spec.label, spec.predicted, spec.bias.group, *(one.column for one in spec.bias.facets)]
    return list(dict.fromkeys(name for name in names if name is not None))


def _loaded(dataset: Dataset, names: Sequence[str], progress: Progress | None) -> dict[str, list[Any]]:
    """Columns as lists, every cell present.

    Raises:
        BaselineDataError: naming the first cell of each column that is missing.
    """
    values: dict[str, list[Any]] = {name: [] for name in names}
    missing: dict[str, Violation] = {}
    if not names:
        return values
    for batch in dataset.table(progress=progress).batches(names):
        for name in names:
            cells = batch.columns[name]
            loaded = _merged(cells.rows, cells.numbers, cells.texts)
            if None in loaded and name not in missing:
                place = cells.place(loaded.index(None))
                message = f"there is nothing in {place}; model quality and bias need every row"
                fix = "leave such rows out of the file, or write a value of their own"
                missing[name] = Violation(dataset.shown, place.line, name, None, message, fix=fix)
            values[name] += loaded
    if missing:
        raise BaselineDataError(missing.values())
    return values


def _merged(rows: int, *parts: Any) -> list[Any]:
    merged: list[Any] = [None] * rows
    for series in parts:
        if series is not None:
            merged = [one if one is not None else kept for one, kept in zip(series.to_list(), merged, strict=True)]
    return merged


def _left_out(spec: BaselineSpec) -> list[str]:
    told = []
    if spec.bias is not None and spec.predicted is None:
        told.append("bias metrics of the model's answers: no column of them is named (`bias: {predicted: …}`)")
    if spec.bias is not None and spec.predicted is not None and _wants_flip_test(spec.bias.post_training):
        told.append(
            f"bias metric {NOT_COMPUTED[0]}: a Clarify job computes it; a nearest-neighbour search is not done here"
        )
    if spec.bias is not None and spec.bias.group is None:
        told.append("bias metrics CDDL and CDDPL: no `group` is named that they are conditional on")
    if spec.explainability is not None:
        told.append(
            "SHAP values: explainability/analysis_config.json asks for them; a Clarify job computes them on AWS, by "
            "many calls of the model, and its analysis.json is the baseline of an explainability monitor"
        )
        if spec.predictor is None or spec.predictor.model_name is None:
            told.append("the analyses' model: its name is given when it is deployed (`predictor: {model_name: …}`)")
    return told


def _wants_flip_test(wanted: str | Sequence[str]) -> bool:
    return wanted == "all" or NOT_COMPUTED[0] in wanted
