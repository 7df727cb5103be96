"""A plan is data: the steps that lead from one state to the next, in the words of the real engine.

Preview makes the same steps as `up`; only whether they are carried out differs.
https://www.pulumi.com/docs/iac/concepts/how-pulumi-works/
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

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
        detailed_diff: property path → what differs, with both values; secrets are `Secret`.
    """

    op: Op
    urn: str
    old: ResourceState | None = None
    new: ResourceState | None = None
    diff: Diff = NO_DIFF
    marks_deletion: bool = False
    pends_replacement: bool = False
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
            data["newState"] = _state_to_json(self.new)
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


def step(op: Op, old: ResourceState | None, new: ResourceState | None, diff: Diff = NO_DIFF, **flags: bool) -> Step:
    """A step, with the values of its difference filled in for display."""
    state = new if new is not None else old
    if state is None:
        raise ValueError(f"a {op} step needs a state")
    empty: PropertyMap = {}
    detailed = (
        with_values(diff, old.inputs, old.outputs, new.inputs if new is not None else empty)
        if old is not None and diff.changes
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
