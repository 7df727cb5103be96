"""A trained model becomes a model's folder, whole or not at all; what is there is not written over unasked."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from model_packaging import InvalidPackageError
from model_packaging.lineage import DataLineage, Lineage, TrainingRun
from model_packaging.registry.errors import ImportRefusedError
from model_packaging.registry.importing import ModelSource, local_source, model_name, write_model_folder
from model_packaging.release import NAME_PATTERN


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def spec_of(folder):
    return yaml.safe_load((folder / "package.yaml").read_text())


@pytest.fixture
def models(tmp_path):
    return tmp_path / "models"


@pytest.fixture
def trained(tmp_path):
    path = tmp_path / "Fraud_Detector v2.joblib"
    path.write_bytes(b"weights")
    return path


def test_a_file_becomes_a_folder_with_the_short_form(models, trained):
    folder = write_model_folder(local_source(trained), models)
    assert (folder.name, files_of(folder)) == ("fraud-detector-v2", ["Fraud_Detector v2.joblib", "package.yaml"])
    assert spec_of(folder) == {"version": "1.0.0", "model": "Fraud_Detector v2.joblib"}
    assert (folder / "Fraud_Detector v2.joblib").read_bytes() == b"weights"
    assert (folder / "package.yaml").read_text().splitlines()[0] == (
        "# Imported from Fraud_Detector v2.joblib. `greenroom package models/fraud-detector-v2` makes a release of it."
    )


def test_a_folder_keeps_its_layout(models, tmp_path):
    source = tmp_path / "saved"
    (source / "variables").mkdir(parents=True)
    (source / "saved_model.pb").write_bytes(b"graph")
    (source / "variables" / "data").write_bytes(b"weights")
    folder = write_model_folder(local_source(source), models, name="digits")
    assert files_of(folder) == ["model/saved_model.pb", "model/variables/data", "package.yaml"]
    assert spec_of(folder) == {"version": "1.0.0", "model": "model"}


def test_what_is_known_of_the_training_comes_along(models, trained):
    lineage = Lineage(
        data=DataLineage(uri="s3://data/table", version="2"),
        training_run=TrainingRun(kind="mlflow", id="abc"),
        frameworks={"sklearn": "1.5"},
    )
    source = ModelSource(
        trained, "fraud", "3.0.0", {"roc_auc": 0.9}, lineage, {"request.json": b"{}"}, "MLflow, models:/fraud/3"
    )
    folder = write_model_folder(source, models)
    assert spec_of(folder) == {
        "version": "3.0.0",
        "model": trained.name,
        "metrics": "metrics.json",
        "samples": "samples",
        "lineage": {
            "data": {"uri": "s3://data/table", "version": "2"},
            "training_run": {"kind": "mlflow", "id": "abc"},
            "frameworks": {"sklearn": "1.5"},
        },
    }
    assert json.loads((folder / "metrics.json").read_text()) == {"roc_auc": 0.9}
    assert (folder / "samples" / "request.json").read_bytes() == b"{}"


def test_a_folder_that_is_there_stays_as_it_is(models, trained):
    (models / "fraud").mkdir(parents=True)
    (models / "fraud" / "model.yaml").write_text("mine")
    with pytest.raises(ImportRefusedError, match=r"fraud is there already; import under another name .* --replace"):
        write_model_folder(local_source(trained), models, name="fraud")
    assert files_of(models) == ["fraud/model.yaml"]


def test_a_replacement_leaves_what_an_import_does_not_write(models, trained, tmp_path):
    write_model_folder(ModelSource(trained, metrics={"accuracy": 0.5}), models, name="fraud")
    folder = models / "fraud"
    for kept in ("model.yaml", "gate.yaml", "baseline/statistics.json", "samples/rows.csv"):
        (folder / kept).parent.mkdir(exist_ok=True)
        (folder / kept).write_text("mine")
    for stale in ("load_test.json", "optimisation.json"):
        (folder / stale).write_text("measured of the former model")
    newer = tmp_path / "newer.ubj"
    newer.write_bytes(b"newer")
    write_model_folder(local_source(newer), models, name="fraud", version="2.0.0", replace=True)
    assert files_of(folder) == [
        "baseline/statistics.json",
        "gate.yaml",
        "model.yaml",
        "newer.ubj",
        "package.yaml",
        "samples/rows.csv",
    ]
    assert spec_of(folder) == {"version": "2.0.0", "model": "newer.ubj", "baseline": "baseline"}
    assert files_of(models) == [f"fraud/{path}" for path in files_of(folder)]


def test_an_import_that_breaks_off_leaves_nothing(models, trained, tmp_path):
    source = local_source(trained)
    trained.unlink()
    with pytest.raises(FileNotFoundError):
        write_model_folder(source, models, name="fraud")
    assert list(models.iterdir()) == []


REFUSED = {
    "a link out": (lambda folder: (folder / "secret").symlink_to("/etc/hostname"), "is a link to /etc/hostname"),
    "a link to nothing": (lambda folder: (folder / "gone").symlink_to("nowhere"), "is a link to nowhere"),
    "a link in a circle": (
        lambda folder: (folder / "loop").symlink_to("."),
        "is a link to ., and only a link to a file",
    ),
    "a model's folder": (lambda folder: (folder / "package.yaml").write_text(""), "it is a model's folder already"),
}


@pytest.mark.parametrize(("spoil", "told"), REFUSED.values(), ids=REFUSED)
def test_a_folder_that_is_more_than_its_files_is_refused(tmp_path, spoil, told):
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "model.pkl").write_bytes(b"x")
    spoil(folder)
    with pytest.raises(ImportRefusedError) as refused:
        local_source(folder)
    assert told in str(refused.value)


def test_a_link_within_the_folder_is_the_file_it_leads_to(tmp_path, models):
    source = tmp_path / "saved"
    source.mkdir()
    (source / "model.bin").write_bytes(b"weights")
    (source / "latest.bin").symlink_to("model.bin")
    folder = write_model_folder(local_source(source), models)
    assert not (folder / "model" / "latest.bin").is_symlink()
    assert (folder / "model" / "latest.bin").read_bytes() == b"weights"


def test_what_is_not_there_or_empty_is_refused(tmp_path):
    with pytest.raises(ImportRefusedError, match="there is no such file or folder"):
        local_source(tmp_path / "nothing")
    (tmp_path / "empty" / "deeper").mkdir(parents=True)
    with pytest.raises(ImportRefusedError, match="holds no file"):
        local_source(tmp_path / "empty")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ImportRefusedError, match="is neither a file nor a folder"):
        local_source(tmp_path / "pipe")


@pytest.mark.parametrize("address", ["s3://bucket/model.joblib", "https://example.com/x", "mlflow-artifacts:/x"])
def test_an_address_that_is_not_mlflows_is_told_what_is_fetched(address):
    with pytest.raises(ImportRefusedError, match=r"only MLflow's addresses are fetched \(runs:/…, models:/…\): bring"):
        local_source(Path(address))


def test_a_name_and_a_version_that_are_none_are_told_together(models, trained):
    with pytest.raises(InvalidPackageError) as refused:
        write_model_folder(local_source(trained), models, name="Fraud!", version="two")
    assert [(one.path, one.value) for one in refused.value.violations] == [("name", "Fraud!"), ("version", "two")]
    assert not models.exists()


def test_a_source_without_a_name_needs_one(models, trained):
    with pytest.raises(ImportRefusedError, match=r"runs:/a/model has no name of its own; give one: --name NAME"):
        write_model_folder(ModelSource(trained, said="runs:/a/model"), models)


NAMES = {"Breast Cancer": "breast-cancer", "Ärger_2": "arger-2", "--a--": "a", "x" * 80: "x" * 63, "a.b.c": "a-b-c"}


@pytest.mark.parametrize(("wanted", "name"), NAMES.items())
def test_a_name_is_made_of_what_something_is_called(wanted, name):
    assert model_name(wanted) == name


@given(st.text())
def test_what_is_made_a_name_is_one_or_refused(wanted):
    import re

    try:
        name = model_name(wanted)
    except ImportRefusedError:
        return
    assert re.fullmatch(NAME_PATTERN, name)
    assert len(name) <= 63
    assert model_name(name) == name
