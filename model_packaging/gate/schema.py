"""The JSON Schema (draft 2020-12) that editors complete and check `gate.yaml` with; written by `greenroom schema`."""

from __future__ import annotations

import json
from typing import Any

from model_packaging.gate.gate_spec import GateSpec
from model_packaging.gate.metric_table import FAIRNESS_METRICS, METRICS

GATE_SCHEMA_FILE = "gate.schema.json"

_ID = f"https://greenroom.example.com/schemas/{GATE_SCHEMA_FILE}"
_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def gate_schema() -> str:
    """The schema's text; the same every time."""
    schema: dict[str, Any] = GateSpec.model_json_schema()
    definitions = schema["$defs"]
    definitions["metric"] = _names({name: one.said for name, one in METRICS.items()})
    definitions["fairness"] = _names({name: one.said for name, one in FAIRNESS_METRICS.items()})
    for definition in (schema, *definitions.values()):
        for field in definition.get("properties", {}).values():
            field.pop("title", None)
            if "x-keys" in field:
                field["propertyNames"] = {"$ref": f"#/$defs/{field.pop('x-keys')}"}
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
    titled = {**schema, "title": "Greenroom quality gate (models/NAME/gate.yaml)"}
    return json.dumps({"$schema": _DIALECT, "$id": _ID, **titled}, indent=2, ensure_ascii=False) + "\n"


def _names(said: dict[str, str]) -> dict[str, Any]:
    """Names of which a key is one, each described."""
    return {"oneOf": [{"const": name, "description": one} for name, one in said.items()]}
