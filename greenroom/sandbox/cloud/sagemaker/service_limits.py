"""The limits of single fields, as SageMaker's service model has them: numbers, lengths and enumerations.

Clients check little of it themselves (botocore: types, required members and minima). Patterns are left to whoever
writes the request: the sandbox's provider checks them before it sends one.

The wording is that of every JSON service of AWS.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from botocore.model import Shape
from moto.core.utils import get_service_model

from greenroom.sandbox.cloud.sagemaker import refusals
from greenroom.sandbox.cloud.stage import Params


def check_limits(operation: str, params: Params) -> None:
    """Refuse what is outside the service model's limits, all of it at once.

    Raises:
        AWSValidationException: As AWS words it.
    """
    broken = [*_broken(_input_shape(operation), params, "")]
    if broken:
        plural = "" if len(broken) == 1 else "s"
        raise refusals.invalid(f"{len(broken)} validation error{plural} detected: {'; '.join(broken)}")


@cache
def _input_shape(operation: str) -> Shape:
    shape: Shape = get_service_model("sagemaker").operation_model(operation).input_shape
    return shape


def _broken(shape: Any, value: Any, at: str) -> Iterator[str]:
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            for name, member in shape.members.items():
                if value.get(name) is not None:
                    yield from _broken(member, value[name], f"{at}.{_camel(name)}" if at else _camel(name))
        case "list" if isinstance(value, list):
            yield from _length(shape, value, at)
            for position, one in enumerate(value, start=1):
                yield from _broken(shape.member, one, f"{at}.{position}.member")
        case "string" if isinstance(value, str):
            yield from _length(shape, value, at)
            enum = shape.metadata.get("enum")
            if enum and value not in enum:
                constraint = f"Member must satisfy enum value set: [{', '.join(sorted(enum))}]"
                yield _told(value, at, constraint)
        case "integer" | "long" | "float" | "double" if isinstance(value, int | float):
            yield from _range(shape, value, at)


def _range(shape: Any, value: float, at: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and value < least:
        yield _told(value, at, f"Member must have value greater than or equal to {least}")
    if most is not None and value > most:
        yield _told(value, at, f"Member must have value less than or equal to {most}")


def _length(shape: Any, value: Any, at: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and len(value) < least:
        yield _told(value, at, f"Member must have length greater than or equal to {least}")
    if most is not None and len(value) > most:
        yield _told(value, at, f"Member must have length less than or equal to {most}")


def _told(value: Any, at: str, constraint: str) -> str:
    shown = "[...]" if isinstance(value, list) else value
    return f"Value '{shown}' at '{at}' failed to satisfy constraint: {constraint}"


def _camel(name: str) -> str:
    return name[0].lower() + name[1:]
