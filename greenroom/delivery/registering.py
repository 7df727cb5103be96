"""A release to where it is read and to who lists it: the artifact store, SageMaker's Model Registry, MLflow's.

In this order, each linked to what came before: a registry never lists what is not published. Whatever is done already
is found and left alone, so that a command that was cut off is given again.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from greenroom.delivery.artifact_access import ArtifactAccess
from greenroom.delivery.catalogue import Catalogue
from greenroom.delivery.dossier import task_of
from greenroom.errors import UserError
from model_packaging import Release
from model_packaging.registry.registrations import Registration, note_registration

if TYPE_CHECKING:
    from model_packaging.registry.mlflow_registry import MlflowVersion
    from model_packaging.registry.sagemaker import ModelPackage

Narrate = Callable[[str], None]


@dataclass(frozen=True)
class MlflowTarget:
    """Where MLflow's registry is, and the alias that this release is to have there."""

    tracking_uri: str
    alias: str | None = None


@dataclass(frozen=True)
class Published:
    """Where a release went."""

    uri: str
    sent_objects: int
    """0 where it was there already."""
    package: ModelPackage | None
    mlflow: MlflowVersion | None


@dataclass(frozen=True)
class Delivery:
    """What publishes releases of one project to one artifact store.

    Attributes:
        catalogue: the project's releases.
        access: the artifact store and the clients of its account.
        narrate: is told what happens.
    """

    catalogue: Catalogue
    access: ArtifactAccess
    narrate: Narrate

    def deliver(
        self, release: Release, *, register: bool = False, mlflow: MlflowTarget | None = None, archive: bool = False
    ) -> Published:
        """Publishes a release, with `model.tar.gz` too where `archive` says so, and registers it where that is wanted.

        Raises:
            PublishError: the artifact store refused.
            RegistryError: a registry refused.
            UserError: there is no model package group to register in; nothing was sent.
        """
        from model_packaging import publish

        client = None if mlflow is None else _mlflow_client(mlflow)  # before anything is sent: it may not be there
        if register:
            self._require_group(release.name)
        access, s3_client = self.access, self.access.client("s3")
        uri = f"s3://{access.bucket}/{release.s3_prefix}"
        sent = publish(release, self.catalogue.store, s3_client, access.bucket, archive=archive)
        self.narrate(f"{f'sent {sent} objects to' if sent else 'was published already:'} {uri}")
        package = self._register(release) if register else None
        version = None
        if mlflow is not None:
            version = self._register_in_mlflow(release, client, mlflow, uri, package)
        return Published(uri, sent, package, version)

    def _register(self, release: Release) -> ModelPackage:
        from model_packaging.registry.sagemaker import register

        access = self.access
        package = register(
            release,
            access.client("sagemaker"),
            access.client("s3"),
            access.bucket,
            instance_types=instance_types_of(self.catalogue, release.name),
            task=task_of(self.catalogue, release),
        )
        self.narrate(f"{'registered' if package.created else 'was registered already:'} {package.arn}")
        self._note(release, Registration(registry="sagemaker", where=access.said, id=package.arn))
        return package

    def _require_group(self, model: str) -> None:
        """The artifact store's stack owns the group: one that is made beside it would be in its way."""
        from model_packaging.registry.sagemaker import has_group

        if has_group(self.access.client("sagemaker"), model):
            return
        up = "greenroom sandbox up artifacts" if self.access.place == "sandbox" else "pulumi up -s artifacts"
        spec = self.catalogue.root / "models" / model / "model.yaml"
        raise UserError(
            f"{self.access.said} has no model package group {model!r}; the artifact store brings one up for each"
            " model that has a model.yaml.",
            fix=up if spec.is_file() else f"Write {spec}, then: {up}",
        )

    def _register_in_mlflow(
        self, release: Release, client: object, target: MlflowTarget, uri: str, package: ModelPackage | None
    ) -> MlflowVersion:
        from model_packaging.registry.metadata import MLFLOW_SERVER, MLFLOW_VERSION, SAGEMAKER_ARN
        from model_packaging.registry.mlflow_client import without_credentials
        from model_packaging.registry.mlflow_registry import register_in_mlflow
        from model_packaging.registry.sagemaker import add_links

        links = {} if package is None else {SAGEMAKER_ARN: package.arn}
        version = register_in_mlflow(release, client, target.tracking_uri, uri, alias=target.alias, links=links)
        self.narrate(f"{'registered' if version.created else 'was registered already:'} {version.uri} in MLflow")
        where = without_credentials(target.tracking_uri)
        if package is not None:
            back = {MLFLOW_VERSION: version.uri, MLFLOW_SERVER: where}
            add_links(self.access.client("sagemaker"), package, back)
        self._note(release, Registration(registry="mlflow", where=where, id=version.uri))
        return version

    def _note(self, release: Release, registration: Registration) -> None:
        note_registration(self.catalogue.store, release, registration)


def _mlflow_client(target: MlflowTarget) -> object:
    from model_packaging.registry.mlflow_client import connect

    client: object = connect(target.tracking_uri)
    return client


def instance_types_of(catalogue: Catalogue, model: str) -> tuple[str, ...]:
    """The instance types that the model's spec asks for in any environment; none where it has no spec yet.

    Raises:
        SpecError: the spec is not right.
    """
    from greenroom.delivery.project import GreenroomProject

    if not (catalogue.root / "models" / model / "model.yaml").is_file():
        return ()
    specs = GreenroomProject.load(catalogue.root, (model,)).specs
    wanted = [specs.models[model], *(spec for (_, name), spec in specs.effective.items() if name == model)]
    types = (variant.instance_type for spec in wanted for variant in getattr(spec.serving, "production_variants", ()))
    return tuple(dict.fromkeys(types))
