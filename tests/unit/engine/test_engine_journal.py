"""The journal: what is torn is dropped, what is damaged is told, and folded it is what the checkpoint had in mind."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import StateError, StateWriteError
from greenroom.sandbox.engine.journal import StateJournal, encode, read_journal
from greenroom.sandbox.engine.state import Deployment, Operation, ResourceState, resource_to_json

FILE = Path("dev.json.journal")
HEAD = encode(0, -1, '[["journal",1,""]]')


def box(name: str, **fields: Any) -> ResourceState:
    return ResourceState(urn=f"urn:pulumi:dev::p::mem:index:Box::{name}", type="mem:index:Box", custom=True, **fields)


def entries(data: bytes) -> list[Any]:
    journal = read_journal(FILE, data)
    return [] if journal is None else [entry for record in journal.records for entry in record.entries]


def test_a_line_is_a_record_with_its_checksum() -> None:
    assert encode(1, 0, '[["end",3]]') == b'7b2f577b 1 0 [["end",3]]\n'


def test_a_journal_cut_off_anywhere_is_the_whole_records_before_the_cut() -> None:
    lines = [HEAD, encode(1, 0, '[["remove",0]]'), encode(2, 0, '[["remove",1]]')]
    data = b"".join(lines)
    ends = [len(b"".join(lines[: count + 1])) for count in range(3)]
    for size in range(len(data) + 1):
        whole = sum(end <= size for end in ends)
        assert entries(data[:size]) == [["remove", 0], ["remove", 1]][: max(0, whole - 1)]


def test_what_follows_a_record_that_was_never_durable_is_dropped_with_it() -> None:
    # The machine lost its power, and the disk kept a later page but not an earlier one.
    data = HEAD + b"\0" * 20 + b"\n" + encode(2, 0, '[["remove",1]]')
    assert entries(data) == []


def test_a_durable_record_that_cannot_be_read_is_damage() -> None:
    data = HEAD + encode(1, 0, '[["remove",0]]').replace(b"0]", b"7]") + encode(2, 1, '[["remove",1]]')
    with pytest.raises(StateError, match=r"dev\.json\.journal:2: a record is damaged"):
        read_journal(FILE, data)


def test_a_record_of_another_number_is_none_of_this_journal() -> None:
    assert entries(HEAD + encode(5, 0, '[["remove",0]]')) == []


class SlowDisk(Disk):
    """A disk that waits for a sign before it syncs."""

    def __init__(self) -> None:
        self.syncs = 0
        self.entered = threading.Event()
        self.go = threading.Event()

    def sync(self, descriptor: int) -> None:
        self.entered.set()
        assert self.go.wait(5)
        self.syncs += 1


def test_those_who_wait_for_the_disk_share_one_sync(tmp_path: Path) -> None:
    disk = SlowDisk()
    journal = StateJournal(tmp_path / "journal", "", disk)
    first = threading.Thread(target=journal.commit, args=(journal.append("[]"),))
    first.start()
    assert disk.entered.wait(5)
    others = [threading.Thread(target=journal.commit, args=(journal.append("[]"),)) for _ in range(20)]
    for thread in others:
        thread.start()
    disk.go.set()
    for thread in (first, *others):
        thread.join(5)
    journal.close()
    data = (tmp_path / "journal").read_bytes()
    assert (disk.syncs, len(data.splitlines())) == (2, 22)


class FullDisk(Disk):
    """A disk with room for so many bytes; a reserve that is given up makes room."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, descriptor: int, data: bytes) -> None:
        super().write(descriptor, data[: self.room])
        self.room -= len(data)
        if self.room < 0:
            raise OSError(28, os.strerror(28))

    def remove(self, file: Path) -> None:
        self.room += 1000 if file.suffix == ".reserve" and file.exists() else 0
        super().remove(file)


def test_a_full_disk_takes_the_end_of_what_is_under_way_and_nothing_new(tmp_path: Path) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x", disk=FullDisk(420))
    base, crypter = backend.load("dev")
    checkpoint = Checkpoint(backend, "dev", base, crypter, dry=False)
    with checkpoint.change() as change:
        operation = change.begin("creating", box("a", inputs={"text": "x" * 200}))
    made = box("a", id="a-1", inputs={"text": "x" * 200})
    with checkpoint.change() as change:
        change.end(operation)
        change.add(made)
    with (
        pytest.raises(StateWriteError, match=r"dev\.json\.journal: No space left on device"),
        checkpoint.change() as change,
    ):
        change.begin("creating", box("b"))
    checkpoint.close()
    deployment, _ = StateBackend(tmp_path, passphrase_source=lambda: "x").load("dev")
    assert ([state.id for state in deployment.resources], deployment.pending) == (["a-1"], [])


