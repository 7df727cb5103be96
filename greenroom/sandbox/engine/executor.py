"""Carries out steps: asks the provider, records what came of it, and tells whoever listens.

Before an operation that changes the world begins, the state says so; when it ends, the state says what it came to. A
process that dies in between leaves an operation in doubt, never a resource that nobody knows of.
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step.go
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import assert_never

from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.errors import HookError, InitFailedError, ProviderError, RegistrationError
from greenroom.sandbox.engine.events import EngineEvent, StepFailed, StepStarted, StepSucceeded
from greenroom.sandbox.engine.hooks import Hooks, Moment
from greenroom.sandbox.engine.planner import Planner
from greenroom.sandbox.engine.provider_calls import ProviderCalls
from greenroom.sandbox.engine.providers import ProviderRegistry
from greenroom.sandbox.engine.state import Operation, ResourceState
from greenroom.sandbox.engine.steps import Op, Step
from greenroom.sandbox.engine.values import UNKNOWN_STRING, PropertyMap, Secret, secret_like

_PENDING: Mapping[Op, str] = {
    Op.CREATE: "creating",
    Op.CREATE_REPLACEMENT: "creating",
    Op.UPDATE: "updating",
    Op.DELETE: "deleting",
    Op.DELETE_REPLACED: "deleting",
    Op.READ: "reading",
    Op.READ_REPLACEMENT: "reading",
    Op.IMPORT: "importing",
    Op.IMPORT_REPLACEMENT: "importing",
}
#: What runs once a step is done.
AFTER: Mapping[Op, Moment] = {
    Op.CREATE: "AfterCreate",
    Op.CREATE_REPLACEMENT: "AfterCreate",
    Op.UPDATE: "AfterUpdate",
    Op.DELETE: "AfterDelete",
    Op.DELETE_REPLACED: "AfterDelete",
}


class Executor:
    """Carries out the steps of one deployment, as many at once as it may."""

    def __init__(
        self,
        planner: Planner,
        registry: ProviderRegistry,
        checkpoint: Checkpoint,
        emit: Callable[[EngineEvent], None],
        hooks: Hooks,
        *,
        preview: bool,
        parallel: int,
    ) -> None:
        """An executor.

        Args:
            planner: knows the old providers, and what is deleted.
            registry: the providers.
            checkpoint: records what happens.
            emit: takes the events.
            hooks: run before and after the operations.
            preview: whether nothing is to be changed.
            parallel: how many operations of providers may run at once.
        """
        self._planner = planner
        self._registry = registry
        self._checkpoint = checkpoint
        self._emit = emit
        self._hooks = hooks
        self._preview = preview
        self._slots = threading.BoundedSemaphore(parallel)
        self._done: list[Step] = []
        self._done_lock = threading.Lock()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that were carried out, in order; failed ones are among them in a preview only, which is a plan."""
        with self._done_lock:
            return tuple(self._done)

    def run(self, step: Step) -> None:
        """Carries out a step.

        Raises:
            ProviderError: it failed; the event was sent and the state recorded.
            RegistrationError: as well, for a reason that lies in the program or the state.
            HookError: as well, since one of its hooks failed.
        """
        self._emit(StepStarted(step))
        operation = self._begin(step)
        try:
            self._apply(step)
        except InitFailedError as error:
            self._finish(step, operation)
            self._emit(StepFailed(step, error.message))
            raise
        except (ProviderError, RegistrationError, HookError) as error:
            self._fail(operation)
            if self._preview:
                self._note(step)
            self._emit(StepFailed(step, error.message))
            raise
        # A hook is told of the outputs as the provider gave them, not as they are kept (secrets are marked there).
        told = (step.old and step.old.copy(), step.new and step.new.copy()) if step.state.hooks else None
        self._finish(step, operation)
        if told is not None:
            self._run_after_hooks(step, *told)
        self._note(step)
        self._emit(StepSucceeded(step))

    def _note(self, step: Step) -> None:
        with self._done_lock:
            self._done.append(step)

    def _run_after_hooks(self, step: Step, old: ResourceState | None, new: ResourceState | None) -> None:
        """A component's creation and update are over only when its outputs are there (`Deployment.set_outputs`)."""
        moment = AFTER.get(step.op)
        if moment is not None and (step.state.custom or moment == "AfterDelete"):
            self._hooks.run(moment, old=old if moment != "AfterCreate" else None, new=new)

    def _finish(self, step: Step, operation: Operation | None) -> None:
        self._mark_secrets(step)
        self._record(step, operation)

    # -- the provider's part -----------------------------------------------------------------------------------------

    def _provider(self, state: ResourceState) -> ProviderCalls | ProviderRegistry:
        if state.is_provider:
            return self._registry
        self._planner.ensure_provider(state.provider)
        return self._registry.instance(state.provider, state.urn)

    def _apply(self, step: Step) -> None:
        match step.op:
            case Op.SAME:
                self._keep(step)
            case Op.CREATE | Op.CREATE_REPLACEMENT:
                self._create(step)
            case Op.UPDATE:
                self._update(step)
            case Op.DELETE | Op.DELETE_REPLACED:
                self._delete(step)
            case Op.READ | Op.READ_REPLACEMENT:
                self._read(step)
            case Op.IMPORT | Op.IMPORT_REPLACEMENT:
                step.state.created = step.state.modified = _now()
            case Op.REPLACE | Op.REFRESH | Op.DISCARD | Op.DISCARD_REPLACED | Op.REMOVE_PENDING_REPLACE:
                pass
            case _:
                assert_never(step.op)

    def _keep(self, step: Step) -> None:
        old, new = _both(step)
        new.id, new.outputs = old.id, old.outputs
        if new.is_provider and not step.is_untargeted:
            kept = new.copy()
            kept.inputs = old.inputs
            self._registry.keep(kept)

    def _create(self, step: Step) -> None:
        new = step.state
        self._hooks.run("BeforeCreate", new=new)
        failure = None
        if new.custom:
            provider = self._provider(new)
            try:
                self._hooks.retrying("create", lambda: self._ask_to_create(provider, new), new=new)
            except InitFailedError as error:
                failure = error
        new.created = new.modified = _now()
        if step.marks_deletion and step.old is not None:
            step.old.delete = True
        if failure is not None:
            raise failure

    def _ask_to_create(self, provider: ProviderCalls | ProviderRegistry, new: ResourceState) -> None:
        """An unfinished resource is in the state as that, and the next `up` updates it, to finish it."""
        new.init_errors = ()
        try:
            with self._slots:
                new.id, new.outputs = provider.create(new.urn, new.inputs, new.timeouts.create, preview=self._preview)
        except InitFailedError as error:
            new.id, new.outputs, new.init_errors = error.id, error.outputs, error.reasons
            raise

    def _update(self, step: Step) -> None:
        old, new = _both(step)
        new.id = old.id
        self._hooks.run("BeforeUpdate", old=old, new=new)
        if not new.custom:
            return
        provider = self._provider(new)
        new.outputs = self._hooks.retrying("update", lambda: self._ask_to_update(provider, old, new), old=old, new=new)
        new.modified = _now()

    def _ask_to_update(
        self, provider: ProviderCalls | ProviderRegistry, old: ResourceState, new: ResourceState
    ) -> PropertyMap:
        with self._slots:
            return provider.update(
                new.urn,
                old.id,
                old.outputs,
                new.inputs,
                timeout=new.timeouts.update,
                ignored=new.ignore_changes,
                preview=self._preview,
            )

    def _delete(self, step: Step) -> None:
        old = step.state
        self._hooks.run("BeforeDelete", old=old)
        if step.op is Op.DELETE and old.protect:
            raise RegistrationError(
                f"resource {old.urn!r} cannot be deleted: it is protected",
                fix="remove `protect` from its options and run `up`, then delete it",
            )
        is_kept = old.external or old.retain_on_delete or old.deleted_with in self._planner.deleted
        is_gone = old.pending_replacement  # the real engine asks a second time; by then another may have its name
        if not self._preview and old.custom and not (is_kept or is_gone):
            provider = self._provider(old)
            self._hooks.retrying("delete", lambda: self._ask_to_delete(provider, old), old=old)
        if step.pends_replacement:
            old.pending_replacement = True

    def _ask_to_delete(self, provider: ProviderCalls | ProviderRegistry, old: ResourceState) -> None:
        with self._slots:
            provider.delete(old.urn, old.id, old.outputs, old.timeouts.delete)

    def _read(self, step: Step) -> None:
        new = step.state
        if new.id != UNKNOWN_STRING:
            provider = self._provider(new)
            with self._slots:
                found = provider.read(new.urn, new.id, new.inputs, new.inputs)
            if not found.id and not found.outputs:
                raise ProviderError(new.urn, f"resource {new.id!r} ({new.type}) does not exist")
            new.outputs, new.id = found.outputs, found.id or new.id
        if step.old is not None:
            new.created, new.modified = step.old.created, step.old.modified
            if step.marks_deletion:
                step.old.delete = True

    @staticmethod
    def _mark_secrets(step: Step) -> None:
        new = step.new
        if new is None or step.op is Op.REPLACE:
            return
        outputs = secret_like(new.outputs, new.inputs)
        for key in new.additional_secret_outputs:
            if key != "id" and key in outputs and not isinstance(outputs[key], Secret):
                outputs[key] = Secret(outputs[key])
        new.outputs = outputs

    # -- the state's part --------------------------------------------------------------------------------------------

    def _begin(self, step: Step) -> Operation | None:
        type_ = _PENDING.get(step.op)
        if type_ is None or self._preview or not step.state.custom:
            return None
        with self._checkpoint.change() as change:
            return change.begin(type_, step.state)

    def _fail(self, operation: Operation | None) -> None:
        if operation is None:
            return
        with self._checkpoint.change() as change:
            change.end(operation)

    def _record(self, step: Step, operation: Operation | None) -> None:
        if step.is_skipped_create:
            return
        with self._checkpoint.change() as change:
            if operation is not None:
                change.end(operation)
            match step.op:
                case Op.SAME | Op.UPDATE | Op.READ:
                    self._record_successor(change, step)
                case Op.CREATE | Op.CREATE_REPLACEMENT | Op.IMPORT | Op.IMPORT_REPLACEMENT | Op.READ_REPLACEMENT:
                    self._record_new(change, step)
                case Op.DELETE | Op.DELETE_REPLACED | Op.REMOVE_PENDING_REPLACE:
                    if step.pends_replacement:
                        change.touch(step.state)
                    else:
                        change.remove(step.state)
                case Op.DISCARD | Op.DISCARD_REPLACED:
                    change.remove(step.state)
                case Op.REPLACE | Op.REFRESH:
                    pass
                case _:
                    assert_never(step.op)

    def _record_successor(self, change: Checkpoint.Change, step: Step) -> None:
        if step.old is None:
            change.add(step.state)
        elif step.op is Op.SAME:
            change.carry(step.old, step.state)
        else:
            change.remove(step.old)
            change.add(step.state)
        self._record_alias(change, step)

    def _record_new(self, change: Checkpoint.Change, step: Step) -> None:
        change.add(step.state)
        if step.old is not None and step.old.delete:
            change.touch(step.old)
        if step.old is not None and step.old.pending_replacement:
            change.remove(step.old)
        self._record_alias(change, step)

    @staticmethod
    def _record_alias(change: Checkpoint.Change, step: Step) -> None:
        if step.old is not None and step.new is not None and step.old.urn != step.new.urn:
            change.rename(step.old.urn, step.new.urn)


def _both(step: Step) -> tuple[ResourceState, ResourceState]:
    if step.old is None or step.new is None:
        raise ValueError(f"a {step.op} step needs both states: {step.urn}")
    return step.old, step.new


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
