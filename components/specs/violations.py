"""What is wrong with the specs, said so that it can be mended: where, the value, what is allowed, what to change.

The tree of errors (all of them the user's to fix; the command line answers them with exit code 2)::

    SpecError                 one or more violations, all that were found, over all files
    └── UnknownStackError     a stack's name that no environment gives; lists those there are

Inside the models a rule is refused with `refuse` (one value) or `broken` (several at once); `components.specs.reading`
turns those, and pydantic's own complaints, into `Violation`s with a file and a line.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from typing import Any

from pydantic_core import PydanticCustomError

SpecPath = tuple[str | int, ...]

RULES = "rules"
"""The type of the pydantic error that `broken` raises; its context holds the rules."""


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong, and what to do about it."""

    file: str
    """The file, relative to the project's root, with forward slashes; empty for a spec made in Python."""
    line: int | None
    """From 1; `None` where there is no text to point at."""
    column: int | None
    """From 1."""
    path: str
    """Where in the file: `serving.production_variants[0].instance_type`; empty for the file as a whole."""
    value: Any
    """What was written there."""
    message: str
    """What is wrong with it."""
    allowed: str
    """What may be written instead; empty where the message says it all."""
    fix: str
    """What to change; empty where `allowed` says it all."""

    @property
    def where(self) -> str:
        """`file:line`, as editors and terminals link it."""
        return f"{self.file}:{self.line}" if self.line is not None else self.file

    def __str__(self) -> str:
        """`file:line: path: message; allowed: …; fix`."""
        told = "; ".join(
            part for part in (self.message, f"allowed: {self.allowed}" if self.allowed else "", self.fix) if part
        )
        return ": ".join(part for part in (self.where, self.path, told) if part)

    def as_json(self) -> dict[str, Any]:
        """The violation as `--json` prints it."""
        return asdict(self)


class SpecError(Exception):
    """Everything that is wrong with the specs, in the order of files and lines."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        # One slip in a model shows again in every environment the model is merged with: it is told once.
        unique = {(one.file, one.line, one.column, one.path, one.message): one for one in violations}
        self.violations: tuple[Violation, ...] = tuple(
            sorted(unique.values(), key=lambda one: (one.file, one.line or 0, one.column or 0))
        )
        super().__init__("\n".join(str(violation) for violation in self.violations))

    def as_json(self) -> dict[str, Any]:
        """The error as `--json` prints it."""
        return {"violations": [violation.as_json() for violation in self.violations]}


class UnknownStackError(SpecError):
    """A stack that this project does not have."""

    def __init__(self, stack: str, known: Sequence[str]) -> None:
        self.stack = stack
        self.known = tuple(known)
        environment, _, group = stack.partition(".")
        file = f"environments/{environment}.yaml"
        missing = f"declare the group in {file}" if group and environment in known else f"write {file}"
        super().__init__(
            [
                Violation(
                    file="environments",
                    line=None,
                    column=None,
                    path="",
                    value=stack,
                    message=f"there is no stack {quote(stack)}",
                    allowed=", ".join(known) or "none: the folder `environments` declares no environment",
                    fix=missing if group and environment in known else did_you_mean(stack, known) or missing,
                )
            ]
        )


@dataclass(frozen=True)
class Rule:
    """A rule that was broken, before it is known in which file and on which line."""

    path: SpecPath
    """Relative to the spec whose rule it is."""
    message: str
    value: Any = None
    allowed: str = ""
    fix: str = ""


def refuse(message: str, *, allowed: str = "", fix: str = "") -> PydanticCustomError:
    """The error a field's validator raises for its own value."""
    return broken([Rule((), message, allowed=allowed, fix=fix)])


def broken(rules: Sequence[Rule]) -> PydanticCustomError:
    """The error a spec's validator raises for all the rules it found broken."""
    text = "; ".join(
        part for rule in rules for part in (f"{dotted(rule.path)}: {rule.message}".removeprefix(": "), rule.fix) if part
    )
    return PydanticCustomError(RULES, "{text}", {"text": text, "rules": tuple(rules)})


def dotted(path: SpecPath) -> str:
    """`("a", 0, "b")` as people write it: `a[0].b`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def quote(value: object) -> str:
    """A value as it may be shown in a message: as YAML would have it, and cut at 80 characters."""
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, dict):
        return f"a mapping of {len(value)} keys"
    shown = f"'{value}'" if isinstance(value, str) else json.dumps(value, default=str)
    return shown if len(shown) <= 80 else f"{shown[:76]}…{shown[-1]}"


def did_you_mean(value: object, known: Iterable[str]) -> str:
    """`did you mean 'x'?`, or nothing where no known word is near."""
    near = get_close_matches(str(value), list(known), n=3, cutoff=0.6)
    # Swapped letters are the commonest slip: they come before letters that were left out or added.
    swapped = [word for word in near if sorted(word) == sorted(str(value))]
    return f"did you mean '{(swapped or near)[0]}'?" if near else ""
