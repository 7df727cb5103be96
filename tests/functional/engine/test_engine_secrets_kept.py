"""No secret is in the clear in anything that a command writes, says, or fails with; its key is drawn once."""

from __future__ import annotations

import errno
import os
import traceback
from pathlib import Path

import pytest

from greenroom.sandbox.engine import secrets
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import StateWriteError
from greenroom.sandbox.engine.secrets import Crypter
from tests.functional.engine.harness import Stage, errors

HUSH = "hush-hush-2846"
PROGRAM = """
pw = pulumi.Config().require_secret("pw")
a = Box("a", pw=pw, deep={"list": [pw]})
b = Box("b", size=SIZE, note=Output.concat("about ", pw), opts=ResourceOptions(additional_secret_outputs=["arn"]))
pulumi.export("pw", pw)
"""


class WatchingDisk(Disk):
    """Keeps everything that was ever written; fails when told to."""

    def __init__(self) -> None:
        self.written = b""
        self.is_full = False

    def write(self, descriptor: int, data: bytes) -> None:
        self.written += data
        if self.is_full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(descriptor, data)


@pytest.fixture
def disk(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> WatchingDisk:
    monkeypatch.setattr(secrets, "_ROUNDS", 10)
    secrets._key.cache_clear()
    crypter = Crypter("open sesame")
    sealed = crypter.encrypt("", HUSH)
    (stage.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  stage:pw:\n    secure: {sealed}\n", encoding="utf-8"
    )
    secrets._key.cache_clear()
    disk = WatchingDisk()
    stage.backend = StateBackend(stage.file.parent, passphrase_source=lambda: "open sesame", disk=disk)
    return disk


def files(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


def test_no_file_and_no_word_of_a_command_has_a_secret_in_the_clear(
    stage: Stage, disk: WatchingDisk, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    first, second = PROGRAM.replace("SIZE", "1"), PROGRAM.replace("SIZE", "2")
    for result in (
        stage.up(first),
        stage.up(second),
        stage.refresh(),
        stage.up(second + 'Box("f", fail="create", pw=pw)'),
    ):
        assert HUSH not in str(result.to_pulumi_json(show_sames=True, show_replacement_steps=True)) + repr(stage.events)
    assert b"creating" in disk.written
    assert HUSH.encode() not in disk.written + files(stage.folder)
    assert HUSH not in "".join(capfd.readouterr()) + caplog.text


def test_no_word_of_a_state_that_cannot_be_written_has_one(stage: Stage, disk: WatchingDisk) -> None:
    disk.is_full = True
    try:
        text = "\n".join(errors(stage.up(PROGRAM.replace("SIZE", "1"))))
    except StateWriteError as error:
        text = "".join(traceback.format_exception(error))
    assert ("No space left on device" in text, HUSH in text + repr(stage.events)) == (True, False)


@pytest.mark.usefixtures("disk")
def test_configuration_and_state_share_one_key_which_is_drawn_once(stage: Stage) -> None:
    for size in ("1", "2"):
        secrets._key.cache_clear()
        assert stage.up(PROGRAM.replace("SIZE", size)).succeeded
        assert secrets._key.cache_info().misses == 1


@pytest.mark.usefixtures("disk")
def test_a_stack_without_secrets_draws_no_key(stage: Stage) -> None:
    assert stage.up('Box("a")').succeeded
    (stage.folder / "Pulumi.dev.yaml").unlink()
    secrets._key.cache_clear()
    for _ in range(2):
        assert stage.up('Box("a")').succeeded
    assert secrets._key.cache_info().misses == 0
