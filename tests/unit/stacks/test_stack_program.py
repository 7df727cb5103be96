"""The program: a stack's name picks what is deployed; what is wrong is told before the first resource."""

import json
import re
import shutil
from pathlib import Path

import grpc
import pulumi
import pytest
import yaml

from model_packaging.release import sealed
from model_packaging.store import ReleaseStore
from stacks.program import deploy_stack
from stacks.releases import drift_baseline, release_store
from tests.unit.components.deployment_graph import record
from tests.unit.manifests import manifest

ENVIRONMENT = {
    "name": "dev",
    "account_id": "111122223333",
    "region": "us-east-1",
    "endpoint_name_prefix": "dev-",
}
MODEL = {
    "name": "tumor",
    "owner": "ml-platform",
    "description": "Tells malignant from benign.",
    "serving": {"production_variants": [{"instance_type": "ml.m5.large"}]},
    "data_capture": {"sampling_percentage": 100},
}


def write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


def released(root: Path, name: str) -> str:
    """Puts a release of `name` into the project's store; its digest."""
    baseline = {
        "baseline/constraints.json": "{}",
        "baseline/statistics.json": json.dumps({"features": [{"name": "radius"}]}),
    }
    files = [{"path": path, "sha256": "0" * 64, "size_bytes": 1} for path in (*baseline, "model/model.onnx")]
    release = sealed(manifest(name=name, files=files))
    folder = ReleaseStore(root / ".greenroom" / "releases").folder(name, release.digest)
    (folder / "baseline").mkdir(parents=True)
    for path, text in baseline.items():
        (folder / path).write_text(text, encoding="utf-8")
    (folder / "release.json").write_bytes(release.to_json())
    return release.digest


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.delenv("GREENROOM_HOME", raising=False)
    write(
        tmp_path / "environments" / "artifacts.yaml",
        {"account_id": "123456789012", "region": "us-east-1", "bucket": "example-artifacts"},
    )
    digests = {}
    for name in ("tumor", "churn", "fraud"):
        write(tmp_path / "models" / name / "model.yaml", {**MODEL, "name": name})
        digests[name] = released(tmp_path, name)
    write(
        tmp_path / "environments" / "dev.yaml",
        {**ENVIRONMENT, "releases": digests, "groups": {"risk": ["fraud"]}},
    )
    return tmp_path


def deployed(project: Path, stack: str):
    return record(lambda: deploy_stack(stack, root=project), stack=stack)


def test_an_environments_stack_deploys_the_models_in_no_group(project):
    deployment = deployed(project, "dev")
    assert [one.name for one in deployment.of("greenroom:aws:ModelEndpoint")] == ["dev-churn", "dev-tumor"]
    assert set(deployment.outputs["models"]) == {"churn", "tumor"}
    assert deployment.outputs["capture_bucket"] == "greenroom-capture-dev-111122223333-us-east-1"


def test_a_group_is_a_stack_of_its_own_with_a_bucket_of_its_own(project):
    deployment = deployed(project, "dev.risk")
    assert [one.name for one in deployment.of("greenroom:aws:ModelEndpoint")] == ["dev-fraud"]
    assert deployment.outputs["capture_bucket"] != deployed(project, "dev").outputs["capture_bucket"]


def test_the_endpoint_goes_before_the_bucket_it_writes_to(project):
    deployment = deployed(project, "dev.risk")
    bucket = deployment.one("aws:s3/bucket:Bucket")
    assert deployment.reaches(deployment.one("aws-native:sagemaker:Endpoint"), bucket)


def test_the_artifacts_stack_lets_every_environment_read(project):
    deployment = deployed(project, "artifacts")
    assert [one.name for one in deployment.of("greenroom:aws:ArtifactStore")] == ["artifacts"]
    assert "arn:aws:iam::111122223333:root" in deployment.one("aws:s3/bucketPolicy:BucketPolicy").inputs["policy"]
    groups = deployment.of("aws:sagemaker/modelPackageGroup:ModelPackageGroup")
    assert [one.inputs["modelPackageGroupName"] for one in groups] == ["churn", "fraud", "tumor"]
    assert deployment.outputs["bucket"] == "example-artifacts"


def test_an_unknown_stack_is_refused_with_those_there_are(project):
    with pytest.raises(pulumi.RunError, match=r"there is no stack 'prod'; allowed: artifacts, dev, dev\.risk"):
        deployed(project, "prod")


def test_broken_specs_are_told_all_at_once_without_a_traceback(project):
    write(project / "models" / "tumor" / "model.yaml", {**MODEL, "ownr": "x"})
    write(project / "models" / "churn" / "model.yaml", {**MODEL, "name": "churn", "serving": {"kind": "magic"}})
    with pytest.raises(pulumi.RunError) as raised:
        deployed(project, "dev")
    told = str(raised.value)
    assert "models/tumor/model.yaml:" in told
    assert "models/churn/model.yaml:" in told
    assert raised.value.__suppress_context__


