"""`docs/reference/cli.md`, made from the commands themselves: `python -m greenroom.cli.reference` writes it anew.

A test compares the file with what the commands say.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

HEAD = """# The command line

Made from the commands' own help by `python -m greenroom.cli.reference`; do not edit.

- Results go to stdout, progress and messages to stderr. Colour and moving progress only on a terminal; `NO_COLOR`
  turns colour off.
- Exit codes: `0` it worked, `1` the deployment failed, or a model its gate or a check (or a bug of ours:
  `GREENROOM_DEBUG=1` shows the traceback), `2` bad input, `130` interrupted.
- With `--json`, stdout carries one JSON object. Where a command fails before it has a result, that is
  `{"error": {"kind", "message", "exitCode"}}`, with `violations` where specs are wrong.
- Commands and flags complete after `eval "$(_GREENROOM_COMPLETE=bash_source greenroom)"`; in zsh `zsh_source`, in fish
  `_GREENROOM_COMPLETE=fish_source greenroom | source`.
- State, releases and the local AWS live in `.greenroom` beside `Pulumi.yaml`, or in `GREENROOM_HOME`.
"""

WIDTH = 100


def reference_text() -> str:
    """The whole page."""
    from greenroom.cli.root import root

    return "\n".join([HEAD, *_sections(root, "greenroom", None)])


def _sections(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    context = command.make_context(
        name.rsplit(" ", 1)[-1],
        [],
        parent=parent,
        resilient_parsing=True,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
    )
    yield f"## `{name}`\n\n```text\n{_stripped(command.get_help(context))}\n```\n"
    if isinstance(command, click.Group):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _sections(found, f"{name} {child}", context)


def _stripped(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.splitlines())


def main() -> None:
    """Write the page into the repository that this file is in."""
    page = Path(__file__).resolve().parents[2] / "docs" / "reference" / "cli.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(reference_text(), encoding="utf-8")


if __name__ == "__main__":
    main()
