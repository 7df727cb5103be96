"""The resources and functions that the engine itself provides, under the package ``pulumi``.

- ``pulumi:index:Stash`` keeps the first value that it was given until it is replaced.
- ``pulumi:pulumi:StackReference`` reads another stack's outputs.
- ``pulumi:pulumi:getResource`` gives back a resource that the program has registered (resource references).

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Final

from pulumi.provider.experimental import property_value as values
from pulumi.provider.experimental import provider as sdk

from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.errors import ProviderError
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.values import PropertyMap, has_secret

PACKAGE: Final = "pulumi"
STASH: Final = "pulumi:index:Stash"
STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
_REQUIRED: Final = {STASH: "input", STACK_REFERENCE: "name"}


class BuiltinProvider(sdk.Provider):
    """The engine's own resources."""

    never_waits = True

    def __init__(
        self, stack_outputs: Callable[[str], PropertyMap], registered: Callable[[str], ResourceState | None]
    ) -> None:
        """The provider.

        Args:
            stack_outputs: gives the outputs of a stack by name.
            registered: gives a resource of this deployment by URN.
        """
        self._stack_outputs = stack_outputs
        self._registered = registered

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Takes exactly the one input that the type has."""
        required = _REQUIRED.get(_type(request.urn))
        if required is None:
            raise ProviderError(request.urn, f"the sandbox's engine has no built-in type {_type(request.urn)!r}")
        failures = [sdk.CheckFailure(key, f'unknown property "{key}"') for key in request.new_inputs if key != required]
        if required not in request.new_inputs:
            failures.append(sdk.CheckFailure(required, f'missing required property "{required}"'))
        return sdk.CheckResponse(request.new_inputs, failures)

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """A Stash is updated in place (and keeps its output); a StackReference to another stack is a new one."""
        key = _REQUIRED[_type(request.urn)]
        old = wire.from_provider(request.old_state).get(key)
        if old == wire.from_provider(request.new_inputs).get(key):
            return sdk.DiffResponse(changes=False)
        if _type(request.urn) == STASH:
            return sdk.DiffResponse(changes=True, diffs=[key])
        return sdk.DiffResponse(changes=True, replaces=[key])

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Keeps the value, or reads the stack."""
        id_ = None if request.preview else str(uuid.uuid4())
        if _type(request.urn) == STACK_REFERENCE:
            return sdk.CreateResponse(id_, self._read_stack(request.properties))
        value = request.properties["input"]
        return sdk.CreateResponse(id_, {"input": value, "output": value})

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Notes the new input; the output stays what it was."""
        return sdk.UpdateResponse({"input": request.news["input"], "output": request.olds["output"]})

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Nothing outside the state is to be deleted."""

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """What the state says; of a stack, what it says now."""
        if _type(request.urn) == STACK_REFERENCE:
            return sdk.ReadResponse(request.resource_id, self._read_stack(request.properties), request.inputs)
        if not request.inputs:
            raise ProviderError(request.urn, "a Stash cannot be imported")
        return sdk.ReadResponse(request.resource_id, request.properties, request.inputs)

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """The built-in functions."""
        match request.tok:
            case "pulumi:pulumi:readStackOutputs":
                return sdk.InvokeResponse(self._read_stack(request.args))
            case "pulumi:pulumi:getResource":
                return sdk.InvokeResponse(self._get_resource(str(request.args["urn"].value)))
            case _:
                raise ProviderError(request.tok, f"the sandbox's engine has no built-in function {request.tok!r}")

    def _read_stack(self, arguments: dict[str, values.PropertyValue]) -> dict[str, values.PropertyValue]:
        name = str(arguments["name"].value)
        outputs = self._stack_outputs(name)
        secret_names: list[object] = [key for key in sorted(outputs) if has_secret(outputs[key])]
        return wire.to_provider({"name": name, "outputs": outputs, "secretOutputNames": secret_names})

    def _get_resource(self, urn: str) -> dict[str, values.PropertyValue]:
        state = self._registered(urn)
        if state is None:
            raise ProviderError(urn, f"unknown resource {urn}")
        return wire.to_provider({"urn": urn, "id": state.id, "provider": state.provider, "state": state.outputs})


def _type(urn: str) -> str:
    return urn.split("::")[-2].rsplit("$", 1)[-1]
