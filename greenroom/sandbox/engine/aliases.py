"""Names that resources went by, so that a renamed resource is found in the state instead of being made anew.

https://www.pulumi.com/docs/iac/concepts/resources/options/aliases/
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.errors import RegistrationError
from greenroom.sandbox.engine.goal import Alias, Goal
from greenroom.sandbox.engine.state import ResourceState


class AliasBook:
    """Which old URN became which new one, in one deployment."""

    def __init__(self, project: str, stack: str) -> None:
        self._project = project
        self._stack = stack
        self._old_of: dict[str, str] = {}
        self._new_of: dict[str, str] = {}

    def successor(self, old_urn: str) -> str | None:
        """The new URN of what was known by the old one; None where nothing claims it."""
        return self._new_of.get(old_urn)

    def old(
        self, urn: str, goal: Goal, olds: Mapping[str, ResourceState], seen: Collection[str]
    ) -> ResourceState | None:
        """The old state of a resource, by its URN or else by one of its aliases.

        Raises:
            RegistrationError: another resource has claimed that name.
        """
        if urn in self._new_of:
            raise RegistrationError(f"duplicate resource URN {urn!r}: {self._new_of[urn]!r} claims it as an alias")
        if urn in olds:
            return olds[urn]
        for candidate in self._candidates(urn, goal):
            if candidate in olds:
                if candidate in seen or candidate in self._new_of:
                    other = self._new_of.get(candidate, candidate)
                    raise RegistrationError(f"{urn!r} claims the alias {candidate!r}, which {other!r} holds already")
                self._old_of[urn] = candidate
                self._new_of[candidate] = urn
                return olds[candidate]
        return None

    def _candidates(self, urn: str, goal: Goal) -> list[str]:
        """Every URN that the resource may have had, its parent's former names multiplied out."""
        own = [self._expand(goal, alias) for alias in goal.aliases]
        found = list(own)
        former_parent = self._old_of.get(goal.parent)
        if former_parent is not None:
            parent_name = urns.name_of(goal.parent)
            found.append(self._inherited(goal.type, goal.name, parent_name, former_parent))
            found.extend(
                self._inherited(urns.type_of(item), urns.name_of(item), parent_name, former_parent) for item in own
            )
        return [item for item in dict.fromkeys(found) if item != urn]

    def _expand(self, goal: Goal, alias: Alias) -> str:
        if alias.urn:
            return alias.urn
        parent = self._old_of.get(alias.parent, alias.parent) if alias.parent else goal.parent
        if alias.no_parent or (parent and urns.qualified_type(parent) == urns.STACK_TYPE):
            parent = ""
        stack, project = alias.stack or self._stack, alias.project or self._project
        return urns.make(stack, project, alias.type or goal.type, alias.name or goal.name, parent)

    def _inherited(self, type_: str, name: str, parent_name: str, former_parent: str) -> str:
        """A child's URN under its parent's former name; a child named after its parent was renamed with it."""
        if name.startswith(parent_name):
            name = urns.name_of(former_parent) + name.removeprefix(parent_name)
        return urns.make(self._stack, self._project, type_, name, former_parent)
