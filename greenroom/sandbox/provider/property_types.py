"""What pulumi-aws and pulumi-aws-native say about a resource type: its inputs, its outputs, what is required.

Both SDKs are generated from the providers' schemas, and the schema's names and types can be read off the classes:
`XArgs` (or `XInitArgs`, where there is one) for inputs, the resource class for outputs. Only the SDK module that a
type lives in is imported, when the type is first used: in the embedded engine the user's program has already done so.
"""

from __future__ import annotations

import collections.abc
import functools
import importlib
import inspect
import keyword
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
from pulumi._types import (
    input_type_py_to_pulumi_names,
    input_type_types,
    is_input_type,
    is_output_type,
    output_type_types,
    resource_types,
)

SDK_MODULES = {"aws": "pulumi_aws", "aws-native": "pulumi_aws_native"}


@dataclass(frozen=True)
class Scalar:
    """A string, a number, a boolean, an enumeration."""

    python_type: type


@dataclass(frozen=True)
class ListOf:
    """A list whose items are all of one type."""

    item: PropertyType


@dataclass(frozen=True)
class MapOf:
    """A map from strings to values of one type."""

    item: PropertyType


@dataclass(frozen=True)
class Structure:
    """An object with named properties; its class is read only when asked, for some types contain themselves."""

    cls: type = field(compare=True)

    @property
    def properties(self) -> Mapping[str, PropertyType]:
        """Property name → type."""
        return _structure_properties(self.cls)

    @property
    def required(self) -> frozenset[str]:
        """The properties that must be given."""
        return _required(self.cls)


PropertyType = Scalar | ListOf | MapOf | Structure


@dataclass(frozen=True)
class TypeSchema:
    """A resource type as its SDK declares it; all names as in the program's wire form (camelCase)."""

    token: str
    inputs: Structure
    outputs: Mapping[str, PropertyType]
    computed: frozenset[str]
    """Outputs that AWS always gives: the SDK declares them without `Optional`."""


def split_token(token: str) -> tuple[str, str, str]:
    """`aws:sagemaker/model:Model` → (`aws`, `sagemaker`, `Model`)."""
    package, module, name = token.split(":")
    return package, module.split("/", maxsplit=1)[0], name


def python_module_name(module_name: str) -> str:
    """A module of the SDK; one whose name is a keyword (`lambda`) has an underscore after it, as PEP 8 has it."""
    return f"{module_name}_" if keyword.iskeyword(module_name) else module_name


def resource_class(token: str) -> type:
    """The SDK's class of a resource type."""
    package, module_name, name = split_token(token)
    module_name = python_module_name(module_name)
    # The package first: its loader is lazy, and a direct import of the submodule goes around it.
    module = importlib.import_module(f"{SDK_MODULES[package]}.{module_name}")
    return typing.cast("type", getattr(module, name))


@functools.cache
def schema(token: str) -> TypeSchema:
    """The declared inputs and outputs of a resource type; read once a process."""
    cls = resource_class(token)
    module = inspect.getmodule(cls)
    args = getattr(module, f"{cls.__name__}InitArgs", None) or getattr(module, f"{cls.__name__}Args")
    declared = resource_types(cls)
    return TypeSchema(
        token=token,
        inputs=Structure(args),
        outputs={name: property_type(declared[name]) for name in declared},
        computed=frozenset(_computed(cls)),
    )


def _computed(cls: type) -> collections.abc.Iterator[str]:
    for prop in vars(cls).values():
        if isinstance(prop, property) and prop.fget is not None:
            annotation = prop.fget.__annotations__.get("return")
            if annotation is not None and not _is_optional(annotation):
                yield getattr(prop.fget, "_pulumi_name", prop.fget.__name__)


def _is_optional(annotation: Any) -> bool:
    (inner,) = typing.get_args(annotation) or (annotation,)
    return typing.get_origin(inner) in {typing.Union, types.UnionType} and type(None) in typing.get_args(inner)


@functools.cache
def _structure_properties(cls: type) -> Mapping[str, PropertyType]:
    declared = input_type_types(cls) if is_input_type(cls) else output_type_types(cls)
    return {name: property_type(declared[name]) for name in declared}


@functools.cache
def _required(cls: type) -> frozenset[str]:
    if not is_input_type(cls):
        return frozenset()
    names = input_type_py_to_pulumi_names(cls)
    parameters = inspect.signature(cls.__init__).parameters  # type: ignore[misc]
    return frozenset(
        names[name]
        for name, parameter in parameters.items()
        if name in names and parameter.default is inspect.Parameter.empty
    )


def property_type(declared: Any) -> PropertyType:
    """A declared type, freed of `Input`, `Output`, `Optional` and the dictionary twins of Args classes."""
    origin = typing.get_origin(declared)
    if origin in {typing.Union, types.UnionType}:
        return property_type(_of_union(typing.get_args(declared)))
    if origin in {collections.abc.Sequence, list}:
        return ListOf(property_type(typing.get_args(declared)[0]))
    if origin in {collections.abc.Mapping, dict}:
        return MapOf(property_type(typing.get_args(declared)[1]))
    if isinstance(declared, type) and is_input_type(declared) and not input_type_py_to_pulumi_names(declared):
        return MapOf(Scalar(str))  # aws-native declares some maps as objects without properties
    if isinstance(declared, type) and (is_input_type(declared) or is_output_type(declared)):
        return Structure(declared)
    return Scalar(declared if isinstance(declared, type) else str)


def _of_union(members: tuple[Any, ...]) -> Any:
    plain = [
        member
        for member in members
        if member is not type(None)
        and typing.get_origin(member) not in {collections.abc.Awaitable, pulumi.Output}
        and not typing.is_typeddict(member)
    ]
    # A policy is a string or a typed document: the provider sees to it that it is a string (`lifecycle.check`).
    return str if str in plain or not plain else plain[0]
