"""A model in MLflow as a `ModelSource`: its files, and as the samples of the release its input example."""

from __future__ import annotations

from pathlib import Path

from model_packaging.registry.importing import ModelSource, local_source
from model_packaging.registry.mlflow_client import connect
from model_packaging.registry.mlflow_source import MlflowModel, download, find_model, lineage_of, read_mlmodel

EXAMPLE_FILE = "request.json"


def fetch(uri: str, tracking_uri: str, folder: Path) -> ModelSource:
    """Downloads a model from MLflow into `folder`.

    Args:
        uri: `runs:/…` or `models:/…`; see `mlflow_source`.
        tracking_uri: MLflow's server.
        folder: Where its files go; it must outlive the source.

    Raises:
        ImportRefusedError: the URI is none, or what lies there holds no file.
        RegistryError: MLflow does not have it, cannot be reached, or is not installed.
    """
    model = find_model(connect(tracking_uri), tracking_uri, uri)
    files = download(model, tracking_uri, folder)
    checked = local_source(files)
    return ModelSource(
        files=checked.files,
        name=model.name,
        version=_version(model),
        metrics=model.metrics,
        lineage=lineage_of(model, files),
        samples=_samples(files),
        said=f"MLflow, {model.uri}",
    )


def _version(model: MlflowModel) -> str:
    return "1.0.0" if model.version is None else f"{model.version}.0.0"


def _samples(files: Path) -> dict[str, bytes]:
    """The model's input example as its server is sent it; none where it was logged without one.

    https://mlflow.org/docs/latest/ml/model/signatures/#model-input-example
    """
    example = read_mlmodel(files / "MLmodel").get("saved_input_example_info")
    path = example.get("serving_input_path") if isinstance(example, dict) else None
    if not isinstance(path, str):
        return {}
    place = (files / path).resolve()
    if not place.is_relative_to(files.resolve()) or not place.is_file():
        return {}
    return {EXAMPLE_FILE: place.read_bytes()}
