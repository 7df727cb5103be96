"""A release in a real MLflow's registry, and a model out of it: runs, versions, aliases, logged models."""

from __future__ import annotations

import json

import pandas as pd
import pytest
import yaml
from click.testing import CliRunner

from greenroom.cli.root import root
from model_packaging import ReleaseStore
from model_packaging.evidence import read_evidence
from model_packaging.registry.errors import ImportRefusedError, RegistryError
from model_packaging.registry.importing import write_model_folder
from model_packaging.registry.mlflow_client import connect, page, without_credentials
from model_packaging.registry.mlflow_registry import register_in_mlflow
from model_packaging.registry.mlflow_source import find_model
from model_packaging.registry.registrations import registrations_of
from model_packaging.serving.release_container import start_release
from tests.functional.registry.mlflow_server import mlflow_server
from tests.unit.registry.stored_releases import store_in, stored

pytestmark = [
    pytest.mark.slow,  # a server, and MLflow's own imports
    pytest.mark.timeout(600),  # which take minutes on a machine that is busy
    # MLflow, its server's client and what it imports warn of themselves; none of it is ours.
    pytest.mark.filterwarnings("ignore:::mlflow"),
    pytest.mark.filterwarnings("ignore:Hint. Inferred schema contains integer:UserWarning"),
    pytest.mark.filterwarnings("ignore:The specified dataset source can be interpreted:UserWarning"),
]

