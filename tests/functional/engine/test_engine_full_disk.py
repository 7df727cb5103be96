"""A disk that becomes full at any point: the command fails and names the file, and what was done is known."""

from __future__ import annotations

import errno
import itertools
import os
from pathlib import Path

import pytest

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import StateWriteError
from greenroom.sandbox.engine.settling import settle_pending_creates
from tests.functional.engine.harness import Stage, errors

PROGRAM = 'a = Box("a", size=2)\nb = Box("b", of=a.arn)\nc = Box("c", shape="round")'


class FullDisk(Disk):
    """Has no room any more from the n-th write on; without a reserve, giving it up makes none."""

    def __init__(self, room: int, *, reserves: bool) -> None:
        self.room = room
        self.reserves = reserves
        self.is_full = False

    def write(self, descriptor: int, data: bytes) -> None:
        self.room -= 1
        if self.room <= 0:
            self.is_full = True
            super().write(descriptor, data[: len(data) // 2])
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        super().write(descriptor, data)

    def remove(self, file: Path) -> None:
        if self.reserves and file.suffix == ".reserve" and file.exists() and self.room <= 0:
            self.room = 4  # of a few small records
        super().remove(file)


@pytest.mark.slow
@pytest.mark.parametrize("reserves", [True, False])
def test_a_disk_that_becomes_full_at_any_point_loses_nothing(tmp_path: Path, reserves: bool) -> None:
    for room in itertools.count(1):
        stage = Stage(tmp_path / f"{reserves}-{room}")
        stage.up('a = Box("a")\ngone = Box("gone")')
        roomy, disk = stage.backend, FullDisk(room, reserves=reserves)
        stage.backend = StateBackend(stage.file.parent, passphrase_source=lambda: "open sesame", disk=disk)
        told = errors_of(stage)
        stage.backend = roomy
        if not disk.is_full:
            assert (told, room > 8) == ([], True)
            break
        if not told:  # the reserve took in the last of what was to be written: then nothing is left to do
            assert reserves
            check_done(stage)
        assert all(f"{stage.file}" in text and "No space left on device" in text for text in told)
        check_known(stage)
        settle_pending_creates(roomy, "dev", imports=made_in_doubt(stage), clear=True)
        assert (stage.refresh().succeeded, errors(stage.up(PROGRAM))) == (True, [])
        check_done(stage)


def check_done(stage: Stage) -> None:
    """The program's boxes are there, and in the state, and no others."""
    ids = {state.id for state in stage.backend.load("dev")[0].resources if state.type == "mem:index:Box"}
    assert (ids, sorted(box.split("-")[0] for box in stage.cloud.boxes)) == (set(stage.cloud.boxes), ["a", "b", "c"])


def errors_of(stage: Stage) -> list[str]:
    try:
        return errors(stage.up(PROGRAM))
    except StateWriteError as error:
        return [error.message]


def check_known(stage: Stage) -> None:
    deployment, _ = stage.backend.load("dev")
    in_doubt = {item.resource.urn.split("::")[-1] for item in deployment.pending}
    known = {state.id for state in deployment.resources}
    assert {id_.split("-")[0] for id_ in stage.cloud.boxes.keys() - known} <= in_doubt


def made_in_doubt(stage: Stage) -> dict[str, str]:
    deployment, _ = stage.backend.load("dev")
    known = {state.id for state in deployment.resources}
    creating = {item.resource.urn.split("::")[-1]: item.resource.urn for item in deployment.pending}
    return {creating[id_.split("-")[0]]: id_ for id_ in stage.cloud.boxes.keys() - known}
