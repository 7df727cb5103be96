"""What MLflow has, as files: a run's model, a registered version, a logged model; with what is known of its training.

::

    runs:/RUN_ID/PATH        what a run logged under a path
    models:/NAME/VERSION     a version of the registry
    models:/NAME@ALIAS       the version that an alias names
    models:/m-MODEL_ID       a logged model (MLflow 3)

In MLflow 3 a version's source is a logged model, and a run's path leads to one: metrics may hang on the model, on its
run, or on both (https://mlflow.org/docs/latest/ml/mlflow-3/).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from model_packaging.lineage import DataLineage, Lineage, TrainingRun
from model_packaging.registry.errors import ImportRefusedError
from model_packaging.registry.mlflow_client import mlflow_refusals, page, without_credentials

ALLOWED = "runs:/RUN_ID/PATH, models:/NAME/VERSION, models:/NAME@ALIAS, models:/m-MODEL_ID"

_RUN = re.compile(r"runs:/+(?P<run>[^/]+)/(?P<path>.+)")
_LOGGED = re.compile(r"models:/+(?P<model>m-[0-9a-f]+)")
_ALIAS = re.compile(r"models:/+(?P<name>[^/@]+)@(?P<alias>[^/@]+)")
_VERSION = re.compile(r"models:/+(?P<name>[^/@]+)/(?P<version>[0-9]+)")


@dataclass(frozen=True)
class MlflowModel:
    """A model in MLflow, found and not yet downloaded."""

    uri: str
    """What is downloaded."""
    name: str | None
    """What it is called there; None where nobody called it anything but its path."""
    version: str | None
    """Its version in the registry; None where it is not from there."""
    metrics: Mapping[str, float]
    """Finite ones; the model's own before its run's."""
    data: DataLineage | None
    """What its run says it was trained on."""
    training_run: TrainingRun | None
    """The run that trained it."""


def is_mlflow_uri(source: str) -> bool:
    """Whether a source is one of MLflow's URIs, or meant to be."""
    return source.casefold().startswith(("runs:", "models:"))


def find_model(client: Any, tracking_uri: str, uri: str) -> MlflowModel:
    """Looks a model up.

    Args:
        client: An `MlflowClient` (`mlflow_client.connect`).
        tracking_uri: Its server.
        uri: One of the forms above.

    Raises:
        ImportRefusedError: it is no such URI.
        RegistryError: MLflow does not have it, or cannot be reached.
    """
    with mlflow_refusals(f"{uri} at {tracking_uri}"):
        found = _find(client, uri)
        if found is not None:
            return _described(client, tracking_uri, found)
    raise ImportRefusedError(f"{uri!r} names nothing in MLflow; allowed: {ALLOWED}")


@dataclass(frozen=True)
class _Found:
    uri: str
    run_id: str | None
    logged: Any
    name: str | None
    version: str | None


def _find(client: Any, uri: str) -> _Found | None:
    if match := _RUN.fullmatch(uri):
        return _Found(uri, match["run"], None, _own_name(PurePosixPath(match["path"]).stem), None)
    if match := _LOGGED.fullmatch(uri):
        logged = client.get_logged_model(match["model"])
        return _Found(uri, logged.source_run_id, logged, _own_name(logged.name), None)
    if match := _ALIAS.fullmatch(uri):
        return _of_version(client, client.get_model_version_by_alias(match["name"], match["alias"]))
    if match := _VERSION.fullmatch(uri):
        return _of_version(client, client.get_model_version(match["name"], match["version"]))
    return None


def _own_name(path: str) -> str | None:
    """`model` is what nearly every run logs under, and no name."""
    return None if path == "model" else path


