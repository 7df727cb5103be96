"""Baselines for SageMaker's monitors, of data larger than memory.

`baseline_of_file` reads CSV, Parquet and JSON Lines for the data-quality monitor; `model_quality` measures predictions
against what was true, and writes ground truth; `clarify` and `bias` write the analysis and the baseline of a bias
monitor. `baseline.yaml` (`baseline_spec`) says what a model's are made of, and `making` makes them.

What is named is imported when it is named.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from model_packaging.baselines.dataset_format import DatasetFormat
    from model_packaging.baselines.errors import BaselineDataError, MissingExtraError
    from model_packaging.baselines.streaming import baseline_of_file

_HOME_OF = {
    "BaselineDataError": "model_packaging.baselines.errors",
    "DatasetFormat": "model_packaging.baselines.dataset_format",
    "MissingExtraError": "model_packaging.baselines.errors",
    "baseline_of_file": "model_packaging.baselines.streaming",
}

__all__ = ["BaselineDataError", "DatasetFormat", "MissingExtraError", "baseline_of_file"]


def __getattr__(name: str) -> Any:
    """Import what is named, when it is named (PEP 562)."""
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOME_OF[name]), name)
