"""What a failure becomes: one message, one exit code, one JSON object where one was asked for."""

import errno
import json
import os
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from components.specs import SpecError, Violation
from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option
from greenroom.cli.root import root
from greenroom.errors import DeploymentFailedError, InvocationError, StackNotUpError, UserError
from greenroom.sandbox.cloud import CloudStartError
from greenroom.sandbox.engine.errors import ProjectError, ProviderError, StackLockedError
from model_packaging.errors import ReleaseNotFoundError

VIOLATION = Violation("models/a/model.yaml", 3, 1, "owner", "x", "is no address", "an address", "write one")

FAILURES: list[tuple[BaseException, int]] = [
    (UserError("nothing there", fix="Look elsewhere."), 2),
    (StackNotUpError("not up"), 2),
    (SpecError([VIOLATION]), 2),
    (ReleaseNotFoundError("a", "sha256:" + "0" * 64, [], where="store"), 2),
    (ProjectError("Pulumi.yaml is no YAML"), 2),
    (StackLockedError("dev", "process 7"), 2),
    (DeploymentFailedError("dev failed"), 1),
    (ProviderError("urn", "CreateTopic was refused"), 1),
    (CloudStartError("the local AWS did not start"), 1),
    (InvocationError("the model refused it", status=400), 2),
    (InvocationError("the model failed on it", status=500), 1),
    (KeyboardInterrupt(), 130),
    (ZeroDivisionError("division by zero"), 1),
    (FileNotFoundError(2, "No such file or directory"), 1),
]


def raising(error: BaseException) -> click.Command:
    @click.command("fail", cls=Command)
    @json_option
    def fail(*, as_json: bool) -> None:
        raise error

    return fail


@pytest.mark.parametrize(("error", "exit_code"), FAILURES, ids=lambda value: type(value).__name__)
def test_a_failure_is_one_message_and_its_exit_code(error: BaseException, exit_code: int) -> None:
    ended = CliRunner().invoke(raising(error), [])
    assert ended.exit_code == exit_code
    assert ended.stdout == ""
    assert ended.stderr.startswith("error: ")
    assert "Traceback" not in ended.stderr
    assert str(error) in ended.stderr


@pytest.mark.parametrize(("error", "exit_code"), FAILURES, ids=lambda value: type(value).__name__)
def test_with_json_stdout_is_one_object_that_tells_the_error(error: BaseException, exit_code: int) -> None:
    ended = CliRunner().invoke(raising(error), ["--json"])
    told = json.loads(ended.stdout)
    assert set(told) == {"error"}
    assert told["error"]["exitCode"] == ended.exit_code == exit_code


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOTDIR, errno.ENOSPC], ids=os.strerror)
def test_what_the_machine_refuses_is_no_bug_of_ours(number: int) -> None:
    ended = CliRunner().invoke(raising(OSError(number, os.strerror(number), "/mnt/home/state")), [])
    assert (ended.exit_code, ended.stderr.splitlines()) == (
        2,
        [
            f"error: /mnt/home/state: {os.strerror(number)}",
            "  State, releases and the local AWS are kept in GREENROOM_HOME, by default .greenroom in the project.",
        ],
    )


def test_violations_are_told_one_by_one_in_json() -> None:
    ended = CliRunner().invoke(raising(SpecError([VIOLATION])), ["--json"])
    assert json.loads(ended.stdout)["error"]["violations"] == [VIOLATION.as_json()]


def test_a_bug_of_ours_says_how_to_see_more_and_shows_it_when_asked() -> None:
    quiet = CliRunner().invoke(raising(ZeroDivisionError("division by zero")), [])
    assert "GREENROOM_DEBUG=1" in quiet.stderr
    loud = CliRunner().invoke(raising(ZeroDivisionError("division by zero")), [], obj={"debug": True})
    assert isinstance(loud.exception, ZeroDivisionError)


@pytest.mark.parametrize("arguments", [["chekc"], ["sandbox", "up"], ["sandbox", "up", "dev", "--acount", "1"]])
def test_wrong_usage_is_bad_input(arguments: list[str]) -> None:
    assert CliRunner().invoke(root, arguments).exit_code == 2


@pytest.mark.parametrize("account", ["1234", "12345678901x", "arn:aws:iam", "١٢٣٤٥٦٧٨٩٠١٢"])
def test_an_account_that_is_none_is_bad_input(account: str) -> None:
    ended = CliRunner().invoke(root, ["sandbox", "up", "dev", "--account", account])
    assert (ended.exit_code, "12 digits" in ended.stderr) == (2, True)


def test_outside_a_project_the_error_says_how_to_name_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ended = CliRunner().invoke(root, ["sandbox", "status"])
    assert (ended.exit_code, ended.stdout) == (2, "")
    assert ended.stderr == (
        f"error: {tmp_path.resolve()}: there is no Pulumi.yaml here or in a folder above.\n"
        "  Change into a Pulumi project, or name it: --project DIR.\n"
    )
