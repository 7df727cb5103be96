"""Which resources a command concerns: targets, excludes and replacements asked for by URN.

The engine's own affairs are never out of scope: the stack's resource and providers, default or explicit.
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/deployment.go (`UrnTargets`) and step_generator.go
(`isTargetedForUpdate`, `isExcludedFromUpdate`, `GenerateDeletes`)
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

from greenroom.sandbox.engine import graph
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.errors import TargetError
from greenroom.sandbox.engine.options import Options
from greenroom.sandbox.engine.state import ResourceState


class UrnPatterns:
    """A set of URNs, some of them given by wildcards."""

    def __init__(self, patterns: Iterable[str]) -> None:
        """A set.

        Args:
            patterns: URNs; in one that has a ``*``, that stands for any text without a colon, ``**`` for any text.
        """
        given = tuple(patterns)
        self.literals = dict.fromkeys(text for text in given if "*" not in text)
        self._wildcards = [re.compile(_expression(text), re.DOTALL) for text in given if "*" in text]

    def __bool__(self) -> bool:
        return bool(self.literals or self._wildcards)

    def __contains__(self, urn: str) -> bool:
        return urn in self.literals or any(item.fullmatch(urn) for item in self._wildcards)

    def add(self, urn: str) -> None:
        """One more URN."""
        self.literals[urn] = None


def _expression(text: str) -> str:
    return ".*".join("[^:]*".join(re.escape(part) for part in segment.split("*")) for segment in text.split("**"))


class Scope:
    """What one command concerns; it learns the dependents of targets and excludes as they are registered."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._targets = UrnPatterns(options.targets)
        self._excludes = UrnPatterns(options.excludes)
        self._replaces = UrnPatterns(options.replaces)
        self._with_dependents = UrnPatterns(options.targets)
        self._excluded_with_dependents = UrnPatterns(options.excludes)

    @property
    def has_targets(self) -> bool:
        """Whether the command names what it concerns."""
        return bool(self._targets)

    @property
    def is_partial(self) -> bool:
        """Whether the program declares a part of the stack only."""
        return self._options.is_partial

    @property
    def is_everything(self) -> bool:
        """Whether the command concerns every resource."""
        return not self._targets and not self._excludes

    def replaces(self, urn: str) -> bool:
        """Whether the resource is to be made anew."""
        return urn in self._replaces

    def includes(self, state: ResourceState) -> bool:
        """Whether the command concerns a resource that the program registers."""
        if self.is_everything or state.is_provider or urns.qualified_type(state.urn) == urns.STACK_TYPE:
            return True
        return self._targeted(state) if self._targets else not self._excluded(state)

    def learn(self, state: ResourceState) -> None:
        """Notes a resource that was registered: its dependents share its lot where the options say so."""
        if self._excludes and self._excluded(state) and not self.includes(state):
            self._excluded_with_dependents.add(state.urn)
        elif self._targets and self._targeted(state):
            self._with_dependents.add(state.urn)

    def _targeted(self, state: ResourceState) -> bool:
        if state.urn in self._targets:
            return True
        return self._options.target_dependents and any(urn in self._with_dependents for urn in needs(state))

    def _excluded(self, state: ResourceState) -> bool:
        if state.urn in self._excludes:
            return True
        return self._options.exclude_dependents and any(urn in self._excluded_with_dependents for urn in needs(state))

    # -- what is checked before and after -----------------------------------------------------------------------------

    def missing(self, known: Collection[str], what: Iterable[str] = ("targets",)) -> list[str]:
        """The URNs given that are not among those known; wildcards may match nothing."""
        given = {"targets": self._targets, "excludes": self._excludes, "replaces": self._replaces}
        return [urn for name in what for urn in given[name].literals if urn not in known]

    def check_known(self, known: Collection[str], *, what: Iterable[str] = ("targets", "excludes")) -> None:
        """Refuses URNs that the stack does not have.

        Raises:
            TargetError: names all of them.
        """
        missing = self.missing(known, what)
        if missing:
            raise TargetError(missing)

    # -- deletions and refreshes --------------------------------------------------------------------------------------

    def deletable(self, resources: Sequence[ResourceState]) -> set[str]:
        """The URNs that may be deleted: targets with all that needs them; or all but excludes and what these need."""
        if self._targets:
            found = {state.urn for state in resources if state.urn in self._targets}
            for state in resources:
                if not needs(state).isdisjoint(found):
                    found.add(state.urn)
            return found
        everything = {state.urn for state in resources}
        return everything - self._kept(resources) if self._excludes else everything

    def _kept(self, resources: Sequence[ResourceState]) -> set[str]:
        frontier = {state.urn for state in resources if state.urn in self._excludes}
        kept: set[str] = set()
        while frontier:
            kept |= frontier
            needed = set(graph.needed_by(resources, frontier))
            if self._options.exclude_dependents:
                needed |= {state.urn for state in resources if not needs(state).isdisjoint(frontier)}
            frontier = needed - kept
        return kept

    def is_asked_for(self, urn: str) -> bool:
        """Whether the resource may be deleted without being named, or is."""
        return not self._targets or self._options.target_dependents or urn in self._targets

    def refreshed(self, resources: Sequence[ResourceState]) -> list[ResourceState]:
        """The resources that a refresh reads."""
        if self._targets:
            return self._refreshed_targets(resources)
        if not self._excludes:
            return list(resources)
        left_out: set[str] = set()
        found: list[ResourceState] = []
        for state in resources:
            follows = self._options.exclude_dependents and not (needs(state) - {_provider_urn(state)}).isdisjoint(
                left_out
            )
            if state.urn in self._excludes or follows:
                left_out.add(state.urn)
            else:
                found.append(state)
        return found

    def _refreshed_targets(self, resources: Sequence[ResourceState]) -> list[ResourceState]:
        found: dict[str, None] = {}
        states = []
        for state in resources:
            follows = self._options.target_dependents and not (needs(state) - {_provider_urn(state)}).isdisjoint(found)
            if state.urn in self._targets or follows:
                found[state.urn] = None
                states.append(state)
        return states


def needs(state: ResourceState) -> set[str]:
    """The URNs that a resource depends on in whatever way: its parent and its provider are among them."""
    found = state.depends_on()
    if state.parent:
        found.add(state.parent)
    return found


def _provider_urn(state: ResourceState) -> str:
    return urns.split_provider_reference(state.provider)[0] if state.provider else ""
