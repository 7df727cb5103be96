"""`greenroom release publish`: a release into the artifact store, and into registries."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import json_option, project_option
from greenroom.cli.release.access import access_to, catalogue_here, find_here, place_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.delivery.artifact_access import ArtifactAccess
    from greenroom.delivery.catalogue import Place
    from greenroom.delivery.registering import Published
    from model_packaging import Release

EPILOG = """\b
Examples:
  greenroom release publish tumor
  greenroom release publish tumor@80c754 --to aws --register
  greenroom release publish tumor@dev --register --mlflow http://127.0.0.1:5000 --alias champion
\b
What is there already is not sent or registered again. To AWS: with credentials of the account that
environments/artifacts.yaml names, and no other's.
--json prints {"release", "uri", "sent_objects", "model_package": {arn, status, created}, "mlflow": {uri, page,
created}}; the last two are null where they were not asked for.
Exit codes: 0 it is there, whole; 2 bad input, or a store or registry refused."""


@click.command("publish", cls=Command, epilog=EPILOG, short_help="A release into the artifact store and registries.")
@click.argument("release")
@place_option("--to", "Which artifact store.  [default: sandbox]")
@click.option("--archive", is_flag=True, help="Also as model.tar.gz, for kinds of serving that need one.")
@click.option("--register", is_flag=True, help="Also as a model package of SageMaker's Model Registry.")
@click.option("--mlflow", "mlflow_uri", metavar="URI", help="Also in the registry of this MLflow tracking server.")
@click.option("--alias", metavar="NAME", help="What MLflow's version is called from now on: champion, …")
@project_option
@json_option
def command(
    *,
    release: str,
    place: Place | None,
    archive: bool,
    register: bool,
    mlflow_uri: str | None,
    alias: str | None,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Publish a RELEASE of the local store, so that environments can deploy it."""
    if alias is not None and mlflow_uri is None:
        raise click.UsageError("--alias names a version in MLflow: give --mlflow URI as well.")
    catalogue = catalogue_here(project_folder)
    found = find_here(catalogue, release, place)
    from greenroom.delivery.registering import Delivery, MlflowTarget

    terminal = Terminal.here()
    access = access_to(catalogue.root, place or "sandbox")
    if access.place == "sandbox":
        _bring_up_store(terminal, catalogue.root, access, group=found.name if register else None)
    delivery = Delivery(catalogue, access, terminal.say)
    mlflow = None if mlflow_uri is None else MlflowTarget(mlflow_uri, alias)
    done = delivery.deliver(found, register=register, mlflow=mlflow, archive=archive)
    if as_json:
        terminal.json(_json(found, done))
    else:
        _tell(terminal, found, done, access)


def _bring_up_store(terminal: Terminal, root: Path, access: ArtifactAccess, *, group: str | None) -> None:
    """Deploys the artifact store's stack into the local AWS, where its bucket or a wanted group is not there yet."""
    if _is_up(access, group):
        return
    from greenroom.cli.sandbox.running import open_here, raise_if_failed
    from greenroom.delivery.project import ARTIFACTS_STACK

    project = open_here(terminal, root)
    raise_if_failed(project.sandbox, project.up(ARTIFACTS_STACK))


def _is_up(access: ArtifactAccess, group: str | None) -> bool:
    from model_packaging.registry.sagemaker import has_group

    buckets = {bucket["Name"] for bucket in access.client("s3").list_buckets()["Buckets"]}
    return access.bucket in buckets and (group is None or has_group(access.client("sagemaker"), group))


def _json(release: Release, done: Published) -> dict[str, Any]:
    package, version = done.package, done.mlflow
    return {
        "release": release.digest,
        "uri": done.uri,
        "sent_objects": done.sent_objects,
        "model_package": None
        if package is None
        else {"arn": package.arn, "status": package.status, "created": package.created},
        "mlflow": None if version is None else {"uri": version.uri, "page": version.page, "created": version.created},
    }


def _tell(terminal: Terminal, release: Release, done: Published, access: ArtifactAccess) -> None:
    terminal.result(f"{release.name} {release.version}  {release.digest}")
    terminal.result(done.uri)
    if done.package is not None:
        terminal.result(f"{done.package.arn}  {done.package.status}")
    if done.mlflow is not None:
        terminal.result(done.mlflow.page or done.mlflow.uri)
    if done.package is not None and done.package.status != "Approved":
        to = "" if access.place == "sandbox" else f" --to {access.place}"
        terminal.say(f"Approve it: greenroom release approve {release.reference}{to}")
