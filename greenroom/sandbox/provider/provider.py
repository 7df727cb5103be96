"""The one provider of the sandbox, for `aws` and for `aws-native`.

It is an ordinary provider of Pulumi's Python SDK: the embedded engine calls it directly, and `server` offers it to the
real engine by gRPC. It turns the SDK's requests into plain values, and leaves the work to `lifecycle`. Calls to AWS
run on threads of their own, for the engine calls many at once and the SDK's interface is asynchronous.
"""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal, TypeVar

from pulumi.provider.experimental import provider as sdk
from pulumi.provider.experimental.property_value import PropertyValue

from greenroom.sandbox.provider import configuration, lifecycle
from greenroom.sandbox.provider.account_session import AccountSession, Clock
from greenroom.sandbox.provider.changes import Change, ChangeKind, input_changes
from greenroom.sandbox.provider.checking import check
from greenroom.sandbox.provider.clients import CloudEndpoint
from greenroom.sandbox.provider.errors import (
    ConfigurationError,
    InvalidInputsError,
    ProviderError,
    ResourceInitFailedError,
    Violation,
)
from greenroom.sandbox.provider.functions import call_function
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types import resource_type
from greenroom.sandbox.provider.values import (
    has_unknown,
    plain_map,
    property_value,
    property_values,
    secret_keys,
    secret_outputs,
)

Package = Literal["aws", "aws-native"]
# As many as the engine calls at once by default, and some: a waiting endpoint must not keep others from their turn.
CALLS_AT_ONCE = 64

_Answer = TypeVar("_Answer")

KINDS = {
    (ChangeKind.ADD, False): sdk.PropertyDiffKind.ADD,
    (ChangeKind.ADD, True): sdk.PropertyDiffKind.ADD_REPLACE,
    (ChangeKind.DELETE, False): sdk.PropertyDiffKind.DELETE,
    (ChangeKind.DELETE, True): sdk.PropertyDiffKind.DELETE_REPLACE,
    (ChangeKind.UPDATE, False): sdk.PropertyDiffKind.UPDATE,
    (ChangeKind.UPDATE, True): sdk.PropertyDiffKind.UPDATE_REPLACE,
}


@functools.lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(CALLS_AT_ONCE, thread_name_prefix="aws-provider")


async def _on_a_thread(work: Callable[[], _Answer]) -> _Answer:
    """The work's answer; without an event loop the caller has a thread of its own for it."""
    if asyncio._get_running_loop() is None:  # noqa: SLF001
        return work()
    return await asyncio.get_running_loop().run_in_executor(_threads(), work)


