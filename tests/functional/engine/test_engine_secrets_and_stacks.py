"""Secrets never in the clear; configuration; one stack reading another; two stacks in one process."""

from __future__ import annotations

from pathlib import Path

import pytest

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.secrets import Crypter
from tests.functional.engine.harness import Stage, errors, ops

pytestmark = pytest.mark.slow  # a key is derived for each, which is meant to take time

HUSH = "hush-hush-7319"
SECRETIVE = f"""
secret = Output.secret({{"deep": ["{HUSH}", 1]}})
a = Box("a", pw=secret, mixed={{"open": "yes", "closed": secret["deep"][0]}})
b = Box("b", size=2, opts=ResourceOptions(additional_secret_outputs=["arn"]))
c = Box("c", of=b.arn, note=Output.concat("about ", secret["deep"][0]))
pulumi.export("secret", secret)
pulumi.export("arn", b.arn)
"""


def test_secrets_are_nowhere_in_the_clear(stage: Stage, capsys: pytest.CaptureFixture[str]) -> None:
    for result in (stage.preview(SECRETIVE), stage.up(), stage.up(SECRETIVE.replace("size=2", "size=3"))):
        assert result.succeeded
        assert HUSH not in str(result.to_pulumi_json(show_sames=True, show_replacement_steps=True))
        assert HUSH not in str(result.display_outputs())
        assert HUSH not in repr(stage.events)
    assert HUSH not in stage.file.read_text(encoding="utf-8")
    assert "arn:mem:b" not in stage.file.read_text(encoding="utf-8")
    assert HUSH not in str(capsys.readouterr())


def test_secrets_reach_the_provider_and_the_program_as_they_are(stage: Stage) -> None:
    stage.up(SECRETIVE)
    box = stage.cloud.boxes["a-1"]
    assert (box["pw"].is_secret, str(box["pw"].value["deep"].value[0].value)) == (True, HUSH)  # type: ignore[call-overload,index,union-attr]
    assert stage.up().is_unchanged


def test_an_unchanged_secret_keeps_its_ciphertext(stage: Stage) -> None:
    stage.up(SECRETIVE)
    before = stage.state()
    stage.up(SECRETIVE.replace("size=2", "size=3"))
    assert stage.state()["a"] == before["a"]


def test_a_changed_secret_is_an_update_whose_difference_hides_it(stage: Stage) -> None:
    stage.up(SECRETIVE)
    result = stage.preview(SECRETIVE.replace(HUSH, "other"))
    update = next(step for step in result.steps if step.op == "update")
    assert (HUSH in repr(update.detailed_diff), "other" in repr(update.detailed_diff)) == (False, False)


def test_an_error_of_a_provider_that_quotes_a_secret_is_blinded(stage: Stage) -> None:
    result = stage.up(f'a = Box("a", fail="create", pw=Output.secret("{HUSH}"))')
    assert errors(result) == ["the box would not create with [secret]"]
    assert HUSH not in repr(stage.events)


def test_a_program_that_prints_a_configured_secret_is_blinded(stage: Stage) -> None:
    crypter = Crypter("open sesame")
    sealed = crypter.encrypt("", HUSH)
    (stage.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  stage:pw:\n    secure: {sealed}\n", encoding="utf-8"
    )
    result = stage.preview('print("it is", pulumi.Config().get("pw"))')
    assert [item.message for item in result.diagnostics] == ["it is [secret]"]


def test_secret_configuration_is_opened_and_stays_secret(stage: Stage) -> None:
    crypter = Crypter("open sesame")
    sealed = crypter.encrypt("", HUSH)
    (stage.folder / "Pulumi.dev.yaml").write_text(
        f"encryptionsalt: {crypter.salt}\nconfig:\n  stage:pw:\n    secure: {sealed}\n  stage:plain: [1]\n",
        encoding="utf-8",
    )
    result = stage.up("""
config = pulumi.Config()
pulumi.export("pw", config.require_secret("pw"))
pulumi.export("plain", config.require_object("plain"))
""")
    assert (result.succeeded, result.display_outputs()) == (True, {"pw": "[secret]", "plain": [1]})
    assert result.config == {"stage:plain": "[1]", "stage:pw": "[secret]"}
    assert HUSH not in stage.file.read_text(encoding="utf-8")


