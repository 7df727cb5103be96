"""What a command may be told about how to go about a stack: the options of `pulumi up`, under their own names.

https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/
"""

from __future__ import annotations

from dataclasses import dataclass

from greenroom.sandbox.engine.errors import OptionError


@dataclass(frozen=True, slots=True)
class Options:
    """The options of a preview, an update, a refresh or a destroy.

    Attributes:
        targets: URNs of the resources that the command concerns, all others are left as they are; `*` stands for any
            text without a colon, `**` for any text. Empty: every resource.
        target_dependents: whether what depends on a target is one as well.
        excludes: URNs of the resources that the command leaves as they are, wildcards as for targets.
        exclude_dependents: whether what depends on an excluded resource is left alone as well.
        replaces: URNs of resources to make anew although nothing about them changed, wildcards as for targets.
        parallel: how many operations of providers may run at once; None: as many as the engine was made for.
        refresh: whether every resource is read first, and the plan compares with what is there.
        continue_on_error: whether what does not depend on a failed resource is brought about nevertheless.
        is_partial: whether the program declares a part of the stack only. What it does not register stays as it is,
            unless it lies beneath a component that the program does register; so do the stack's other outputs.
    """

    targets: tuple[str, ...] = ()
    target_dependents: bool = False
    excludes: tuple[str, ...] = ()
    exclude_dependents: bool = False
    replaces: tuple[str, ...] = ()
    parallel: int | None = None
    refresh: bool = False
    continue_on_error: bool = False
    is_partial: bool = False

    def __post_init__(self) -> None:
        """Refuses what cannot mean anything.

        Raises:
            OptionError: all violations at once.
        """
        problems = []
        if self.targets and self.excludes:
            problems.append("targets and excludes were both given: a command takes one or the other")
        for name in ("targets", "excludes", "replaces"):
            problems.extend(
                f"{text!r} (in {name}) is no URN: it begins with 'urn:pulumi:', or has a wildcard, as '**::my-name'"
                for text in getattr(self, name)
                if not text.startswith("urn:") and "*" not in text
            )
        if self.parallel is not None and self.parallel < 1:
            problems.append(f"parallel is {self.parallel}: at least 1 operation must be allowed at once")
        if problems:
            raise OptionError("; ".join(problems), fix="`greenroom sandbox status STACK` and a preview name the URNs")


DEFAULTS = Options()
"""Every resource, nothing read first, nothing replaced unasked, the first failure stops."""
