"""Operations in doubt: begun by a command that was killed, so that nobody knows how they came out.

A read settles an update, a deletion and a read. A creation that was cut short has no id to read by; whether it came to
anything is for the user to say, as in the real engine: it was made, and has this id, or it was not.
https://www.pulumi.com/docs/iac/cli/commands/pulumi_refresh/ (`--import-pending-creates`, `--clear-pending-creates`)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.errors import StateError
from greenroom.sandbox.engine.state import CREATING, Deployment, Operation, ResourceState


@dataclass(frozen=True)
class Settled:
    """What became of creations in doubt: their URNs.

    Attributes:
        imported: they came to something, which is in the state now.
        cleared: they came to nothing.
        left: they are still in doubt.
    """

    imported: Sequence[str]
    cleared: Sequence[str]
    left: Sequence[str]


def how_to_settle(operation: Operation, stack: str) -> str:
    """What a user can do about an operation in doubt."""
    if operation.type != CREATING:
        return f"`greenroom sandbox refresh {stack}` reads what is there"
    urn = operation.resource.urn
    return (
        f"look whether it is there (`aws …` against the local AWS): if it is, "
        f"`greenroom sandbox refresh {stack} --import-pending-creates '{urn}' ID`; "
        f"if it is not, `greenroom sandbox refresh {stack} --clear-pending-creates`"
    )


def pending_creates(backend: StateBackend, stack: str) -> list[Operation]:
    """The creations of a stack that are in doubt."""
    return [item for item in backend.load(stack)[0].pending if item.type == CREATING]


def settle_pending_creates(backend: StateBackend, stack: str, *, imports: Mapping[str, str], clear: bool) -> Settled:
    """Settles creations in doubt as the user says; a refresh then reads what was imported.

    Args:
        backend: where the stack's state is.
        stack: its name.
        imports: URN → id of those that came to something.
        clear: whether all others came to nothing.

    Raises:
        StateError: a URN has no creation in doubt.
    """
    with backend.lock(stack, f"greenroom sandbox refresh {stack}"):
        deployment, crypter = backend.load(stack)
        in_doubt = [item for item in deployment.pending if item.type == CREATING]
        _refuse_unknown(stack, imports, in_doubt)
        # A URN may be in doubt more than once, if commands went on without settling it: an id is one of them.
        imported = list({item.resource.urn: item for item in in_doubt if item.resource.urn in imports}.values())
        others = [item.resource.urn for item in in_doubt if item not in imported]
        for item in imported:
            _take_in(deployment, item.resource, imports[item.resource.urn])
        goes = in_doubt if clear else imported
        deployment.pending = [item for item in deployment.pending if item not in goes]
        if goes:
            backend.save(stack, deployment, crypter)
    return Settled(
        imported=[item.resource.urn for item in imported],
        cleared=others if clear else [],
        left=[] if clear else others,
    )


def clear_pending_create(backend: StateBackend, stack: str, urn: str) -> None:
    """Notes that the creation in doubt of one resource came to nothing."""
    with backend.lock(stack, f"greenroom sandbox refresh {stack}"):
        deployment, crypter = backend.load(stack)
        deployment.pending = [item for item in deployment.pending if item.type != CREATING or item.resource.urn != urn]
        backend.save(stack, deployment, crypter)


def _refuse_unknown(stack: str, imports: Mapping[str, str], in_doubt: Sequence[Operation]) -> None:
    known = [item.resource.urn for item in in_doubt]
    unknown = [urn for urn in imports if urn not in known]
    if unknown:
        raise StateError(
            f"no creation is in doubt of {', '.join(unknown)}",
            fix=f"creations of stack {stack!r} that are in doubt: {', '.join(known) or 'none'}",
        )


def _take_in(deployment: Deployment, resource: ResourceState, id_: str) -> None:
    """Puts a resource where its creation would have put it: before the one that it replaces, which is to be deleted."""
    state = resource.copy()
    state.id = id_
    if urns.is_provider_type(state.type) or not state.custom:
        raise StateError(f"{state.urn} is no resource that can be imported", fix="clear it instead")
    resources = [item for item in deployment.resources if not (item.urn == state.urn and item.pending_replacement)]
    place = len(resources)
    for index, item in enumerate(resources):
        if item.urn == state.urn and not item.delete:
            item.delete = True
            place = index
            break
    missing = sorted(_missing(state, resources))
    if missing:
        raise StateError(
            f"{state.urn} cannot be imported: it needs {', '.join(missing)}, which the state has no more",
            fix=f"clear it, and delete {id_} in the local AWS",
        )
    resources.insert(place, state)
    deployment.resources = resources


def _missing(state: ResourceState, resources: Sequence[ResourceState]) -> set[str]:
    known = {item.urn for item in resources} | {f"{item.urn}::{item.id}" for item in resources}
    return {needed for needed in (state.parent, state.provider, *state.depends_on()) if needed and needed not in known}
