"""`BaselineSpec`: the `baseline.yaml` beside a model, which says what its monitors' baselines are made of.

```yaml
data: train.csv                 # in the model's folder, or named with --data
label: diagnosis                # in no request: left out of the data-quality baseline
outputs: [probability, answer]  # what the model answers: first in the baseline, as in captured data
model_quality: {problem_type: BinaryClassification, predicted: answer, probability: probability, positive: malignant}
bias:
  label_values: [malignant]
  facets: [{column: sex, values: [f]}]
explainability: {baseline: median, num_samples: 500}
```
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from model_packaging.baselines.bias import Selection
from model_packaging.baselines.bias_metrics import POST_TRAINING, PRE_TRAINING
from model_packaging.baselines.column import InferredType
from model_packaging.baselines.dataset_format import DatasetFormat
from model_packaging.baselines.quality_figures import ProblemType

BASELINE_FILE = "baseline.yaml"
ENDPOINT_NAME_PREFIX = r"^[a-zA-Z0-9](-*[a-zA-Z0-9])*$"

Scalar = str | int | float
Character = Annotated[str, Field(min_length=1, max_length=1, pattern=r"^[\x01-\x7f]$")]
Share = Annotated[float, Field(ge=0, le=1)]


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class FormatSpec(_Spec):
    """How the data file is written; what is not said is told by its first bytes."""

    kind: Literal["csv", "parquet", "json_lines"] | None = None
    """Without it: told by the first bytes."""
    header: bool = True
    """CSV: whether the first line names the columns; where not, `columns` does."""
    separator: Character = ","
    """CSV: between two fields."""
    quote: Character = '"'
    """CSV: around a field with separators or line ends in it."""
    encoding: str | None = None
    """CSV and JSON Lines; without it UTF-8, or what a byte order mark says."""
    missing: tuple[str, ...] = ()
    """What stands for a missing value beside nothing at all; without it nothing else does."""

    def dataset_format(self) -> DatasetFormat:
        """As the readers take it."""
        return DatasetFormat(self.kind, self.header, self.separator, self.quote, self.encoding, self.missing)


class ModelQualitySpec(_Spec):
    """The baseline of a model-quality monitor."""

    problem_type: ProblemType
    """Which metrics."""
    predicted: str | None = None
    """The column of the model's label or number; a binary classification may do with `probability`."""
    probability: str | None = None
    """The column of the probability of the positive label; without it there are no curves and no `auc`."""
    positive: Scalar = 1
    """The positive label of a binary classification."""
    threshold: Share = 0.5
    """From which probability on the answer is the positive label, where `predicted` is not given."""

    @model_validator(mode="after")
    def _has_answers(self) -> ModelQualitySpec:
        if self.predicted is None and (self.probability is None or self.problem_type != "BinaryClassification"):
            raise ValueError("needs `predicted`, the column of the model's answers")
        return self


class FacetSpec(_Spec):
    """A column that tells groups of people apart."""

    column: str
    """In the data."""
    values: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    """Those of the sensitive group; without `values` and `above` each value is one, against all others."""
    above: float | None = None
    """The sensitive group is what is larger. A Clarify job takes the number for such a bound in a column of fractions,
    and in one of whole numbers where at least one in twenty values is distinct; otherwise for a value
    (aws/amazon-sagemaker-clarify, `series_datatype`)."""

    @model_validator(mode="after")
    def _one_selection(self) -> FacetSpec:
        if self.values is not None and self.above is not None:
            raise ValueError("`values` and `above` exclude one another")
        return self

    @property
    def selection(self) -> Selection | None:
        """Which rows."""
        return None if self.values is None and self.above is None else Selection(self.values or (), self.above)


class BiasSpec(_Spec):
    """The analysis of a bias monitor, and its baseline."""

    label_values: tuple[Scalar, ...] | None = Field(default=None, min_length=1)
    """Values of the label that are the positive outcome."""
    label_above: float | None = None
    """In place of them: the positive outcome is what is larger, of a label that is a number."""
    facets: tuple[FacetSpec, ...] = Field(min_length=1)
    """The columns to look at."""
    predicted: str | None = None
    """The column of the model's label; without it the one of `model_quality`, or no post-training metrics."""
    group: str | None = None
    """What conditional demographic disparity is conditional on; without it CDDL and CDDPL are not computed."""
    pre_training: Literal["all"] | tuple[Literal[PRE_TRAINING], ...] = "all"  # type: ignore[valid-type]
    """Metrics of the data."""
    post_training: Literal["all"] | tuple[Literal[POST_TRAINING], ...] = "all"  # type: ignore[valid-type]
    """Metrics of the model's answers."""

    @model_validator(mode="after")
    def _one_outcome(self) -> BiasSpec:
        if (self.label_values is None) == (self.label_above is None):
            raise ValueError("needs `label_values` or `label_above`: which labels are the positive outcome")
        return self

    @property
    def positive(self) -> Selection:
        """Which labels."""
        return Selection(self.label_values or (), self.label_above)


