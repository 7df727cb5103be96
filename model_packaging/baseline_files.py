"""The baseline files a model's folder brings along: what a monitor and its alarms read of them is there.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-statistics.html
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-byoc-constraints.html
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model_packaging.beside import json_beside
from model_packaging.errors import InvalidPackageError, Violation

STATISTICS, CONSTRAINTS = "statistics.json", "constraints.json"
BASELINE_FILES = (CONSTRAINTS, STATISTICS)
"""What a folder named by `baseline` holds."""

FURTHER_BASELINE_FILES = (
    "bias/analysis.json",
    "bias/analysis_config.json",
    "explainability/analysis_config.json",
    "model_quality/constraints.json",
    "model_quality/statistics.json",
)
"""What it may hold beside them, for the monitors of a model's quality, bias and explanations."""

_FIX = "write both files with `model_packaging.baseline.DataQualityBaseline`, or take a baseline job's own"


def baseline_violations(folder: Path) -> list[Violation]:
    """What is wrong with `folder`'s two files; both are there."""
    return [violation for name in BASELINE_FILES for violation in _document_violations(folder / name)]


def _document_violations(path: Path) -> Iterator[Violation]:
    shown = path.as_posix()
    try:
        content = json_beside(path, fix=_FIX)
    except InvalidPackageError as error:
        yield from error.violations
        return
    if not isinstance(content, dict):
        yield Violation(shown, None, "", None, "is not an object", allowed='{"features": […]}', fix=_FIX)
        return
    yield from _feature_violations(shown, content.get("features"))
    if path.name == CONSTRAINTS:
        yield from _threshold_violations(shown, content.get("monitoring_config", {}))


def _feature_violations(shown: str, features: Any) -> Iterator[Violation]:
    if not isinstance(features, list) or not features:
        yield Violation(shown, None, "features", None, "is not a list of features", "at least one feature", _FIX)
        return
    names: set[str] = set()
    for index, feature in enumerate(features):
        name = feature.get("name") if isinstance(feature, dict) else None
        where = f"features[{index}].name"
        if not isinstance(name, str) or name == "":
            yield Violation(shown, None, where, name, f"{name!r} is not a feature's name", "text", _FIX)
        elif name in names:
            yield Violation(shown, None, where, name, f"a second feature {name!r}", fix="give each its own name")
        else:
            names.add(name)


def _threshold_violations(shown: str, config: Any) -> Iterator[Violation]:
    constraints = config.get("distribution_constraints", {}) if isinstance(config, dict) else None
    if not isinstance(constraints, dict):
        yield Violation(shown, None, "monitoring_config", None, "is not an object of objects", fix=_FIX)
        return
    threshold = constraints.get("comparison_threshold", 0)
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0 <= threshold <= 1:
        where = "monitoring_config.distribution_constraints.comparison_threshold"
        yield Violation(shown, None, where, threshold, f"{threshold!r} is not a distance", "0 to 1")
