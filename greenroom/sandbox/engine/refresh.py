"""Refresh: reads every resource and takes over what is there now.

What is gone leaves the state; what has drifted is told with its difference, which is framed as the change that happened
out there (the inverse of what the next `up` would do about it).
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step.go (`RefreshStep`)
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.diffs import Diff, with_values
from greenroom.sandbox.engine.errors import DeploymentError
from greenroom.sandbox.engine.events import EngineEvent, StepFailed, StepStarted, StepSucceeded
from greenroom.sandbox.engine.planner import Planner
from greenroom.sandbox.engine.providers import ProviderRegistry
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.steps import Op, Step, step
from greenroom.sandbox.engine.values import equal


class Refresh:
    """One refresh of one stack's state."""

    def __init__(
        self,
        planner: Planner,
        registry: ProviderRegistry,
        checkpoint: Checkpoint,
        emit: Callable[[EngineEvent], None],
    ) -> None:
        self._planner = planner
        self._registry = registry
        self._checkpoint = checkpoint
        self._emit = emit

    def run(self, resources: Sequence[ResourceState], *, parallel: int) -> tuple[list[Step], list[DeploymentError]]:
        """Reads the resources, as many at once as `parallel` says.

        Returns:
            A step a resource that the provider was asked about (refresh: unchanged; update: drifted; delete: gone), and
            what failed.
        """
        asked = [state for state in resources if state.custom and not state.is_provider]
        asked = [state for state in asked if not state.pending_replacement]
        with ThreadPoolExecutor(parallel, thread_name_prefix="refresh") as pool:
            results = list(pool.map(self._attempt, asked))
        gone = {
            item.urn: item.old.parent
            for item in results
            if isinstance(item, Step) and item.op is Op.DELETE and item.old is not None
        }
        self._forget(gone)
        steps = [item for item in results if isinstance(item, Step)]
        return steps, [item for item in results if isinstance(item, DeploymentError)]

    def _attempt(self, state: ResourceState) -> Step | DeploymentError:
        begun = step(Op.REFRESH, state, state)
        self._emit(StepStarted(begun))
        try:
            done = self._refresh(state)
        except DeploymentError as error:
            self._emit(StepFailed(begun, error.message))
            return error
        self._emit(StepSucceeded(done))
        return done

    def _refresh(self, old: ResourceState) -> Step:
        self._planner.ensure_provider(old.provider)
        provider = self._registry.instance(old.provider, old.urn)
        found = provider.read(old.urn, old.id, old.inputs, old.outputs)
        if not found.id:
            with self._checkpoint.change() as change:
                change.remove(old)
            return step(Op.DELETE, old, None)
        new = old.copy()
        new.id, new.outputs = found.id, found.outputs
        new.inputs = old.inputs if found.inputs is None else found.inputs
        if equal(new.inputs, old.inputs) and equal(new.outputs, old.outputs) and new.id == old.id:
            return step(Op.REFRESH, old, old)
        new.modified = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        with self._checkpoint.change() as change:
            change.replace(old, new)
        if old.external:
            return step(Op.UPDATE, old, new)
        diff = provider.diff(new.urn, new.id, new.inputs, new.outputs, old.inputs, ignored=old.ignore_changes)
        if not diff.changes:
            return step(Op.REFRESH, old, new)
        inverted = _inverted(diff)
        detailed = with_values(inverted, old.inputs, old.outputs, new.inputs)
        return replace(step(Op.UPDATE, old, new, inverted), detailed_diff=detailed)

    def _forget(self, gone: Mapping[str, str]) -> None:
        """Takes the dependencies on what is gone out of what remains; its children are its parent's from now on."""
        if not gone:
            return
        with self._checkpoint.change() as change:
            for state in self._checkpoint.merged_unlocked():
                if state.drops(gone):
                    change.touch(state)


def _inverted(diff: Diff) -> Diff:
    detailed = diff.detailed and {key: replace(item, kind=item.kind.inverted()) for key, item in diff.detailed.items()}
    return replace(diff, detailed=detailed)