def record_end(checkpoint: Checkpoint, operation: Operation, made: ResourceState) -> None:
    with checkpoint.change() as change:
        change.end(operation)
        change.add(made)


def test_what_cannot_be_recorded_is_told_by_its_urn_and_id(tmp_path: Path) -> None:
    disk = FullDisk(10_000)
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x", disk=disk)
    base, crypter = backend.load("dev")
    checkpoint = Checkpoint(backend, "dev", base, crypter, dry=False)
    state = box("a")
    with checkpoint.change() as change:
        operation = change.begin("creating", state)
    disk.room = -5000
    state.id = "a-1"
    with pytest.raises(StateWriteError) as caught:
        record_end(checkpoint, operation, state)
    assert f"creating {state.urn} (id 'a-1') came to its end, and the state cannot be written: " in caught.value.message
    checkpoint.close()
    deployment, _ = StateBackend(tmp_path, passphrase_source=lambda: "x").load("dev")
    assert [(item.type, item.resource.urn) for item in deployment.pending] == [("creating", state.urn)]


def test_what_a_killed_refresh_found_gone_is_not_referred_to(tmp_path: Path) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x", disk=QuickDisk())
    room, gone = box("room"), box("gone", parent=box("room").urn)
    child = box("child", parent=gone.urn, dependencies=(gone.urn,), property_dependencies={"x": (gone.urn,)})
    backend.save("dev", Deployment([room, gone, child]), backend.crypter())
    journal = backend.journal("dev", backend.load("dev")[0])
    journal.commit(journal.append('[["remove",1]]'))
    journal.close()
    (_, left) = backend.load("dev")[0].resources
    assert (left.parent, left.dependencies, left.property_dependencies) == (room.urn, (), {"x": ()})


ACTIONS = st.lists(
    st.tuples(
        st.sampled_from(["add", "carry", "change", "remove", "touch", "replace", "begin", "end"]), st.integers(0, 9)
    ),
    max_size=25,
)


def act(checkpoint: Checkpoint, action: str, pick: int, count: int) -> None:
    resources, pending = checkpoint.resources(), checkpoint.pending
    state = resources[pick % len(resources)] if resources else None
    with checkpoint.change() as change:
        if action == "add" or state is None:
            change.add(box(f"n{count}", id=str(count)))
        elif action in ("carry", "change"):
            new = state.copy()
            new.outputs = {"at": float(count)} if action == "change" else state.outputs
            change.carry(state, new)
        elif action == "remove":
            change.remove(state)
        elif action == "touch":
            state.outputs = {"touched": float(count)}
            change.touch(state)
        elif action == "replace":
            new = state.copy()
            new.outputs = {"read": float(count)}
            change.replace(state, new)
        elif action == "begin":
            change.begin("updating", state if pick % 2 else box(f"o{count}"))
        elif pending:
            change.end(pending[pick % len(pending)])


def read(states: list[ResourceState]) -> list[dict[str, Any]]:
    return [resource_to_json(state, lambda _place, text: text) for state in states]


@settings(max_examples=25, deadline=None)
@given(actions=ACTIONS)
def test_what_is_folded_is_what_the_checkpoint_had_in_mind(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    backend = StateBackend(tmp_path_factory.mktemp("state"), passphrase_source=lambda: "x", disk=QuickDisk())
    backend.save("dev", Deployment([box("a", id="1"), box("b", id="2"), box("c", id="3")]), backend.crypter())
    base, crypter = backend.load("dev")
    checkpoint = Checkpoint(backend, "dev", base, crypter, dry=False)
    for count, (action, pick) in enumerate(actions):
        act(checkpoint, action, pick, count)
    with checkpoint.change() as change:  # so that all is on disk
        change.end(change.begin("updating", box("last")))
    in_the_journal, _ = backend.load("dev")
    checkpoint.finish()
    compacted, _ = backend.load("dev")
    for found in (in_the_journal, compacted):
        assert read(found.resources) == read(checkpoint.resources())
        assert [item.resource.urn for item in found.pending] == [item.resource.urn for item in checkpoint.pending]


class QuickDisk(Disk):
    """A disk that does not wait for itself."""

    def sync(self, descriptor: int) -> None:
        """Nothing is awaited."""

    def sync_folder(self, folder: Path) -> None:
        """Nothing is awaited."""

    def reserve(self, descriptor: int, size: int) -> None:
        """Nothing is kept aside."""
