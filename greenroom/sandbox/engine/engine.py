"""The engine: previews, updates, refreshes and destroys one stack of one project.

```python
engine = Engine(load_project_file(folder), "dev", backend=StateBackend(home), providers={"aws": make_aws})
result = engine.up()
```
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace

from greenroom.sandbox.engine import deletions
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.builtins import PACKAGE as BUILTIN_PACKAGE
from greenroom.sandbox.engine.builtins import BuiltinProvider
from greenroom.sandbox.engine.callbacks import Callbacks
from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.deployment import Deployment
from greenroom.sandbox.engine.engine_service import EngineService
from greenroom.sandbox.engine.errors import DeploymentError, StateWriteError, TargetError
from greenroom.sandbox.engine.events import Diagnostic, EngineEvent, Finished, Listener, ProgramStarted
from greenroom.sandbox.engine.executor import Executor
from greenroom.sandbox.engine.hooks import Hooks, delete_hooks
from greenroom.sandbox.engine.monitor import ResourceMonitor
from greenroom.sandbox.engine.options import DEFAULTS, Options
from greenroom.sandbox.engine.planner import Planner
from greenroom.sandbox.engine.program import Program, long_gc_leash
from greenroom.sandbox.engine.project import ProjectFile, StackSettings
from greenroom.sandbox.engine.provider_calls import Coroutines
from greenroom.sandbox.engine.providers import ProviderFactory, ProviderRegistry
from greenroom.sandbox.engine.refresh import Refresh
from greenroom.sandbox.engine.result import Result
from greenroom.sandbox.engine.settling import how_to_settle
from greenroom.sandbox.engine.state import CREATING, ResourceState
from greenroom.sandbox.engine.steps import Op, Step
from greenroom.sandbox.engine.targets import Scope
from greenroom.sandbox.engine.transforms import Transforms
from greenroom.sandbox.engine.values import PropertyMap, blind

PROGRAM_GRACE_SECONDS = 5.0
"""How long an interrupted program may take to end, once nothing of it is under way any more."""


class _Run:
    """One command on one stack: everything that is made for it and thrown away after it."""

    def __init__(self, engine: Engine, options: Options, *, preview: bool) -> None:
        self.preview = preview
        self.options = options
        self.parallel = engine.parallel if options.parallel is None else options.parallel
        self.started = time.monotonic()
        self.diagnostics: list[Diagnostic] = []
        self.steps: list[Step] = []
        self._listener = engine.listener
        self._outside = contextvars.copy_context()
        self._telling = threading.Lock()
        base, crypter = engine.backend.load(engine.stack)
        self.settings = engine.settings()
        if not base.salt and self.settings.salt:
            crypter = engine.backend.crypter(self.settings.salt)
        self.checkpoint = Checkpoint(engine.backend, engine.stack, base, crypter, dry=preview)
        self.coroutines = Coroutines()
        self.callbacks = Callbacks()
        builtin = BuiltinProvider(engine.stack_outputs, self._registered)
        factories = {**engine.providers, BUILTIN_PACKAGE: lambda: builtin}
        self.registry = ProviderRegistry(factories, self.coroutines)
        self.deployment = self._prepare(engine, base.resources)

    def _prepare(self, engine: Engine, olds: Iterable[ResourceState]) -> Deployment:
        self.olds = list(olds)
        self.scope = Scope(self.options)
        self.planner = Planner(
            self.olds,
            self.registry,
            project=engine.project.name,
            stack=engine.stack,
            preview=self.preview,
            scope=self.scope,
            warn=lambda urn, message: self.emit(Diagnostic("warning", message, urn)),
            complain=lambda urn, message: self.deployment.report("error", message, urn, stops=False),
        )
        hooks = Hooks(
            self.callbacks,
            preview=self.preview,
            warn=lambda urn, message: self.emit(Diagnostic("warning", message, urn)),
            complain=lambda urn, message: self.deployment.report(
                "error", message, urn, stops=not self.options.continue_on_error
            ),
        )
        executor = Executor(
            self.planner,
            self.registry,
            self.checkpoint,
            self.emit,
            hooks,
            preview=self.preview,
            parallel=self.parallel,
        )
        return Deployment(
            planner=self.planner,
            executor=executor,
            hooks=hooks,
            registry=self.registry,
            checkpoint=self.checkpoint,
            settings=self.settings,
            emit=self.emit,
            continue_on_error=self.options.continue_on_error,
            is_partial=self.options.is_partial,
        )

    def _registered(self, urn: str) -> ResourceState | None:
        return self.deployment.registered(urn)

    def replan(self, engine: Engine) -> None:
        """Starts over from the state as it is now (after a refresh)."""
        self.deployment = self._prepare(engine, self.checkpoint.resources())

    def emit(self, event: EngineEvent) -> None:
        """Tells the listener, outside the program's context, one event at a time."""
        with self._telling:
            if isinstance(event, Diagnostic):
                event = replace(event, message=blind(event.message, self.settings.secrets()))
                self.diagnostics.append(event)
            self._outside.copy().run(self._listener, event)

    def finish(self, outputs: PropertyMap) -> Result:
        """The result; the last event."""
        try:
            self.checkpoint.finish()
        except StateWriteError as error:
            self.deployment.fail(error)
        steps = (*self.steps, *self.deployment.executor.steps)
        result = Result(
            succeeded=not self.deployment.has_failed,
            # What an update read first is listed, and not counted: its resources are counted by what is done to them.
            changes=_count(self.deployment.executor.steps or self.steps),
            steps=steps,
            outputs=outputs,
            duration_seconds=time.monotonic() - self.started,
            diagnostics=tuple(self.diagnostics),
            config=self.settings.for_display(),
        )
        self.emit(Finished(result))
        return result

    def forget_settled(self) -> None:
        """Drops the operations of earlier commands that this one has settled: a creation is the user's to settle."""
        if not self.deployment.has_failed:
            self.checkpoint.clear_pending(lambda operation: operation.type == CREATING)

    def close(self) -> None:
        """Lets the providers and the journal go."""
        self.checkpoint.close()
        self.callbacks.close()
        self.registry.close()
        self.coroutines.close()


