"""`greenroom sandbox clock` reads and moves the local AWS's time."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from greenroom.cli.root import root
from greenroom.sandbox.clock import parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("10m", 600), ("1h30m", 5400), ("2d", 172800), ("0.5h", 1800)]
)
def test_a_duration_is_read(text, seconds):
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "10", "10 m", "m", "-5m", "1w", "0s"])
def test_what_is_no_duration_says_what_one_looks_like(text):
    with pytest.raises(ValueError, match="write 90s, 10m, 1h30m or 2d"):
        parse_duration(text)


def test_more_than_a_year_is_refused_before_anything_is_started():
    with pytest.raises(ValueError, match="'400d' is more than can be skipped at once: at most 366d"):
        parse_duration("400d")


def project(folder):
    (folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    return folder


def test_a_stopped_local_aws_is_told_and_not_started(tmp_path):
    runner = CliRunner(env={"GREENROOM_HOME": str(tmp_path / "home"), "NO_COLOR": "1"})
    arguments = ["sandbox", "clock", "--project", str(project(tmp_path))]
    told = runner.invoke(root, arguments)
    stopped = "the local AWS is stopped; what falls due meanwhile is done once when it is started\n"
    assert (told.exit_code, told.stdout) == (0, stopped)
    assert json.loads(runner.invoke(root, [*arguments, "--json"]).stdout) is None
    refused = runner.invoke(root, [*arguments, "--advance", "soon"])
    assert refused.exit_code == 2
    assert "'soon' is no duration" in refused.output
