"""A plan is data: the steps that lead from one state to the next, in the words of the real engine.

Preview makes the same steps as `up`; only whether they are carried out differs.
https://www.pulumi.com/docs/iac/concepts/how-pulumi-works/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.diffs import Diff, PropertyDiff, with_values
from greenroom.sandbox.engine.state import ResourceState, resource_to_json
from greenroom.sandbox.engine.values import REDACTED, PropertyMap

#: Nothing is known of a difference.
NO_DIFF: Final = Diff(None)


class Op(StrEnum):
    """The kind of a step. A step's op compares equal to its name: ``step.op == "create"``."""

    SAME = "same"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    REPLACE = "replace"
    CREATE_REPLACEMENT = "create-replacement"
    DELETE_REPLACED = "delete-replaced"
    READ = "read"
    READ_REPLACEMENT = "read-replacement"
    REFRESH = "refresh"
    IMPORT = "import"
    IMPORT_REPLACEMENT = "import-replacement"
    DISCARD = "discard"
    DISCARD_REPLACED = "discard-replaced"
    REMOVE_PENDING_REPLACE = "remove-pending-replace"


@dataclass(frozen=True, slots=True)
class Step:
    """One step.

    Attributes:
        op: what happens.
        urn: to which resource.
        old: its state before; None where there is none.
        new: its state after, filled in as the step is carried out; None where nothing remains.
        diff: the provider's answer that led to the step.
        marks_deletion: a replacement that leaves the old resource in place, to be deleted when all else is done.
        pends_replacement: a deletion whose replacement is yet to come.
        is_skipped_create: a resource that would be created if the command concerned it; it is not in the state then.
        is_untargeted: a resource that the command does not concern: its record is carried over.
        detailed_diff: property path → what differs, with both values; secrets are `Secret`.
    """

    op: Op
    urn: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    diff: Diff = NO_DIFF
    marks_deletion: bool = False
    pends_replacement: bool = False
    is_skipped_create: bool = False
    is_untargeted: bool = False
    detailed_diff: Mapping[str, PropertyDiff] = field(default_factory=dict)

    @property
    def state(self) -> ResourceState:
        """The resource after the step or, where nothing remains, before it."""
        found = self.new if self.new is not None else self.old
        if found is None:
            raise ValueError(f"a step without states: {self.op} {self.urn}")
        return found

    @property
    def type(self) -> str:
        """The resource's type token."""
        return self.state.type

    @property
    def is_internal(self) -> bool:
        """Whether the step is the engine's own affair, which the CLI does not show either: a default provider, say."""
        if self.op is Op.REMOVE_PENDING_REPLACE:
            return True
        return urns.is_provider_type(self.type) and urns.name_of(self.urn).split("_")[0] == "default"

    @property
    def is_part(self) -> bool:
        """Whether the step is a part of another one, which stands for it (a replacement's creation and deletion)."""
        return self.op in _PARTS

    @property
    def replace_keys(self) -> tuple[str, ...]:
        """The properties that make a replacement necessary."""
        return self.diff.replace_keys

    @property
    def changed_keys(self) -> tuple[str, ...]:
        """The properties that differ."""
        return self.diff.changed_keys

    def to_pulumi_json(self) -> dict[str, Any]:
        """The step as `pulumi preview --json` prints it; secrets are blinded."""
        data: dict[str, Any] = {"op": self.op.value, "urn": self.urn}
        if self.state.provider:
            data["provider"] = self.state.provider
        if self.old is not None:
            data["oldState"] = _state_to_json(self.old)
        if self.new is not None:
            # The CLI prints the new state as planned: what only the operation brings about is not in it.
            # The record of what is not targeted is copied whole, but for its id.
            by_operation = frozenset({"id"}) if self.is_untargeted else _BY_OPERATION
            is_carried_out = self.op not in _PLANNED and (self.op is not Op.REPLACE or self.marks_deletion)
            data["newState"] = {
                key: value
                for key, value in _state_to_json(self.new).items()
                if is_carried_out or key not in by_operation or (key == "id" and self.new.external)
            }
            if self.old is not None and self.old.urn != self.urn:
                data["newState"]["aliases"] = [self.old.urn]
        if self.changed_keys:
            data["diffReasons"] = list(self.changed_keys)
        if self.replace_keys:
            data["replaceReasons"] = list(self.replace_keys)
        reported = self.diff.detailed
        data["detailedDiff"] = (
            None
            if reported is None
            else {key: {"kind": item.kind.value, "inputDiff": item.input_diff} for key, item in reported.items()}
        )
        return data


_PLANNED = frozenset({Op.SAME, Op.CREATE, Op.CREATE_REPLACEMENT, Op.UPDATE, Op.READ, Op.READ_REPLACEMENT})
_BY_OPERATION = frozenset({"id", "outputs", "created", "modified"})
#: The parts of a replacement and the like, which the CLI lists only when asked.
_PARTS = frozenset(
    {
        Op.CREATE_REPLACEMENT,
        Op.DELETE_REPLACED,
        Op.READ_REPLACEMENT,
        Op.IMPORT_REPLACEMENT,
        Op.DISCARD_REPLACED,
        Op.REMOVE_PENDING_REPLACE,
    }
)


def step(
    op: Op,
    old: ResourceState | None,
    new: ResourceState | None,
    diff: Diff = NO_DIFF,
    *,
    shown: Diff | None = None,
    **flags: bool,
) -> Step:
    """A step, with the values of its difference filled in for display.

    Args:
        op: what happens.
        old: the state before.
        new: the state after.
        diff: the answer that led to the step.
        shown: the difference to display, where that is another one (components have no provider that answers).
        **flags: as `Step` has them.
    """
    state = new if new is not None else old
    if state is None:
        raise ValueError(f"a {op} step needs a state")
    empty: PropertyMap = {}
    detailed = (
        with_values(shown or diff, old.inputs, old.outputs, new.inputs if new is not None else empty)
        if old is not None and (shown or diff).changes
        else {}
    )
    return Step(op, state.urn, old, new, diff, detailed_diff=detailed, **flags)


def _state_to_json(state: ResourceState) -> dict[str, Any]:
    data = resource_to_json(state, lambda _place, _text: "")
    return {key: _blind(value) if key in ("inputs", "outputs") else value for key, value in data.items()}


def _blind(value: Any) -> Any:
    if isinstance(value, dict):
        return REDACTED if "ciphertext" in value else {key: _blind(item) for key, item in value.items()}
    return [_blind(item) for item in value] if isinstance(value, list) else value
