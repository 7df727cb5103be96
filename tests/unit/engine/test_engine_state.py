"""State, backend, secrets."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from greenroom.sandbox.engine import graph
from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.checkpoint import Checkpoint
from greenroom.sandbox.engine.errors import PassphraseError, StateError, StateWriteError
from greenroom.sandbox.engine.secrets import Crypter, passphrase
from greenroom.sandbox.engine.state import (
    Deployment,
    Operation,
    ResourceState,
    Timeouts,
    resource_from_json,
    resource_to_json,
)
from greenroom.sandbox.engine.values import Secret


def box(name: str, **fields: object) -> ResourceState:
    return ResourceState(urn=f"urn:pulumi:dev::p::mem:index:Box::{name}", type="mem:index:Box", custom=True, **fields)  # type: ignore[arg-type]


FULL = box(
    "full",
    id="id-1",
    inputs={"a": 1.0, "s": Secret({"x": [True]})},
    outputs={"a": 1.0},
    parent="urn:pulumi:dev::p::pulumi:pulumi:Stack::p-dev",
    protect=True,
    external=True,
    delete=True,
    dependencies=("urn:d",),
    init_errors=("oh",),
    provider="urn:p::id",
    property_dependencies={"a": ("urn:d",), "s": ()},
    pending_replacement=True,
    additional_secret_outputs=("a",),
    timeouts=Timeouts(create=5.0),
    import_id="i",
    retain_on_delete=True,
    deleted_with="urn:w",
    replace_with=("urn:r",),
    created="2026-01-01T00:00:00Z",
    modified="2026-01-02T00:00:00Z",
    ignore_changes=("a",),
    replace_on_changes=("s",),
    replacement_trigger="t",
)


def fields_of(state: ResourceState) -> dict[str, object]:
    return {name: getattr(state, name) for name in ResourceState.__slots__}


def test_every_field_of_a_resource_survives_its_json() -> None:
    document = resource_to_json(FULL, lambda _place, text: text)
    assert fields_of(resource_from_json(document, lambda _place, text: text)) == fields_of(FULL)
    assert (document["importID"], document["customTimeouts"], document["retainOnDelete"]) == ("i", {"create": 5}, True)


def test_fields_that_say_nothing_are_left_out() -> None:
    assert resource_to_json(box("a"), lambda _place, text: text) == {
        "urn": "urn:pulumi:dev::p::mem:index:Box::a",
        "custom": True,
        "type": "mem:index:Box",
    }


def test_a_deployment_survives_the_backend(tmp_path: Path) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "open sesame")
    crypter = backend.crypter()
    whole = replace(FULL, parent="", dependencies=(), property_dependencies={}, deleted_with="", replace_with=())
    backend.save("dev", Deployment([whole], [Operation("creating", box("b"))]), crypter)
    loaded, _ = backend.load("dev")
    assert [fields_of(state) for state in loaded.resources] == [fields_of(whole)]
    assert [(item.type, item.resource.urn) for item in loaded.pending] == [("creating", box("b").urn)]
    assert loaded.salt == crypter.salt
    assert (backend.list(), [item.name for item in tmp_path.iterdir()]) == (["dev"], ["dev.json"])


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1, where it ends: it was cut short"),
        ('{"version": 3,\n "deploy', "line 2, column 2"),
        ("[]", '"version" is not 3'),
        ('{"version": 1}', '"version" is not 3'),
        ('{"version": 3}', "lacks"),
        ('{"version": 3, "deployment": {"resources": [{"urn": "x"}]}}', "line 1: resource x lacks 'type'"),
        ('{"version": 3, "deployment": {"secrets_providers": {"type": "cloud"}}}', "'cloud', not a passphrase"),
    ],
)
def test_a_state_that_cannot_be_read_is_told_with_its_file(tmp_path: Path, text: str, why: str) -> None:
    (tmp_path / "dev.json").write_text(text, encoding="utf-8")
    with pytest.raises(StateError) as caught:
        StateBackend(tmp_path, passphrase_source=lambda: "x").load("dev")
    assert (why in caught.value.message, str(tmp_path / "dev.json") in caught.value.message) == (True, True)


def test_a_write_that_fails_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x")
    backend.save("dev", Deployment([box("a")]), backend.crypter())
    before = backend.path("dev").read_bytes()

    def full_disk(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StateWriteError, match="No space left"):
        backend.save("dev", Deployment(), backend.crypter())
    assert (backend.path("dev").read_bytes(), [item.name for item in tmp_path.iterdir()]) == (before, ["dev.json"])


def test_an_export_of_what_is_not_there_names_what_is(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no stack 'prod'"):
        StateBackend(tmp_path, passphrase_source=lambda: "x").export("prod")


# -- secrets ---------------------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_secret_opens_with_its_passphrase_only() -> None:
    crypter = Crypter("open sesame")
    sealed = crypter.encrypt("here", "hush")
    assert Crypter("open sesame", crypter.salt).decrypt("here", sealed) == "hush"
    with pytest.raises(PassphraseError, match="does not open"):
        Crypter("another", crypter.salt).decrypt("here", sealed)


@pytest.mark.slow
def test_what_the_real_engine_sealed_opens() -> None:
    # Written by pulumi 3.260 with the passphrase "open sesame" (a new stack's export).
    crypter = Crypter("open sesame", "v1:ReIt7IW0XuE=:v1:YhXhm7EluEspmYiS:zYmc30oTIyyu7AHo73CKIkUNfDQckg==")
    assert crypter.decrypt("here", "v1:ilj4ULPomlvkau6p:8i+hpqQgqXv7nBg9OiRaLOLYPFOWgw==") == '"hush"'


@pytest.mark.slow
def test_a_secret_that_stays_keeps_its_ciphertext_and_equal_ones_look_different() -> None:
    crypter = Crypter("open sesame")
    first = crypter.encrypt("here", "hush")
    assert crypter.encrypt("here", "hush") == first
    assert crypter.encrypt("there", "hush") != first


@pytest.mark.slow
@pytest.mark.parametrize("ciphertext", ["", "v2:a:b", "v1:a", "v1:!!:!!"])
def test_a_ciphertext_of_another_kind_is_refused(ciphertext: str) -> None:
    with pytest.raises(PassphraseError):
        Crypter("open sesame").decrypt("here", ciphertext)


def test_the_passphrase_is_the_user_s_or_one_that_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "mine"
    file.write_text("from a file\n", encoding="utf-8")
    assert passphrase(tmp_path, {"PULUMI_CONFIG_PASSPHRASE": ""}) == ""
    assert passphrase(tmp_path, {"PULUMI_CONFIG_PASSPHRASE_FILE": str(file)}) == "from a file"
    kept = passphrase(tmp_path / "home", {})
    assert (len(kept) > 30, passphrase(tmp_path / "home", {})) == (True, kept)
    assert (tmp_path / "home" / "passphrase").stat().st_mode & 0o777 == 0o600


# -- checkpoint ------------------------------------------------------------------------------------------------------


def names(backend: StateBackend) -> list[str]:
    return [item["urn"].rsplit("::", 1)[-1] for item in backend.export("dev")["deployment"].get("resources", [])]


def checkpoint_of(backend: StateBackend, *resources: ResourceState, dry: bool = False) -> tuple[Checkpoint, Deployment]:
    if resources:
        backend.save("dev", Deployment(list(resources)), backend.crypter())
    base, crypter = backend.load("dev")
    return Checkpoint(backend, "dev", base, crypter, dry=dry), base


def settled(checkpoint: Checkpoint) -> None:
    """Something begins and ends, so that all before it is on disk."""
    with checkpoint.change() as change:
        operation = change.begin("updating", box("other"))
    with checkpoint.change() as change:
        change.end(operation)


def test_a_checkpoint_puts_new_resources_first_and_then_what_is_left(tmp_path: Path) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x")
    checkpoint, base = checkpoint_of(backend, box("a"), box("b"))
    old_a, old_b = base.resources
    with checkpoint.change() as change:
        change.add(box("c"))
    settled(checkpoint)
    assert names(backend) == ["c", "a", "b"]
    with checkpoint.change() as change:
        change.carry(old_a, box("a", id="2"))
    settled(checkpoint)
    assert names(backend) == ["c", "a", "b"]
    with checkpoint.change() as change:
        change.remove(old_b)
    settled(checkpoint)
    in_the_journal = backend.export("dev")["deployment"]["resources"]
    checkpoint.finish()
    assert (names(backend), in_the_journal) == (["c", "a"], backend.export("dev")["deployment"]["resources"])
    assert sorted(item.name for item in tmp_path.iterdir()) == ["dev.json", "dev.json.bak"]


def test_what_stays_the_same_is_not_written(tmp_path: Path) -> None:
    backend = StateBackend(tmp_path, passphrase_source=lambda: "x")
    checkpoint, base = checkpoint_of(backend, box("a", id="1", inputs={"n": 1.0}))
    before = backend.path("dev").stat().st_mtime_ns
    with checkpoint.change() as change:
        change.carry(base.resources[0], base.resources[0].copy())
    checkpoint.finish()
    assert (backend.path("dev").stat().st_mtime_ns, [item.name for item in tmp_path.iterdir()]) == (
        before,
        ["dev.json"],
    )


def test_a_dry_checkpoint_writes_nothing(tmp_path: Path) -> None:
    checkpoint, _ = checkpoint_of(StateBackend(tmp_path, passphrase_source=lambda: "x"), dry=True)
    with checkpoint.change() as change:
        change.add(box("a"))
    checkpoint.finish()
    assert ([state.urn for state in checkpoint.resources()], list(tmp_path.iterdir())) == ([box("a").urn], [])


# -- graph -----------------------------------------------------------------------------------------------------------


def test_deletions_come_in_waves_dependents_first() -> None:
    top = box("top")
    left, right = (box(name, dependencies=(top.urn,)) for name in ("left", "right"))
    bottom = box("bottom", property_dependencies={"x": (left.urn, right.urn)})
    alone = box("alone")
    waves = graph.deletion_waves([top, left, right, bottom, alone], [top, left, right, bottom, alone])
    assert waves == [[bottom], [left, right], [top, alone]]


def test_children_go_before_their_parent_and_what_depends_on_a_component_before_its_children() -> None:
    room = ResourceState(urn="urn:pulumi:dev::p::my:index:Room::room", type="my:index:Room", custom=False)
    child = box("child", parent=room.urn)
    user = box("user", dependencies=(room.urn,))
    assert graph.deletion_waves([room, child, user], [room, child, user]) == [[user], [child], [room]]


def test_dependents_are_found_through_providers_and_deleted_with_but_not_through_parents() -> None:
    root = box("root")
    by_provider = box("by-provider", provider=f"{root.urn}::id")
    with_it = box("with-it", deleted_with=by_provider.urn)
    child = box("child", parent=root.urn)
    before = box("before", dependencies=(root.urn,))
    resources = [before, root, by_provider, with_it, child]
    assert graph.Index(resources).dependents(root, ()) == [by_provider, with_it]
    assert graph.Index(resources).dependents(root, {by_provider.urn}) == []
