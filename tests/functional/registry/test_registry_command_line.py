"""`greenroom release` as a person types it, on a project of its own; AWS is a local AWS in this process."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from greenroom.cli.root import root
from greenroom.sandbox.cloud import in_process_cloud
from model_packaging.evidence import write_evidence
from tests.functional.cloud.conftest import Aws
from tests.unit.registry.stored_releases import BASELINE, FILES, store_in, stored

pytestmark = pytest.mark.slow  # a cloud

ACCOUNT = "123456789012"
BUCKET = "releases-123456789012"
CHECKS = b'{"checks": [{"name": "ping", "status": "passed"}, {"name": "SIGTERM", "status": "failed"}]}'
ARTIFACTS = f'account_id: "{ACCOUNT}"\nregion: us-east-1\nbucket: {BUCKET}\n'
ENVIRONMENT = 'name: {name}\naccount_id: "111122223333"\nregion: us-east-1\nendpoint_name_prefix: {name}-\n'
MODEL = """\
name: fraud
owner: risk
serving:
  kind: realtime
  production_variants: [{name: AllTraffic, instance_type: ml.m5.large, initial_instance_count: 1}]
"""


@dataclass(frozen=True)
class Project:
    folder: Path
    variables: dict[str, str]

    @property
    def store(self):
        return store_in(self.folder / "home")

    def run(self, *arguments):
        runner = CliRunner(env={"GREENROOM_HOME": str(self.folder / "home"), "NO_COLOR": "1", **self.variables})
        return runner.invoke(root, ["release", *arguments, "--project", str(self.folder)])

    def ok(self, *arguments):
        ended = self.run(*arguments)
        assert ended.exit_code == 0, ended.output
        return ended.stdout

    def json(self, *arguments):
        return json.loads(self.ok(*arguments, "--json"))

    def refused(self, *arguments, code=2):
        ended = self.run(*arguments)
        assert ended.exit_code == code, ended.output
        return ended.stderr

    def pin(self, environment, release):
        file = self.folder / "environments" / f"{environment}.yaml"
        file.write_text(f"{ENVIRONMENT.format(name=environment)}releases:\n  {release.name}: {release.digest}\n")


@pytest.fixture
def project(tmp_path):
    (tmp_path / "Pulumi.yaml").write_text("name: releases\nruntime: python\n")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "artifacts.yaml").write_text(ARTIFACTS)
    for name in ("dev", "staging"):
        (tmp_path / "environments" / f"{name}.yaml").write_text(f"{ENVIRONMENT.format(name=name)}releases: {{}}\n")
    (tmp_path / "models" / "fraud").mkdir(parents=True)
    (tmp_path / "models" / "fraud" / "model.yaml").write_text(MODEL)
    return Project(tmp_path, {})


@pytest.fixture(scope="module")
def cloud():
    with in_process_cloud(load_models=False) as address:
        aws = Aws(address.url)
        aws.client("s3", ACCOUNT).create_bucket(Bucket=BUCKET)
        yield aws


@pytest.fixture
def on_aws(project, cloud):
    credentials = {"AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
    return Project(project.folder, {**credentials, "AWS_ENDPOINT_URL": cloud.url})


def test_releases_are_listed_with_where_they_are_pinned(project):
    first, second = stored(project.store), stored(project.store, version="1.1.0", format="sklearn")
    project.pin("dev", second)
    told = project.json("list")
    assert told["published_in"] is None
    assert sorted(told["releases"], key=lambda one: one["version"]) == [
        {
            "name": "fraud",
            "version": release.version,
            "digest": release.digest,
            "size_bytes": release.size_bytes,
            "framework": "sklearn 1.5",
            "format": release.format,
            "stored": True,
            "published": None,
            "pinned": pinned,
            "kept": [],
        }
        for release, pinned in ((first, []), (second, ["dev"]))
    ]
    (row,) = [line for line in project.ok("list").splitlines() if "1.1.0" in line]
    assert row.split() == ["fraud", "1.1.0", second.hex_digest[:12], "43", "B", "sklearn", "dev"]


def test_an_empty_store_says_how_to_make_a_release(project):
    assert "There is no release yet. Make one: greenroom package models/NAME" in project.ok("list")
    assert "models there: none" in project.refused("show", "fraud")


def test_a_broken_release_is_told_and_the_others_are_listed_all_the_same(project):
    whole, broken = stored(project.store), stored(project.store, version="1.1.0")
    folder = project.store.folder("fraud", broken.digest)
    (folder / "release.json").write_bytes(broken.to_json()[:-10])
    ended = project.run("list")
    assert (ended.exit_code, whole.hex_digest[:12] in ended.stdout, "1.1.0" in ended.stdout) == (2, True, False)
    assert f"error: release {broken.digest} of model 'fraud' is not what its digest says" in ended.stderr
    assert f"it lies in {folder}; delete that folder" in ended.stderr
    ended = project.run("list", "--json")
    told = json.loads(ended.stdout)
    assert (ended.exit_code, [one["digest"] for one in told["releases"]]) == (2, [whole.digest])
    assert [(one["name"], one["digest"]) for one in told["broken"]] == [("fraud", broken.digest)]
    assert told["broken"][0]["problem"] in ended.stderr
    shutil.rmtree(project.store.folder("fraud", whole.digest))
    assert "There is no release" not in project.refused("list")


def test_a_release_is_shown_whole(project):
    release = stored(
        project.store,
        FILES | BASELINE,
        git_commit="a" * 40,
        content_types=("text/csv",),
        lineage={"training_run": {"kind": "mlflow", "id": "run-1"}, "frameworks": {"sklearn": "1.5"}},
    )
    folder = project.store.folder("fraud", release.digest)
    write_evidence(
        folder,
        release.digest,
        {
            "gate.json": b'{"passed": true, "task": "binary"}',
            "contract.json": CHECKS,
            "sbom.cdx.json": b'{"components": [{}]}',
        },
    )
    project.pin("staging", release)
    told = project.json("show", f"fraud@{release.hex_digest[:8]}")
    assert (told["digest"], told["pinned"], told["registrations"]) == (release.digest, ["staging"], [])
    assert told["evidence"] == {
        "files": ["contract.json", "gate.json", "sbom.cdx.json"],
        "gate": "passed",
        "contract": "failed",
        "scan": None,
        "components": 1,
        "checkout": None,
        "signed": False,
    }
    text = project.ok("show", "fraud@staging")
    for line in (
        f"digest      {release.digest}",
        "input       rows float32 [?, 3]",
        "accepts     text/csv",
        "metric      roc_auc 0.9",
        "gate        passed",
        "contains    1 components (evidence/sbom.cdx.json)",
        "trained by  mlflow run-1",
        "made with   sklearn 1.5",
        "pinned in   staging",
        "baseline/statistics.json",
    ):
        assert line in text


def test_a_difference_is_told_and_a_breaking_one_ends_in_1_where_that_is_asked(project):
    before = stored(project.store)
    wider = {
        "inputs": [{"name": "rows", "dtype": "float32", "shape": [None, 4]}],
        "outputs": [{"name": "score", "dtype": "float32", "shape": [None]}],
    }
    after = stored(project.store, version="2.0.0", signature=wider, metrics={"roc_auc": 0.95, "log_loss": 0.3})
    project.pin("dev", after)
    project.pin("staging", before)
    text = project.ok("diff", "fraud@staging", "fraud@dev")
    assert "breaking    input rows: [?, 3] became [?, 4] (what fitted a dimension no longer does)" in text
    assert re.search(r"roc_auc +0\.9 +0\.95 +\+0\.05 +better", text)
    assert re.search(r"log_loss +0\.25 +0\.3 +\+0\.05 +worse", text)
    assert "~ version: 1.0.0 => 2.0.0" in text
    told = project.json("diff", "fraud@staging", "fraud@dev")
    assert (told["breaking"], told["before"]["digest"], told["files"]) == (True, before.digest, [])
    project.refused("diff", "fraud@staging", "fraud@dev", "--exit-code", code=1)
    assert "They are one release." in project.ok("diff", "fraud@dev", "fraud@dev", "--exit-code")


def test_a_release_that_was_changed_does_not_verify(project):
    release = stored(project.store)
    assert project.json("verify", "fraud")["files"] == 2
    (project.store.folder("fraud", release.digest) / "model" / "model.bin").write_bytes(b"other")
    assert "model/model.bin has other bytes" in project.refused("verify", "fraud")


def test_a_release_is_published_registered_and_approved(on_aws, cloud):
    release = stored(on_aws.store, FILES | BASELINE, metrics={"roc_auc": 0.99})
    cloud.client("sagemaker", ACCOUNT).create_model_package_group(ModelPackageGroupName="fraud")  # the stack's
    told = on_aws.json("publish", "fraud", "--to", "aws", "--register")
    arn = told["model_package"]["arn"]
    assert told == {
        "release": release.digest,
        "uri": f"s3://{BUCKET}/{release.s3_prefix}",
        "sent_objects": told["sent_objects"],
        "model_package": {"arn": arn, "status": "PendingManualApproval", "created": True},
        "mlflow": None,
    }
    again = on_aws.json("publish", "fraud", "--to", "aws", "--register")
    assert (again["sent_objects"], again["model_package"]["created"]) == (0, False)
    described = cloud.client("sagemaker", ACCOUNT).describe_model_package(ModelPackageName=arn)
    assert described["InferenceSpecification"]["SupportedRealtimeInferenceInstanceTypes"] == ["ml.m5.large"]
    approved = on_aws.json("approve", "fraud", "--to", "aws", "--description", "looked at the slices")
    assert approved == {
        "release": release.digest,
        "arn": arn,
        "status": "Approved",
        "where": f"aws {ACCOUNT}/us-east-1",
    }
    shown = on_aws.json("show", "fraud", "--in", "aws")
    assert shown["published"] == {"where": f"aws {ACCOUNT}/us-east-1", "uri": told["uri"], "whole": True}
    assert shown["registrations"] == [{"registry": "sagemaker", "where": f"aws {ACCOUNT}/us-east-1", "id": arn}]
    (row,) = on_aws.json("list", "--in", "aws")["releases"]
    assert (row["published"], row["stored"]) == (True, True)


def test_what_is_published_is_listed_where_the_local_store_lacks_it(on_aws):
    release = stored(on_aws.store, name="other")
    on_aws.ok("publish", "other", "--to", "aws")
    for path in sorted(on_aws.store.folder("other", release.digest).rglob("*"), reverse=True):
        path.unlink() if path.is_file() else path.rmdir()
    (row,) = on_aws.json("list", "other", "--in", "aws")["releases"]
    assert (row["digest"], row["stored"], row["published"], row["version"]) == (release.digest, False, True, None)
    assert "yes, not in the local store" in on_aws.ok("list", "other", "--in", "aws")


def test_what_an_environment_pins_comes_from_the_artifact_store(on_aws):
    release = stored(on_aws.store, metrics={"roc_auc": 0.5})
    on_aws.ok("publish", "fraud", "--to", "aws")
    on_aws.pin("dev", release)
    shutil.rmtree(on_aws.store.folder("fraud", release.digest))
    told = {"releases": [{"name": "fraud", "version": release.version, "digest": release.digest}]}
    assert on_aws.json("download", "--pinned-in", "dev", "--from", "aws") == told
    on_aws.store.verify_files(on_aws.store.load("fraud", release.digest))
    assert on_aws.json("download", f"fraud@{release.digest}", "--from", "aws") == told
    assert "there is no such environment" in on_aws.refused("download", "--pinned-in", "prod")
    assert "is no digest of a release" in on_aws.refused("download", "fraud@abc", "--from", "aws")
    assert "is not NAME@DIGEST" in on_aws.refused("download", "fraud")
    assert "has no release" in on_aws.refused("download", f"fraud@{'0' * 64}", "--from", "aws")


def test_another_accounts_credentials_publish_nothing(on_aws, cloud):
    stored(on_aws.store, name="guarded")
    other = Project(on_aws.folder, {**on_aws.variables, "AWS_ACCESS_KEY_ID": "444455556666"})
    told = other.refused("publish", "guarded", "--to", "aws")
    assert "the credentials are of account 444455556666; the artifact store is in 123456789012" in told
    assert "guarded" not in json.dumps(cloud.client("s3", ACCOUNT).list_objects_v2(Bucket=BUCKET), default=str)


def test_without_credentials_aws_is_not_reached_and_the_error_says_so(project, monkeypatch):
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    stored(project.store)
    told = project.refused("publish", "fraud", "--to", "aws")
    assert "AWS account 123456789012 (environments/artifacts.yaml): Unable to locate credentials" in told


def test_a_group_is_the_artifact_stores_to_make(on_aws):
    stored(on_aws.store, name="ungrouped")
    told = on_aws.refused("publish", "ungrouped", "--to", "aws", "--register")
    assert "has no model package group 'ungrouped'; the artifact store brings one up for each model" in told
    assert f"Write {on_aws.folder / 'models' / 'ungrouped' / 'model.yaml'}, then: pulumi up -s artifacts" in told
    assert on_aws.json("list", "ungrouped", "--in", "aws")["releases"][0]["published"] is False


def test_an_alias_without_mlflow_is_refused(project):
    stored(project.store)
    assert "--alias names a version in MLflow" in project.refused("publish", "fraud", "--alias", "champion")


def test_an_import_writes_a_models_folder_and_refuses_to_write_over_one(project, tmp_path):
    trained = tmp_path / "forest.joblib"
    trained.write_bytes(b"weights")
    told = project.json("import", str(trained), "--no-package")
    assert told == {
        "name": "forest",
        "folder": str(project.folder / "models" / "forest"),
        "version": "1.0.0",
        "release": None,
    }
    assert "is there already" in project.refused("import", str(trained), "--no-package")
    project.ok("import", str(trained), "--no-package", "--replace", "--version", "1.1.0")
    assert "version: 1.1.0" in (project.folder / "models" / "forest" / "package.yaml").read_text()


def test_an_imported_model_is_judged_on_the_instance_that_its_spec_asks_for(project, tmp_path):
    joblib, linear_model = pytest.importorskip("joblib"), pytest.importorskip("sklearn.linear_model")
    trained = tmp_path / "line.joblib"
    joblib.dump(linear_model.LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0]), trained)
    digest = project.json("import", str(trained), "--name", "fraud", "--replace")["release"]
    evidence = project.store.folder("fraud", digest) / "evidence" / "contract.json"
    checks = {one["name"]: one for one in json.loads(evidence.read_text())["checks"]}
    assert (checks["memory"]["status"], checks["memory"]["limit"]) == ("passed", "8,192 MiB")


def test_an_mlflow_source_needs_its_server(project, monkeypatch):
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    assert "which MLflow is not said; give its tracking server" in project.refused("import", "models:/fraud/1")


def test_a_release_that_is_published_and_not_here_is_told_with_what_brings_it(on_aws):
    gone, kept = stored(on_aws.store, name="elsewhere"), stored(on_aws.store, name="elsewhere", version="1.1.0")
    on_aws.ok("publish", f"elsewhere@{gone.hex_digest}", "--to", "aws")
    shutil.rmtree(on_aws.store.folder("elsewhere", gone.digest))
    (on_aws.folder / "models" / "elsewhere").mkdir()
    (on_aws.folder / "models" / "elsewhere" / "model.yaml").write_text(MODEL.replace("name: fraud", "name: elsewhere"))
    on_aws.pin("dev", gone)
    brings = f"greenroom release download elsewhere@{gone.digest} --from aws"
    for reference in (f"elsewhere@{gone.hex_digest[:8]}", "elsewhere@dev"):
        told = on_aws.refused("show", reference, "--in", "aws")
        assert f"s3://{BUCKET} (aws {ACCOUNT}/us-east-1) has it; bring it:\n  {brings}\n" in told
    assert "has it" not in on_aws.refused("show", "elsewhere@000000", "--in", "aws")
    assert f"Where it was published, bring it: {brings}" in on_aws.refused("diff", "elsewhere", "elsewhere@dev")
    shutil.rmtree(on_aws.store.folder("elsewhere", kept.digest))
    assert brings in on_aws.refused("show", "elsewhere", "--in", "aws")
    on_aws.ok(*brings.split()[2:])
    assert on_aws.json("diff", "elsewhere", "elsewhere@dev")["breaking"] is False
