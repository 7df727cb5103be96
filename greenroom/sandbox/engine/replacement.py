"""Which resources must go before one that is deleted before it is replaced.

A dependent must go first if a change of what it takes from the condemned resource would make it anew. To find out, the
properties that depend on something condemned are taken as unknown, and the dependent's provider is asked for the
difference.

This is how a stack deregisters a scalable target before the instance type under it changes: a Stash that holds the
instance type, replaced (and deleted first) when it changes; a target whose replacing input derives from the Stash's
output. The engine deletes the target, replaces the Stash, lets the endpoint update, and registers the target again.
https://www.pulumi.com/docs/iac/concepts/resources/options/deletebeforereplace/
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from greenroom.sandbox.engine import graph
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.values import UNKNOWN, PropertyMap


@dataclass(frozen=True, slots=True)
class Dependent:
    """A resource that goes first, and the properties for whose sake."""

    state: ResourceState
    keys: tuple[str, ...] = ()

    @property
    def urn(self) -> str:
        """Its URN."""
        return self.state.urn


def dependents(
    index: graph.Index,
    root: ResourceState,
    registered: Collection[str],
    would_replace: Callable[[ResourceState, PropertyMap], tuple[bool, tuple[str, ...]]],
) -> list[Dependent]:
    """The dependents of `root` that must be made anew with it, in order of dependency.

    Args:
        index: the old state.
        root: the resource that is to be deleted first.
        registered: URNs that the program has registered before it, which therefore cannot depend on it.
        would_replace: asks a resource's provider whether these inputs would make it anew, and for which properties.
    """
    found: list[Dependent] = []
    condemned = {root.urn}
    for state in index.dependents(root, registered):
        if not state.custom or state.external:
            continue
        if _goes_along(state, condemned):
            found.append(Dependent(state))
            condemned.add(state.urn)
            continue
        inputs = _with_unknowns(state, condemned)
        if inputs is None:
            continue
        replaces, keys = would_replace(state, inputs)
        if replaces:
            found.append(Dependent(state, keys))
            condemned.add(state.urn)
    return found


def _goes_along(state: ResourceState, condemned: Collection[str]) -> bool:
    """Whether the resource cannot outlive a condemned one, whatever its properties."""
    provider = urns.split_provider_reference(state.provider)[0] if state.provider else ""
    return provider in condemned or state.deleted_with in condemned


def _with_unknowns(state: ResourceState, condemned: Collection[str]) -> PropertyMap | None:
    """The resource's inputs, those that derive from a condemned resource unknown; None if none of them does."""
    touched = {key for key in state.inputs if any(urn in condemned for urn in state.property_dependencies.get(key, ()))}
    if not touched:
        return None
    return {key: UNKNOWN if key in touched else value for key, value in state.inputs.items()}


def cascades(index: graph.Index, urn: str, excluded: Collection[str]) -> list[Dependent]:
    """The resources that asked to be replaced with, or are deleted with, the given one."""
    return [Dependent(state) for state in index.companions(urn) if not state.delete and state.urn not in excluded]