class PartialDependenceSpec(_Spec):
    """Partial dependence plots."""

    features: tuple[str, ...] | None = None
    """Which; without it the `top_k_features` by SHAP value."""
    grid_resolution: int = Field(default=15, ge=1)
    """Buckets of a number's range."""
    top_k_features: int | None = Field(default=None, ge=1)
    """How many, where `features` does not say which; without it 10, by Clarify."""


class ExplainabilitySpec(_Spec):
    """The analysis of an explainability monitor (SHAP). The values themselves are Clarify's to compute."""

    baseline: Literal["median"] | tuple[tuple[Scalar | None, ...], ...] | None = None
    """The row that features are replaced from: `median` (and most frequent text) of the data, or rows written down;
    without it Clarify finds `num_clusters` of its own by k-means or k-prototypes."""
    num_clusters: int | None = Field(default=None, ge=1)
    """How many baseline rows Clarify finds; without it 1."""
    num_samples: int | None = Field(default=None, ge=1)
    """Synthetic rows for each row explained; without it Clarify's own choice."""
    agg_method: Literal["mean_abs", "median", "mean_sq"] = "mean_abs"
    """How values of rows become one of a feature."""
    use_logit: bool = False
    """Whether values are in log-odds."""
    save_local_shap_values: bool = True
    """Whether each row's values are kept."""
    seed: int | None = None
    """For the same values twice."""
    features_to_explain: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Which features; without it all."""
    pdp: PartialDependenceSpec | None = None
    """Partial dependence plots; without it none."""

    @model_validator(mode="after")
    def _one_baseline(self) -> ExplainabilitySpec:
        if self.baseline is not None and self.num_clusters is not None:
            raise ValueError("`baseline` and `num_clusters` exclude one another: rows are given, or found")
        if self.baseline == ():
            raise ValueError("`baseline` holds no row")
        return self


class PredictorSpec(_Spec):
    """The endpoint that a Clarify job starts beside the live one, to ask the model."""

    model_name: str | None = None
    """Of the SageMaker model; without it the deployment has to fill it in, for its name is not known here."""
    instance_type: str = "ml.m5.large"
    """Of the endpoint."""
    initial_instance_count: int = Field(default=1, ge=1)
    """How many instances."""
    content_type: Literal["text/csv", "application/jsonlines", "application/json", "application/x-parquet"] = "text/csv"
    """Of requests."""
    accept_type: Literal["text/csv", "application/jsonlines", "application/json", "application/x-parquet"] = "text/csv"
    """Of answers."""
    label: Scalar | None = None
    """Where the label is in an answer: an index (CSV) or a JMESPath; without it the answer is the label."""
    probability: Scalar | None = None
    """Where the probabilities are, likewise; without it there are none."""
    label_headers: tuple[Scalar, ...] | None = None
    """The label of each probability."""
    endpoint_name_prefix: str | None = Field(default=None, pattern=ENDPOINT_NAME_PREFIX)
    """Of the endpoint's name; without it Clarify's."""


class BaselineSpec(_Spec):
    """What is in `baseline.yaml`; every part is optional but one file of data."""

    data: str | None = Field(default=None, min_length=1)
    """The training or validation data, in the model's folder; without it `--data` names it."""
    format: FormatSpec = FormatSpec()
    """How it is written."""
    columns: tuple[str, ...] | None = Field(default=None, min_length=1)
    """The request's columns, in order (of CSV without a header: all of the file's); without it all of the file's."""
    label: str | None = None
    """The column of what was true; left out of the data-quality baseline."""
    leave_out: tuple[str, ...] = ()
    """More columns that are in no request: identifiers, times, facets that the model is not given."""
    outputs: tuple[str, ...] = ()
    """Columns that the model answers, in order: they come first. Without it the baseline is of requests only, and
    a monitor of an endpoint that captures answers, too, finds more columns than it knows."""
    types: dict[str, InferredType] = {}
    """Columns whose type is not to be inferred: `{postcode: String}`."""
    model_quality: ModelQualitySpec | None = None
    """Without it there is no such baseline."""
    bias: BiasSpec | None = None
    """Without it there is no such analysis and baseline."""
    explainability: ExplainabilitySpec | None = None
    """Without it there is no such analysis."""
    predictor: PredictorSpec | None = None
    """For the Clarify jobs; without it the analyses name none, which a bias monitor needs none of."""

    @model_validator(mode="after")
    def _has_label(self) -> BaselineSpec:
        wanted = [name for name in ("model_quality", "bias") if getattr(self, name) is not None]
        if wanted and self.label is None:
            raise ValueError(f"`{wanted[0]}` needs `label`, the column of what was true")
        return self

    @property
    def predicted(self) -> str | None:
        """The column of the model's label, for the bias metrics of its answers."""
        if self.bias is not None and self.bias.predicted is not None:
            return self.bias.predicted
        return None if self.model_quality is None else self.model_quality.predicted
