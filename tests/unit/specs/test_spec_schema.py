"""The JSON Schemas: what is committed is what the models say, and editors accept what we accept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from components.specs import schemas
from tests.unit.specs.samples import merged

REPOSITORY = Path(__file__).parents[3]
SAMPLES = [
    ("environments/artifacts.yaml", "artifacts"),
    ("environments/dev.yaml", "environment"),
    ("environments/staging.yaml", "environment"),
    ("environments/prod.yaml", "environment"),
    ("models/tumor/model.yaml", "model"),
]


def validator(name: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(json.loads(schemas()[f"{name}.schema.json"]))


def environment(**changes: Any) -> dict[str, Any]:
    return {
        "name": "prod",
        "account_id": "777788889999",
        "region": "us-east-1",
        "endpoint_name_prefix": "prod-",
        **changes,
    }


@pytest.mark.parametrize("file", sorted(schemas()))
def test_the_committed_schemas_are_the_models(file: str) -> None:
    committed = (REPOSITORY / "docs" / "schemas" / file).read_text(encoding="utf-8")

    assert committed == schemas()[file], "run `greenroom schema`"


@pytest.mark.parametrize("name", ["artifacts", "environment", "model"])
def test_a_schema_is_a_schema(name: str) -> None:
    schema = json.loads(schemas()[f"{name}.schema.json"])

    jsonschema.Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["$id"].endswith(f"/{name}.schema.json")


@pytest.mark.parametrize(("file", "name"), SAMPLES)
def test_the_samples_name_their_schema_and_keep_to_it(file: str, name: str) -> None:
    path = REPOSITORY / file
    first_line = path.read_text(encoding="utf-8").splitlines()[0]
    named = first_line.removeprefix("# yaml-language-server: $schema=")

    assert (path.parent / named).resolve() == REPOSITORY / "docs" / "schemas" / f"{name}.schema.json"
    validator(name).validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_every_field_is_described_and_says_what_happens_without_it() -> None:
    for text in schemas().values():
        schema = json.loads(text)
        for title, definition in {"": schema, **schema.get("$defs", {})}.items():
            for name, field in definition.get("properties", {}).items():
                assert field.get("description"), f"{title}.{name}"
                optional = name not in definition.get("required", []) and name != "kind"
                if optional and not title.startswith("Partial"):
                    said = ("Without it" in field["description"], "`false`" in field["description"])
                    assert any(said), f"{title}.{name}"


@pytest.mark.parametrize(
    "fragment",
    [
        {"rollout": {"wait_seconds": 60}},
        {"rollout": {"kind": "canary", "canary_percent": 5}},
        {"alarms": {"cpu_utilization_percent": {"period_seconds": 300}, "no_traffic": None}},
        {"serving": {"production_variants": [{"instance_type": "ml.m5.large"}]}},
        {"scaling": {"max_instance_count": 4}},
        {"scaling": None},
        {"monitors": [{"kind": "data_quality"}]},
    ],
)
def test_editors_take_a_part_of_a_model_in_defaults_and_overrides(fragment: dict[str, Any]) -> None:
    validator("environment").validate(environment(defaults=fragment, overrides={"tumor": fragment}))


@pytest.mark.parametrize(
    "fragment",
    [
        {"name": "lung"},
        {"scaling": {"max_instances": 4}},
        {"scaling": {"max_instance_count": 0}},
        {"serving": {"production_variants": [{"name": "a"}]}},
        {"rollout": {"kind": "canari"}},
    ],
)
def test_editors_refuse_in_fragments_what_check_refuses(fragment: dict[str, Any]) -> None:
    assert not validator("environment").is_valid(environment(overrides={"tumor": fragment}))


@pytest.mark.parametrize(
    ("changes", "fine"),
    [
        ({}, True),
        ({"colour": "red"}, False),
        ({"log_retention_days": 31}, False),
        ({"tags": {"a": "b"}}, True),
        ({"serving": {"kind": "serverless"}}, False),
        ({"serving": {"production_variants": [{"instance_type": "ml.m5.larg"}]}}, False),
        ({"monitors": [{"schedule": "NOW"}]}, False),
    ],
)
def test_editors_check_a_models_file(changes: dict[str, Any], fine: bool) -> None:
    assert validator("model").is_valid(merged(**changes)) is fine


def test_a_pin_may_be_the_digest_alone() -> None:
    digest = f"sha256:{'0' * 64}"

    for pin in (digest, {"digest": digest}, {"digest": digest, "previous": [digest]}):
        validator("environment").validate(environment(releases={"tumor": pin}))
    assert not validator("environment").is_valid(environment(releases={"tumor": digest[:-1]}))
