"""Edits of a state by hand, in the spirit of `pulumi state`: what is out there is not touched.

Each holds the stack's lock, keeps what references what whole, and leaves the state before it as the backup.
https://www.pulumi.com/docs/iac/cli/commands/pulumi_state/
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence

from greenroom.sandbox.engine import integrity
from greenroom.sandbox.engine import state_document as documents
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.backend import StateBackend, parse_document
from greenroom.sandbox.engine.errors import StateError
from greenroom.sandbox.engine.state import Deployment, ResourceState


def forget(
    backend: StateBackend, stack: str, urn: str, *, force: bool = False, with_dependents: bool = False
) -> Sequence[str]:
    """Takes a resource out of the state.

    Args:
        backend: where the stack's state is.
        stack: its name.
        urn: the resource's.
        force: whether it goes though it is protected.
        with_dependents: whether what depends on it, and its children, go as well.

    Returns:
        The URNs that went.

    Raises:
        StateError: there is none, it is protected, or others depend on it.
    """
    with backend.lock(stack, f"greenroom sandbox state delete {stack}"):
        deployment, crypter = backend.load(stack)
        _require(stack, deployment, urn)
        goes = _with_dependents(deployment.resources, urn)
        others = sorted(goes - {urn})
        if others and not with_dependents:
            raise StateError(
                "\n    ".join([f"{urn} cannot leave the state, for others need it:", *others]),
                fix="take those out first, or all of them: --target-dependents",
            )
        protected = sorted({item.urn for item in deployment.resources if item.urn in goes and item.protect})
        if protected and not force:
            raise StateError(f"{', '.join(protected)}: protected", fix="`state unprotect` it first, or say --force")
        deployment.resources = [item for item in deployment.resources if item.urn not in goes]
        backend.save(stack, deployment, crypter)
        return [urn, *others]


def _with_dependents(resources: Sequence[ResourceState], urn: str) -> set[str]:
    goes = {urn}
    for item in resources:
        if not goes.isdisjoint(item.depends_on() | {item.parent}):
            goes.add(item.urn)
    return goes


def unprotect(backend: StateBackend, stack: str, wanted: Collection[str] | None) -> Sequence[str]:
    """Takes the protection off resources, or, with None, off all of them.

    Returns:
        The URNs of those that were protected.

    Raises:
        StateError: one is not there.
    """
    with backend.lock(stack, f"greenroom sandbox state unprotect {stack}"):
        deployment, crypter = backend.load(stack)
        for urn in wanted or ():
            _require(stack, deployment, urn)
        changed = [item for item in deployment.resources if item.protect and (wanted is None or item.urn in wanted)]
        for item in changed:
            item.protect = False
        if changed:
            backend.save(stack, deployment, crypter)
        return [item.urn for item in changed]


def rename(backend: StateBackend, stack: str, urn: str, name: str) -> str:
    """Gives a resource another logical name; whatever refers to it follows.

    Returns:
        Its new URN.

    Raises:
        StateError: it is not there, or the name is taken.
    """
    with backend.lock(stack, f"greenroom sandbox state rename {stack}"):
        deployment, crypter = backend.load(stack)
        _require(stack, deployment, urn)
        renamed = f"{urn.removesuffix(urns.name_of(urn))}{name}"
        if not name or any(item.urn == renamed for item in deployment.resources):
            raise StateError(f"{name!r} cannot be its name", fix=f"choose one that is not taken: {renamed} is")
        for item in deployment.resources:
            item.renames(urn, renamed)
            item.urn = renamed if item.urn == urn else item.urn
        backend.save(stack, deployment, crypter)
        return renamed


def repair(backend: StateBackend, stack: str) -> Sequence[str]:
    """Puts a state right that a hand has edited: order, and references to what is not there.

    Returns:
        What was wrong with it.

    Raises:
        StateError: it is no JSON, or what is wrong cannot be mended by that.
    """
    file = backend.path(stack)
    with backend.lock(stack, f"greenroom sandbox state repair {stack}", mends=True):
        if backend.journal_path(stack).exists():
            # What a killed command did goes by the state as it was, and cannot be told of a mended one.
            backend.compact(stack)
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        try:
            document = json.loads(text)
            problems = integrity.violations(document["deployment"], text)
            if not problems:
                return []
            resources = integrity.repaired(documents.resources_of(document))
            salt = documents.salt_of(document)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            backend.load(stack)  # tells what is wrong with the file
            raise StateError(f"{file}: it cannot be mended: {error!r}") from error
        mended = documents.make_document(resources, documents.pending_of(document), salt, document)
        parse_document(documents.to_text(mended).encode())
        backend.write(stack, mended)
        return problems


def _require(stack: str, deployment: Deployment, urn: str) -> None:
    if all(item.urn != urn for item in deployment.resources):
        raise StateError(
            f"stack {stack!r} has no resource {urn}", fix=f"they are: greenroom sandbox state list {stack}"
        )
