"""What is left to delete once the program has run, and in which order.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (`GenerateDeletes`)
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

from greenroom.sandbox.engine import graph
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.errors import DeploymentError
from greenroom.sandbox.engine.planner import Planner
from greenroom.sandbox.engine.state import CREATING, Operation, ResourceState
from greenroom.sandbox.engine.steps import Op, Step, step
from greenroom.sandbox.engine.targets import Scope


def of_leftovers(planner: Planner, olds: Sequence[ResourceState], scope: Scope) -> list[Step]:
    """The deletions of what was replaced, and of what the program no longer has (of everything, where none ran).

    Args:
        planner: knows what the program registered.
        olds: the last state, dependencies first.
        scope: what the command concerns; the rest is carried over.
    """
    steps: list[Step] = []
    deletable = scope.deletable(olds)
    if scope.is_partial:
        deletable &= _within_registered(planner, olds)
    for state in olds:
        if state.urn not in deletable:
            steps.extend(_carried(planner, state))
        elif state.delete:
            if not planner.is_early_deleted(state):
                steps.append(_deletion_of_replaced(planner, state))
        elif not planner.is_operated_on(state.urn):
            steps.append(_plain_deletion(planner, state))
    return steps


def _within_registered(planner: Planner, olds: Sequence[ResourceState]) -> set[str]:
    """The resources that the program registers, the stack's own apart, and all that lies beneath them."""
    found: set[str] = set()
    for state in olds:  # parents come first
        is_registered = planner.is_operated_on(state.urn) and state.type != urns.STACK_TYPE
        if is_registered or state.parent in found:
            found.add(state.urn)
    return found


def unasked(steps: Iterable[Step], scope: Scope) -> list[Step]:
    """Those deletions that the targets imply and do not name, when dependents were not asked for."""
    return [item for item in steps if item.op is not Op.SAME and not scope.is_asked_for(item.urn)]


def _carried(planner: Planner, state: ResourceState) -> list[Step]:
    if state.delete or planner.is_operated_on(state.urn):
        return []
    new = state.copy()
    new.id = ""
    return [step(Op.SAME, state, new, is_untargeted=True)]


def _deletion_of_replaced(planner: Planner, state: ResourceState) -> Step:
    planner.deleted.add(state.urn)
    return step(Op.DISCARD_REPLACED if state.external else Op.DELETE_REPLACED, state, None)


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
    kept: Collection[ResourceState] = (),
    continue_on_error: bool = False,
) -> list[DeploymentError]:
    """Carries the deletions out, dependents before dependencies, each wave at once.

    A failure ends it with its wave, unless the command goes on after errors: then what the failed resource depends on
    is kept, and so is its parent; everything else goes.

    Args:
        steps: the deletions.
        resources: the state, dependencies first.
        run: carries out one.
        parallel: how many may run at once.
        kept: what is not deleted after all (`kept_after`).
        continue_on_error: whether a failure does not end it.

    Returns:
        What failed.
    """
    by_state = {item.state: item for item in steps}
    errors: list[DeploymentError] = []
    spared = set(kept)

    def attempt(state: ResourceState) -> DeploymentError | None:
        try:
            run(by_state[state])
        except DeploymentError as error:
            return error
        return None

    with ThreadPoolExecutor(parallel, thread_name_prefix="delete") as pool:
        for wave in graph.deletion_waves(resources, by_state):
            goes = [state for state in wave if state not in spared]
            failed = []
            for state, error in zip(goes, pool.map(attempt, goes), strict=True):
                if error is not None:
                    errors.append(error)
                    failed.append(state)
            if errors and not continue_on_error:
                break
            if failed:
                spared |= graph.needed_through(resources, failed)
    return errors


def kept_for_creations_in_doubt(resources: Sequence[ResourceState], pending: Sequence[Operation]) -> set[ResourceState]:
    """What is not deleted while a creation is in doubt that needs it: once imported it would refer to it in vain.

    Args:
        resources: the state, dependencies first.
        pending: the operations whose end is not known.
    """
    creating = [item.resource for item in pending if item.type == CREATING]
    return graph.needed_through([*resources, *creating], creating) if creating else set()


def kept_after(
    resources: Sequence[ResourceState], failed: Collection[ResourceState], errored: Collection[str]
) -> set[ResourceState]:
    """What is not deleted, since others failed or were left out for their sake and depend on it.

    What failed keeps all that it depended on, the replaced as well; what was left out keeps what the state would refer
    to in vain. (The real engine keeps nothing for those left out, and then cannot read its own state.)

    Args:
        resources: the state, dependencies first.
        failed: the old states of what failed.
        errored: the URNs of what failed and of what was left out.
    """
    if not errored:
        return set()
    left_out = [state for state in resources if state.urn in errored]
    referred = {state for state in graph.needed_through(resources, left_out) if not state.delete}
    return graph.needed_through(resources, failed) | referred
