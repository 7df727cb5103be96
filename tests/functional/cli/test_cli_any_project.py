"""Any Pulumi Python project: the sandbox knows nothing of ours, and failures leave a state to go on from."""

import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.functional.cli.conftest import Shell

pytestmark = pytest.mark.slow

Make = Callable[[str], Shell]

TOPIC = """
import pulumi, pulumi_aws as aws
print("hello from the program")
topic = aws.sns.Topic("alarms", display_name="Alarms")
pulumi.export("arn", topic.arn)
pulumi.export("password", pulumi.Output.secret("hush"))
"""


def test_a_plain_project_goes_up_changes_and_comes_down(plain: Make) -> None:
    shell = plain(TOPIC)
    done = shell.json("sandbox", "up", "dev")
    assert done["changeSummary"] == {"create": 2}
    assert done["outputs"]["password"] == "[secret]"
    assert re.fullmatch(r"arn:aws:sns:us-east-1:123456789012:alarms-[0-9a-f]{7}", done["outputs"]["arn"])

    plain(TOPIC.replace('"Alarms"', '"Bells"'))
    ended = shell.ok("sandbox", "preview", "dev")
    assert '~ displayName: "Alarms" => "Bells"' in ended.stdout
    assert "~ 1 to update" in ended.stderr

    exported = shell.ok("sandbox", "export", "dev").stdout
    assert "hush" not in exported
    destroyed = shell.json("sandbox", "destroy", "dev")
    assert destroyed["changeSummary"] == {"delete": 2}


def test_what_a_program_prints_stays_out_of_the_result(plain: Make) -> None:
    ended = plain(TOPIC).ok("sandbox", "preview", "dev", "--json")
    assert set(json.loads(ended.stdout)) >= {"steps", "changeSummary", "duration"}
    assert "hello from the program" in ended.stderr


def test_the_local_aws_answers_as_the_account_that_was_asked_for(plain: Make) -> None:
    done = plain(TOPIC).json("sandbox", "up", "dev", "--account", "444455556666")
    assert ":444455556666:" in done["outputs"]["arn"]


GUARDED = """
import pulumi, pulumi_aws as aws
prod = aws.Provider("prod", region="us-east-1", allowed_account_ids=["777788889999"])
aws.sns.Topic("alarms", opts=pulumi.ResourceOptions(provider=prod))
"""


def test_a_provider_of_another_account_is_refused(plain: Make) -> None:
    ended = plain(GUARDED).run("sandbox", "up", "dev", "--account", "111122223333")
    assert ended.exit_code == 1
    assert ended.stderr.count("error:") == 1
    assert "777788889999" in ended.stderr
    assert "111122223333" in ended.stderr


def test_a_program_that_raises_is_one_error_with_its_own_lines(plain: Make) -> None:
    ended = plain("import pulumi\nprint('first')\nraise LookupError('no such thing')\n").run("sandbox", "up", "dev")
    assert (ended.exit_code, ended.stdout) == (1, "")
    assert ended.stderr.count("error:") == 1
    assert "LookupError: no such thing" in ended.stderr
    assert "__main__.py" in ended.stderr
    failed = plain("raise LookupError('no such thing')\n").run("sandbox", "up", "dev", "--json")
    assert json.loads(failed.stdout)["result"] == "failed"


KILLS_THE_SERVER = """
import json, os, pathlib, signal
import pulumi, pulumi_aws as aws

record = json.loads(pathlib.Path({record!r}).read_text())

def kill(arn):
    os.kill(record["pid"], signal.SIGKILL)
    return arn

first = aws.sns.Topic("first")
second = aws.sns.Topic("second", display_name=first.arn.apply(kill))
pulumi.export("arn", second.arn)
"""

TWO_TOPICS = """
import pulumi, pulumi_aws as aws

first = aws.sns.Topic("first")
second = aws.sns.Topic("second", display_name=first.arn)
pulumi.export("arn", second.arn)
"""


