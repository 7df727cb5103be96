"""Resource hooks: functions of the program that run before and after a resource is created, updated or deleted.

A hook before an operation that raises keeps the operation from being begun; one after it fails the deployment, while
the state holds what was done. An error hook is asked, when an operation of a provider fails, whether to try again.
https://www.pulumi.com/docs/iac/concepts/resources/options/hooks/
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/deployment.go (`RunHooks`, `RunErrorHooks`)
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Final, Literal, TypeAlias, TypeVar

from google.protobuf import struct_pb2
from pulumi.runtime.proto import alias_pb2, resource_pb2

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine import wire
from greenroom.sandbox.engine.callbacks import Callbacks
from greenroom.sandbox.engine.errors import CallbackError, HookError, ProviderError, RegistrationError
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.values import PropertyMap

T = TypeVar("T")
Moment: TypeAlias = Literal["BeforeCreate", "AfterCreate", "BeforeUpdate", "AfterUpdate", "BeforeDelete", "AfterDelete"]
Tell: TypeAlias = Callable[[str, str], None]

MAX_ATTEMPTS: Final = 100
"""How often an operation is tried that error hooks want to see repeated, as in the real engine."""


class Hooks:
    """The hooks that one program registered."""

    def __init__(self, callbacks: Callbacks, *, preview: bool, warn: Tell, complain: Tell) -> None:
        """No hooks yet.

        Args:
            callbacks: calls them.
            preview: whether only those run that asked for it.
            warn: takes a URN and what went wrong with a hook whose errors are to be ignored, or that is tried again.
            complain: takes a URN and what went wrong after the resource's operation was done.
        """
        self._callbacks = callbacks
        self._preview = preview
        self._warn = warn
        self._complain = complain
        self._hooks: dict[str, resource_pb2.RegisterResourceHookRequest] = {}
        self._error_hooks: dict[str, resource_pb2.RegisterErrorHookRequest] = {}
        self._lock = threading.Lock()

    def register(self, request: resource_pb2.RegisterResourceHookRequest) -> None:
        """One more hook.

        Raises:
            RegistrationError: there is one of that name.
        """
        with self._lock:
            self._refuse_twice(request.name)
            self._hooks[request.name] = request

    def register_error_hook(self, request: resource_pb2.RegisterErrorHookRequest) -> None:
        """One more error hook.

        Raises:
            RegistrationError: there is one of that name.
        """
        with self._lock:
            self._refuse_twice(request.name)
            self._error_hooks[request.name] = request

    def _refuse_twice(self, name: str) -> None:
        if name in self._hooks or name in self._error_hooks:
            raise RegistrationError(
                f"a resource hook named {name!r} is registered already", fix="give each hook a name of its own"
            )

    def run(self, moment: Moment, *, old: ResourceState | None = None, new: ResourceState | None = None) -> None:
        """Runs a resource's hooks of one moment, in order.

        Args:
            moment: which.
            old: the resource before the operation.
            new: the resource after it; its outputs are told once it is over.

        Raises:
            HookError: one of them failed, before the operation; or the program has not registered it.
        """
        state = _either(new, old)
        for name in state.hooks.get(moment, ()):
            hook = self._named(name, self._hooks, state)
            if self._preview and not hook.on_dry_run:
                continue
            reason = self._failure(hook, moment, state, old, new)
            if not reason:
                continue
            if hook.ignore_errors:
                self._warn(state.urn, f"{moment} hook {name!r} failed: {reason}")
                continue
            when = "before" if moment.startswith("Before") else "after"
            message = f"{when} hook {name!r} of {urns.name_of(state.urn)!r} ({state.type}) failed: {reason}"
            if when == "before":
                raise HookError(message)
            self._complain(state.urn, message)
            return

    def _failure(
        self,
        hook: resource_pb2.RegisterResourceHookRequest,
        moment: Moment,
        state: ResourceState,
        old: ResourceState | None,
        new: ResourceState | None,
    ) -> str:
        """What a hook fails with; empty if it does not."""
        request = resource_pb2.ResourceHookRequest(
            urn=state.urn,
            id=state.id,
            name=urns.name_of(state.urn),
            type=state.type,
            new_inputs=_struct(None if new is None else new.inputs),
            old_inputs=_struct(None if old is None else old.inputs),
            new_outputs=_struct(new.outputs if new is not None and moment.startswith("After") else None),
            old_outputs=_struct(None if old is None else old.outputs),
            old_options=_options(old),
            new_options=_options(new),
        )
        try:
            answer = self._callbacks.call(hook.callback, request.SerializeToString())
        except CallbackError as error:
            return error.message
        return str(resource_pb2.ResourceHookResponse.FromString(answer).error)

    def retrying(
        self,
        operation: Literal["create", "update", "delete"],
        attempt: Callable[[], T],
        *,
        old: ResourceState | None = None,
        new: ResourceState | None = None,
    ) -> T:
        """What the operation comes to, tried again as long as it fails and one of the error hooks wants it.

        Raises:
            ProviderError: it failed for good.
            HookError: an error hook failed.
        """
        state = _either(new, old)
        failures: list[str] = []
        while True:
            try:
                return attempt()
            except ProviderError as error:
                failures.insert(0, error.message)
                if len(failures) >= MAX_ATTEMPTS:
                    self._warn(state.urn, f"maximum number of error hook retries ({MAX_ATTEMPTS}) reached")
                    raise
                if not self._wants_retry(operation, failures, state, old, new):
                    raise
                self._warn(
                    state.urn, f"retrying {operation} due to on-error hook request ({len(failures)}/{MAX_ATTEMPTS})"
                )

    def _wants_retry(
        self,
        operation: str,
        failures: list[str],
        state: ResourceState,
        old: ResourceState | None,
        new: ResourceState | None,
    ) -> bool:
        wanted = False
        for name in state.hooks.get("OnError", ()):
            hook = self._named(name, self._error_hooks, state)
            request = resource_pb2.ErrorHookRequest(
                urn=state.urn,
                id=state.id,
                name=urns.name_of(state.urn),
                type=state.type,
                new_inputs=_struct(None if new is None else new.inputs),
                old_inputs=_struct(None if old is None else old.inputs),
                old_outputs=_struct(None if old is None else old.outputs),
                failed_operation=operation,
                errors=failures,
                old_options=_options(old),
                new_options=_options(new),
            )
            try:
                answer = resource_pb2.ErrorHookResponse.FromString(
                    self._callbacks.call(hook.callback, request.SerializeToString())
                )
            except CallbackError as error:
                raise HookError(f"error hook {name!r} failed: {error.message}") from error
            if answer.error:
                raise HookError(f"error hook {name!r} failed: {answer.error}")
            wanted = wanted or bool(answer.retry)
        return wanted

    @staticmethod
    def _named(name: str, registered: dict[str, T], state: ResourceState) -> T:
        found = registered.get(name)
        if found is None:
            raise HookError(
                f"{state.urn}: its hook {name!r} is not registered by the program",
                fix=f"register a hook named {name!r} again (a resource's deletion, too, runs the hooks that it was "
                "made with), or first run `up` with the resource and without its hooks, and then delete it",
            )
        return found


def delete_hooks(state: ResourceState) -> tuple[str, ...]:
    """The names of the hooks that a deletion of the resource runs."""
    return (*state.hooks.get("BeforeDelete", ()), *state.hooks.get("AfterDelete", ()))


def _either(new: ResourceState | None, old: ResourceState | None) -> ResourceState:
    state = new if new is not None else old
    if state is None:
        raise ValueError("hooks of neither an old nor a new state")
    return state


def _struct(properties: PropertyMap | None) -> struct_pb2.Struct | None:
    return None if properties is None else wire.to_struct(properties)


def _options(state: ResourceState | None) -> resource_pb2.ResourceOptions | None:
    """A resource's options as its state holds them."""
    if state is None:
        return None
    options = resource_pb2.ResourceOptions(
        depends_on=state.dependencies,
        protect=state.protect,
        ignore_changes=state.ignore_changes,
        replace_on_changes=state.replace_on_changes,
        provider=state.provider,
        retain_on_delete=state.retain_on_delete,
        deleted_with=state.deleted_with,
        additional_secret_outputs=state.additional_secret_outputs,
        replace_with=state.replace_with,
        aliases=[alias_pb2.Alias(urn=urn) for urn in state.aliases],
        parent=state.parent,
        hooks=resource_pb2.RegisterResourceRequest.ResourceHooksBinding(
            before_create=state.hooks.get("BeforeCreate", ()),
            after_create=state.hooks.get("AfterCreate", ()),
            before_update=state.hooks.get("BeforeUpdate", ()),
            after_update=state.hooks.get("AfterUpdate", ()),
            before_delete=state.hooks.get("BeforeDelete", ()),
            after_delete=state.hooks.get("AfterDelete", ()),
            on_error=state.hooks.get("OnError", ()),
        ),
    )
    for key in ("create", "update", "delete", "read"):
        seconds = getattr(state.timeouts, key)
        if seconds:
            setattr(options.custom_timeouts, key, f"{seconds:g}s")
    setattr(options, "import", state.import_id)
    return options
