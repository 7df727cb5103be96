"""Groups that import a command's module only when it is named, and commands that end in an exit code.

click's own recipe for lazy groups (https://click.palletsprojects.com/en/stable/complex/#lazily-loading-subcommands);
a command's module defines `command`.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

from greenroom.cli.failures import end_in_exit_code


class LazyGroup(click.Group):
    """A group whose commands are given as module names."""

    def __init__(self, *args: Any, commands_from: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.commands_from = dict(commands_from)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands, in the order they were given: the order people need them."""
        return list(self.commands_from)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's
        """Import the command that was named; `None` where there is none of that name."""
        module = self.commands_from.get(cmd_name)
        if module is None:
            return None
        command = importlib.import_module(module).command
        if not isinstance(command, click.Command):
            raise TypeError(f"{module}.command is {type(command).__name__}, not a click command")
        return command


class Command(click.Command):
    """A command whose failures become one clear message and an exit code."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; see `greenroom.cli.failures` for what an exception becomes."""
        with end_in_exit_code(ctx):
            return super().invoke(ctx)