def test_one_stack_reads_another_one_s_outputs(stage: Stage) -> None:
    stage.up('pulumi.export("open", [1, 2])\npulumi.export("closed", Output.secret("hush"))')
    stage.stack = "prod"
    result = stage.up("""
other = pulumi.StackReference("organization/state/dev")
pulumi.export("open", other.require_output("open"))
pulumi.export("closed", other.require_output("closed"))
""")
    assert (errors(result), result.display_outputs()) == ([], {"open": [1, 2], "closed": "[secret]"})
    assert stage.backend.list() == ["dev", "prod"]


def test_a_reference_to_a_stack_that_is_not_there_names_those_that_are(stage: Stage) -> None:
    stage.up("")
    result = stage.preview('pulumi.StackReference("nowhere")')
    assert errors(result) == ["unknown stack 'nowhere'\nfix: deploy it into the sandbox first; stacks of stage: dev"]


def test_two_stacks_run_in_one_process_without_seeing_one_another(stage: Stage) -> None:
    (stage.folder / "program" / "rooms.py").write_text("import pulumi\nNAME = pulumi.get_stack()\n", encoding="utf-8")
    program = "import rooms\nimport os\npulumi.export('seen', [rooms.NAME, pulumi.get_stack(), os.path.basename(os.getcwd())])"
    here = Path.cwd()
    assert stage.up(program).outputs == {"seen": ["dev", "dev", "program"]}
    stage.stack = "prod"
    assert stage.up().outputs == {"seen": ["prod", "prod", "program"]}
    assert Path.cwd() == here


def test_a_stash_keeps_its_first_value(stage: Stage) -> None:
    program = 's = pulumi.Stash("s", input={{"n": {}}})\npulumi.export("kept", s.output)'
    stage.up(program.format(1))
    result = stage.up(program.format(2))
    assert (ops(result), result.display_outputs()) == ([("update", "s")], {"kept": {"n": 1}})


def test_resources_passed_as_values_come_back_as_resources(stage: Stage) -> None:
    result = stage.up("""
a = Box("a")
r = Room("r", box=a)
b = Box("b", other=a)
pulumi.export("whole", a)
""")
    assert result.succeeded, errors(result)
    urn = "urn:pulumi:dev::stage::mem:index:Box::a"
    reference = stage.state()["b"]["inputs"]["other"]
    assert (reference["urn"], reference["id"]) == (urn, "a-1")
    assert stage.up().is_unchanged


def test_assets_are_known_by_their_content(stage: Stage) -> None:
    (stage.folder / "program" / "data.txt").write_text("one", encoding="utf-8")
    program = 'a = Box("a", file=pulumi.FileAsset("data.txt"), folder=pulumi.FileArchive("."))'
    stage.up(program)
    written = stage.state()["a"]["inputs"]
    assert written["file"]["hash"] == "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed"
    assert stage.up().is_unchanged
    result = stage.preview('a = Box("a", file=pulumi.FileAsset("nothing.txt"))')
    assert "the asset 'nothing.txt' is not there" in errors(result)[0]


def test_a_generated_passphrase_is_the_user_s_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE", raising=False)
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE_FILE", raising=False)
    stage = Stage(tmp_path)
    stage.backend = StateBackend(tmp_path / "state")
    stage.up('a = Box("a", pw=Output.secret("hush"))')
    assert (tmp_path / "state" / "passphrase").stat().st_mode & 0o777 == 0o600
    stage.backend = StateBackend(tmp_path / "state")
    assert stage.up().is_unchanged
