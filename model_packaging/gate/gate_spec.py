"""`GateSpec`: the `gate.yaml` beside a model, which says what the packaged model must show before it is released.

```yaml
task: {kind: binary, positive: malignant}
columns: {label: diagnosis}
data:
  test: {file: gate/test.csv}
metrics:
  roc_auc: {at_least: 0.98, not_worse_than_deployed: {by: 0.01}}
latency:
  - {rows: 1, p99_ms: 50}
```

What is asked of the model's data and answers is here; what is asked of its figures is in `demands`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, WithJsonSchema

from model_packaging.gate.demands import (
    Calibration,
    Confidence,
    Fairness,
    GapLimit,
    LatencyBudget,
    Robustness,
    SizeBudget,
    Slices,
    Threshold,
)
from model_packaging.gate.part import GatePart
from model_packaging.serving.container import LARGEST_BODY_BYTES

GATE_FILE = "gate.yaml"


def _as_text(value: object) -> object:
    """A label that YAML reads as a number or a truth value, as the data's labels are compared: as text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value) if isinstance(value, int | float) else value


_WrittenLabel = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "number", "boolean"]})]


class BinaryTask(GatePart):
    """Classification into two classes, one of which is looked for."""

    kind: Literal["binary"]
    positive: _WrittenLabel | None = None
    """The label that is looked for, as it stands in the data; without it the greater of the two labels (1 of 0 and 1),
    which is the one whose probability scikit-learn's models give second."""
    threshold: float | None = Field(default=None, ge=0, le=1)
    """The score from which a row is named positive. Without it the labels in the answers count, and where there are
    none, 0.5."""


class MulticlassTask(GatePart):
    """Classification into three classes or more."""

    kind: Literal["multiclass"]
    classes: tuple[str, ...] | None = Field(default=None, min_length=3)
    """The labels in the order of the model's probabilities; without it the data's labels, numbers by value and texts by
    the alphabet, which is scikit-learn's order."""


class RegressionTask(GatePart):
    """A number for each row."""

    kind: Literal["regression"]


class FreeFormTask(GatePart):
    """Answers that no metric here can judge (text, images): every request must be answered, and budgets hold."""

    kind: Literal["free_form"]


Task = Annotated[BinaryTask | MulticlassTask | RegressionTask | FreeFormTask, Field(discriminator="kind")]


class Columns(GatePart):
    """What the data's columns are."""

    label: str | None = None
    """The column with the truth; without it, `label`. Arrays bring theirs in a file of its own."""
    features: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The columns that are sent to the model, in this order; without it all but the label and `not_features`."""
    not_features: tuple[str, ...] = ()
    """Columns that are there for slices and fairness and are not sent to the model; none without it."""


class TableFile(GatePart):
    """A table with named columns."""

    file: str = Field(min_length=1)
    """CSV with a header, Parquet, or JSON Lines (`.csv`, `.parquet`, `.jsonl`, `.ndjson`), relative to the model's
    folder."""


class ArrayFiles(GatePart):
    """Two numpy arrays; rows of any shape."""

    rows: str = Field(min_length=1)
    """A `.npy` file, its first dimension the rows, relative to the model's folder."""
    labels: str | None = None
    """A `.npy` file of the truth, one value a row; without it there is none, which only a `free_form` task allows."""


def _data_kind(value: object) -> str:
    is_array = "rows" in value if isinstance(value, Mapping) else isinstance(value, ArrayFiles)
    return "arrays" if is_array else "table"


DataFile = Annotated[
    Annotated[TableFile, Tag("table")] | Annotated[ArrayFiles, Tag("arrays")], Discriminator(_data_kind)
]


class Data(GatePart):
    """The rows that the model is judged on."""

    test: DataFile
    """Rows that training never saw."""
    train: DataFile | None = None
    """Rows that it was trained on, for the gap of overfitting; without it there can be no such demand."""
    validation: DataFile | None = None
    """Rows that hyperparameters were chosen on, for the gap of overfitting; without it the gap is taken to `test`."""


class CsvRequest(GatePart):
    """Rows as lines of CSV."""

    kind: Literal["csv"]
    header: bool = False
    """Whether the first line names the columns; without it there is none, as SageMaker's own algorithms want it."""


JsonForm = Literal["instances", "rows", "records", "inputs", "dataframe_split", "open_inference"]


class JsonRequest(GatePart):
    """Rows in one JSON document."""

    kind: Literal["json"]
    form: JsonForm = "instances"
    """`instances`: `{"instances": [[…], …]}`, which is what happens without it; `rows`: `[[…], …]`; `records`:
    `{"instances": [{"column": …}, …]}`; `inputs`: `{"inputs": […]}`, values where there is one column;
    `dataframe_split`: MLflow's `{"dataframe_split": {"columns": […], "data": […]}}`; `open_inference`: the tensors of
    KServe's v2 protocol, which Triton reads, named as in the release's signature."""