RELEASE_URI = "s3://artifacts/releases/fraud/abc/"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    pytest.importorskip("mlflow")
    with mlflow_server(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture(scope="module")
def client(server):
    return connect(server)


@pytest.fixture(scope="module")
def logged(server, client):
    """A run that trained a model on data that scikit-learn ships, logged and registered as MLflow's tutorial does."""
    import mlflow
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    rows, labels = load_breast_cancer(return_X_y=True, as_frame=True)
    scaled = rows.copy()
    scaled[:] = StandardScaler().fit_transform(rows)
    mlflow.set_tracking_uri(server)
    with mlflow.start_run() as run:
        dataset = mlflow.data.from_pandas(scaled, source="https://user:secret@data.example.com/cells.csv", name="cells")
        mlflow.log_input(dataset, context="training")
        mlflow.log_metrics({"roc_auc": 0.99, "diverged": float("nan")})
        model = mlflow.sklearn.log_model(
            LogisticRegression().fit(scaled, labels),
            name="model",
            input_example=scaled.head(3),
            pip_requirements=["scikit-learn"],
            registered_model_name="Breast Cancer",
        )
    client.set_registered_model_alias("Breast Cancer", "champion", "1")
    return model, run.info.run_id, run.info.experiment_id


def imported(server, uri, tmp_path, **more):
    from model_packaging.registry.mlflow_import import fetch

    (tmp_path / "fetched").mkdir()
    return write_model_folder(fetch(uri, server, tmp_path / "fetched"), tmp_path / "models", **more)


@pytest.mark.parametrize("uri", ["models:/Breast Cancer/1", "models:/Breast Cancer@champion"])
def test_a_registered_version_becomes_a_models_folder(server, logged, tmp_path, uri):
    _, run_id, experiment_id = logged
    folder = imported(server, uri, tmp_path)
    spec = yaml.safe_load((folder / "package.yaml").read_text())
    frameworks = spec["lineage"].pop("frameworks")
    assert (folder.name, spec) == (
        "breast-cancer",
        {
            "version": "1.0.0",
            "model": "model",
            "metrics": "metrics.json",
            "samples": "samples",
            "lineage": {
                "data": {"uri": "https://data.example.com/cells.csv", "version": spec["lineage"]["data"]["version"]},
                "training_run": {
                    "kind": "mlflow",
                    "id": run_id,
                    "uri": f"{server}/#/experiments/{experiment_id}/runs/{run_id}",
                },
            },
        },
    )
    assert spec["lineage"]["data"]["version"].startswith("cells ")
    assert {"mlflow", "python", "sklearn"} <= frameworks.keys()
    assert json.loads((folder / "metrics.json").read_text()) == {"roc_auc": 0.99}
    assert (folder / "model" / "MLmodel").is_file()
    assert "dataframe_split" in json.loads((folder / "samples" / "request.json").read_bytes())


def test_a_run_and_a_logged_model_are_the_same_files(server, logged, tmp_path):
    model, run_id, _ = logged
    of_run, of_model = tmp_path / "run", tmp_path / "logged"
    of_run.mkdir()
    of_model.mkdir()
    one = imported(server, f"runs:/{run_id}/model", of_run, name="cells")
    other = imported(server, f"models:/{model.model_id}", of_model, name="cells")
    files = {path.relative_to(one): path.read_bytes() for path in (one / "model").rglob("*") if path.is_file()}
    again = {path.relative_to(other): path.read_bytes() for path in (other / "model").rglob("*") if path.is_file()}
    assert files.keys() == again.keys()
    assert (
        files[next(path for path in files if path.name == "MLmodel")]
        == again[next(path for path in again if path.name == "MLmodel")]
    )
    assert (one / "metrics.json").read_bytes() == (other / "metrics.json").read_bytes()


@pytest.mark.parametrize("kind", ["version", "run"])
def test_what_mlflow_has_becomes_a_release_that_passed_its_checks_and_answers_as_the_model(
    server, logged, tmp_path, kind
):
    """As a person types it; the process that is checked and asked is MLflow's own `pyfunc`, in the container's place."""
    import mlflow

    uri = {"version": "models:/Breast Cancer@champion", "run": f"runs:/{logged[1]}/model"}[kind]
    (tmp_path / "Pulumi.yaml").write_text("name: cells\nruntime: python\n")
    runner = CliRunner(env={"GREENROOM_HOME": str(tmp_path / "home"), "NO_COLOR": "1"})
    arguments = ["--name", "cells", "--tracking-uri", server, "--project", str(tmp_path), "--json"]
    ended = runner.invoke(root, ["release", "import", uri, *arguments])
    assert ended.exit_code == 0, ended.output
    store = ReleaseStore(tmp_path / "home" / "releases")
    release = store.load("cells", json.loads(ended.stdout)["release"])
    folder = store.folder("cells", release.digest)
    checks = json.loads(read_evidence(folder, "cells", release.digest)["contract.json"])["checks"]
    assert {one["status"] for one in checks if one["name"] != "memory"} == {"passed"}, checks
    assert (release.format, release.metrics) == ("mlflow", {"roc_auc": 0.99})
    assert [one.file for one in release.samples or ()] == ["samples/request.json"]
    assert release.lineage is not None
    assert release.lineage.training_run is not None
    assert release.lineage.training_run.id == logged[1]

    sample = (folder / "samples" / "request.json").read_bytes()
    rows = pd.DataFrame(**json.loads(sample)["dataframe_split"])
    mlflow.set_tracking_uri(server)
    expected = mlflow.pyfunc.load_model(uri).predict(rows)
    container = start_release(folder, release)
    try:
        answer = container.invoke(sample, "application/json", "application/json")
    finally:
        container.stop()
    assert json.loads(answer.body) == {"predictions": expected.tolist()}


def test_a_model_that_is_only_called_model_needs_a_name(server, logged, tmp_path):
    with pytest.raises(ImportRefusedError, match="has no name of its own; give one: --name NAME"):
        imported(server, f"runs:/{logged[1]}/model", tmp_path)
    assert not (tmp_path / "models").exists()


GONE = {
    "models:/nobody/1": "Model Version .* not found",
    "models:/Breast Cancer@nobody": "Registered model alias nobody not found",
    "models:/Breast Cancer/99": "Model Version .* not found",
    f"runs:/{'0' * 32}/model": "Run with id=0+ not found",
    f"models:/m-{'0' * 32}": "Logged model with ID .* not found",
}


@pytest.mark.parametrize(("uri", "told"), GONE.items())
def test_what_mlflow_does_not_have_is_one_error(client, server, logged, uri, told):
    with pytest.raises(RegistryError, match=f"MLflow: .* at {server}: .*{told}"):
        find_model(client, server, uri)


@pytest.mark.parametrize("uri", ["models:/a", "models:/a/b/c", "runs:/abc", "models:/a/Production"])
def test_what_is_no_uri_of_mlflow_is_refused_with_those_that_are(client, server, uri):
    with pytest.raises(
        ImportRefusedError, match=f"{uri}' names nothing in MLflow; allowed: runs:/RUN_ID/PATH, models:/N"
    ):
        find_model(client, server, uri)


def test_a_path_that_a_run_did_not_log_is_one_error(server, logged, tmp_path):
    with pytest.raises(RegistryError, match=r"MLflow: runs:/.*/nothing at"):
        imported(server, f"runs:/{logged[1]}/nothing", tmp_path, name="cells")


def test_a_release_is_a_version_of_its_run_and_is_registered_once(client, server, logged, tmp_path):
    run_id = logged[1]
    store = store_in(tmp_path)
    lineage = {"training_run": {"kind": "mlflow", "id": run_id}}
    release = stored(store, name="fraud", lineage=lineage)
    links = {"sagemaker.model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/fraud/1"}
    made = register_in_mlflow(release, client, server, RELEASE_URI, alias="champion", links=links)
    assert (made.uri, made.page, made.created) == ("models:/fraud/1", f"{server}/#/models/fraud/versions/1", True)
    assert made.tags == {
        "greenroom.digest": release.digest,
        "greenroom.version": "1.0.0",
        "greenroom.s3_uri": RELEASE_URI,
        "greenroom.framework": "sklearn 1.5",
        "training_run": f"mlflow:{run_id}",
        "metric.log_loss": "0.25",
        "metric.roc_auc": "0.9",
        **links,
    }
    version = client.get_model_version_by_alias("fraud", "champion")
    assert (version.version, version.source, version.run_id) == ("1", f"{RELEASE_URI}model/", run_id)
    again = register_in_mlflow(release, client, server, RELEASE_URI, links={"team": "risk"})
    assert (again.uri, again.created, again.tags) == ("models:/fraud/1", False, {**made.tags, "team": "risk"})
    other = register_in_mlflow(stored(store, version="2.0.0"), client, server, RELEASE_URI)
    assert (other.uri, other.created) == ("models:/fraud/2", True)


def test_both_registries_name_each_other(server, client, tmp_path):
    from greenroom.delivery.artifact_access import ArtifactAccess
    from greenroom.delivery.catalogue import Catalogue
    from greenroom.delivery.registering import Delivery, MlflowTarget
    from greenroom.sandbox.cloud import in_process_cloud
    from tests.functional.cloud.conftest import ACCOUNT, Aws

    store = store_in(tmp_path)
    said: list[str] = []
    release = stored(store, name="linked")
    with in_process_cloud(load_models=False) as address:
        aws = Aws(address.url)
        aws.client("s3").create_bucket(Bucket="artifacts")
        aws.sagemaker.create_model_package_group(ModelPackageGroupName="linked")
        access = ArtifactAccess("aws", ACCOUNT, "us-east-1", "artifacts", aws.client)
        delivery = Delivery(Catalogue(tmp_path, store, {}, {}), access, said.append)
        done = delivery.deliver(release, register=True, mlflow=MlflowTarget(server, "champion"))
        again = delivery.deliver(release, register=True, mlflow=MlflowTarget(server, "champion"))
        assert done.package is not None
        told = aws.sagemaker.describe_model_package(ModelPackageName=done.package.arn)
    metadata = told["CustomerMetadataProperties"]
    assert (metadata["mlflow.model_version"], metadata["mlflow.tracking_uri"]) == ("models:/linked/1", server)
    assert client.get_model_version("linked", "1").tags["sagemaker.model_package_arn"] == done.package.arn
    assert [(one.registry, one.where, one.id) for one in registrations_of(store, release)] == [
        ("sagemaker", f"aws {ACCOUNT}/us-east-1", done.package.arn),
        ("mlflow", server, "models:/linked/1"),
    ]
    assert again.package is not None
    assert again.mlflow is not None
    assert (again.sent_objects, again.package.created, again.mlflow.created) == (0, False, False)
    assert [line.partition(" ")[0] for line in said] == ["sent", "registered", "registered", "was", "was", "was"]


def test_a_run_of_another_server_is_not_named(client, server, tmp_path):
    release = stored(store_in(tmp_path), name="foreign", lineage={"training_run": {"kind": "mlflow", "id": "0" * 32}})
    register_in_mlflow(release, client, server, RELEASE_URI)
    assert not client.get_model_version("foreign", "1").run_id


def test_a_server_that_is_not_there_is_one_error(tmp_path):
    absent = "http://user:secret@127.0.0.1:9"
    with pytest.raises(RegistryError) as refused:
        register_in_mlflow(stored(store_in(tmp_path)), connect(absent), absent, RELEASE_URI)
    assert str(refused.value) == (
        "MLflow: registered model 'fraud' at http://127.0.0.1:9: it cannot be reached (Connection refused); "
        "is it up, and is the address right?"
    )


def test_a_password_is_kept_nowhere():
    assert without_credentials("https://user:secret@mlflow.example.com/x?y=1") == "https://mlflow.example.com/x?y=1"
    assert page("https://user:secret@mlflow.example.com/", "runs/1") == "https://mlflow.example.com/#/runs/1"
    assert page("sqlite:///mlflow.db", "runs/1") is None
