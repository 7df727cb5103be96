"""Who depends on whom, read off a state whose order puts dependencies first.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/graph/dependency_graph.go
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Sequence

from greenroom.sandbox.engine.state import ResourceState


class Index:
    """Who depends on whom, looked up once for a whole deployment: asking costs what the answer is long."""

    def __init__(self, resources: Sequence[ResourceState]) -> None:
        """An index.

        Args:
            resources: the state; it does not change any more.
        """
        self._resources = resources
        self._positions = {state: position for position, state in enumerate(resources)}
        self._dependents: dict[str, list[int]] = {}
        self._companions: dict[str, list[ResourceState]] = {}
        for position, state in enumerate(resources):
            for urn in state.depends_on():
                self._dependents.setdefault(urn, []).append(position)
            for urn in dict.fromkeys((*state.replace_with, state.deleted_with)):
                self._companions.setdefault(urn, []).append(state)

    def __contains__(self, state: object) -> bool:
        return state in self._positions

    def dependents(self, root: ResourceState, ignored: Collection[str]) -> list[ResourceState]:
        """The resources after `root` that depend on it, directly or not, in order; children are no dependents.

        Args:
            root: one of the resources.
            ignored: URNs that cannot depend on it.
        """
        found: list[ResourceState] = []
        seen: set[int] = set()
        open_: list[int] = []

        def follow(state: ResourceState) -> None:
            position = self._positions[state]
            for later in self._dependents.get(state.urn, ()):
                if later > position and later not in seen:
                    seen.add(later)
                    heapq.heappush(open_, later)

        follow(root)
        while open_:
            candidate = self._resources[heapq.heappop(open_)]
            if candidate.urn not in ignored:
                found.append(candidate)
                follow(candidate)
        return found

    def companions(self, urn: str) -> Sequence[ResourceState]:
        """The resources that asked to be replaced with the given one, or are deleted with it."""
        return self._companions.get(urn, ())


def needed_by(resources: Sequence[ResourceState], urns: Collection[str]) -> list[str]:
    """The URNs that these resources need directly: dependencies, providers, parents, a component's children with it.

    Args:
        resources: the state.
        urns: of some of them.
    """
    found: dict[str, None] = {}
    by_urn: dict[str, list[ResourceState]] = {}
    children: dict[str, list[ResourceState]] = {}
    for state in resources:
        if state.urn in urns:
            found.update((item.urn, None) for item in _needed(state, by_urn, children))
        by_urn.setdefault(state.urn, []).append(state)
        if state.parent:
            children.setdefault(state.parent, []).append(state)
    return list(found)


def needed_through(resources: Sequence[ResourceState], roots: Collection[ResourceState]) -> set[ResourceState]:
    """The resources that others need, directly or not: dependencies, providers, parents.

    Args:
        resources: the state, dependencies first.
        roots: some of them.
    """
    open_, urns, found = set(roots), set[str](), set[ResourceState]()
    for state in reversed(resources):
        if state.urn in urns:
            found.add(state)
        if state in open_ or state.urn in urns:
            urns |= state.depends_on()
            urns.add(state.parent)
    return found


def deletion_waves(resources: Sequence[ResourceState], condemned: Iterable[ResourceState]) -> list[list[ResourceState]]:
    """The condemned resources in waves: those of a wave may be deleted at once, each wave after the one before it.

    A resource goes before those that it depends on and before its parent. What a component depends on, its children
    depend on too. The waves are made from the far end, as the real engine makes them: what needs nothing goes last.
    https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (`ScheduleDeletes`)
    """
    remaining = set(condemned)
    depth: dict[ResourceState, int] = {}
    by_urn: dict[str, list[ResourceState]] = {}
    children: dict[str, list[ResourceState]] = {}
    for state in resources:
        if state in remaining:
            needed = _needed(state, by_urn, children)
            depth[state] = 1 + max((depth[item] for item in needed if item in depth), default=-1)
        by_urn.setdefault(state.urn, []).append(state)
        parent = state.parent
        if parent:
            children.setdefault(parent, []).append(state)
    waves: list[list[ResourceState]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for state, level in depth.items():
        waves[level].append(state)
    return waves[::-1]


def _needed(
    state: ResourceState, by_urn: dict[str, list[ResourceState]], children: dict[str, list[ResourceState]]
) -> list[ResourceState]:
    needed: list[ResourceState] = []
    for urn in state.depends_on():
        for dependency in by_urn.get(urn, ()):
            needed.append(dependency)
            if not dependency.custom:
                needed.extend(_descendants(urn, children))
    needed.extend(by_urn.get(state.parent, ()))
    return needed


def _descendants(urn: str, children: dict[str, list[ResourceState]]) -> list[ResourceState]:
    found: list[ResourceState] = []
    for child in children.get(urn, ()):
        found.append(child)
        found.extend(_descendants(child.urn, children))
    return found
