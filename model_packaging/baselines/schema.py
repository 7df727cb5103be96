"""The JSON Schema of `baseline.yaml`."""

from __future__ import annotations

from model_packaging.baselines.baseline_spec import BaselineSpec
from model_packaging.json_schema import schema_text

BASELINE_SCHEMA_FILE = "baseline.schema.json"


def baseline_schema() -> str:
    """The schema's text; the same every time."""
    title = "Greenroom baselines (models/NAME/baseline.yaml)"
    return schema_text(BaselineSpec.model_json_schema(), BASELINE_SCHEMA_FILE, title)
