"""The JSON Schema (draft 2020-12) that editors complete and check `baseline.yaml` with; by `greenroom schema`."""

from __future__ import annotations

import json
from typing import Any

from model_packaging.baselines.baseline_spec import BaselineSpec

BASELINE_SCHEMA_FILE = "baseline.schema.json"

_ID = f"https://greenroom.example.com/schemas/{BASELINE_SCHEMA_FILE}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def baseline_schema() -> str:
    """The schema's text; the same every time."""
    schema: dict[str, Any] = BaselineSpec.model_json_schema()
    for definition in (schema, *schema["$defs"].values()):
        for field in definition.get("properties", {}).values():
            field.pop("title", None)
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
    titled = {**schema, "title": "Greenroom baselines (models/NAME/baseline.yaml)"}
    return json.dumps({"$schema": _DIALECT, "$id": _ID, **titled}, indent=2, ensure_ascii=False) + "\n"