class JsonLinesRequest(GatePart):
    """A JSON object `{"features": [...]}` a line, SageMaker's `application/jsonlines`."""

    kind: Literal["jsonlines"]


class NpyRequest(GatePart):
    """Rows as one numpy array in its file format."""

    kind: Literal["npy"]


class Request(GatePart):
    """How rows are sent."""

    body: Annotated[CsvRequest | JsonRequest | JsonLinesRequest | NpyRequest, Field(discriminator="kind")] | None = None
    """The body's form; without it that of the release's first sample that is one of these, else CSV."""
    content_type: str | None = Field(default=None, min_length=1)
    """The content type; without it the sample's, else the body's own (`text/csv`, `application/json`,
    `application/jsonlines`, `application/x-npy`)."""
    accept: str | None = Field(default=None, min_length=1)
    """The `Accept` header; without it `application/json`, and the body's own for CSV and NPY where the release's
    content types have no JSON."""
    rows_at_most: int = Field(default=500, ge=1)
    """Rows in a request; 500 without it. More rows are sent in several requests."""
    bytes_at_most: int = Field(default=LARGEST_BODY_BYTES, ge=1, le=LARGEST_BODY_BYTES)
    """Bytes in a request; SageMaker's 6 MiB without it. What would be larger is sent in several requests."""
    timeout_seconds: float = Field(default=60.0, gt=0, le=3600)
    """What an answer may take; SageMaker's 60 seconds without it."""


class JsonAnswer(GatePart):
    """A JSON answer, by JSON pointers (RFC 6901): to the predictions, and from each to its parts."""

    kind: Literal["json"]
    predictions: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """To the list of predictions in the answer; without it the list itself, or `predictions`, `outputs`, `results`."""
    label: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to its label."""
    score: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to the score of the positive class."""
    probabilities: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to its probabilities: a list in the classes' order, or an object by label."""
    value: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to its number, for regression."""
    lower: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to its lower bound, for regression."""
    upper: str | None = Field(default=None, pattern=r"^(/.*)?$")
    """From a prediction to its upper bound, for regression."""


class CsvAnswer(GatePart):
    """A CSV answer without a header, a line a prediction, by columns from 0."""

    kind: Literal["csv"]
    label: int | None = Field(default=None, ge=0)
    """The column of the label."""
    score: int | None = Field(default=None, ge=0)
    """The column of the score of the positive class."""
    probabilities: tuple[int, ...] | None = Field(default=None, min_length=2)
    """The columns of the probabilities, in the classes' order."""
    value: int | None = Field(default=None, ge=0)
    """The column of the number, for regression."""
    lower: int | None = Field(default=None, ge=0)
    """The column of the lower bound, for regression."""
    upper: int | None = Field(default=None, ge=0)
    """The column of the upper bound, for regression."""


Answer = Annotated[JsonAnswer | CsvAnswer, Field(discriminator="kind")]


class GateSpec(GatePart):
    """What the packaged model must show before it is released."""

    task: Task
    """What the model does."""
    columns: Columns = Columns()
    """What the data's columns are; without it the column `label` is the truth and all others are sent."""
    data: Data
    """The rows that it is judged on."""
    request: Request = Request()
    """How rows are sent; without it as the release's samples are."""
    answer: Answer | None = None
    """How an answer is read. Without it its form is recognised: lists or one object of lists, in JSON, CSV or NPY, of
    numbers (a score, a number), texts (a label), lists of numbers (probabilities), or objects with `label`,
    `predicted_label`, `class`; `probability`, `score`; `probabilities`, `scores`; `value`, `prediction`; `lower`,
    `upper`."""
    metrics: dict[str, Threshold] = Field(default={}, json_schema_extra={"x-keys": "metric"})
    """Metric on the test rows to what it must be; without it none is judged."""
    overfitting: dict[str, GapLimit] = Field(default={}, json_schema_extra={"x-keys": "metric"})
    """Metric to how far apart it may be on train and validation rows; without it that is not judged."""
    slices: Slices | None = None
    """Parts of the data that are judged by themselves; none without it."""
    calibration: Calibration | None = None
    """How far probabilities may be from shares; without it that is not judged, and `ece` has ten even bins."""
    robustness: Robustness | None = None
    """What noise and missing values may do; without it that is not judged."""
    fairness: tuple[Fairness, ...] = ()
    """What may differ between groups of rows; without it nothing is compared."""
    latency: tuple[LatencyBudget, ...] = ()
    """How long answers may take on this machine; without it that is not judged."""
    size: SizeBudget | None = None
    """How large the release may be; without it that is not judged."""
    confidence: Confidence = Confidence()
    """The intervals beside the judged metrics; without it 95 %, of 200 resamples."""
