"""From what the program asks of a resource, and what the state knows of it, to steps.

The planner asks providers only questions (check, diff, read); it changes nothing outside its own notes. Registrations
come one at a time, a resource always after those that it depends on.
https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence

from greenroom.sandbox.engine import aliases, graph, replacement, targets
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.diffs import Diff, compare, force_replace
from greenroom.sandbox.engine.errors import DeploymentError, RegistrationError
from greenroom.sandbox.engine.goal import Goal
from greenroom.sandbox.engine.property_path import restore
from greenroom.sandbox.engine.provider_calls import CheckFailure, ProviderCalls
from greenroom.sandbox.engine.providers import ProviderRegistry
from greenroom.sandbox.engine.state import ResourceState
from greenroom.sandbox.engine.steps import Op, Step, step
from greenroom.sandbox.engine.values import PropertyMap, Value, equal, has_unknown, unwrap


class RefusedAfterImportError(DeploymentError):
    """What was imported cannot be brought to what the program asks: it is the stack's by then all the same.

    Attributes:
        steps: the import.
        cause: why the rest was refused.
    """

    def __init__(self, steps: tuple[Step, ...], cause: DeploymentError) -> None:
        super().__init__(cause.message, fix=cause.fix)
        self.steps = steps
        self.cause = cause


class Planner:
    """The plan of one deployment, made as the program registers its resources."""

    def __init__(
        self,
        olds: Iterable[ResourceState],
        registry: ProviderRegistry,
        *,
        project: str,
        stack: str,
        preview: bool,
        scope: targets.Scope,
        warn: Callable[[str, str], None],
        complain: Callable[[str, str], None],
    ) -> None:
        """A planner.

        Args:
            olds: the last state, dependencies first.
            registry: the providers.
            project: the project's name.
            stack: the stack's name.
            preview: whether unknown values are allowed.
            scope: what the command concerns.
            warn: takes a URN and what the user should know about it.
            complain: takes a URN and an error that does not keep a preview from going on.
        """
        self._resources = list(olds)
        self._olds = {state.urn: state for state in self._resources if not state.delete}
        self._by_identity = {(state.urn, state.id): state for state in reversed(self._resources)}
        self._graph: graph.Index | None = None
        self._registry = registry
        self._project = project
        self._stack = stack
        self._preview = preview
        self._scope = scope
        self._warn = warn
        self._complain = complain
        self._aliases = aliases.AliasBook(project, stack)
        self._seen: set[str] = set()
        self._operated: set[str] = set()
        self._replaced: set[str] = set()
        self._skipped_creates: set[str] = set()
        self._news: dict[str, ResourceState] = {}
        self._dependent_keys: dict[str, tuple[str, ...]] = {}
        self._early_deleted: set[ResourceState] = set()
        #: URNs whose old resource is deleted; `deleted_with` looks here.
        self.deleted: set[str] = set()

    def is_early_deleted(self, state: ResourceState) -> bool:
        """Whether the resource was deleted already, ahead of its replacement."""
        return state in self._early_deleted

    def old_of_provider(self, reference: str) -> ResourceState | None:
        """The old state of the provider that a reference names."""
        return self._by_identity.get(urns.split_provider_reference(reference))

    @property
    def seen(self) -> Collection[str]:
        """The URNs that the program has registered."""
        return self._seen

    def is_operated_on(self, urn: str) -> bool:
        """Whether the program has registered the resource, under this URN or a new one."""
        return urn in self._operated or self._aliases.successor(urn) is not None

    def register(self, goal: Goal) -> tuple[Step, ...]:
        """The steps towards a goal.

        Raises:
            RegistrationError: no engine would take this registration, or the provider finds its inputs wrong.
            ProviderError: the provider raised.
            RefusedAfterImportError: either of them, of what was imported first.
        """
        urn = self._claim(goal.type, goal.name, goal.parent)
        old = self._aliases.old(urn, goal, self._olds, self._seen)
        new = goal.state(urn, old)
        if new.is_provider:
            self._news[urn] = new
        is_import = bool(goal.custom and goal.import_id) and (
            old is None or old.external or goal.import_id != (old.import_id or old.id)
        )
        steps = self._import(goal, old, new) if is_import else self._plan(goal, old, new)
        if self._scope.has_targets and self._scope.includes(new):
            steps = (*self._carry_needs(new), *steps)
        self._operated.add(urn)
        self._news[urn] = new
        self._refuse_skipped(steps)
        return steps

    def read(self, goal: Goal, id_: str) -> tuple[Step, ...]:
        """The steps that read a resource which lives outside the stack (`Resource.get`)."""
        urn = self._claim(goal.type, goal.name, goal.parent)
        old = self._aliases.old(urn, goal, self._olds, self._seen)
        new = goal.state(urn, None)
        new.external, new.id = True, id_
        new.property_dependencies = {}
        self._operated.add(urn)
        self._news[urn] = new
        if old is not None and not old.external and old.id != id_:
            self._replaced.add(urn)
            return (
                step(Op.READ_REPLACEMENT, old, new, marks_deletion=True),
                step(Op.REPLACE, old, new, marks_deletion=True),
            )
        return (step(Op.READ, old, new),)

    def _claim(self, type_: str, name: str, parent: str) -> str:
        if parent and parent not in self._seen:
            raise RegistrationError(f"{name} ({type_}): its parent {parent} is not registered")
        urn = urns.make(self._stack, self._project, type_, name, parent)
        if urn in self._seen:
            raise RegistrationError(
                f"duplicate resource URN {urn!r}", fix="give one of the two another name, or another parent"
            )
        self._seen.add(urn)
        return urn

    # -- imports -----------------------------------------------------------------------------------------------------

    def _import(self, goal: Goal, old: ResourceState | None, new: ResourceState) -> tuple[Step, ...]:
        provider = self._registry.instance(goal.provider, new.urn)
        found = provider.read(new.urn, goal.import_id, {}, {})
        if not found.id and not found.outputs:
            raise RegistrationError(f"{new.urn}: there is no resource {goal.import_id!r} to import")
        if not found.inputs:
            raise RegistrationError(f"{new.urn}: its provider cannot import resources of this type")
        imported = new.copy()
        imported.id = found.id or goal.import_id
        imported.inputs, imported.outputs = found.inputs, found.outputs
        first = self._import_steps(old, imported)
        # The plan of a preview shows the import as it is before what follows marks it as replaced.
        follow_up = self._follow_up(goal, imported.copy() if self._preview else imported, new, first)
        return (*first, *follow_up)

    def _import_steps(self, old: ResourceState | None, imported: ResourceState) -> tuple[Step, ...]:
        if old is None or old.external or imported.urn in self.deleted:
            return (step(Op.IMPORT, None, imported),)
        return (
            step(Op.IMPORT_REPLACEMENT, old, imported, marks_deletion=True),
            step(Op.REPLACE, old, imported, marks_deletion=True),
        )

    def _follow_up(
        self, goal: Goal, imported: ResourceState, new: ResourceState, first: tuple[Step, ...]
    ) -> tuple[Step, ...]:
        """The steps from what was imported to what the program asks of it."""
        self._resources.append(imported)
        self._graph = None
        try:
            steps = self._plan(goal, imported, new)
        except DeploymentError as error:
            raise RefusedAfterImportError(first, error) from error
        return () if [item.op for item in steps] == [Op.SAME] else steps

    # -- everything else ---------------------------------------------------------------------------------------------

    def _plan(self, goal: Goal, old: ResourceState | None, new: ResourceState) -> tuple[Step, ...]:
        provider = self._provider(new)
        recreating = new.urn in self.deleted
        was_external = old is not None and old.external
        is_included = self._scope.includes(new)
        if is_included:
            is_made_anew = recreating or was_external or self._scope.replaces(new.urn)
            self._check_inputs(goal, provider, new, None if is_made_anew else old)
        elif new.custom:
            new.inputs = {} if old is None else old.inputs
        if old is not None and recreating:
            return self._recreate(old, new)
        if old is not None and was_external:
            return self._create_then_delete(old, new, Diff(None))
        self._scope.learn(new)
        if not is_included:
            return self._skip_creation(new) if old is None else self._leave(old)
        return self._change(goal, provider, old, new)

    def _recreate(self, old: ResourceState, new: ResourceState) -> tuple[Step, ...]:
        """A resource that was deleted ahead of another one's replacement."""
        self.deleted.discard(new.urn)
        self._replaced.add(new.urn)
        keys = Diff(True, self._dependent_keys.get(new.urn, ()))
        return (step(Op.REPLACE, old, new, shown=keys), step(Op.CREATE_REPLACEMENT, old, new, keys))

    def _change(
        self,
        goal: Goal,
        provider: ProviderCalls | ProviderRegistry | None,
        old: ResourceState | None,
        new: ResourceState,
    ) -> tuple[Step, ...]:
        if old is None:
            return (step(Op.CREATE, None, new),)
        diff = self._diff(goal, provider, old, new)
        if diff.replaces or old.pending_replacement:
            return self._replace(goal, provider, old, new, diff)
        if diff.changes or old.init_errors:
            shown = compare(old.inputs, new.inputs) if provider is None else None
            return (step(Op.UPDATE, old, new, diff, shown=shown),)
        return (step(Op.SAME, old, new),)

    def _provider(self, new: ResourceState) -> ProviderCalls | ProviderRegistry | None:
        if not new.custom:
            return None
        if new.is_provider:
            return self._registry
        if not self._registry.has(new.provider):
            self.ensure_provider(new.provider)
        return self._registry.instance(new.provider, new.urn)

    def ensure_provider(self, reference: str) -> None:
        """Has the provider of an old resource at hand, though the program may no longer have it."""
        if not reference or self._registry.has(reference):
            return
        state = self.old_of_provider(reference)
        if state is not None:
            self._registry.ensure(state)

    def _check_inputs(
        self,
        goal: Goal,
        provider: ProviderCalls | ProviderRegistry | None,
        new: ResourceState,
        old: ResourceState | None,
    ) -> None:
        inputs = goal.inputs
        if old is not None and goal.ignore_changes:
            inputs, failed = restore(inputs, old.inputs, goal.ignore_changes)
            if failed:
                paths = ", ".join(failed)
                self._warn(new.urn, f"cannot ignore changes in added or removed elements of the path: {paths}")
        if provider is not None:
            inputs, failures = provider.check(new.urn, {} if old is None else old.inputs, inputs)
            _raise_failures(new, failures)
        new.inputs = inputs

    def _diff(
        self,
        goal: Goal,
        provider: ProviderCalls | ProviderRegistry | None,
        old: ResourceState,
        new: ResourceState,
    ) -> Diff:
        forced = self._forced_replacement(old, new)
        if forced is not None:
            return forced
        if provider is None:
            return Diff(compare(old.inputs, new.inputs).changes)
        diff = provider.diff(new.urn, old.id, old.inputs, old.outputs, new.inputs, ignored=goal.ignore_changes)
        return force_replace(diff, goal.replace_on_changes)

    def _forced_replacement(self, old: ResourceState, new: ResourceState) -> Diff | None:
        """A replacement that no property of the resource itself asks for."""
        if not self._preview and has_unknown(new.replacement_trigger):
            raise RegistrationError(f"{new.urn}: its replacement trigger is unknown")
        if _triggers(old.replacement_trigger, new.replacement_trigger):
            return Diff(True, is_forced=True)
        if self._scope.replaces(new.urn):
            return Diff(True, ("id",))
        if any(urn in self._replaced for urn in new.replace_with):
            return Diff(True, ("replaceWith",))
        if new.deleted_with in self._replaced:
            return Diff(True, ("deletedWith",))
        return Diff(True, ("provider",)) if self._provider_changed(old, new) else None

    def _provider_changed(self, old: ResourceState, new: ResourceState) -> bool:
        """Whether the resource moved to a provider that cannot manage what the old one made."""
        if old.provider == new.provider:
            return False
        if not old.provider or not new.provider:
            return True
        old_urn, _ = urns.split_provider_reference(old.provider)
        new_urn, _ = urns.split_provider_reference(new.provider)
        if self._aliases.successor(old_urn) == new_urn:
            return False
        old_provider, new_provider = self.old_of_provider(old.provider), self._news.get(new_urn)
        if old_provider is None or new_provider is None:
            return True
        instance = self._registry.instance(new.provider, new.urn)
        diff = instance.diff_config(
            new_urn, old_provider.id, old_provider.inputs, old_provider.outputs, new_provider.inputs
        )
        return diff.replaces

    # -- what the command does not concern ---------------------------------------------------------------------------

    def _skip_creation(self, new: ResourceState) -> tuple[Step, ...]:
        """A resource that is not there and is not to be made; whoever depends on it hears of that."""
        self._skipped_creates.add(new.urn)
        return (step(Op.SAME, new.copy(), new, is_skipped_create=True),)

    def _leave(self, old: ResourceState) -> tuple[Step, ...]:
        """A resource that stays as it is, whatever the program says, and after it what it depends on."""
        if old.provider and not self._registry.has(old.provider):
            raise RegistrationError(
                f"provider {old.provider} of {old.urn!r}, which is not targeted, is not registered by the program",
                fix="change the provider back, or leave the targets out: the resource must move to the new one",
            )
        return tuple(self._carry(old))

    def _carry(self, old: ResourceState) -> list[Step]:
        if old.delete:
            return []
        self._seen.add(old.urn)
        self._operated.add(old.urn)
        steps = self._carry_needs(old)
        new = old.copy()
        new.id = ""
        return [*steps, step(Op.SAME, old, new, is_untargeted=True)]

    def _carry_needs(self, state: ResourceState) -> list[Step]:
        """What a resource depends on and the program has not registered goes into the new state ahead of it."""
        steps: list[Step] = []
        for urn in sorted(targets.needs(state)):
            found = self._olds.get(urn)
            if found is not None and urn not in self.deleted and not self.is_operated_on(urn):
                steps.extend(self._carry(found))
        return steps

    def _refuse_skipped(self, steps: Sequence[Step]) -> None:
        """Refuses steps of resources whose dependencies are not there and are not to be made.

        The real engine refuses a target's dependents only. What depends on an excluded one it makes, and then it cannot
        read its state, which refers to what is not there ("snapshot integrity failure").
        """
        if not self._skipped_creates:
            return
        for item in steps:
            if item.new is None or item.is_skipped_create:
                continue
            for urn in sorted(targets.needs(item.new) & self._skipped_creates):
                message = f"{item.urn!r} depends on {urn!r}, which is not there and is not to be made"
                fix = "target it as well, or exclude neither of them or both (--exclude-dependents)"
                if not self._preview:
                    raise RegistrationError(message, fix=fix)
                self._complain(item.urn, f"{message}\nfix: {fix}")
                self._skipped_creates.discard(urn)

    # -- replacements ------------------------------------------------------------------------------------------------

    def _replace(
        self,
        goal: Goal,
        provider: ProviderCalls | ProviderRegistry | None,
        old: ResourceState,
        new: ResourceState,
        diff: Diff,
    ) -> tuple[Step, ...]:
        if new.protect and old.protect:
            message = f"unable to replace resource {new.urn!r}: it is protected"
            fix = "remove `protect` from its options and run `up`, then change it"
            if not self._preview:
                raise RegistrationError(message, fix=fix)
            self._complain(new.urn, f"{message}\nfix: {fix}")
        if goal.import_id:
            message = f"{new.urn} was imported and still names an id to import: it may not be replaced"
            fix = "remove `import_` from its options"
            if not self._preview:
                raise RegistrationError(message, fix=fix)
            self._warn(new.urn, f"{message}\nfix: {fix}")
        self._replaced.add(new.urn)
        self._check_inputs(goal, provider, new, None)  # its old defaults no longer hold
        by_provider, by_user = diff.delete_before_replace, goal.delete_before_replace
        delete_first = by_provider if by_user is None else by_user
        return self._delete_then_create(old, new, diff) if delete_first else self._create_then_delete(old, new, diff)

    def _create_then_delete(self, old: ResourceState, new: ResourceState, diff: Diff) -> tuple[Step, ...]:
        return (
            step(Op.CREATE_REPLACEMENT, old, new, diff, marks_deletion=True),
            step(Op.REPLACE, old, new, diff, marks_deletion=True),
        )

    def _delete_then_create(self, old: ResourceState, new: ResourceState, diff: Diff) -> tuple[Step, ...]:
        steps = [self._delete_early(item.state, new.urn, item.keys) for item in self._dependents(old)]
        self.ensure_provider(old.provider)
        if not old.pending_replacement:
            self.deleted.add(old.urn)
            self._early_deleted.add(old)
            steps.append(step(Op.DELETE_REPLACED, old, None, pends_replacement=True))
        return (*steps, step(Op.REPLACE, old, new, diff), step(Op.CREATE_REPLACEMENT, old, new, diff))

    def _dependents(self, root: ResourceState) -> Sequence[replacement.Dependent]:
        """Those that go first, last dependent first."""
        if self._graph is None:
            self._graph = graph.Index(self._resources)
        if root not in self._graph:
            return ()
        settled = self._operated | self.deleted
        found = replacement.dependents(self._graph, root, settled, self._would_replace)
        cascade = replacement.cascades(self._graph, root.urn, settled | {item.urn for item in found})
        return [item for item in reversed([*found, *cascade]) if item.state not in self._early_deleted]

    def _delete_early(self, state: ResourceState, because_of: str, keys: tuple[str, ...]) -> Step:
        if state.protect:
            raise RegistrationError(
                f"unable to replace resource {state.urn!r} as part of replacing {because_of!r}: it is protected",
                fix="remove `protect` from its options and run `up`, then make this change",
            )
        self._dependent_keys[state.urn] = keys
        self.ensure_provider(state.provider)
        self.deleted.add(state.urn)
        self._early_deleted.add(state)
        return step(Op.DELETE_REPLACED, state, None, pends_replacement=not state.delete)

    def _would_replace(self, state: ResourceState, inputs: PropertyMap) -> tuple[bool, tuple[str, ...]]:
        """Whether a resource would be made anew for these inputs, some of which are unknown."""
        if state.is_provider:
            self._registry.ensure(state)
            diff = self._registry.diff(state.urn, state.id, state.inputs, state.outputs, inputs, ignored=())
        else:
            self.ensure_provider(state.provider)
            provider = self._registry.instance(state.provider, state.urn)
            diff = provider.diff(state.urn, state.id, state.inputs, state.outputs, inputs, ignored=state.ignore_changes)
        diff = force_replace(diff, state.replace_on_changes)
        return diff.replaces, diff.replace_keys


def _triggers(old: Value, new: Value) -> bool:
    if has_unknown(old) or has_unknown(new):
        return True
    return old is not None and new is not None and not equal(unwrap(old), unwrap(new))


def _raise_failures(new: ResourceState, failures: Sequence[CheckFailure]) -> None:
    if not failures:
        return
    name = urns.name_of(new.urn)
    lines = [
        f"{new.type} resource {name!r} has a problem: {item.reason}"
        + (f" (property {item.property!r})" if item.property else "")
        for item in failures
    ]
    raise RegistrationError("\n".join(lines))
