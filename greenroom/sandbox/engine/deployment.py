"""One deployment under way: takes registrations, plans them one at a time, carries them out side by side.

The first failure stops it: registrations that come later are turned away, operations under way run to their end, and
what they came to is recorded. A deployment that goes on after errors turns away only what depends on what failed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum, auto

from greenroom.sandbox.engine import deletions
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.errors import DeploymentError, EngineError, ProviderError
from greenroom.sandbox.engine.events import Diagnostic, EngineEvent, Severity
from greenroom.sandbox.engine.executor import AFTER, Executor
from greenroom.sandbox.engine.goal import Goal
from greenroom.sandbox.engine.hooks import Hooks
from greenroom.sandbox.engine.planner import Planner, RefusedAfterImportError
from greenroom.sandbox.engine.project import StackSettings
from greenroom.sandbox.engine.providers import ProviderRegistry, default_name, with_plugin
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.steps import Op, Step
from greenroom.sandbox.engine.targets import needs
from greenroom.sandbox.engine.values import PropertyMap, equal


class Outcome(Enum):
    """What became of a registration."""

    DONE = auto()
    FAILED = auto()
    SKIPPED = auto()


@dataclass(frozen=True, slots=True)
class Registered:
    """A resource as its registration left it.

    Attributes:
        state: its state; where it failed or was skipped, what was asked of it.
        outcome: what became of it.
        is_unknown: whether it is not there, though nothing failed: the command does not concern it.
    """

    state: ResourceState
    outcome: Outcome = Outcome.DONE
    is_unknown: bool = False


class StoppedError(DeploymentError):
    """The deployment has stopped, since something else failed."""


class Deployment:
    """One preview, update or destroy."""

    def __init__(
        self,
        *,
        planner: Planner,
        executor: Executor,
        hooks: Hooks,
        registry: ProviderRegistry,
        checkpoint: Checkpoint,
        settings: StackSettings,
        emit: Callable[[EngineEvent], None],
        continue_on_error: bool = False,
        is_partial: bool = False,
    ) -> None:
        self.planner = planner
        self.executor = executor
        self.hooks = hooks
        self.registry = registry
        self._checkpoint = checkpoint
        self._settings = settings
        self._emit = emit
        self._continue_on_error = continue_on_error
        self._is_partial = is_partial
        self._planning = threading.Lock()
        self._default_locks: dict[tuple[str, str, str], threading.Lock] = {}
        self._default_references: dict[tuple[str, str, str], str] = {}
        self._registered: dict[str, ResourceState] = {}
        self._goals: dict[str, Goal] = {}
        self._components: dict[str, Step] = {}
        self._stack_urn = ""
        self._stack_outputs: PropertyMap | None = None
        self._failed = threading.Event()
        self._stopped = threading.Event()
        self._errored: set[str] = set()
        self._failed_olds: list[ResourceState] = []
        self._cancelled = threading.Event()
        self._under_way = 0
        self._changed = threading.Condition()

    @property
    def has_failed(self) -> bool:
        """Whether anything failed so far."""
        return self._failed.is_set()

    @property
    def has_stopped(self) -> bool:
        """Whether nothing new is begun any more."""
        return self._stopped.is_set() or self._cancelled.is_set()

    def cancel(self) -> None:
        """Takes no more registrations; what is under way runs to its end."""
        with self._changed:
            self._cancelled.set()

    def wait_until_idle(self) -> None:
        """Waits, after `cancel`, for what is under way: the state does not change any more from then on."""
        with self._changed:
            self._changed.wait_for(lambda: self._under_way == 0)

    @contextmanager
    def _counted(self) -> Iterator[None]:
        """What the body does is under way, and not begun once the deployment is cancelled."""
        with self._changed:
            if self._cancelled.is_set():
                raise StoppedError("the deployment was cancelled")
            self._under_way += 1
        try:
            yield
        finally:
            with self._changed:
                self._under_way -= 1
                self._changed.notify_all()

    def report(self, severity: Severity, message: str, urn: str = "", *, stops: bool = True) -> None:
        """Tells the user something; an error fails the deployment and, unless told otherwise, stops it."""
        if severity == "error":
            self._failed.set()
            if stops:
                self._stopped.set()
        self.tell(severity, message, urn)

    def tell(self, severity: Severity, message: str, urn: str = "") -> None:
        """Tells the user something, which decides nothing."""
        self._emit(Diagnostic(severity, message, urn))

    def fail(self, error: EngineError, urn: str = "", *, stops: bool = True) -> None:
        """Notes a failure and tells the user."""
        if isinstance(error, StoppedError):
            return
        text = f"{error.message}\nfix: {error.fix}" if error.fix else error.message
        self.report("error", text, urn, stops=stops)

    def registered(self, urn: str) -> ResourceState | None:
        """A resource that the program has registered."""
        return self._registered.get(urn)

    def goal(self, urn: str) -> Goal | None:
        """What the program asked of a resource."""
        return self._goals.get(urn)

    def register(self, goal: Goal) -> Registered:
        """Brings a resource to its goal.

        Raises:
            DeploymentError: it failed, and the user was told; or the deployment has stopped (`StoppedError`).
        """
        return self.carry_out(goal, self.plan(goal))

    def plan(self, goal: Goal) -> tuple[Step, ...]:
        """The steps that bring a resource to its goal, for `carry_out`.

        Raises:
            DeploymentError: as for `register`.
        """
        return self._plan(lambda: self.planner.register(goal))

    def waits(self, steps: tuple[Step, ...]) -> bool:
        """Whether carrying out the steps waits for the world outside."""
        return any(step.op is not Op.SAME and step.state.custom for step in steps)

    def carry_out(self, goal: Goal, steps: tuple[Step, ...]) -> Registered:
        """Carries out what was planned for a goal.

        Raises:
            DeploymentError: as for `register`.
        """
        done = self._run(steps)
        self._goals[done.state.urn] = goal
        if goal.type == urns.STACK_TYPE:
            self._stack_urn = done.state.urn
        return done

    def read(self, goal: Goal, id_: str) -> Registered:
        """Reads a resource that lives outside the stack.

        Raises:
            DeploymentError: as for `register`.
        """
        return self._run(self._plan(lambda: self.planner.read(goal, id_)))

    def _plan(self, plan: Callable[[], tuple[Step, ...]]) -> tuple[Step, ...]:
        try:
            with self._counted(), self._planning:
                self._refuse_if_stopped()
                return plan()
        except RefusedAfterImportError as error:
            self._run(error.steps)
            self.fail(error, error.cause.urn if isinstance(error.cause, ProviderError) else error.steps[-1].urn)
            raise
        except DeploymentError as error:
            self.fail(error, error.urn if isinstance(error, ProviderError) else "")
            raise

    def _run(self, steps: tuple[Step, ...]) -> Registered:
        try:
            with self._counted():
                done = self._carry_out(steps)
        except DeploymentError as error:
            self.fail(error, error.urn if isinstance(error, ProviderError) else steps[-1].urn)
            raise
        self._registered[done.state.urn] = done.state
        return done

    def _carry_out(self, steps: tuple[Step, ...]) -> Registered:
        last = next(step for step in reversed(steps) if step.new is not None)
        if self._errored and any(not self._errored.isdisjoint(needs(step.state)) for step in steps):
            self._errored.add(last.urn)
            return Registered(last.state, Outcome.SKIPPED)
        for step in steps:
            self._refuse_if_stopped()
            try:
                self.executor.run(step)
                if not step.state.custom and step.op in AFTER and step.new is not None:
                    self._components[step.urn] = step
            except DeploymentError as error:
                if not self._continue_on_error:
                    raise
                self.fail(error, step.urn, stops=False)
                self._errored.add(last.urn)
                if step.old is not None:
                    self._failed_olds.append(step.old)
                return Registered(last.state, Outcome.FAILED)
        return Registered(last.state, is_unknown=last.is_skipped_create)

    def _refuse_if_stopped(self) -> None:
        if self.has_stopped:
            raise StoppedError("the deployment has stopped")

    def default_provider(self, package: str, version: str, download_url: str) -> str:
        """The reference of a package's default provider, which is registered when first asked for."""
        key = (package, version, download_url)
        lock = self._default_locks.setdefault(key, threading.Lock())
        with lock:
            if key not in self._default_references:
                inputs = with_plugin(self._settings.of_package(package), version, download_url)
                type_ = urns.PROVIDER_TYPE_PREFIX + package
                goal = Goal(type_, default_name(version, download_url), custom=True, inputs=inputs)
                state = self.register(goal).state
                self._default_references[key] = f"{state.urn}::{state.id}"
            return self._default_references[key]

    def set_outputs(self, urn: str, outputs: PropertyMap) -> None:
        """A component's outputs, or the stack's, which take effect when the program has ended."""
        if urn == self._stack_urn:
            self._stack_outputs = outputs
            return
        state = self._registered.get(urn)
        if state is None:
            raise DeploymentError(f"outputs for {urn}, which is not registered")
        with self._counted():
            self._set(state, outputs)
            step = self._components.pop(urn, None)
            if step is not None:
                old = step.old if step.op is Op.UPDATE else None
                self.hooks.run(AFTER[step.op], old=old, new=state)

    def _set(self, state: ResourceState, outputs: PropertyMap) -> None:
        with self._checkpoint.change() as change:
            if not equal(state.outputs, outputs):
                state.outputs = outputs
                change.touch(state)

    def finish_outputs(self) -> PropertyMap:
        """Gives the stack its outputs; after a failure, those that are missing keep their last value."""
        stack = self._registered.get(self._stack_urn)
        if stack is None:
            return {}
        if self._stack_outputs is not None:
            kept = stack.outputs if self.has_failed or self._is_partial else {}
            told = _joined(kept, self._stack_outputs) if self._is_partial else self._stack_outputs
            self._set(stack, {**kept, **told})
        return stack.outputs

    def delete(self, steps: Sequence[Step], *, parallel: int) -> None:
        """Carries over what is left alone, and then carries out deletions, dependents first."""

        def run(step: Step) -> None:
            with self._counted():
                self.planner.ensure_provider(step.state.provider)
                try:
                    self.executor.run(step)
                except DeploymentError as error:
                    self.fail(error, step.urn, stops=not self._continue_on_error)
                    raise

        for step in steps:
            if step.op is Op.SAME:
                self.executor.run(step)
        condemned = [step for step in steps if step.op is not Op.SAME]
        present = dict.fromkeys(self._checkpoint.resources())
        # What was deleted ahead of a replacement that failed left the state when the replacement was made at last.
        resources = [*present, *(step.state for step in condemned if step.state not in present)]
        deletions.carry_out(
            condemned,
            resources,
            run,
            parallel=parallel,
            kept=deletions.kept_after(resources, self._failed_olds, self._errored)
            | deletions.kept_for_creations_in_doubt(resources, self._checkpoint.pending),
            continue_on_error=self._continue_on_error,
        )


def _joined(old: PropertyMap, new: PropertyMap) -> PropertyMap:
    """The outputs of a part of a stack: maps, one entry a part, keep the entries of the other parts."""
    return {
        key: {**old[key], **value} if isinstance(value, dict) and isinstance(old.get(key), dict) else value
        for key, value in new.items()
    }
