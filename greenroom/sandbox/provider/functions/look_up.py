"""Look-ups: functions that read one thing of AWS, mapped as resource types are.

The SDK's result class says which outputs there are, botocore's shape where they come from. What is missing is told in
the real provider's words: `couldn't find resource`, `no matching … found`, `multiple …s matched`.
https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/tfresource/errors.go
"""

from __future__ import annotations

import functools
import importlib
import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pulumi._types import output_type_types

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import StructureCodec
from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError
from greenroom.sandbox.provider.property_types import SDK_MODULES, property_type, python_module_name, split_token
from greenroom.sandbox.provider.resource_type import GONE_CODE, GONE_MESSAGE

Arguments = Mapping[str, Any]
Completion = Callable[[AccountSession, dict[str, Any], Mapping[str, Any]], dict[str, Any]]


def _as_it_is(_session: AccountSession, result: dict[str, Any], _found: Mapping[str, Any]) -> dict[str, Any]:
    return result


@dataclass(frozen=True, kw_only=True)
class LookUp:
    """A function that reads one thing.

    Attributes:
        token: `aws:iam/getRole:getRole`.
        what: how the real provider calls it in its errors.
        request: the request from the arguments.
        found: where the answer holds the thing.
        prefixes, exceptions: as in `ResourceType`.
        id_format: the result's `id`, from the other outputs.
        named_by: the argument that an error tells.
        completed: adds what other requests tell, or what follows from a name.
    """

    token: str = field(kw_only=False)
    service: str
    operation: str
    what: str
    request: Callable[[Arguments], dict[str, Any]]
    named_by: str
    id_format: str
    found: tuple[str | int, ...] = ()
    prefixes: tuple[str, ...] = ()
    exceptions: Mapping[str, str | None] = field(default_factory=dict)
    completed: Completion = _as_it_is

    def __call__(self, session: AccountSession, arguments: Arguments) -> dict[str, Any]:
        """What the function answers.

        Raises:
            FailedResourceError: there is no such thing.
        """
        session = session.in_region(arguments.get("region"))
        try:
            found: Any = session.call(self.service, self.operation, self.request(arguments))
            for step in self.found:
                found = found[step]
        except AwsRefusedError as refused:
            if not is_gone(refused):
                raise
            raise self.not_found(arguments) from refused
        except (KeyError, IndexError) as error:
            raise self.not_found(arguments) from error
        result = {**told_arguments(arguments), **self.codec.decode(found)}
        result = self.completed(session, {"region": session.region, **result}, found)
        return {**result, "id": self.id_format.format_map(result)}

    def not_found(self, arguments: Arguments) -> FailedResourceError:
        """The error for a thing that AWS does not have."""
        named = arguments.get(self.named_by, "")
        return FailedResourceError(f"{self.token}: reading {self.what} ({named}): couldn't find resource")

    @functools.cached_property
    def codec(self) -> StructureCodec:
        """Between the SDK's result and the thing."""
        shape: Any = MODELS.operation(self.service, self.operation).output_shape
        for step in self.found:
            shape = shape.member if isinstance(step, int) else shape.members[step]
        return StructureCodec(result_properties(self.token), shape, self.exceptions, self.prefixes)


def _sdk_module(token: str) -> Any:
    package, module_name, _ = split_token(token)
    path = SDK_MODULES[package]
    package_module = importlib.import_module(path)  # first, for its loader is lazy
    if module_name == "index":
        return package_module
    return importlib.import_module(f"{path}.{python_module_name(module_name)}")


@functools.cache
def result_properties(token: str) -> Mapping[str, Any]:
    """The outputs of a function, as its SDK declares them."""
    function = split_token(token)[2]
    result = getattr(_sdk_module(token), f"{function[0].upper()}{function[1:]}Result")
    return {name: property_type(declared) for name, declared in output_type_types(result).items()}


def function_arguments(token: str) -> list[str]:
    """The arguments of a function by their names in the program's wire form, from the SDK's Python signature."""
    function = re.sub("(?<=[a-z0-9])(?=[A-Z])", "_", split_token(token)[2]).lower()
    parameters = inspect.signature(getattr(_sdk_module(token), function)).parameters
    return [re.sub("_([a-z0-9])", lambda match: match[1].upper(), name) for name in parameters if name != "opts"]


def told_arguments(arguments: Arguments) -> dict[str, Any]:
    """The arguments, which a result repeats."""
    return {name: value for name, value in arguments.items() if not name.startswith("__")}


def is_gone(refused: AwsRefusedError) -> bool:
    """Whether AWS says that there is no such thing."""
    return bool(GONE_CODE.search(refused.code) or GONE_MESSAGE.search(refused.message))


def only(what: str, token: str, found: list[Any]) -> Any:
    """The one thing that matched.

    Raises:
        FailedResourceError: none did, or several.
    """
    if not found:
        raise FailedResourceError(f"{token}: no matching {what} found")
    if len(found) > 1:
        raise FailedResourceError(
            f"{token}: multiple {what}s matched ({len(found)}); use additional constraints to reduce matches to a "
            f"single {what}"
        )
    return found[0]


def last_part(arn: str) -> str:
    """What stands behind the last slash or colon."""
    return re.split("[/:]", arn)[-1]


def tags_map(pairs: Any) -> dict[str, str]:
    """Tags of any service as a map."""
    if isinstance(pairs, Mapping):
        return dict(pairs)
    return {pair.get("Key", pair.get("TagKey")): pair.get("Value", pair.get("TagValue")) for pair in pairs or []}