def download(model: MlflowModel, tracking_uri: str, folder: Path) -> Path:
    """Downloads the model's files into `folder`; where they lie in it.

    Raises:
        RegistryError: MLflow does not have them, or cannot be reached.
    """
    from mlflow.artifacts import download_artifacts

    with mlflow_refusals(f"{model.uri} at {tracking_uri}"):
        return Path(
            download_artifacts(
                artifact_uri=model.uri, dst_path=str(folder), tracking_uri=tracking_uri, registry_uri=tracking_uri
            )
        )


def lineage_of(model: MlflowModel, files: Path) -> Lineage:
    """What is known of the model's training: its run, its data, and the frameworks that its `MLmodel` names."""
    return Lineage(data=model.data, training_run=model.training_run, frameworks=_frameworks(files / "MLmodel"))


def _of_version(client: Any, version: Any) -> _Found:
    source = _LOGGED.fullmatch(version.source or "")
    logged = client.get_logged_model(source["model"]) if source else None
    uri = f"models:/{version.name}/{version.version}"  # an alias may go to another version while this one is fetched
    return _Found(uri, version.run_id, logged, version.name, str(version.version))


def _described(client: Any, tracking_uri: str, found: _Found) -> MlflowModel:
    run = client.get_run(found.run_id) if found.run_id else None
    return MlflowModel(
        uri=found.uri,
        name=found.name,
        version=found.version,
        metrics=_metrics(run, found.logged),
        data=None if run is None else _data(run),
        training_run=None if run is None else _training_run(run, tracking_uri),
    )


def _metrics(run: Any, logged: Any) -> dict[str, float]:
    """The model's own metrics before its run's, as far as they are numbers.

    MLflow gives a logged model's NaN back as 0.0, and a run's as NaN (seen with 3.17): what the run calls no number is
    none of the model's either.
    """
    of_run = {} if run is None else dict(run.data.metrics)
    of_model = {} if logged is None else {one.key: one.value for one in logged.metrics or ()}
    no_numbers = {name for name, value in of_run.items() if not math.isfinite(value)}
    return {
        name: value
        for name, value in sorted({**of_run, **of_model}.items())
        if math.isfinite(value) and name not in no_numbers
    }


def _training_run(run: Any, tracking_uri: str) -> TrainingRun:
    place = f"experiments/{run.info.experiment_id}/runs/{run.info.run_id}"
    return TrainingRun(kind="mlflow", id=run.info.run_id, uri=page(tracking_uri, place))


def _data(run: Any) -> DataLineage | None:
    """The dataset that the run trained on: the one it calls so, otherwise its first."""
    inputs = list(getattr(run.inputs, "dataset_inputs", ()) or ())
    if not inputs:
        return None
    training = [one for one in inputs if any("train" in tag.value.casefold() for tag in one.tags)]
    dataset = (training or inputs)[0].dataset
    return DataLineage(uri=_dataset_uri(dataset.source), version=f"{dataset.name} {dataset.digest}")


def _dataset_uri(source: str) -> str | None:
    try:
        content = json.loads(source)
    except ValueError:
        return None
    for key in ("uri", "url", "path"):
        if isinstance(content, dict) and isinstance(content.get(key), str):
            return without_credentials(content[key])
    return None


def read_mlmodel(path: Path) -> dict[str, Any]:
    """An `MLmodel` file's content; nothing where there is none, or it cannot be read: packaging says what is wrong."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else None
    except (yaml.YAMLError, UnicodeDecodeError):
        return {}
    return content if isinstance(content, dict) else {}


def _frameworks(mlmodel: Path) -> dict[str, str]:
    """Name to version, of the `…_version` that each flavor tells: `sklearn_version`, `python_version`."""
    content = read_mlmodel(mlmodel)
    if not isinstance(content.get("flavors"), dict):
        return {}
    told = {"mlflow": content.get("mlflow_version")}
    for flavor in content["flavors"].values():
        for key, value in flavor.items() if isinstance(flavor, dict) else ():
            if key.endswith("_version"):
                told[key.removesuffix("_version")] = value
    return {name: str(version) for name, version in sorted(told.items()) if isinstance(version, str | int | float)}