class Engine:
    """The sandbox's engine for one stack of one project."""

    def __init__(
        self,
        project: ProjectFile,
        stack: str,
        *,
        backend: StateBackend,
        providers: Mapping[str, ProviderFactory],
        listener: Listener | None = None,
        parallel: int = 16,
    ) -> None:
        """An engine.

        Args:
            project: whose program runs.
            stack: the stack's name.
            backend: where its state is kept.
            providers: package → makes a new instance of its provider; one is made for every provider resource. Its
                methods are called by several threads at once.
            listener: takes the events, one at a time, from whichever thread.
            parallel: how many operations of providers may run at once.
        """
        self.project = project
        self.stack = stack
        self.backend = backend
        self.providers = dict(providers)
        self.listener: Listener = listener or (lambda _event: None)
        self.parallel = parallel

    def settings(self) -> StackSettings:
        """The stack's configuration."""
        return self.project.stack_settings(self.stack, self.backend.passphrase)

    def stack_outputs(self, name: str) -> PropertyMap:
        """The outputs of a stack of the same home: ``STACK``, ``PROJECT/STACK`` or ``ORGANIZATION/PROJECT/STACK``.

        Raises:
            DeploymentError: there is no such stack.
        """
        *_, stack = name.split("/")
        project = name.split("/")[-2] if "/" in name else self.project.name
        backend = self.backend if project == self.project.name else self.backend.sibling(project)
        if stack not in backend.list():
            known = ", ".join(backend.list()) or "none"
            raise DeploymentError(
                f"unknown stack {name!r}", fix=f"deploy it into the sandbox first; stacks of {project}: {known}"
            )
        return backend.load(stack)[0].outputs()

    # -- commands ----------------------------------------------------------------------------------------------------

    def preview(self, options: Options = DEFAULTS) -> Result:
        """What `up` would do. Nothing is changed, neither out there nor in the state."""
        with self._running(options, preview=True) as run:
            return self._update(run)

    def up(self, options: Options = DEFAULTS) -> Result:
        """Runs the program and brings the stack to what it asks for.

        Raises:
            StackLockedError: another command holds the stack.
            StateError: its state cannot be read.
            TargetError: a resource to replace is not in the stack.
        """
        with self._locked("up"), self._running(options, preview=False) as run:
            return self._update(run)

    def refresh(self, options: Options = DEFAULTS) -> Result:
        """Reads the resources, and takes over into the state what is there now.

        Operations whose end an earlier command did not see are told of, and taken as settled, but for creations: no
        reading finds what has no id, so those are for `settling.settle_pending_creates`.

        Raises:
            TargetError: a target is not in the stack.
        """
        with self._locked("refresh"), self._running(options, preview=False) as run:
            self._tell_of_doubts(run)
            self._refresh(run)
            run.forget_settled()
            return run.finish(_stack_outputs(run.checkpoint.resources()))

    def destroy(self, options: Options = DEFAULTS) -> Result:
        """Deletes everything, or the targets, dependents first.

        A protected resource is refused before anything is deleted.

        Raises:
            TargetError: a target is not in the stack.
        """
        with self._locked("destroy"), self._running(options, preview=False) as run:
            self._tell_of_doubts(run)
            run.scope.check_known(_urns(run.olds))
            steps = deletions.of_leftovers(run.planner, run.olds, run.scope)
            protected = [step for step in steps if step.op is not Op.SAME and step.state.protect and not step.is_part]
            for step in protected:
                run.deployment.report("error", f"{step.urn} is protected: it cannot be deleted", step.urn)
            if not protected and self._refuse_unasked(run, steps) and self._refuse_hooked(run, steps):
                run.deployment.delete(steps, parallel=run.parallel)
                run.forget_settled()
            return run.finish(_stack_outputs(run.checkpoint.resources()))

    # -- their parts -------------------------------------------------------------------------------------------------

    @contextmanager
    def _locked(self, command: str) -> Iterator[None]:
        with self.backend.lock(self.stack, f"greenroom sandbox {command} {self.stack}"):
            yield

    @contextmanager
    def _running(self, options: Options, *, preview: bool) -> Iterator[_Run]:
        run = _Run(self, options, preview=preview)
        try:
            with long_gc_leash():
                yield run
        finally:
            run.close()

    def _update(self, run: _Run) -> Result:
        self._tell_of_doubts(run)
        if self._read_first(run):
            if run.deployment.has_failed:
                return run.finish(_stack_outputs(run.checkpoint.resources()))
            run.replan(self)
        run.scope.check_known(_urns(run.olds), what=("replaces",))
        run.emit(ProgramStarted(self.project.name, self.stack, run.preview))
        deployment = run.deployment
        outputs: list[PropertyMap] = []
        ending = threading.Lock()

        def at_end() -> None:
            """Ends the deployment, while the program is there to have its hooks called; once."""
            with ending:
                if outputs:
                    return
                outputs.append({})
                if not deployment.has_stopped:
                    self._delete_leftovers(run)
                # Last, as in the real engine: after a deletion that failed, outputs that are no more keep their value.
                outputs[0] = deployment.finish_outputs()

        failure = self._run_program(run, at_end)
        if failure is not None and not deployment.has_stopped:
            deployment.report("error", failure)
        at_end()
        if not deployment.has_failed:
            run.forget_settled()
        return run.finish(outputs[0])

    def _read_first(self, run: _Run) -> bool:
        """Reads what is there, of everything where that is asked for, else of what earlier commands left in doubt.

        The real engine goes by what its state said before the operation in doubt, unless it is told to refresh.
        """
        in_doubt = {item.resource.urn for item in run.checkpoint.pending if item.type != CREATING}
        if run.options.refresh:
            self._refresh(run)
        elif in_doubt:
            self._refresh(run, [state for state in run.olds if state.urn in in_doubt])
        return bool(run.options.refresh or in_doubt)

    def _delete_leftovers(self, run: _Run) -> None:
        """What the program no longer has goes; targets that neither it nor the state has are told of."""
        missing = run.scope.missing({*_urns(run.olds), *run.planner.seen})
        steps = deletions.of_leftovers(run.planner, run.olds, run.scope)
        if self._refuse_unasked(run, steps):
            run.deployment.delete(steps, parallel=run.parallel)
        if missing:
            run.deployment.fail(TargetError(missing))

    @staticmethod
    def _refuse_hooked(run: _Run, steps: Sequence[Step]) -> bool:
        """Whether the deletions need no program: it runs the hooks, and a destroy does not run it."""
        hooked = {step.urn: delete_hooks(step.state) for step in steps if step.op is not Op.SAME}
        for urn, names in hooked.items():
            if names:
                run.deployment.report(
                    "error",
                    f"{urn} has delete hooks ({', '.join(names)}), which only a running program can run\n"
                    "fix: take the resource out of the program and run `up`; or take its hooks off, run `up`, and "
                    "destroy then",
                    urn,
                )
        return not any(hooked.values())

    @staticmethod
    def _refuse_unasked(run: _Run, steps: Sequence[Step]) -> bool:
        """Whether the deletions may begin: all of them were asked for, or this is a preview, which shows them."""
        unasked = deletions.unasked(steps, run.scope)
        for step in unasked:
            run.deployment.report(
                "error",
                f"{step.urn!r} must be deleted with a target, and is not targeted itself\n"
                "fix: target it as well, or pass --target-dependents",
                step.urn,
                stops=not run.preview,
            )
        return not unasked or run.preview

    def _run_program(self, run: _Run, at_end: Callable[[], None]) -> str | None:
        deployment = run.deployment
        monitor = ResourceMonitor(
            deployment,
            Transforms(run.callbacks),
            project=self.project.name,
            stack=self.stack,
            dry_run=run.preview,
            parallel=run.parallel,
            at_end=at_end,
        )
        program = Program(
            self.project,
            self.stack,
            run.settings,
            monitor=monitor,
            engine=EngineService(deployment),
            dry_run=run.preview,
            parallel=run.parallel,
            say=lambda line: deployment.report("info", line),
            inline=all(getattr(factory, "never_waits", False) for factory in self.providers.values()),
        )
        try:
            return program.run()
        except KeyboardInterrupt:
            deployment.cancel()
            deployment.report("error", "interrupted: operations under way run to their end, nothing new is begun")
            deployment.wait_until_idle()
            program.wait(PROGRAM_GRACE_SECONDS)
            return None

    def _refresh(self, run: _Run, resources: Sequence[ResourceState] | None = None) -> None:
        """Reads resources; where none are named, those that the command concerns."""
        run.scope.check_known(_urns(run.olds))
        refresh = Refresh(run.planner, run.registry, run.checkpoint, run.emit)
        asked = run.scope.refreshed(run.olds) if resources is None else resources
        steps, errors = refresh.run(asked, parallel=run.parallel)
        run.steps.extend(steps)
        for error in errors:
            run.deployment.fail(error)

    def _tell_of_doubts(self, run: _Run) -> None:
        """Operations whose end an earlier command did not see."""
        for operation in run.checkpoint.pending:
            state = operation.resource
            run.emit(
                Diagnostic(
                    "warning",
                    f"a command ended while {operation.type} {urns.name_of(state.urn)!r} ({state.type}); "
                    f"how it came out is not known\nfix: {how_to_settle(operation, self.stack)}",
                    state.urn,
                )
            )


def _urns(resources: Iterable[ResourceState]) -> set[str]:
    return {state.urn for state in resources}


def _stack_outputs(resources: Iterable[ResourceState]) -> PropertyMap:
    return next((state.outputs for state in resources if state.type == urns.STACK_TYPE), {})


def _count(steps: Iterable[Step]) -> dict[str, int]:
    """How many resources each op concerns; the parts of a replacement count as one. Default providers do not count."""
    counted = Counter(
        step.op.value for step in steps if not step.is_part and not step.is_internal and step.op != "read"
    )
    return dict(sorted(counted.items()))
