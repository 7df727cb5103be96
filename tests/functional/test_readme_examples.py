"""The README's examples are what they say: its spec is the model's, its commands are there, its code runs."""

import re
import shutil
from pathlib import Path

import boto3
import click
import pytest
import yaml
from click.testing import CliRunner

from components.specs import SpecError, load_project
from greenroom.cli.root import root
from greenroom.sandbox.cloud import in_process_cloud

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


@pytest.fixture
def project(tmp_path, monkeypatch):
    for folder in ("models", "environments"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    shutil.copy(ROOT / "Pulumi.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_spec_is_the_models_own():
    (shown,) = (yaml.safe_load(block) for block in blocks("yaml"))
    whole = yaml.safe_load((ROOT / "models" / "tumor" / "model.yaml").read_text(encoding="utf-8"))
    assert shown == {key: whole[key] for key in shown}


def test_the_commands_are_there():
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ greenroom ")]
    assert lines
    for line in lines:
        words = line.split("#")[0].split()[2:]
        command: click.Command | None = root
        # As the command line itself does: a command keeps the help option of the first context it is asked in.
        context = root.make_context("greenroom", [], resilient_parsing=True)
        while isinstance(command, click.Group):
            name = words.pop(0)
            command = command.get_command(context, name)
            assert command is not None, line
            rest = [] if isinstance(command, click.Group) else words
            context = command.make_context(name, rest, parent=context, resilient_parsing=not rest)


def test_the_violation_is_told_in_these_words(project):
    (shown,) = (block for block in blocks("console") if "models/tumor/model.yaml:" in block)
    file = project / "models" / "tumor" / "model.yaml"
    file.write_text(file.read_text().replace("ml.m5.large", "ml.m5.larg"))
    with pytest.raises(SpecError) as raised:
        load_project(project)
    assert f"$ greenroom check {raised.value}" == " ".join(shown.split())


@pytest.mark.slow
def test_a_release_is_published_to_the_bucket_of_the_artifact_store(project, monkeypatch):
    (block,) = (one for one in blocks("console") if "release publish" in one)
    artifacts = load_project(project).artifacts
    with in_process_cloud(load_models=False) as address:
        monkeypatch.setenv("GREENROOM_HOME", str(project / ".greenroom"))
        monkeypatch.setenv("AWS_ENDPOINT_URL", address.url)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", artifacts.account_id)
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        s3 = boto3.client("s3", region_name=artifacts.region)
        s3.create_bucket(Bucket=artifacts.bucket)
        for line in block.splitlines():
            ended = CliRunner().invoke(root, line.removeprefix("$ greenroom ").split())
            assert ended.exit_code == 0, ended.output
        keys = {one["Key"] for one in s3.list_objects_v2(Bucket=artifacts.bucket)["Contents"]}
    pinned = load_project(project).environments["dev"].releases["tumor"].digest.removeprefix("sha256:")
    assert {f"releases/tumor/{pinned}/release.json", f"releases/tumor/{pinned}/model/model.onnx"} <= keys
