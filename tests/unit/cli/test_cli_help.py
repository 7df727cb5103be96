"""`--help` imports nothing heavy, and tells what a person needs."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from greenroom.cli.reference import reference_text
from greenroom.cli.root import root

HEAVY = {
    "boto3",
    "botocore",
    "components",
    "greenroom.delivery",
    "greenroom.sandbox.cloud",
    "greenroom.sandbox.engine",
    "greenroom.sandbox.provider",
    "grpc",
    "model_packaging",
    "moto",
    "numpy",
    "pulumi",
    "pulumi_aws",
    "pydantic",
    "rich",
    "yaml",
}

IMPORTED = """
import json, sys
from greenroom.cli.root import root
try:
    root(sys.argv[1:], prog_name="greenroom")
except SystemExit as end:
    assert end.code == 0, end.code
print("MODULES", json.dumps(sorted(sys.modules)))
"""


def commands(
    command: click.Command = root, name: str = "greenroom", parent: click.Context | None = None
) -> Iterator[tuple[str, click.Command]]:
    yield name, command
    if isinstance(command, click.Group):
        context = command.make_context(name, [], parent=parent, resilient_parsing=True)
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            assert found is not None
            yield from commands(found, f"{name} {child}", context)


ROOT = root.make_context("greenroom", [], resilient_parsing=True)
LEAVES = [pytest.param(name, command, id=name) for name, command in commands() if not isinstance(command, click.Group)]


@pytest.mark.parametrize("arguments", [["--help"], ["sandbox", "--help"], ["sandbox", "up", "--help"], ["--version"]])
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments], capture_output=True, text=True, check=True, timeout=60
    )
    modules = set(json.loads(ended.stdout.rsplit("MODULES ", 1)[1]))
    assert modules & HEAVY == set()


def test_the_commands_are_those_that_the_readme_tells() -> None:
    assert [name for name, _ in commands()] == [
        "greenroom",
        "greenroom baseline",
        "greenroom check",
        "greenroom gate",
        "greenroom load-test",
        "greenroom optimise",
        "greenroom package",
        "greenroom release",
        "greenroom release list",
        "greenroom release show",
        "greenroom release diff",
        "greenroom release publish",
        "greenroom release download",
        "greenroom release approve",
        "greenroom release import",
        "greenroom release verify",
        "greenroom release sign",
        "greenroom release keygen",
        "greenroom sandbox",
        "greenroom sandbox up",
        "greenroom sandbox preview",
        "greenroom sandbox refresh",
        "greenroom sandbox destroy",
        "greenroom sandbox status",
        "greenroom sandbox invoke",
        "greenroom sandbox logs",
        "greenroom sandbox clock",
        "greenroom sandbox export",
        "greenroom sandbox import",
        "greenroom sandbox state",
        "greenroom sandbox state delete",
        "greenroom sandbox state list",
        "greenroom sandbox state rename",
        "greenroom sandbox state repair",
        "greenroom sandbox state unprotect",
        "greenroom sandbox env",
        "greenroom sandbox serve",
        "greenroom sandbox stop",
        "greenroom sandbox reset",
        "greenroom schema",
        "greenroom serve",
    ]


@pytest.mark.parametrize(("name", "command"), LEAVES)
def test_every_command_shows_an_example_and_its_exit_codes(name: str, command: click.Command) -> None:
    help_text = command.get_help(command.make_context(command.name, [], parent=ROOT, resilient_parsing=True))
    assert "Example" in help_text
    assert name in help_text
    assert "Exit codes: 0 " in help_text


@pytest.mark.parametrize(
    ("name", "group"),
    [pytest.param(name, command, id=name) for name, command in commands() if isinstance(command, click.Group)],
)
def test_a_group_tells_what_each_command_is_for_on_a_narrow_terminal(name: str, group: click.Group) -> None:
    context = group.make_context(name, [], parent=ROOT, resilient_parsing=True, terminal_width=80)
    listed = group.get_help(context).partition("Commands:")[2].partition("\n\n")[0]
    assert [line for line in listed.splitlines() if line.endswith("...")] == []


@pytest.mark.parametrize(
    ("name", "command"), [one for one in LEAVES if not str(one.id).startswith("greenroom sandbox")]
)
def test_what_json_prints_is_told(name: str, command: click.Command) -> None:
    if "as_json" in {parameter.name for parameter in command.params}:
        assert re.search(r"--json (prints|one line) ", command.epilog or ""), name


def test_a_shell_completes_commands_and_flags() -> None:
    def completed(words: str) -> list[str]:
        env = {"_GREENROOM_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        ended = CliRunner(env=env).invoke(root, prog_name="greenroom")
        return [line.removeprefix("plain,") for line in ended.stdout.splitlines()]

    assert completed("greenroom release d") == ["diff", "download"]
    assert completed("greenroom release approve --s") == ["--status"]


def test_the_reference_says_what_the_commands_say() -> None:
    page = Path(__file__).parents[3] / "docs" / "reference" / "cli.md"
    assert page.read_text(encoding="utf-8") == reference_text(), "write it anew: python -m greenroom.cli.reference"
