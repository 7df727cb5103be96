"""States edited by hand, imported, exported, repaired; who holds a stack."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from greenroom.sandbox.engine import integrity, secrets, stack_lock, state_edits
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.errors import PassphraseError, StackLockedError, StateError
from greenroom.sandbox.engine.settling import settle_pending_creates
from greenroom.sandbox.engine.state import Deployment, Operation, ResourceState
from greenroom.sandbox.engine.state_transfer import import_state, with_open_secrets
from greenroom.sandbox.engine.values import Secret

STACK = "urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev"


def urn(name: str, stack: str = "dev") -> str:
    return f"urn:pulumi:{stack}::p::mem:index:Box::{name}"


def box(name: str, **fields: Any) -> ResourceState:
    return ResourceState(urn=urn(name), type="mem:index:Box", custom=True, **fields)


def raw(name: str, **fields: Any) -> dict[str, Any]:
    return {"urn": urn(name), "type": "mem:index:Box", "custom": True, **fields}


def document(*resources: dict[str, Any], **rest: Any) -> bytes:
    return json.dumps({"version": 3, "deployment": {"resources": list(resources), **rest}}, indent=1).encode()


@pytest.fixture
def backend(tmp_path: Path) -> StateBackend:
    return StateBackend(tmp_path, passphrase_source=lambda: "open sesame")


@pytest.fixture(autouse=True)
def quick_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "_ROUNDS", 10)
    secrets._key.cache_clear()


def names(backend: StateBackend, stack: str = "dev") -> list[str]:
    return [state.urn.split("::")[-1] for state in backend.load(stack)[0].resources]


@pytest.mark.parametrize(
    ("resources", "told"),
    [
        ([raw("a"), raw("a")], ["is there a second time, and neither is marked for deletion"]),
        ([raw("a"), raw("a", delete=True), raw("a", delete=True)], []),
        ([raw("b", dependencies=[urn("a")])], [f"depends on {urn('a')}, which is not there"]),
        ([raw("b", dependencies=[urn("a")]), raw("a")], [f"depends on {urn('a')}, which comes after it"]),
        ([raw("b", parent=STACK)], [f"has the parent {STACK}, which is not there"]),
        ([raw("b", propertyDependencies={"x": [urn("a")]})], [f"depends (by 'x') on {urn('a')}, which is not there"]),
        ([raw("b", deletedWith=urn("a"))], [f"is deleted with {urn('a')}, which is not there"]),
        ([raw("b", provider="urn:x::1")], ["has the provider urn:x::1, which is not there"]),
        ([raw("b", custom=False, id="1")], ["is a component, and has an id"]),
        ([raw("b", dependencies="a"), {"urn": "b"}], ["has a 'dependencies' that is str, not list", "lacks 'type'"]),
        (["b"], ["is str, not an object"]),
    ],
)
def test_a_state_is_refused_for_what_the_real_engine_refuses(resources: list[Any], told: list[str]) -> None:
    found = integrity.violations({"resources": resources})
    assert [problem in text for problem, text in zip(told, found, strict=False)] == [True] * len(told)
    assert (len(found) >= len(told), bool(found)) == (True, bool(told))


def test_every_violation_is_told_with_its_line_and_nothing_is_changed(backend: StateBackend) -> None:
    backend.save("dev", Deployment([box("old")]), backend.crypter())
    data = document(raw("a", note='{"[,:\\"'), raw("a"), raw("b", parent=urn("none"), dependencies=[urn("c")]))
    with pytest.raises(StateError) as caught:
        import_state(backend, "dev", data, source="edited.json")
    lines = data.decode().splitlines()
    starts = [number for number, line in enumerate(lines, 1) if line == "   {"]
    assert caught.value.message.splitlines() == [
        "edited.json: it was changed by hand, or damaged:",
        f"    line {starts[1]}: resource {urn('a')} is there a second time, and neither is marked for deletion",
        f"    line {starts[2]}: resource {urn('b')} has the parent {urn('none')}, which is not there",
        f"    line {starts[2]}: resource {urn('b')} depends on {urn('c')}, which is not there",
    ]
    assert names(backend) == ["old"]


def test_a_state_cut_short_says_where_and_the_backup_brings_it_back(backend: StateBackend) -> None:
    for name in ("first", "second"):
        backend.save("dev", Deployment([box(name)]), backend.crypter())
    file, backup = backend.path("dev"), backend.backup_path("dev")
    file.write_bytes(file.read_bytes()[:150])
    with pytest.raises(StateError) as caught:
        backend.load("dev")
    assert "line 2, column" in caught.value.message
    assert f"greenroom sandbox import dev --file {backup}" in caught.value.fix
    import_state(backend, "dev", backup.read_bytes())
    assert (names(backend), file.with_name("dev.json.unreadable").exists()) == (["first"], True)


def test_a_state_changed_behind_a_journal_is_told_and_neither_is_lost(backend: StateBackend) -> None:
    backend.save("dev", Deployment([box("a")]), backend.crypter())
    journal = backend.journal("dev", backend.load("dev")[0])
    journal.commit(journal.append('[["remove",0]]'))
    journal.close()
    assert names(backend) == []
    file = backend.path("dev")
    file.write_bytes(file.read_bytes() + b"\n")
    with pytest.raises(StateError, match=r"is not the state that dev\.json\.journal goes on from"), backend.lock("dev"):
        pass
    assert (file.exists(), backend.journal_path("dev").exists()) == (True, True)


def test_half_written_files_of_killed_commands_are_swept(backend: StateBackend, tmp_path: Path) -> None:
    ours, others = tmp_path / ".dev.json.77-new.tmp", tmp_path / ".dev.json.json.77-new.tmp"
    for file in (ours, others):
        file.write_text("half", encoding="utf-8")
    with backend.lock("dev"):
        assert (ours.exists(), others.exists()) == (False, True)


# -- secrets ---------------------------------------------------------------------------------------------------------


def test_secrets_come_out_when_asked_for_and_go_in_sealed(backend: StateBackend) -> None:
    backend.save("dev", Deployment([box("a", inputs={"pw": Secret("hunter2")})]), backend.crypter())
    closed = backend.export("dev")
    opened = with_open_secrets(backend, closed)
    assert ("hunter2" in json.dumps(closed), opened["deployment"]["resources"][0]["inputs"]["pw"]["plaintext"]) == (
        False,
        '"hunter2"',
    )
    import_state(backend, "dev", json.dumps(opened).encode())
    assert b"hunter2" not in backend.path("dev").read_bytes()
    assert backend.load("dev")[0].resources[0].inputs == {"pw": Secret("hunter2")}


def test_secrets_of_another_passphrase_are_sealed_with_the_stack_s_own(backend: StateBackend, tmp_path: Path) -> None:
    theirs = StateBackend(tmp_path / "theirs", passphrase_source=lambda: "theirs")
    theirs.save("dev", Deployment([box("a", inputs={"pw": Secret("hunter2")})]), theirs.crypter())
    data = json.dumps(theirs.export("dev")).encode()
    with pytest.raises(PassphraseError, match="does not open a secret of this stack"):
        import_state(backend, "dev", data)
    assert backend.list() == []
    import_state(backend, "dev", data, passphrase=lambda: "theirs")
    assert backend.load("dev")[0].resources[0].inputs == {"pw": Secret("hunter2")}


def test_the_key_is_drawn_once_a_command_and_not_at_all_without_secrets(
    backend: StateBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    backend = StateBackend(backend._root, passphrase_source=lambda: asked.append("x") or "open sesame")  # type: ignore[func-returns-value]
    backend.save("dev", Deployment([box("a")]), backend.crypter())
    backend.load("dev")
    assert (asked, secrets._key.cache_info().misses) == ([], 0)
    many = {f"s{index}": Secret(f"hush {index}") for index in range(20)}
    backend.save("dev", Deployment([box("a", inputs=many)]), backend.crypter())
    backend.load("dev")
    assert secrets._key.cache_info().misses == 1


# -- edits -----------------------------------------------------------------------------------------------------------


def chain(backend: StateBackend) -> None:
    a, b = box("a", id="1", protect=True), box("b", id="2", dependencies=(urn("a"),))
    c = box("c", id="3", property_dependencies={"x": (urn("b"),)}, parent=urn("a"))
    backend.save("dev", Deployment([a, b, c]), backend.crypter())


def test_a_resource_that_others_need_leaves_the_state_with_them_only(backend: StateBackend) -> None:
    chain(backend)
    with pytest.raises(StateError, match="others need it") as caught:
        state_edits.forget(backend, "dev", urn("b"))
    assert urn("c") in caught.value.message
    with pytest.raises(StateError, match="protected"):
        state_edits.forget(backend, "dev", urn("a"), with_dependents=True)
    assert state_edits.forget(backend, "dev", urn("b"), with_dependents=True) == [urn("b"), urn("c")]
    assert state_edits.unprotect(backend, "dev", None) == [urn("a")]
    assert (state_edits.forget(backend, "dev", urn("a")), names(backend)) == ([urn("a")], [])


def test_a_renamed_resource_is_followed(backend: StateBackend) -> None:
    chain(backend)
    assert state_edits.rename(backend, "dev", urn("a"), "z") == urn("z")
    resources = backend.load("dev")[0].resources
    assert [(state.urn, state.dependencies, state.parent) for state in resources] == [
        (urn("z"), (), ""),
        (urn("b"), (urn("z"),), ""),
        (urn("c"), (), urn("z")),
    ]
    with pytest.raises(StateError, match="cannot be its name"):
        state_edits.rename(backend, "dev", urn("z"), "b")
    with pytest.raises(StateError, match="has no resource"):
        state_edits.rename(backend, "dev", urn("a"), "y")


def test_a_state_out_of_order_is_repaired(backend: StateBackend) -> None:
    backend.path("dev").parent.mkdir(exist_ok=True)
    backend.path("dev").write_bytes(
        document(
            raw("c", dependencies=[urn("b"), urn("none")], parent=urn("gone")), raw("b", parent=urn("a")), raw("a")
        )
    )
    assert len(state_edits.repair(backend, "dev")) == 4
    assert (names(backend), state_edits.repair(backend, "dev")) == (["a", "b", "c"], [])


# -- creations in doubt ----------------------------------------------------------------------------------------------


def test_an_imported_creation_takes_the_place_of_what_it_replaces(backend: StateBackend) -> None:
    pending = [Operation("creating", box("b", inputs={"n": 1.0})), Operation("deleting", box("a"))]
    backend.save("dev", Deployment([box("a", id="1"), box("b", id="2")], pending), backend.crypter())
    with pytest.raises(StateError, match="no creation is in doubt of urn:x"):
        settle_pending_creates(backend, "dev", imports={"urn:x": "1"}, clear=False)
    settled = settle_pending_creates(backend, "dev", imports={urn("b"): "3"}, clear=False)
    deployment, _ = backend.load("dev")
    assert (settled.imported, settled.cleared, settled.left) == ([urn("b")], [], [])
    assert [(state.id, state.delete) for state in deployment.resources] == [("1", False), ("3", False), ("2", True)]
    assert [item.type for item in deployment.pending] == ["deleting"]


# -- locks -----------------------------------------------------------------------------------------------------------


def test_the_second_command_is_told_who_holds_the_stack(backend: StateBackend) -> None:
    with backend.lock("dev", "greenroom sandbox up dev"):
        with pytest.raises(StackLockedError) as caught, backend.lock("dev"):
            pass
        assert caught.value.holder.startswith(f"process {os.getpid()} (greenroom sandbox up dev, since ")
    with backend.lock("dev"):
        pass


HOLD = """
import sys, time
from pathlib import Path
from greenroom.sandbox.engine.backend import StateBackend
with StateBackend(Path(sys.argv[1]), passphrase_source=str).lock("dev", "to be killed"):
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.mark.slow
def test_the_lock_of_a_process_that_died_holds_nobody_up(backend: StateBackend, tmp_path: Path) -> None:
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    with holder.stdout:
        assert holder.stdout.readline() == "held\n"
        with (
            pytest.raises(StackLockedError, match=f"process {holder.pid} \\(to be killed, since "),
            backend.lock("dev"),
        ):
            pass
        holder.kill()
        holder.wait(10)
    assert stack_lock._told(tmp_path / "dev.json.holder") == "another command"
    with backend.lock("dev"):
        pass