class AwsProvider(sdk.Provider):
    """A provider instance: one set of settings, one account, one region.

    Args:
        package: which of the two official packages it stands for.
        cloud: the local AWS that everything goes to.
        clock: time, for tests.

    Attributes:
        never_waits: called without an event loop, its coroutines await nothing: whoever calls has a thread for it.
    """

    never_waits = True

    def __init__(self, package: Package, cloud: CloudEndpoint, *, clock: Clock | None = None) -> None:
        self.package = package
        self.cloud = cloud
        self._clock = Clock() if clock is None else clock
        self._cancelled = threading.Event()
        self._session: AccountSession | None = None

    # ---- settings ----

    async def check_config(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Refuses settings that the sandbox cannot honour, and an account that the local AWS does not answer as."""
        settings = plain_map(request.new_inputs)
        parsed, violations = configuration.parse(settings)
        try:
            if not has_unknown(settings):
                parsed.account(self.cloud)
        except ConfigurationError as error:
            violations.append(Violation(error.property, error.reason))
        return sdk.CheckResponse(inputs=request.new_inputs, failures=self._failures(violations))

    async def diff_config(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """Settings change in place: resources notice a new region by themselves."""
        changes = input_changes(plain_map(request.old_state), plain_map(request.new_inputs))
        return sdk.DiffResponse(changes=bool(changes), diffs=list(dict.fromkeys(change.property for change in changes)))

    async def configure(self, request: sdk.ConfigureRequest) -> sdk.ConfigureResponse:
        """Takes the settings, and the account to act as.

        Raises:
            ConfigurationError: what `check_config` refuses.
        """
        settings: dict[str, Any] = {name.split(":")[-1]: value for name, value in request.variables.items()}
        settings.update(plain_map(request.args))
        # A preview may not know a provider's settings yet; its resources are previewed in the default region then.
        known = {name: value for name, value in settings.items() if not has_unknown(value)}
        if len(known) < len(settings):
            known.setdefault("region", "us-east-1")
        parsed, violations = configuration.parse(known)
        if violations:
            told = "; ".join(failure.property + ": " + failure.reason for failure in self._failures(violations))
            raise ConfigurationError("", f"provider {self.package}: {told}")
        self._session = AccountSession(
            cloud=self.cloud,
            account=parsed.account(self.cloud),
            region=parsed.region or "",
            default_tags=parsed.default_tags,
            clock=self._clock,
            cancelled=self._cancelled,
        )
        return sdk.ConfigureResponse(
            accept_secrets=True, supports_preview=True, accept_resources=True, accept_outputs=False
        )

    @property
    def session(self) -> AccountSession:
        """The account and region that this provider acts in.

        Raises:
            ProviderError: it is not configured yet.
        """
        if self._session is None:
            raise ProviderError(f"provider {self.package} was called before it was configured")
        return self._session

    def _failures(self, violations: list[Violation]) -> list[sdk.CheckFailure]:
        return [
            sdk.CheckFailure(violation.path, violation.reason.replace("{package}", self.package))
            for violation in violations
        ]

    # ---- resources ----

    async def check(self, request: sdk.CheckRequest) -> sdk.CheckResponse:
        """Names the resource, and refuses all that AWS would refuse."""
        kind = _kind_of(request.urn)
        checked = check(
            kind,
            self.session,
            plain_map(request.new_inputs),
            plain_map(request.old_inputs),
            logical_name=request.name,
            random_seed=bytes(request.random_seed or b""),
        )
        inputs = property_values(checked.inputs, secret_keys(request.new_inputs))
        return sdk.CheckResponse(
            inputs=inputs, failures=[sdk.CheckFailure(found.path, found.reason) for found in checked.violations]
        )

    async def diff(self, request: sdk.DiffRequest) -> sdk.DiffResponse:
        """What would change, property path by property path."""
        kind = _kind_of(request.urn)
        found = lifecycle.diff(
            kind, self.session, plain_map(request.old_state), plain_map(request.new_inputs), request.ignore_changes
        )
        return sdk.DiffResponse(
            changes=bool(found.changes),
            replaces=found.replaces,
            delete_before_replace=found.delete_before_replace,
            diffs=list(dict.fromkeys(change.property for change in found.changes)),
            detailed_diff={change.path: _property_diff(kind, change) for change in found.changes},
        )

    async def create(self, request: sdk.CreateRequest) -> sdk.CreateResponse:
        """Makes the resource; a preview tells what is known of it before.

        Raises:
            ResourceInitFailedError: it was made, and did not come out as wanted, or could not be asked any more.
        """
        kind, inputs = _kind_of(request.urn), plain_map(request.properties)
        if request.preview:
            outputs = lifecycle.planned(kind, self.session.in_region(inputs.get("region")), inputs, None)
            properties = property_values(outputs, secret_outputs(outputs, request.properties))
            return sdk.CreateResponse(resource_id="", properties=properties)
        state = await _on_a_thread(lambda: lifecycle.create(kind, self.session, inputs, _bound(request.timeout)))
        if state.problem is not None:
            raise ResourceInitFailedError(state.resource_id, _outputs(state, request.properties), [state.problem])
        return sdk.CreateResponse(resource_id=state.resource_id, properties=_outputs(state, request.properties))

    async def read(self, request: sdk.ReadRequest) -> sdk.ReadResponse:
        """What AWS holds now; an empty id when it is gone."""
        kind = _kind_of(request.urn)
        secret = secret_keys(request.inputs) | secret_keys(request.properties)
        outputs, inputs = plain_map(request.properties), plain_map(request.inputs)
        state = await _on_a_thread(lambda: lifecycle.read(kind, self.session, request.resource_id, outputs, inputs))
        if state is None:
            return sdk.ReadResponse(resource_id="")
        return sdk.ReadResponse(
            resource_id=state.resource_id,
            properties=_outputs(state, request.inputs, secret),
            inputs=property_values(state.inputs, secret),
        )

    async def update(self, request: sdk.UpdateRequest) -> sdk.UpdateResponse:
        """Changes the resource in place; a preview tells what is known of it before."""
        kind = _kind_of(request.urn)
        olds, news = plain_map(request.olds), plain_map(request.news)
        if request.preview:
            outputs = lifecycle.planned(kind, self.session.in_region(news.get("region")), news, olds)
            return sdk.UpdateResponse(properties=property_values(outputs, secret_outputs(outputs, request.news)))
        state = await _on_a_thread(
            lambda: lifecycle.update(
                kind,
                self.session,
                olds,
                news,
                ignored=list(request.ignore_changes),
                bound_seconds=_bound(request.timeout),
            )
        )
        return sdk.UpdateResponse(properties=_outputs(state, request.news))

    async def delete(self, request: sdk.DeleteRequest) -> None:
        """Deletes the resource; what is gone already is fine."""
        kind, outputs = _kind_of(request.urn), plain_map(request.properties)
        await _on_a_thread(lambda: lifecycle.delete(kind, self.session, outputs, _bound(request.timeout)))

    # ---- functions ----

    async def invoke(self, request: sdk.InvokeRequest) -> sdk.InvokeResponse:
        """What a function answers; its refusals of arguments are failures with the argument's path."""
        arguments = plain_map(request.args)
        try:
            answer = await _on_a_thread(lambda: call_function(self.session, request.tok, arguments))
        except InvalidInputsError as error:
            failures = [sdk.CheckFailure(found.path, found.reason) for found in error.violations]
            return sdk.InvokeResponse(failures=failures)
        return sdk.InvokeResponse(return_value=property_values(answer))

    async def cancel(self) -> None:
        """Ends every wait at once."""
        self._cancelled.set()


def _kind_of(urn: str) -> ResourceType:
    """The type of the resource that a URN names; its third part may name the parents' types before its own."""
    parts = urn.split("::")
    return resource_type(parts[2].rsplit("$", maxsplit=1)[-1], "::".join(parts[3:]))


def _bound(timeout_seconds: float) -> float | None:
    return timeout_seconds or None


def _property_diff(kind: ResourceType, change: Change) -> sdk.PropertyDiff:
    return sdk.PropertyDiff(KINDS[change.kind, change.property in kind.replacing], input_diff=True)


def _outputs(
    state: lifecycle.State, inputs: Mapping[str, PropertyValue], named: frozenset[str] = frozenset()
) -> dict[str, PropertyValue]:
    """Outputs as the engine stores them; what is secret in the inputs is so in them and in the kept inputs.

    So are those that are `named`.
    """
    held: Mapping[str, Any] = state.outputs[lifecycle.INPUTS_KEY]
    told = {name: value for name, value in state.outputs.items() if name != lifecycle.INPUTS_KEY}
    secret = secret_outputs(told, inputs) | named
    values = property_values(told, secret)
    values[lifecycle.INPUTS_KEY] = PropertyValue(
        {name: property_value(value).with_secret(name in secret) for name, value in held.items()}
    )
    return values
