"""The JSON Schema of `optimise.yaml`."""

from __future__ import annotations

from model_packaging.json_schema import schema_text
from model_packaging.optimisation.spec import OptimiseSpec

OPTIMISE_SCHEMA_FILE = "optimise.schema.json"


def optimise_schema() -> str:
    """The schema's text; the same every time."""
    title = "Greenroom optimisation (models/NAME/optimise.yaml)"
    return schema_text(OptimiseSpec.model_json_schema(), OPTIMISE_SCHEMA_FILE, title)
