"""The validator draws the line where the service model does: property-tested over all shapes of the services we use.

https://smithy.io/2.0/spec/constraint-traits.html
"""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.validator import ServiceModelValidator
from greenroom.sandbox.provider.values import UNKNOWN

SERVICES = ("sagemaker", "cloudwatch", "application-autoscaling", "sns")
NUMBERS = frozenset({"integer", "long"})


def kind_of(shape: Any) -> str:
    """Which of the constraints below a shape carries."""
    metadata = shape.metadata
    bounded = "max" in metadata and metadata["max"] < 10_000
    if shape.type_name == "string":
        plain = bounded and not metadata.keys() & {"pattern", "enum"}
        return "enum" if metadata.get("enum") else "text" if plain else ""
    if shape.type_name in NUMBERS and bounded:
        return "number"
    return "list" if shape.type_name == "list" and bounded and metadata["max"] < 300 else ""


@functools.cache
def shapes(kind: str) -> tuple[Any, ...]:
    """All shapes of that kind."""
    models = [MODELS.service(service) for service in SERVICES]
    found = (model.shape_for(name) for model in models for name in model.shape_names)
    return tuple(shape for shape in found if kind_of(shape) == kind)


def broken(value: Any, shape: Any) -> bool:
    return bool(ServiceModelValidator().validate(value, shape).found)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_number_is_taken_from_its_minimum_to_its_maximum(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(shapes("number")))
    minimum, maximum = shape.metadata.get("min"), shape.metadata["max"]
    low = maximum - 3 if minimum is None else minimum
    value = data.draw(st.sampled_from([low - 1, low, maximum, maximum + 1]) | st.integers(low - 5, maximum + 5))
    assert broken(value, shape) is not ((minimum is None or value >= minimum) and value <= maximum)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_text_is_taken_from_its_least_to_its_greatest_length(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(shapes("text")))
    minimum, maximum = shape.metadata.get("min", 0), shape.metadata["max"]
    length = data.draw(st.sampled_from([0, max(minimum - 1, 0), minimum, maximum, maximum + 1]))
    assert broken("a" * length, shape) is not (minimum <= length <= maximum)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_of_an_enumeration_only_its_values_are_taken(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(shapes("enum")))
    allowed = shape.metadata["enum"]
    assert not broken(data.draw(st.sampled_from(allowed)), shape)
    assert broken(data.draw(st.text(min_size=1, max_size=12).filter(lambda text: text not in allowed)), shape)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_list_is_taken_from_its_least_to_its_greatest_size(data: st.DataObject) -> None:
    shape = data.draw(st.sampled_from(shapes("list")))
    minimum, maximum = shape.metadata.get("min", 0), shape.metadata["max"]
    size = data.draw(st.sampled_from([max(minimum - 1, 0), minimum, maximum, maximum + 1]))
    assert broken([UNKNOWN] * size, shape) is not (minimum <= size <= maximum)


@pytest.mark.parametrize("kind", ["number", "text", "enum", "list"])
def test_there_are_shapes_of_each_kind(kind: str) -> None:
    assert len(shapes(kind)) > 3


@settings(max_examples=20, deadline=None)
@given(st.data(), st.booleans())
def test_a_bool_is_no_number(data: st.DataObject, value: bool) -> None:
    assert broken(value, data.draw(st.sampled_from(shapes("number"))))
