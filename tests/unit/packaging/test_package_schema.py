"""The JSON Schema of package.yaml: committed as the spec says it, and the samples keep to it."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from model_packaging.package_schema import PACKAGE_SCHEMA_FILE, package_schema
from tests.unit.packaging.model_folders import PACKAGE

REPOSITORY = Path(__file__).parents[3]
VALIDATOR = jsonschema.Draft202012Validator(json.loads(package_schema()))


def test_the_committed_schema_is_the_spec_s() -> None:
    committed = REPOSITORY / "docs" / "schemas" / PACKAGE_SCHEMA_FILE
    assert committed.read_text(encoding="utf-8") == package_schema(), "run `greenroom schema`"


@pytest.mark.parametrize("path", sorted(REPOSITORY.glob("models/*/package.yaml")), ids=lambda path: path.parent.name)
def test_the_samples_name_their_package_schema_and_keep_to_it(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = text.splitlines()[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == REPOSITORY / "docs" / "schemas" / PACKAGE_SCHEMA_FILE
    VALIDATOR.validate(yaml.safe_load(text))


@pytest.mark.parametrize(
    ("text", "is_valid"),
    [
        ("{version: 1.0.0, model: weights}", True),
        ("{version: 1.0.0}", False),
        ("{version: 1.0.0, model: weights, procesor: cpu}", False),
        ("{version: 1.0.0, model: weights, processor: inferentia}", True),
        (PACKAGE, True),
        (PACKAGE.replace("entry_point: code/inference.py\n", ""), False),
    ],
)
def test_editors_accept_what_packaging_accepts(text: str, is_valid: bool) -> None:
    assert VALIDATOR.is_valid(yaml.safe_load(text)) == is_valid
