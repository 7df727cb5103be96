"""The engine's options on the command line, under the names that `pulumi up` has for them.

https://www.pulumi.com/docs/iac/cli/commands/pulumi_up/
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from greenroom.sandbox.engine import Options

Decorated = TypeVar("Decorated", bound=Callable[..., Any])

_TARGETS: dict[str, dict[str, Any]] = {
    "--target/-t": {
        "multiple": True,
        "metavar": "URN",
        "help": "Only this resource; may be given more than once. * stands for any text without a colon, ** for any "
        "text: '**::my-bucket'.",
    },
    "--target-dependents": {"is_flag": True, "help": "Targets are joined by what depends on them."},
    "--exclude": {
        "multiple": True,
        "metavar": "URN",
        "help": "Every resource but this one; wildcards as for --target, which cannot be given with it.",
    },
    "--exclude-dependents": {"is_flag": True, "help": "Excluded resources are joined by what depends on them."},
    "--parallel/-p": {
        "type": click.IntRange(min=1),
        "metavar": "N",
        "help": "How many operations may run at once.  [default: 16]",
    },
}
_UPDATES: dict[str, dict[str, Any]] = {
    "--replace": {
        "multiple": True,
        "metavar": "URN",
        "help": "Make this resource anew though nothing about it changed; wildcards as for --target.",
    },
    "--target-replace": {"multiple": True, "metavar": "URN", "help": "Short for --target URN --replace URN."},
    "--refresh": {"is_flag": True, "help": "Read every resource first, and repair what changed behind our back."},
}
_CONTINUE: dict[str, dict[str, Any]] = {
    "--continue-on-error": {"is_flag": True, "help": "Go on with what does not depend on what failed."},
}


def update_options(command: Decorated) -> Decorated:
    """The options of `preview` and `up`."""
    return _with(command, _TARGETS | _UPDATES | _CONTINUE)


def preview_options(command: Decorated) -> Decorated:
    """The options of `preview`: nothing fails half way there."""
    return _with(command, _TARGETS | _UPDATES)


def destroy_options(command: Decorated) -> Decorated:
    """The options of `destroy`."""
    return _with(command, _TARGETS | _CONTINUE)


def refresh_options(command: Decorated) -> Decorated:
    """The options of `refresh`."""
    return _with(command, _TARGETS)


def _with(command: Decorated, declared: dict[str, dict[str, Any]]) -> Decorated:
    for names, settings in reversed(declared.items()):
        command = click.option(*names.split("/"), **settings)(command)
    return command


def engine_options(  # one a flag
    *,
    target: tuple[str, ...],
    target_dependents: bool,
    exclude: tuple[str, ...],
    exclude_dependents: bool,
    parallel: int | None,
    replace: tuple[str, ...] = (),
    target_replace: tuple[str, ...] = (),
    refresh: bool = False,
    continue_on_error: bool = False,
) -> Options:
    """What the flags come to; the argument names are click's.

    Raises:
        greenroom.sandbox.engine.OptionError: they contradict each other, or name what is no URN.
    """
    from greenroom.sandbox.engine import Options

    return Options(
        targets=(*target, *target_replace),
        target_dependents=target_dependents,
        excludes=exclude,
        exclude_dependents=exclude_dependents,
        replaces=(*replace, *target_replace),
        parallel=parallel,
        refresh=refresh,
        continue_on_error=continue_on_error,
    )
