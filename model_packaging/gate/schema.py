"""The JSON Schema of `gate.yaml`."""

from __future__ import annotations

from typing import Any

from model_packaging.gate.gate_spec import GateSpec
from model_packaging.gate.metric_table import FAIRNESS_METRICS, METRICS
from model_packaging.json_schema import schema_text

GATE_SCHEMA_FILE = "gate.schema.json"


def gate_schema() -> str:
    """The schema's text; the same every time."""
    schema: dict[str, Any] = GateSpec.model_json_schema()
    definitions = schema["$defs"]
    definitions["metric"] = _names({name: one.said for name, one in METRICS.items()})
    definitions["fairness"] = _names({name: one.said for name, one in FAIRNESS_METRICS.items()})
    for definition in (schema, *definitions.values()):
        for field in definition.get("properties", {}).values():
            if "x-keys" in field:
                field["propertyNames"] = {"$ref": f"#/$defs/{field.pop('x-keys')}"}
    return schema_text(schema, GATE_SCHEMA_FILE, "Greenroom quality gate (models/NAME/gate.yaml)")


def _names(said: dict[str, str]) -> dict[str, Any]:
    """Names of which a key is one, each described."""
    return {"oneOf": [{"const": name, "description": one} for name, one in said.items()]}
