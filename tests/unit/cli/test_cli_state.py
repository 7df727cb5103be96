"""`greenroom sandbox export`, `import`, `state …` and what `refresh` does with creations in doubt: no cloud is needed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from greenroom.cli.root import root
from greenroom.cli.sandbox.pending import settle
from greenroom.cli.terminal import Terminal
from greenroom.sandbox.engine import secrets
from greenroom.sandbox.engine.state import Deployment, Operation, ResourceState
from greenroom.sandbox.engine.values import Secret
from greenroom.sandbox.session import Sandbox

URN = "urn:pulumi:dev::stage::mem:index:Box::"


def box(name: str, **fields: Any) -> ResourceState:
    return ResourceState(urn=URN + name, type="mem:index:Box", custom=True, **fields)


@pytest.fixture
def sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sandbox:
    monkeypatch.setattr(secrets, "_ROUNDS", 10)
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "open sesame")
    secrets._key.cache_clear()
    (tmp_path / "program").mkdir()
    (tmp_path / "program" / "__main__.py").touch()
    (tmp_path / "Pulumi.yaml").write_text("name: stage\nruntime: python\nmain: program\n", encoding="utf-8")
    sandbox = Sandbox(tmp_path, home_folder=tmp_path / ".greenroom")
    resources = [
        box("a", id="a-1", protect=True, inputs={"pw": Secret("hunter2")}),
        box("b", id="b-1", dependencies=(URN + "a",)),
    ]
    backend = sandbox.state
    backend.save("dev", Deployment(resources, [Operation("creating", box("c"))]), backend.crypter())
    return sandbox


def run(sandbox: Sandbox, *arguments: str) -> Result:
    return CliRunner().invoke(root, ["sandbox", *arguments, "--project", str(sandbox.root)])


def test_an_export_goes_out_and_comes_back(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "dev.export.json"
    assert run(sandbox, "export", "dev", "--file", str(file), "--show-secrets").exit_code == 0
    assert ("hunter2" in file.read_text(encoding="utf-8"), file.stat().st_mode & 0o777) == (True, 0o600)
    assert "hunter2" not in run(sandbox, "export", "dev").stdout
    before = sandbox.state.load("dev")[0].resources[0].inputs
    done = run(sandbox, "import", "dev", "--file", str(file), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (0, {"stack": "dev", "resources": 2})
    assert (sandbox.state.load("dev")[0].resources[0].inputs, before) == ({"pw": Secret("hunter2")},) * 2
    assert "hunter2" not in sandbox.state.path("dev").read_text(encoding="utf-8")


def test_a_file_of_another_stack_is_taken_by_force_only(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text(json.dumps(sandbox.export("dev")), encoding="utf-8")
    refused = run(sandbox, "import", "prod", "--file", str(file))
    assert (refused.exit_code, "it has resources of another stack: dev" in refused.stderr) == (2, True)
    assert run(sandbox, "import", "prod", "--file", str(file), "--force").exit_code == 0


def test_a_broken_file_is_bad_input(sandbox: Sandbox, tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text('{"version": 3,\n "deployment": {', encoding="utf-8")
    refused = run(sandbox, "import", "dev", "--file", str(file))
    assert (refused.exit_code, f"{file}: line 2, column 17, where it ends: it was cut short" in refused.stderr) == (
        2,
        True,
    )


def test_a_state_is_listed_and_edited(sandbox: Sandbox) -> None:
    listed = json.loads(run(sandbox, "state", "list", "dev", "--json").stdout)
    assert listed == {
        "resources": [
            {"urn": URN + "a", "id": "a-1", "marks": ["protect"]},
            {"urn": URN + "b", "id": "b-1", "marks": []},
        ],
        "inDoubt": {URN + "c": "creating"},
    }
    assert f"in doubt, creating: {URN}c" in run(sandbox, "state", "list", "dev").stdout
    refused = run(sandbox, "state", "delete", "dev", URN + "a")
    assert (refused.exit_code, "others need it" in refused.stderr) == (2, True)
    assert run(sandbox, "state", "rename", "dev", URN + "a", "z").stdout == f"renamed: {URN}z\n"
    assert run(sandbox, "state", "unprotect", "dev", "--all").stdout == f"unprotected: {URN}z\n"
    gone = run(sandbox, "state", "delete", "dev", URN + "z", "--target-dependents")
    assert gone.stdout == f"forgotten: {URN}z\nforgotten: {URN}b\n"
    assert run(sandbox, "state", "repair", "dev").stdout == "nothing to mend\n"
    assert run(sandbox, "state", "unprotect", "dev").exit_code == 2


@pytest.mark.parametrize(
    ("imports", "clear", "ids", "pending"),
    [
        (((URN + "c", "c-7"),), False, ["a-1", "b-1", "c-7"], 0),
        ((), True, ["a-1", "b-1"], 0),
        ((), False, ["a-1", "b-1"], 1),
    ],
)
def test_creations_in_doubt_are_settled_as_the_flags_say(
    sandbox: Sandbox, imports: tuple[tuple[str, str], ...], clear: bool, ids: list[str], pending: int
) -> None:
    terminal = Terminal(live=False, quiet=True)
    settle(
        terminal,
        sandbox,
        "dev",
        import_pending_creates=imports,
        clear_pending_creates=clear,
        skip_pending_creates=False,
    )
    deployment, _ = sandbox.state.load("dev")
    assert ([state.id for state in deployment.resources], len(deployment.pending)) == (ids, pending)
