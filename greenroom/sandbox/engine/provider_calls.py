"""Calls to a provider, as the real engine makes them over gRPC: what it may know, what its answers mean.

A provider is the SDK's `pulumi.provider.experimental.provider.Provider`. Its methods are coroutines; each is run to its
end on the calling thread's own event loop, so that as many proceed at once as there are threads.

Unknown values reach the provider as `PropertyValue.computed()`; in its answers a computed value and Pulumi's sentinel
string are both unknown.
"""

from __future__ import annotations

import asyncio
import os
import threading
import traceback
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, runtime_checkable

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.diffs import Diff, DiffKind, PropertyDiff, compare
from greenroom.sandbox.engine.errors import DeploymentError, InitFailedError, ProviderError
from greenroom.sandbox.engine.property_path import restore
from greenroom.sandbox.engine.values import PropertyMap, blind, has_unknown, secret_like

T = TypeVar("T")


class Coroutines:
    """Runs coroutines on the calling thread's own event loop; `close` ends the loops of all threads."""

    def __init__(self) -> None:
        self._local = threading.local()
        self._loops: list[asyncio.AbstractEventLoop] = []
        self._lock = threading.Lock()

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        """The coroutine's result."""
        loop: asyncio.AbstractEventLoop | None = getattr(self._local, "loop", None)
        if loop is None:
            loop = self._local.loop = asyncio.new_event_loop()
            with self._lock:
                self._loops.append(loop)
        return loop.run_until_complete(coroutine)

    def close(self) -> None:
        """Ends all loops. Call it when no thread runs a coroutine any more."""
        with self._lock:
            for loop in self._loops:
                loop.close()
            self._loops.clear()
            self._local = threading.local()


def _result_of(coroutine: Coroutine[Any, Any, T]) -> T:
    """The result of a coroutine that awaits nothing: it needs no event loop."""
    try:
        coroutine.send(None)
    except StopIteration as ended:
        result: T = ended.value
        return result
    coroutine.close()
    raise RuntimeError("the provider said that it never waits, and did")


@dataclass(frozen=True, slots=True)
class CheckFailure:
    """A property (empty: the resource as a whole) and what is wrong with it."""

    property: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReadState:
    """What a read found; an empty id means that the resource is gone. `inputs` is None where the provider gave none."""

    id: str
    outputs: PropertyMap
    inputs: PropertyMap | None


@runtime_checkable
class InitFailure(Protocol):
    """An exception by which a provider says that the resource is there, and unfinished.

    It is the protocol's `ErrorResourceInitFailed`, for which the SDK has no class; so whatever has its fields is one.
    https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
    """

    resource_id: str
    properties: Mapping[str, PropertyValue]
    reasons: Sequence[str]


