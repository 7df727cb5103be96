"""The JSON Schema of `package.yaml`.

That the long form needs all of its keys where no `model` is, which `PackageSpec` leaves to reading, is said here.
"""

from __future__ import annotations

from model_packaging.json_schema import schema_text
from model_packaging.package_spec import LONG_FORM_KEYS, PackageSpec

PACKAGE_SCHEMA_FILE = "package.schema.json"


def package_schema() -> str:
    """The schema's text; the same every time."""
    schema = PackageSpec.model_json_schema()
    schema["anyOf"] = [{"required": ["model"]}, {"required": list(LONG_FORM_KEYS)}]
    return schema_text(schema, PACKAGE_SCHEMA_FILE, "Greenroom model package (models/NAME/package.yaml)")
