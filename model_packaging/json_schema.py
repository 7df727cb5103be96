"""The JSON Schemas (draft 2020-12) that editors complete and check a model's YAML files with.

Written by `greenroom schema` to docs/schemas/, and compared with what is there by `greenroom schema --check`.
"""

from __future__ import annotations

import json
from typing import Any

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_BASE = "https://greenroom.example.com/schemas/"


def schema_text(schema: dict[str, Any], file: str, title: str) -> str:
    """The text of a schema file; the same every time.

    Args:
        schema: What pydantic makes of a spec; it is tidied in place.
        file: The schema file's name.
        title: What the schema is of.
    """
    for definition in (schema, *schema.get("$defs", {}).values()):
        for field in definition.get("properties", {}).values():
            field.pop("title", None)
            if "description" in field:
                field["description"] = " ".join(field["description"].split())
    titled = {**schema, "title": title}
    return json.dumps({"$schema": _DIALECT, "$id": f"{_BASE}{file}", **titled}, indent=2, ensure_ascii=False) + "\n"
