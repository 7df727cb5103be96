"""The JSON Schema (draft 2020-12) of `package.yaml`, with which editors complete and check it.

Written by `greenroom schema` to docs/schemas/, and compared with what is there by a test. That the long form needs all
of its keys where no `model` is, which `PackageSpec` leaves to reading, is said here.
"""

from __future__ import annotations

import json
from typing import Any

from model_packaging.package_spec import LONG_FORM_KEYS, PackageSpec

PACKAGE_SCHEMA_FILE = "package.schema.json"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_ID = f"https://greenroom.example.com/schemas/{PACKAGE_SCHEMA_FILE}"


def package_schema() -> str:
    """The schema's text; the same every time."""
    schema: dict[str, Any] = PackageSpec.model_json_schema()
    for definition in (schema, *schema["$defs"].values()):
        for field in definition.get("properties", {}).values():
            field.pop("title", None)
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
    schema["anyOf"] = [{"required": ["model"]}, {"required": list(LONG_FORM_KEYS)}]
    titled = {**schema, "title": "Greenroom model package (models/NAME/package.yaml)"}
    return json.dumps({"$schema": _DIALECT, "$id": _ID, **titled}, indent=2, ensure_ascii=False) + "\n"
