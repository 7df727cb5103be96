"""`analysis_config.json`: what a SageMaker Clarify job is told to compute, for bias and for explainability.

https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-processing-job-configure-analysis.html
https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-config-json-monitor-bias-parameters.html

Names and values are those that the SDK checks (aws/sagemaker-python-sdk, `clarify.ANALYSIS_CONFIG_SCHEMA_V1_0`). Bias
values are computed here, too (`bias`); SHAP values and partial dependence are not: they take many calls of the model,
and Clarify's own sampling, to mean the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from model_packaging.baselines.baseline_spec import BaselineSpec, BiasSpec, ExplainabilitySpec, PredictorSpec
from model_packaging.baselines.dataset_format import Kind
from model_packaging.baselines.errors import PredictionsError

Document = dict[str, Any]

_DATASET_TYPES: Mapping[Kind, str] = {
    "csv": "text/csv",
    "json_lines": "application/jsonlines",
    "parquet": "application/x-parquet",
}


def bias_analysis(spec: BaselineSpec, headers: Sequence[str], kind: Kind) -> Document:
    """The configuration of a bias job.

    Args:
        spec: With `bias` and `label`.
        headers: The data's columns, in order.
        kind: Of the data.
    """
    bias = _bias(spec)
    config: Document = {
        "version": "1.0",
        "dataset_type": _DATASET_TYPES[kind],
        "headers": list(headers),
        "label": spec.label,
        "label_values_or_threshold": bias.positive.given(),
        "facet": [
            {"name_or_index": facet.column}
            | ({} if facet.selection is None else {"value_or_threshold": facet.selection.given()})
            for facet in bias.facets
        ],
    }
    if bias.group is not None:
        config["group_variable"] = bias.group
    methods: Document = {"pre_training_bias": {"methods": _methods(bias.pre_training)}}
    if spec.predicted is not None:
        config["predicted_label"] = spec.predicted
    if spec.predicted is not None or spec.predictor is not None:
        methods["post_training_bias"] = {"methods": _methods(bias.post_training)}
    config["methods"] = methods | {"report": {"name": "report", "title": "Bias report"}}
    return config | _predictor(spec.predictor)


def explainability_analysis(
    spec: BaselineSpec, features: Sequence[str], typical: Mapping[str, float | str | None], kind: Kind
) -> Document:
    """The configuration of an explainability job.

    Args:
        spec: With `explainability`.
        features: The request's columns, in order.
        typical: Median or most frequent text of each.
        kind: Of the data.

    Raises:
        PredictionsError: baseline rows do not fit the features.
    """
    wanted = spec.explainability
    if wanted is None:
        raise AssertionError("an explainability analysis is asked for with its spec only")
    shap: Document = {
        "agg_method": wanted.agg_method,
        "use_logit": wanted.use_logit,
        "save_local_shap_values": wanted.save_local_shap_values,
    }
    rows = _baseline_rows(wanted, features, typical)
    if rows is not None:
        shap["baseline"] = rows
    else:
        shap["num_clusters"] = 1 if wanted.num_clusters is None else wanted.num_clusters
    for name in ("num_samples", "seed"):
        if getattr(wanted, name) is not None:
            shap[name] = getattr(wanted, name)
    if wanted.features_to_explain is not None:
        shap["features_to_explain"] = list(wanted.features_to_explain)
    methods: Document = {"shap": shap}
    if wanted.pdp is not None:
        pdp: Document = {"grid_resolution": wanted.pdp.grid_resolution}
        if wanted.pdp.features is not None:
            pdp["features"] = list(wanted.pdp.features)
        if wanted.pdp.top_k_features is not None:
            pdp["top_k_features"] = wanted.pdp.top_k_features
        methods["pdp"] = pdp
    config: Document = {"version": "1.0", "dataset_type": _DATASET_TYPES[kind], "headers": list(features)}
    config["methods"] = methods | {"report": {"name": "report", "title": "Explainability report"}}
    return config | _predictor(spec.predictor)


def analysis_json(config: Document) -> bytes:
    """The file."""
    return (json.dumps(config, ensure_ascii=False, allow_nan=False, indent=2) + "\n").encode()


def _bias(spec: BaselineSpec) -> BiasSpec:
    if spec.bias is None:
        raise AssertionError("a bias analysis is asked for with its spec only")
    return spec.bias


def _methods(wanted: str | Sequence[str]) -> str | list[str]:
    return wanted if isinstance(wanted, str) else list(wanted)


def _predictor(spec: PredictorSpec | None) -> Document:
    return {} if spec is None else {"predictor": spec.model_dump(exclude_none=True, mode="json")}


def _baseline_rows(
    wanted: ExplainabilitySpec, features: Sequence[str], typical: Mapping[str, float | str | None]
) -> list[list[Any]] | None:
    if wanted.baseline is None:
        return None
    if wanted.baseline == "median":
        return [[typical.get(name) for name in features]]
    wrong = [f"row {index} has {len(row)}" for index, row in enumerate(wanted.baseline, 1) if len(row) != len(features)]
    if wrong:
        raise PredictionsError(
            f"explainability.baseline: {'; '.join(wrong)}; a request has {len(features)} columns: {', '.join(features)}"
        )
    return [list(row) for row in wanted.baseline]
