"""Who depends on whom, read off a state whose order puts dependencies first.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/graph/dependency_graph.go
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from greenroom.sandbox.engine.state import ResourceState


def dependents(
    resources: Sequence[ResourceState], root: ResourceState, ignored: Collection[str]
) -> list[ResourceState]:
    """The resources after `root` that depend on it, directly or not, in order; children are no dependents.

    Args:
        resources: the state.
        root: one of them.
        ignored: URNs that cannot depend on it.
    """
    found: list[ResourceState] = []
    condemned = {root.urn}
    for candidate in resources[resources.index(root) + 1 :]:
        if candidate.urn not in ignored and not condemned.isdisjoint(candidate.depends_on()):
            found.append(candidate)
            condemned.add(candidate.urn)
    return found


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
