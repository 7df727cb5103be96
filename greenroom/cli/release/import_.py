"""`greenroom release import`: a trained model, or what MLflow has, as models/NAME."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from model_packaging import Release
    from model_packaging.registry.importing import ModelSource

EPILOG = """\b
SOURCE is a file, a folder, or in MLflow:
  runs:/RUN_ID/PATH  models:/NAME/VERSION  models:/NAME@ALIAS  models:/m-MODEL_ID
\b
Examples:
  greenroom release import ~/model.joblib --name fraud
  greenroom release import models:/fraud@champion --tracking-uri http://127.0.0.1:5000
\b
From MLflow come the metrics, the training run, its data set and the input example as well. With --replace, what an
import does not write stays: model.yaml, gate.yaml, a baseline.
--json prints {"name", "folder", "version", "release"}; `release` is null with --no-package.
Exit codes: 0 imported; 1 the model failed its gate or its container check; 2 bad input."""


@click.command("import", cls=Command, epilog=EPILOG, short_help="A file, a folder, or what MLflow has, as models/NAME.")
@click.argument("source")
@click.option("--name", metavar="NAME", help="The model's name.  [default: what the source is called]")
@click.option("--version", metavar="VERSION", help="Its version.  [default: 1.0.0, or MLflow's version 3 as 3.0.0]")
@click.option("--tracking-uri", metavar="URI", help="MLflow's tracking server.  [default: MLFLOW_TRACKING_URI]")
@click.option("--replace", is_flag=True, help="Write over a models/NAME that is there.")
@click.option("--no-package", is_flag=True, help="Only write the folder; do not package it.")
@project_option
@json_option
def command(
    *,
    source: str,
    name: str | None,
    version: str | None,
    tracking_uri: str | None,
    replace: bool,
    no_package: bool,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Write models/NAME of SOURCE, a trained model, and package it."""
    root = find_project(project_folder)
    from model_packaging.registry.importing import write_model_folder

    terminal = Terminal.here()
    with _opened(source, tracking_uri, terminal) as found:
        folder = write_model_folder(found, root / "models", name=name, version=version, replace=replace)
        version = version or found.version
    terminal.say(f"wrote {folder}")
    release = None if no_package else _package(root, folder, terminal)
    if as_json:
        terminal.json(_json(folder, version, release))
        return
    terminal.result(f"{folder.name} {version}  {'not packaged yet' if release is None else release.digest}")
    terminal.result(_what_next(folder, release))


@contextmanager
def _opened(source: str, tracking_uri: str | None, terminal: Terminal) -> Iterator[ModelSource]:
    from model_packaging.registry.importing import local_source
    from model_packaging.registry.mlflow_source import is_mlflow_uri

    if not is_mlflow_uri(source):
        yield local_source(Path(source))
        return
    from model_packaging.registry.mlflow_client import tracking_uri as chosen
    from model_packaging.registry.mlflow_import import fetch

    with tempfile.TemporaryDirectory(prefix="greenroom-import-") as folder:
        terminal.say(f"fetching {source}")
        yield fetch(source, chosen(tracking_uri), Path(folder))


def _package(root: Path, folder: Path, terminal: Terminal) -> Release:
    from components.specs import SpecError
    from greenroom.delivery.judges import judges_of
    from greenroom.delivery.project import local_store
    from model_packaging import PackagingError, package
    from model_packaging.trust.checkout import git_commit

    try:
        judges = judges_of(root, folder.name)
        store = local_store(root)
        return package(folder, store, git_commit=git_commit(folder), judges=judges, tell=terminal.say)
    except (PackagingError, SpecError):
        terminal.say(f"{folder} stays as it was imported; when it is right: greenroom package {folder}")
        raise


def _json(folder: Path, version: str, release: Release | None) -> dict[str, Any]:
    return {
        "name": folder.name,
        "folder": str(folder),
        "version": version,
        "release": None if release is None else release.digest,
    }


def _what_next(folder: Path, release: Release | None) -> str:
    if release is None:
        return f"Look at {folder / 'package.yaml'}, then: greenroom package models/{folder.name}"
    if not (folder / "model.yaml").is_file():
        return f"To deploy it, say what it needs in models/{folder.name}/model.yaml, and pin it:\n" + _pin(folder)
    return "Pin it:\n" + _pin(folder)


def _pin(folder: Path) -> str:
    return f"  greenroom package models/{folder.name} --pin ENV"
