"""What is left to delete once the program has run, and in which order.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (`GenerateDeletes`)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from greenroom.sandbox.engine import graph
from greenroom.sandbox.engine.errors import DeploymentError
from greenroom.sandbox.engine.planner import Planner
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.steps import Op, Step, step


def after_program(planner: Planner, olds: Iterable[ResourceState]) -> list[Step]:
    """The deletions of what was replaced, and of what the program no longer has."""
    steps: list[Step] = []
    for state in olds:
        if state.delete:
            if not planner.is_early_deleted(state):
                planner.deleted.add(state.urn)
                op = Op.DISCARD_REPLACED if state.external else Op.DELETE_REPLACED
                steps.append(step(op, state, None))
        elif not planner.is_operated_on(state.urn):
            steps.append(_plain_deletion(planner, state))
    return steps


def of_everything(planner: Planner, olds: Iterable[ResourceState]) -> list[Step]:
    """The deletions that a destroy comes to."""
    return [
        step(Op.DISCARD_REPLACED if state.external else Op.DELETE_REPLACED, state, None)
        if state.delete
        else _plain_deletion(planner, state)
        for state in olds
    ]


def _plain_deletion(planner: Planner, state: ResourceState) -> Step:
    planner.deleted.add(state.urn)
    if state.pending_replacement:
        return step(Op.REMOVE_PENDING_REPLACE, state, None)
    return step(Op.DISCARD if state.external else Op.DELETE, state, None)


def carry_out(
    steps: Sequence[Step],
    resources: Sequence[ResourceState],
    run: Callable[[Step], None],
    *,
    parallel: int,
) -> list[DeploymentError]:
    """Carries the deletions out, dependents before dependencies.

    What a failed deletion's resource depends on is kept, and so is its parent; everything else goes on.

    Args:
        steps: the deletions.
        resources: the state, dependencies first.
        run: carries out one.
        parallel: how many may run at once.

    Returns:
        What failed.
    """
    by_state = {item.state: item for item in steps}
    kept_urns: set[str] = set()
    errors: list[DeploymentError] = []

    def attempt(state: ResourceState) -> DeploymentError | None:
        try:
            run(by_state[state])
        except DeploymentError as error:
            return error
        return None

    with ThreadPoolExecutor(parallel, thread_name_prefix="delete") as pool:
        for wave in graph.deletion_waves(resources, by_state):
            goes = [state for state in wave if state.urn not in kept_urns]
            kept = [state for state in wave if state.urn in kept_urns]
            for state, error in zip(goes, pool.map(attempt, goes), strict=True):
                if error is not None:
                    errors.append(error)
                    kept.append(state)
            for state in kept:
                kept_urns |= state.depends_on() | {state.parent}
    return errors