def test_a_server_killed_in_the_middle_of_up_is_one_error_and_the_next_up_goes_on(plain: Make) -> None:
    shell = plain(TOPIC)
    shell.ok("sandbox", "up", "dev")
    plain(KILLS_THE_SERVER.format(record=str(shell.home / "cloud" / "server.json")))
    ended = shell.run("sandbox", "up", "dev")
    assert (ended.exit_code, ended.stdout) == (1, ""), ended.output
    assert ended.stderr.count("error:") == 1
    told = ended.stderr.partition("error:")[2]
    assert "the local AWS went away in the middle" in told
    assert "aws:sns/topic:Topic second" in told
    assert shell.cloud.status().state == "stopped"

    plain(TWO_TOPICS)
    again = shell.json("sandbox", "up", "dev")
    assert again["result"] == "succeeded"
    assert shell.json("sandbox", "up", "dev")["changeSummary"] == {"same": 3}


BLOCKS = """
import pathlib, time
import pulumi_aws as aws

aws.sns.Topic("first")
marker = pathlib.Path({marker!r})
marker.write_text("")
time.sleep({seconds})
aws.sns.Topic("second")
"""


@pytest.mark.slow
def test_an_interrupted_up_ends_with_130_and_the_next_one_goes_on(plain: Make, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    shell = plain(BLOCKS.format(marker=str(marker), seconds=2))
    process = shell.start("sandbox", "up", "dev")
    wait_for(marker.exists)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert "Traceback" not in told
    plain(BLOCKS.format(marker=str(marker), seconds=0))
    done = shell.json("sandbox", "up", "dev")
    assert done["result"] == "succeeded"
    assert len([one for one in topics(shell) if one]) == 2


def test_a_failed_preview_left_nothing_to_go_on_from(plain: Make) -> None:
    ended = plain("raise LookupError('no such thing')\n").run("sandbox", "preview", "dev")
    assert ended.exit_code == 1
    assert "LookupError: no such thing" in ended.stderr
    assert "state" not in ended.stderr


def test_serve_tells_the_engine_where_first_and_ends_well_when_interrupted(plain: Make) -> None:
    process = plain(TOPIC).start("sandbox", "serve", "--json")
    assert process.stdout is not None
    first = json.loads(process.stdout.readline())
    assert re.fullmatch(r"aws:\d+,aws-native:\d+", first["PULUMI_DEBUG_PROVIDERS"])
    process.send_signal(signal.SIGTERM)
    rest, _ = process.communicate(timeout=60)
    assert (process.returncode, rest) == (0, "")


@pytest.mark.slow
def test_stop_keeps_the_state_and_reset_forgets_it(plain: Make) -> None:
    shell = plain(TOPIC)
    arn = shell.json("sandbox", "up", "dev")["outputs"]["arn"]
    assert shell.json("sandbox", "stop") == {"was": "ready", "state": "stopped"}
    assert shell.json("sandbox", "status")["state"] == "stopped"
    assert shell.json("sandbox", "up", "dev")["changeSummary"] == {"same": 2}
    assert topics(shell) == [arn]
    assert shell.json("sandbox", "reset", "--yes") == {"state": "stopped", "forgotten": ["dev"]}
    assert shell.json("sandbox", "status")["stacks"] == []
    assert topics(shell) == []


@pytest.mark.parametrize(
    ("pulumi_yaml", "told"),
    [
        ("name: plain\nruntime: nodejs\n", "nodejs"),
        ("name: [\n", "Pulumi.yaml"),
        ("runtime: python\n", "no name"),
        ("name: ../plain\nruntime: python\n", "cannot be a project's name"),
        ("name: plain\nruntime: nodejs\nmain: nowhere\n", "nodejs"),
    ],
)
def test_a_project_that_is_none_of_ours_to_run_is_bad_input(plain: Make, pulumi_yaml: str, told: str) -> None:
    shell = plain("")
    (shell.project / "Pulumi.yaml").write_text(pulumi_yaml)
    ended = shell.run("sandbox", "up", "dev")
    assert (ended.exit_code, ended.stdout) == (2, ""), ended.output
    assert told in ended.stderr


def topics(shell: Shell) -> list[str]:
    from greenroom.sandbox import Sandbox

    client = Sandbox(shell.project, home_folder=shell.home).client("sns", "123456789012", "us-east-1")
    return [one["TopicArn"] for one in client.list_topics()["Topics"]]


def wait_for(condition: Callable[[], bool], seconds: float = 60) -> None:
    import time

    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