def test_all_releases_that_are_not_there_are_named_with_their_pins(project):
    for name in ("tumor", "churn"):
        shutil.rmtree(project / ".greenroom" / "releases" / name)
    with pytest.raises(pulumi.RunError) as raised:
        deployed(project, "dev")
    told = str(raised.value).splitlines()
    assert [line.split(": ")[:2] for line in told] == [
        ["environments/dev.yaml", "releases.churn"],
        ["environments/dev.yaml", "releases.tumor"],
    ]
    assert all("make one with `greenroom package models/" in line for line in told)


def test_releases_that_are_not_wholly_published_are_refused_before_the_first_resource(project):
    (tumor,) = release_store(project).list("tumor")
    with pytest.raises(pulumi.RunError) as raised:
        record(
            lambda: deploy_stack("dev", root=project),
            stack="dev",
            published=lambda key: key != f"{tumor.s3_prefix}release.json",
        )
    assert str(raised.value) == (
        f"environments/dev.yaml: releases.tumor: s3://example-artifacts/{tumor.s3_prefix} has no release.json: it was "
        "not published, or its upload was cut off; "
        f"`greenroom release publish tumor@{tumor.hex_digest[:12]} --to aws` sends what is missing"
    )


def test_an_update_asks_for_every_manifest_in_the_environments_account_and_a_preview_for_none(project):
    asked = deployed(project, "dev").invokes
    manifests = [args["prefix"] for token, args in asked if token == "aws:s3/getObjects:getObjects"]
    stored = release_store(project)
    assert manifests == [f"{one.s3_prefix}release.json" for name in ("churn", "tumor") for one in stored.list(name)]
    previewed = record(lambda: deploy_stack("dev", root=project), stack="dev", preview=True)
    assert previewed.invokes == []


def test_an_artifact_store_that_does_not_answer_is_told_without_a_traceback(project):
    class RefusedError(grpc.RpcError):  # type: ignore[misc]  # grpc has no types
        def code(self):
            return grpc.StatusCode.UNKNOWN

        def details(self):
            return "listing S3 Bucket (example-artifacts) Objects: AccessDenied"

    def refuses(_key: str) -> bool:
        raise RefusedError

    with pytest.raises(
        pulumi.RunError, match=r"releases\.churn: s3://.*release\.json cannot be looked for: .*AccessDenied"
    ) as raised:
        record(lambda: deploy_stack("dev", root=project), stack="dev", published=refuses)
    assert raised.value.__suppress_context__


def test_a_role_whose_policies_iam_would_refuse_is_refused_with_what_to_leave_out(project):
    prefixes = [f"s3://lookup/{index:0400}/" for index in range(12)]
    write(project / "models" / "tumor" / "model.yaml", {**MODEL, "security": {"extra_read_prefixes": prefixes}})
    with pytest.raises(pulumi.RunError) as raised:
        deployed(project, "dev")
    assert re.fullmatch(
        r"environments/dev\.yaml: releases\.tumor: the policies of the endpoint's role have (\d+) characters, \d+ too "
        r"many; allowed: 10240 in all, IAM's quota; keep fewer of the 0 previous releases, or read fewer of the 12 "
        r"security\.extra_read_prefixes",
        str(raised.value),
    )


def test_releases_are_looked_for_where_the_home_is(project, monkeypatch):
    monkeypatch.setenv("GREENROOM_HOME", str(project / "elsewhere"))
    assert release_store(project).root == project / "elsewhere" / "releases"
    monkeypatch.setenv("GREENROOM_HOME", "")
    assert release_store(project).root == project / ".greenroom" / "releases"


def test_a_releases_features_are_read_from_its_baseline(project):
    (release,) = release_store(project).list("tumor")
    baseline = drift_baseline(release, release_store(project))
    assert baseline is not None
    assert baseline.features == ("radius",)
    assert drift_baseline(release.model_copy(update={"files": release.files[2:]}), release_store(project)) is None


def test_models_are_selected_by_a_variable_and_the_others_are_not_even_read(project, monkeypatch):
    monkeypatch.setenv("GREENROOM_MODELS", " churn ")
    monkeypatch.setenv("GREENROOM_PARTIAL_UPDATES", "1")
    write(project / "models" / "tumor" / "model.yaml", {"broken": True})
    deployment = deployed(project, "dev")
    assert [one.name for one in deployment.of("greenroom:aws:ModelEndpoint")] == ["dev-churn"]
    assert set(deployment.outputs["models"]) == {"churn"}


def test_a_selected_model_that_the_stack_has_not_is_refused_with_those_it_has(project, monkeypatch):
    monkeypatch.setenv("GREENROOM_MODELS", "churn,fraud,x")
    refusal = "GREENROOM_MODELS: stack 'dev' deploys no model fraud, x; its models: churn, tumor"
    with pytest.raises(pulumi.RunError, match=re.escape(refusal)):
        deployed(project, "dev")


def test_an_update_of_selected_models_that_would_delete_the_others_is_refused(project, monkeypatch):
    monkeypatch.setenv("GREENROOM_MODELS", "churn")
    monkeypatch.delenv("GREENROOM_PARTIAL_UPDATES", raising=False)
    with pytest.raises(pulumi.RunError, match="an update of some models would delete the others"):
        deployed(project, "dev")
