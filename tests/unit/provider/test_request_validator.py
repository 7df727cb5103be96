"""What AWS would refuse is refused before it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from botocore.model import Shape

from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.errors import Violation
from greenroom.sandbox.provider.types import resource_types
from greenroom.sandbox.provider.validator import ServiceModelValidator, compiled, property_path, violations_of
from greenroom.sandbox.provider.values import UNKNOWN

CONFIG_SHAPE: Any = MODELS.operation("sagemaker", "CreateEndpointConfig").input_shape


def constraints(shape: Any, path: str, wrap: Any, seen: tuple[str, ...] = ()) -> Iterator[tuple[str, Any, Any]]:
    """Every constraint of a shape as (path, a request that breaks it, kind)."""
    if shape.name in seen:
        return
    for kind, bad in broken(shape):
        yield path, wrap(bad), kind
    seen = (*seen, shape.name)
    if shape.type_name == "structure":
        for name, member in shape.members.items():
            yield from constraints(member, f"{path}.{name}", lambda value, name=name: wrap({name: value}), seen)
    elif shape.type_name == "list":
        yield from constraints(shape.member, f"{path}[0]", lambda value: wrap([value]), seen)
    elif shape.type_name == "map":
        yield from constraints(shape.value, f"{path}.key", lambda value: wrap({"key": value}), seen)


def broken(shape: Any) -> Iterator[tuple[str, Any]]:
    metadata, kind = shape.metadata, shape.type_name
    if kind == "string":
        if "pattern" in metadata and compiled(metadata["pattern"]).fullmatch("\x00") is None:
            yield "pattern", "\x00"
        if metadata.get("enum"):
            yield "enum", "no such value"
        if "max" in metadata:
            yield "max length", "a" * (metadata["max"] + 1)
        if metadata.get("min", 0) > 0:
            yield "min length", ""
    elif kind in {"integer", "long", "float", "double"}:
        yield "bool for number", True
        if "max" in metadata:
            yield "max", metadata["max"] + 1
        if "min" in metadata:
            yield "min", metadata["min"] - 1
    elif kind == "list" and "max" in metadata and metadata["max"] < 2000:
        yield "max items", [{}] * (metadata["max"] + 1)
    elif kind == "map" and "max" in metadata:
        yield "max entries", {f"k{index}": "v" for index in range(metadata["max"] + 1)}


ALL = list(constraints(CONFIG_SHAPE, "", lambda value: value))


def test_create_endpoint_config_has_its_148_constraints_and_more() -> None:
    assert len(ALL) >= 148


@pytest.mark.parametrize(("path", "request_", "kind"), ALL, ids=[f"{path} {kind}" for path, _, kind in ALL])
def test_every_constraint_of_create_endpoint_config_is_checked(path: str, request_: Any, kind: str) -> None:
    assert path in {name for name, _ in ServiceModelValidator().validate(request_, CONFIG_SHAPE).found}


def test_every_pattern_of_our_services_can_be_read() -> None:
    services = {row.service for row in resource_types().values()}
    session = botocore.session.Session()
    patterns = {
        shape.metadata["pattern"]
        for service in services
        for name in session.get_service_model(service).shape_names
        if "pattern" in (shape := session.get_service_model(service).shape_for(name)).metadata
    }
    assert len(patterns) > 100
    for pattern in patterns:
        compiled(pattern).fullmatch("x")


def test_a_valid_request_has_no_violation() -> None:
    request = {
        "EndpointConfigName": "tumor-0a1b2c3d4e",
        "ProductionVariants": [
            {"VariantName": "main", "ModelName": "tumor", "InstanceType": "ml.g6.xlarge", "InitialInstanceCount": 1}
        ],
    }
    assert ServiceModelValidator().validate(request, CONFIG_SHAPE).found == []


def test_unknown_values_break_nothing() -> None:
    request = {"EndpointConfigName": UNKNOWN, "ProductionVariants": [UNKNOWN, {"VariantName": UNKNOWN}]}
    assert ServiceModelValidator().validate(request, CONFIG_SHAPE).found == []


CASES = {
    "a wrong enumeration value names the near ones": (
        {"ProductionVariants": [{"VariantName": "main", "InstanceType": "ml.m5.larg"}]},
        {".ProductionVariants[0].InstanceType": "productionVariants[0].instanceType"},
        "productionVariants[0].instanceType",
        "'ml.m5.larg' is not allowed; allowed: ml.m5.large, ",
    ),
    "a number too large tells the range": (
        {"ProductionVariants": [{"VariantName": "main", "VolumeSizeInGB": 513}]},
        {".ProductionVariants[0].VolumeSizeInGB": "productionVariants[0].volumeSizeInGb"},
        "productionVariants[0].volumeSizeInGb",
        "513 is too large; allowed: 1 to 512",
    ),
    "a name that does not match tells the pattern": (
        {"EndpointConfigName": "under_score"},
        {".EndpointConfigName": "name"},
        "name",
        "'under_score' does not match; allowed: [a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}.*",
    ),
    "a member that came from no property is told in camel case after its nearest property": (
        {"ProductionVariants": [{}]},
        {".ProductionVariants": "productionVariants"},
        "productionVariants[0].variantName",
        "is required and is missing",
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_violation_tells_property_value_and_what_is_allowed(case: tuple[Any, dict[str, str], str, str]) -> None:
    request, sources, path, reason = case
    found = [violation for violation in violations_of(request, CONFIG_SHAPE, sources) if violation.path == path]
    assert found
    assert found[0].reason.startswith(reason.removesuffix(".*"))


def test_a_violation_reads_as_path_and_reason() -> None:
    assert str(Violation("a.b", "is wrong")) == "a.b: is wrong"
    assert str(Violation("", "is wrong")) == "is wrong"


def test_a_bucket_without_a_name_is_refused() -> None:
    shape: Shape | None = MODELS.operation("s3", "CreateBucket").input_shape
    assert shape is not None
    assert ServiceModelValidator().validate({"Bucket": ""}, shape).found == [
        (".Bucket", "is empty; allowed: at least 1 character")
    ]


def test_paths_fall_back_to_what_is_known() -> None:
    sources = {".A": "a", ".A[0].B": "a[0].bee"}
    assert property_path(".A[0].B", sources) == "a[0].bee"
    assert property_path(".A[0].CdE", sources) == "a[0].cdE"
    assert property_path(".X.Y", sources) == "x.y"
