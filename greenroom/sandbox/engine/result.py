"""What a deployment came to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from greenroom.sandbox.engine.steps import Step
from greenroom.sandbox.engine.urn import STACK_TYPE
from greenroom.sandbox.engine.values import PropertyMap, plain

if TYPE_CHECKING:
    from greenroom.sandbox.engine.events import Diagnostic


@dataclass(frozen=True, slots=True)
class Result:
    """What a deployment came to.

    Attributes:
        succeeded: whether everything that was planned was done.
        changes: op → how many resources. A replacement counts once, as "replace".
        steps: what was planned and, unless it was a preview, done; in the order in which it was.
        outputs: the stack's outputs; secrets are `Secret`.
        duration_seconds: how long it took.
        diagnostics: what the program, the providers and the engine said.
        config: the stack's configuration, secrets blinded.
    """

    succeeded: bool
    changes: Mapping[str, int]
    steps: tuple[Step, ...]
    outputs: PropertyMap
    duration_seconds: float
    diagnostics: tuple[Diagnostic, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_unchanged(self) -> bool:
        """Whether nothing changed, or would."""
        return self.succeeded and not set(self.changes) - {"same", "read", "refresh"}

    def display_outputs(self) -> dict[str, Any]:
        """The stack's outputs as JSON-able data, secrets blinded."""
        return {key: plain(value) for key, value in self.outputs.items()}

    def to_pulumi_json(self, *, show_sames: bool = False, show_replacement_steps: bool = False) -> dict[str, Any]:
        """The result as `pulumi preview --json` prints it.

        Args:
            show_sames: whether unchanged resources are listed (the CLI's ``--show-sames``); the stack's own always is.
            show_replacement_steps: whether the parts of replacements are listed (``--show-replacement-steps``).
        """
        data: dict[str, Any] = {}
        if self.config:
            data["config"] = dict(self.config)
        data["steps"] = [
            step.to_pulumi_json()
            for step in self.steps
            if not step.is_internal
            and (show_replacement_steps or not step.is_part)
            and (show_sames or step.op != "same" or step.type == STACK_TYPE)
        ]
        if self.diagnostics:
            data["diagnostics"] = [
                {**({"urn": item.urn} if item.urn else {}), "message": item.message, "severity": item.severity}
                for item in self.diagnostics
            ]
        data["duration"] = int(self.duration_seconds * 1e9)
        data["changeSummary"] = dict(self.changes)
        return data
