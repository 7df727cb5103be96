"""The JSON Schemas (draft 2020-12) that editors complete and check the YAML files with.

Generated from the models, written by `greenroom schema` to docs/schemas/, and compared with what is there by a test.
An environment's `defaults` and `overrides` hold the keys of a model's file, none of them required: their schema is the
model's with that one difference, made here.
"""

from __future__ import annotations

import copy
import json
from typing import Any

from components.specs.base import Spec
from components.specs.environment import ArtifactStoreSpec, Environment
from components.specs.model_spec import ModelSpec

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = "https://greenroom.example.com/schemas/"
_PARTIAL = "Partial"
_REF = "#/$defs/"

Json = dict[str, Any]


def schemas() -> dict[str, str]:
    """File name (`model.schema.json`) to text; the same text every time."""
    made = {
        "artifacts": _schema(ArtifactStoreSpec),
        "environment": _with_fragments(_schema(Environment)),
        "model": _schema(ModelSpec),
    }
    titles = {
        "artifacts": "Greenroom artifact store (environments/artifacts.yaml)",
        "environment": "Greenroom environment (environments/ENV.yaml)",
        "model": "Greenroom model (models/NAME/model.yaml)",
    }
    return {
        f"{name}.schema.json": _text(
            {"$schema": DIALECT, "$id": f"{_ID}{name}.schema.json", **schema, "title": titles[name]}
        )
        for name, schema in made.items()
    }


def _text(schema: Json) -> str:
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[Spec]) -> Json:
    schema = model.model_json_schema()
    for definition in (schema, *schema.get("$defs", {}).values()):
        for field in definition.get("properties", {}).values():
            field.pop("title", None)
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
            if "patternProperties" in field:
                # Pydantic gives keys of a mapping as a pattern, and lets through those that do not match.
                field["additionalProperties"] = False
    return schema


def _with_fragments(environment: Json) -> Json:
    """The environment's schema, its `defaults` and `overrides` typed as parts of a model's file."""
    model = _schema(ModelSpec)
    definitions = model.pop("$defs")
    fragments = {f"{_PARTIAL}{name}": _partial(one) for name, one in {**definitions, "ModelSpec": model}.items()}
    del fragments[f"{_PARTIAL}ModelSpec"]["properties"]["name"]
    fragment = {"$ref": f"{_REF}{_PARTIAL}ModelSpec"}
    properties = environment["properties"]
    properties["defaults"] = {"description": properties["defaults"]["description"], **fragment}
    properties["overrides"] = {
        "description": properties["overrides"]["description"],
        "type": "object",
        "additionalProperties": fragment,
    }
    environment["$defs"] = _used({**environment["$defs"], **fragments, **definitions}, environment["properties"])
    return environment


def _used(definitions: Json, start: Json) -> Json:
    """The definitions that `start` refers to, and those that these refer to."""
    found: set[str] = set()
    waiting = [start]
    while waiting:
        text = json.dumps(waiting.pop())
        new = {name for name in definitions if f'"{_REF}{name}"' in text} - found
        found |= new
        waiting.extend(definitions[name] for name in new)
    return {name: definition for name, definition in sorted(definitions.items()) if name in found}


def _partial(definition: Json) -> Json:
    """A definition with nothing required and nothing defaulted; items of lists stay whole, since lists are replaced."""
    partial = copy.deepcopy(definition)
    partial.pop("required", None)
    partial["properties"] = {name: _partial_field(field) for name, field in partial.get("properties", {}).items()}
    return partial


def _partial_field(field: Json) -> Json:
    field = {key: value for key, value in field.items() if key not in {"default", "discriminator"}}
    if "oneOf" in field:
        # Without its `kind`, a block may be a part of several alternatives.
        field["anyOf"] = field.pop("oneOf")
    if "anyOf" in field:
        field["anyOf"] = [_partial_ref(one) for one in field["anyOf"]]
    return _partial_ref(field)


def _partial_ref(field: Json) -> Json:
    if "$ref" not in field:
        return field
    return {**field, "$ref": field["$ref"].replace(_REF, _REF + _PARTIAL)}
