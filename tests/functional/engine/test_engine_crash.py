"""Commands are killed at every point and at any moment; nothing is lost, doubled or orphaned.

Every kill is a SIGKILL to a process that runs the engine on a cloud that outlives it. Right after it, every box that
is there must be in the state, or in doubt by its URN; and everything in the state must be there, or in doubt. Then what
is in doubt is settled as a user would, and the next `up` must end with just the boxes of the program, each in the state
and each once.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.settling import pending_creates, settle_pending_creates
from greenroom.sandbox.engine.state import Deployment
from tests.functional.engine.crash_child import PASSPHRASE
from tests.functional.engine.harness import PRELUDE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

EMPTY = ""
FIRST = """
a = Box("a", size=1)
b = Box("b", size=1, of=a.arn)
gone = Box("gone", size=1)
slotted = Box("slotted", slot="one")
room = Room("room")
shaped = Box("shaped", shape="round", opts=inside(room))
"""
SECOND = """
a = Box("a", size=2)
b = Box("b", size=1, of=a.arn)
slotted = Box("slotted", slot="two")
room = Room("room")
shaped = Box("shaped", shape="square", opts=inside(room))
fresh = Box("fresh", size=3, of=shaped.arn)
"""
EXPECTED: dict[str, dict[str, dict[str, Any]]] = {
    EMPTY: {},
    FIRST: {
        "a": {"size": 1},
        "b": {"size": 1, "of": "a"},
        "gone": {"size": 1},
        "slotted": {"slot": "one", "size": 1},
        "shaped": {"shape": "round", "size": 1},
    },
    SECOND: {
        "a": {"size": 2},
        "b": {"size": 1, "of": "a"},
        "slotted": {"slot": "two", "size": 1},
        "shaped": {"shape": "square", "size": 1},
        "fresh": {"size": 3, "of": "shaped"},
    },
}


@dataclass
class Scene:
    """A project, its state and its cloud, all of them files, and the process that forks commands on them."""

    folder: Path
    forker: subprocess.Popen[str]
    backend: StateBackend = field(init=False)

    def __post_init__(self) -> None:
        self.backend = StateBackend(self.folder / "state", passphrase_source=lambda: PASSPHRASE)
        (self.folder / "program").mkdir(parents=True)
        (self.folder / "boxes").mkdir()
        (self.folder / "Pulumi.yaml").write_text("name: stage\nruntime: python\nmain: program\n", encoding="utf-8")

    def run(
        self, program: str, *commands: str, fuse: int = 0, parallel: int = 1, kill_after: float | None = None
    ) -> dict[str, Any] | None:
        """The outcome of commands; None if they were killed."""
        text = PRELUDE + textwrap.dedent(program)
        (self.folder / "program" / "__main__.py").write_text(text, encoding="utf-8")
        request = {"folder": str(self.folder), "commands": commands, "fuse": fuse, "parallel": parallel}
        assert self.forker.stdin is not None
        assert self.forker.stdout is not None
        self.forker.stdin.write(json.dumps(request) + "\n")
        self.forker.stdin.flush()
        child = int(self.forker.stdout.readline())
        if kill_after is not None:
            time.sleep(kill_after)
            kill(child)
        status = int(self.forker.stdout.readline())
        if status == 0:
            outcome: dict[str, Any] = json.loads((self.folder / "answer.json").read_text(encoding="utf-8"))
            return outcome
        assert status == signal.SIGKILL, f"the command ended with {status}"
        return None

    def boxes(self) -> dict[str, dict[str, Any]]:
        files = (self.folder / "boxes").glob("*.json")
        return {file.stem: json.loads(file.read_text(encoding="utf-8")) for file in files}

    def deployment(self) -> Deployment:
        return self.backend.load("dev")[0]

    def keep(self, name: str) -> Path:
        kept = self.folder.parent / name
        kept.mkdir()
        for part in ("state", "boxes"):
            shutil.copytree(self.folder / part, kept / part)
        return kept

    def restore(self, kept: Path) -> None:
        for part in ("state", "boxes"):
            shutil.rmtree(self.folder / part, ignore_errors=True)
            shutil.copytree(kept / part, self.folder / part)


def kill(process: int) -> None:
    """Kills the child, unless it has ended meanwhile."""
    with suppress(ProcessLookupError):
        os.kill(process, signal.SIGKILL)


@pytest.fixture(scope="module")
def forker() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.functional.engine.crash_child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    )
    yield process
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    process.wait(10)
    process.stdout.close()


@pytest.fixture
def scene(tmp_path: Path, forker: subprocess.Popen[str]) -> Scene:
    return Scene(tmp_path / "scene", forker)


@dataclass
class Tally:
    """What the kills came to."""

    kills: int = 0
    points: Counter[str] = field(default_factory=Counter)
    in_doubt: Counter[str] = field(default_factory=Counter)
    imported: int = 0
    cleared: int = 0

    def __str__(self) -> str:
        doubts = ", ".join(f"{count} {type_}" for type_, count in sorted(self.in_doubt.items())) or "none"
        return f"{self.kills} kills; in doubt: {doubts}; {self.imported} imported, {self.cleared} cleared"


def check_known(scene: Scene, tally: Tally) -> None:
    """Nothing is there that the state does not know of, and the state knows of nothing that is not there."""
    deployment, boxes = scene.deployment(), scene.boxes()
    tally.in_doubt.update(item.type for item in deployment.pending)
    ids = {state.id for state in deployment.resources if state.type == "mem:index:Box"}
    creating = {item.resource.urn for item in deployment.pending if item.type == "creating"}
    deleting = {item.resource.id for item in deployment.pending if item.type == "deleting"}
    # What was deleted to be replaced stays in the state as that until its replacement is made.
    deleting |= {state.id for state in deployment.resources if state.pending_replacement}
    orphans = {id_ for id_, box in boxes.items() if id_ not in ids and box["urn"] not in creating}
    lost = ids - boxes.keys() - deleting
    assert (orphans, lost) == (set(), set())


def settle(scene: Scene, tally: Tally) -> None:
    """As a user would: what was made is imported by its id, what was not is cleared."""
    for item in pending_creates(scene.backend, "dev"):
        known = {state.id for state in scene.deployment().resources}
        made = [id_ for id_, box in scene.boxes().items() if box["urn"] == item.resource.urn and id_ not in known]
        if made:
            done = settle_pending_creates(scene.backend, "dev", imports={item.resource.urn: made[0]}, clear=False)
            tally.imported += len(done.imported)
    tally.cleared += len(settle_pending_creates(scene.backend, "dev", imports={}, clear=True).cleared)


def check_whole(scene: Scene, program: str) -> None:
    """The boxes of the program are there, each once, each in the state; nothing else is, and nothing is in doubt."""
    deployment, boxes = scene.deployment(), scene.boxes()
    names = {id_: box["urn"].split("::")[-1] for id_, box in boxes.items()}
    expected = EXPECTED[program]
    assert sorted(names.values()) == sorted(expected)
    assert {s.urn.split("::")[-1]: s.id for s in deployment.resources if s.type == "mem:index:Box"} == {
        name: id_ for id_, name in names.items()
    }
    arns = {name: f"arn:mem:{id_}" for id_, name in names.items()}
    for id_, name in names.items():
        wanted = {key: arns[value] if key == "of" else value for key, value in expected[name].items()}
        assert boxes[id_]["properties"] == {**wanted, "arn": arns[name]}
    assert deployment.pending == []
    left = {file.name for file in (scene.folder / "state").iterdir()}
    assert left <= {"dev.json", "dev.json.bak", "dev.json.lock"}


def recover(scene: Scene, program: str, tally: Tally) -> None:
    check_known(scene, tally)
    if scene.backend.list():
        settle(scene, tally)
    commands = ("refresh", "up") if scene.deployment().resources else ("up",)
    outcome = scene.run(program, *commands)
    assert outcome is not None
    assert outcome["errors"] == {command: [] for command in commands}
    check_whole(scene, program)


COMMANDS = [
    pytest.param((EMPTY, FIRST, "up"), id="the first up"),
    pytest.param((FIRST, SECOND, "up"), id="an up that updates, replaces and deletes"),
    pytest.param((SECOND, EMPTY, "destroy"), id="a destroy"),
]


@pytest.mark.parametrize("case", COMMANDS)
def test_a_command_killed_at_every_point_leaves_nothing_lost_doubled_or_orphaned(
    scene: Scene, case: tuple[str, str, str], record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before, program, command = case
    if before:
        assert scene.run(before, "up") is not None
    else:
        (scene.folder / "state").mkdir()
    start = scene.keep("start")
    whole = scene.run(program, command)
    assert whole is not None
    tally = Tally(points=Counter(whole["points"]))
    for fuse in range(1, len(whole["points"]) + 1):
        scene.restore(start)
        if scene.run(program, command, fuse=fuse) is not None:
            continue  # threads that met at a sync passed fewer points: it came to its end before the fuse did
        tally.kills += 1
        recover(scene, program, tally)
    assert tally.kills >= 0.6 * len(whole["points"])
    record_property("kills", tally.kills)
    with capsys.disabled():
        print(f"\n{command}: {tally}; {dict(tally.points)}")


def test_a_command_that_clears_up_after_a_killed_one_may_be_killed_at_every_point_too(
    scene: Scene, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert scene.run(FIRST, "up") is not None
    untouched = scene.keep("untouched")
    whole = scene.run(SECOND, "up")
    assert whole is not None
    scene.restore(untouched)
    assert scene.run(SECOND, "up", fuse=whole["points"].index("after the cloud") + 1) is None
    assert scene.backend.journal_path("dev").exists()
    start = scene.keep("start")
    tally = Tally()
    for fuse in range(1, 21):  # the clearing up, and the first operation after it
        scene.restore(start)
        assert scene.run(SECOND, "up", fuse=fuse) is None
        tally.kills += 1
        recover(scene, SECOND, tally)
    record_property("kills", tally.kills)
    with capsys.disabled():
        print(f"\nup after a kill: {tally}")


def test_a_refresh_killed_at_every_point_leaves_a_state_that_can_be_gone_on_from(scene: Scene) -> None:
    program = f'{SECOND}child = Box("child", opts=inside(a))\n'
    assert scene.run(program, "up") is not None
    for id_, box in scene.boxes().items():
        if box["urn"].endswith(("::a", "::shaped")):
            (scene.folder / "boxes" / f"{id_}.json").unlink()
    start = scene.keep("start")
    for fuse in itertools.count(1):
        scene.restore(start)
        killed = scene.run(program, "refresh", fuse=fuse) is None
        outcome = scene.run(SECOND, "refresh", "up")
        assert outcome is not None
        assert outcome["errors"] == {"refresh": [], "up": []}
        check_whole(scene, SECOND)
        if not killed:
            break


@pytest.mark.parametrize("seed", [1, 2])
def test_commands_killed_at_any_moment_leave_nothing_lost_doubled_or_orphaned(
    scene: Scene, seed: int, record_property: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    chance = random.Random(seed)
    assert scene.run(FIRST, "up", parallel=4) is not None
    began = time.monotonic()
    assert scene.run(SECOND, "up", parallel=4) is not None
    longest = time.monotonic() - began
    tally, program = Tally(), FIRST
    while tally.kills < 105:
        for _ in range(chance.choice((1, 2, 3, 4))):
            program = chance.choice((FIRST, SECOND, EMPTY))
            command = "destroy" if program == EMPTY else "up"
            killed = scene.run(program, command, parallel=4, kill_after=chance.uniform(0, longest)) is None
            tally.kills += killed
            check_known(scene, tally)
        recover(scene, program, tally)
    record_property("kills", tally.kills)
    with capsys.disabled():
        print(f"\nat random, seed {seed}: {tally}")