class ProviderCalls:
    """One provider instance, configured once, called by many threads."""

    def __init__(self, provider: sdk.Provider, package: str, coroutines: Coroutines) -> None:
        self._provider = provider
        self._package = package
        self._coroutines = coroutines
        self._never_waits = bool(getattr(provider, "never_waits", False))
        self._accepts_secrets = True
        self._accepts_references = True
        self._supports_preview = True
        self.is_known = True

    def _out(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        return wire.to_provider(properties, secrets=self._accepts_secrets, references=self._accepts_references)

    def _run(self, urn: str, coroutine: Coroutine[Any, Any, T], *sent: PropertyMap) -> T:
        """The answer to a call; what was sent is kept out of the message where it is secret."""
        try:
            if self._never_waits:
                return _result_of(coroutine)
            return self._coroutines.run(coroutine)
        except DeploymentError:
            raise
        except NotImplementedError as error:
            raise ProviderError(urn, f"the provider {self._package} does not support this: {error}") from error
        except Exception as error:  # noqa: BLE001  # whatever a provider raises is a failed step, never a lost state
            if isinstance(error, InitFailure):
                reasons = [blind(reason, *sent) for reason in error.reasons]
                raise InitFailedError(urn, error.resource_id, wire.from_provider(error.properties), reasons) from None
            raise ProviderError(urn, blind(_describe(error), *sent)) from None

    @contextmanager
    def _understood(self, urn: str, method: str) -> Iterator[None]:
        """Reads an answer: one that cannot be read is the provider's mistake, and is told with its resource."""
        try:
            yield
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise ProviderError(
                urn,
                f"the provider {self._package} answered `{method}` of {urn} with what the protocol does not allow "
                f"({type(error).__name__}: {error}); this is a mistake in the provider, and nothing was recorded of it",
            ) from error

    def check_config(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The provider's inputs with its defaults, and what is wrong with them."""
        request = sdk.CheckRequest(urn, wire.to_provider(old), wire.to_provider(new), b"")
        response = self._run(urn, self._provider.check_config(request), old, new)
        with self._understood(urn, "check_config"):
            checked = new if response.inputs is None else wire.from_provider(response.inputs)
            return checked, _failures(response.failures, old, new)

    def diff_config(self, urn: str, id_: str, old_inputs: PropertyMap, old: PropertyMap, new: PropertyMap) -> Diff:
        """What a changed configuration means for the provider."""
        request = sdk.DiffRequest(urn, id_, wire.to_provider(old), wire.to_provider(new), [])
        response = self._run(urn, self._provider.diff_config(request), old, new)
        with self._understood(urn, "diff_config"):
            diff = _diff(response)
        if diff.changes is not None:
            return diff
        found = compare(old_inputs, new)
        return Diff(found.changes, diff.replace_keys, diff.changed_keys, diff.detailed, diff.delete_before_replace)

    def configure(self, urn: str, inputs: PropertyMap) -> None:
        """Hands the provider its configuration; with unknowns in it, the provider stays unused until they are known."""
        if has_unknown(inputs):
            self.is_known = False
            return
        bare = wire.to_provider(inputs, secrets=False)
        variables = {
            f"{self._package}:config:{key}": str(value.value) for key, value in bare.items() if key != "version"
        }
        request = sdk.ConfigureRequest(variables, wire.to_provider(inputs), True, True)
        response = self._run(urn, self._provider.configure(request), inputs)
        with self._understood(urn, "configure"):
            self._accepts_secrets = response.accept_secrets
            self._accepts_references = response.accept_resources
            self._supports_preview = response.supports_preview

    def check(self, urn: str, old: PropertyMap, new: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The resource's inputs with the provider's defaults, and what is wrong with them."""
        if not self.is_known:
            return new, []
        request = sdk.CheckRequest(urn, self._out(old), self._out(new), os.urandom(32))
        response = self._run(urn, self._provider.check(request), old, new)
        with self._understood(urn, "check"):
            checked = {} if response.inputs is None else wire.from_provider(response.inputs)
            if not self._accepts_secrets:
                checked = secret_like(checked, new)
            return checked, _failures(response.failures, old, new)

    def diff(
        self, urn: str, id_: str, old_inputs: PropertyMap, old: PropertyMap, new: PropertyMap, *, ignored: Sequence[str]
    ) -> Diff:
        """What the new inputs mean for the resource. `old` are its outputs: what the protocol calls the old state."""
        if not self.is_known:
            return Diff(True)
        request = sdk.DiffRequest(urn, id_, self._out(old), self._out(new), list(ignored))
        # The engine's own provider has no detailed differences; those behind the SDK's gRPC server always have.
        response = self._run(urn, self._provider.diff(request), old, new)
        with self._understood(urn, "diff"):
            diff = _diff(response, has_details=self._package != "pulumi")
        if diff.changes is not None:
            return diff
        found = compare(old_inputs, restore(new, old_inputs, ignored)[0])
        if not found.changes:
            return Diff(False, diff.replace_keys, diff.changed_keys, diff.detailed, diff.delete_before_replace)
        return Diff(True, diff.replace_keys, found.changed_keys, found.detailed, diff.delete_before_replace)

    def create(self, urn: str, inputs: PropertyMap, timeout: float, *, preview: bool) -> tuple[str, PropertyMap]:
        """The new resource's id and outputs; in a preview, what of them is known."""
        if preview and not self.is_known:
            return "", {}
        if preview and not self._supports_preview:
            return "", inputs
        request = sdk.CreateRequest(urn, self._out(inputs), timeout, preview)
        response = self._run(urn, self._provider.create(request), inputs)
        with self._understood(urn, "create"):
            id_ = _id(response.resource_id)
            if not id_ and not preview:
                raise ProviderError(urn, f"the provider {self._package} created {urn} and gave no id")
            return id_, self._outputs(urn, response.properties, inputs, preview=preview)

    def update(
        self,
        urn: str,
        id_: str,
        old: PropertyMap,
        new: PropertyMap,
        *,
        timeout: float,
        ignored: Sequence[str],
        preview: bool,
    ) -> PropertyMap:
        """The updated resource's outputs; in a preview, what of them is known."""
        if preview and (not self.is_known or not self._supports_preview):
            return new if self.is_known else {}
        request = sdk.UpdateRequest(urn, id_, self._out(old), self._out(new), timeout, list(ignored), preview)
        response = self._run(urn, self._provider.update(request), old, new)
        with self._understood(urn, "update"):
            return self._outputs(urn, response.properties, new, preview=preview)

    def _outputs(self, urn: str, answered: Mapping[str, Any], inputs: PropertyMap, *, preview: bool) -> PropertyMap:
        outputs = wire.from_provider(answered)
        if not preview and has_unknown(outputs):
            raise ProviderError(urn, f"the provider {self._package} answered with unknown values outside a preview")
        return outputs if self._accepts_secrets else secret_like(outputs, inputs)

    def delete(self, urn: str, id_: str, outputs: PropertyMap, timeout: float) -> None:
        """Deletes the resource."""
        self._run(urn, self._provider.delete(sdk.DeleteRequest(urn, id_, self._out(outputs), timeout)), outputs)

    def read(self, urn: str, id_: str, inputs: PropertyMap, state: PropertyMap) -> ReadState:
        """What is there now."""
        request = sdk.ReadRequest(urn, id_, self._out(state), self._out(inputs))
        response = self._run(urn, self._provider.read(request), inputs, state)
        with self._understood(urn, "read"):
            outputs = wire.from_provider(response.properties)
            found = wire.from_provider(response.inputs)
            id_ = _id(response.resource_id)
        if has_unknown({"outputs": outputs, "inputs": found}) and not has_unknown({"state": state, "inputs": inputs}):
            raise ProviderError(urn, f"the provider {self._package} answered `read` of {urn} with unknown values")
        if not self._accepts_secrets:
            outputs, found = secret_like(outputs, state), secret_like(found, inputs)
        return ReadState(id_, outputs, found)

    def invoke(self, token: str, arguments: PropertyMap) -> tuple[PropertyMap, list[CheckFailure]]:
        """The function's answer, and what is wrong with its arguments."""
        if not self.is_known:
            return {}, []
        request = sdk.InvokeRequest(token, self._out(arguments))
        response = self._run(token, self._provider.invoke(request), arguments)
        with self._understood(token, "invoke"):
            return wire.from_provider(response.return_value), _failures(response.failures, arguments)

    def cancel(self) -> None:
        """Tells the provider that the deployment is over."""
        self._coroutines.run(self._provider.cancel())


def _describe(error: Exception) -> str:
    """What a provider's exception says; where it looks like a mistake in the provider, also where it came from."""
    if not isinstance(error, LookupError | AttributeError | TypeError | AssertionError | NameError):
        return str(error) or type(error).__name__
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"the provider made a mistake: {type(error).__name__}: {error} ({frame.filename}:{frame.lineno})"


def _id(given: object) -> str:
    """A resource's id, empty where there is none."""
    if given is not None and not isinstance(given, str):
        raise TypeError(f"the id {given!r} is no text")
    return given or ""


def _failures(failures: Sequence[sdk.CheckFailure] | None, *sent: PropertyMap) -> list[CheckFailure]:
    return [CheckFailure(item.property, blind(item.reason, *sent)) for item in failures or ()]


_KINDS = {
    sdk.PropertyDiffKind.ADD: DiffKind.ADD,
    sdk.PropertyDiffKind.ADD_REPLACE: DiffKind.ADD_REPLACE,
    sdk.PropertyDiffKind.DELETE: DiffKind.DELETE,
    sdk.PropertyDiffKind.DELETE_REPLACE: DiffKind.DELETE_REPLACE,
    sdk.PropertyDiffKind.UPDATE: DiffKind.UPDATE,
    sdk.PropertyDiffKind.UPDATE_REPLACE: DiffKind.UPDATE_REPLACE,
}


def _diff(response: sdk.DiffResponse, *, has_details: bool = True) -> Diff:
    found = {key: PropertyDiff(_KINDS[item.kind], item.input_diff) for key, item in response.detailed_diff.items()}
    detailed = found if found or has_details else None
    return Diff(
        response.changes, tuple(response.replaces), tuple(response.diffs), detailed, response.delete_before_replace
    )
