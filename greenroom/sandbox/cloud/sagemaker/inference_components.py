"""Inference components: models that share an endpoint's instances, each with copies of its own.

Each has a fleet of its own here, which is brought up as an endpoint's is and reported when it answers. Its states
last as long as an endpoint's do; a change of its copies takes as long, and brings nothing up: one process serves for
all of them.

Sources: https://docs.aws.amazon.com/sagemaker/latest/dg/realtime-endpoints-deploy-models.html and
https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateInferenceComponent.html
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.container_logs import INFERENCE_COMPONENT_FLEETS
from greenroom.sandbox.cloud.sagemaker.models import SageMakerModel
from greenroom.sandbox.cloud.stage import ContainerDefinition, Fleet, FleetKey, FleetOutcome, FleetVariant, Params

Status = Literal["Creating", "InService", "Updating", "Failed", "Deleting"]
FLEETS: Final = INFERENCE_COMPONENT_FLEETS


@dataclass(frozen=True)
class ComponentDeployment:
    """A specification and the fleet that serves it."""

    specification: Params
    fleet: Fleet


@dataclass
class InferenceComponent:
    """One inference component of one account and region."""

    inference_component_name: str
    account_id: str
    region: str
    endpoint_name: str
    variant_name: str
    tags: list[dict[str, str]]
    desired_copy_count: int
    pending: ComponentDeployment | None
    live: ComponentDeployment | None = None
    failure_reason: str | None = None
    last_deployment_config: Params | None = None
    creation_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    last_modified_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    _has_been_in_service: bool = False
    _settles_at_seconds: float = 0.0
    _deleting_since_seconds: float | None = None

    @property
    def arn(self) -> str:
        """Its ARN."""
        return str(arn_formatter("inference-component", self.inference_component_name, self.account_id, self.region))

    @property
    def status(self) -> Status:
        """InferenceComponentStatus."""
        if self._deleting_since_seconds is not None:
            return "Deleting"
        if self.failure_reason is not None and self.live is None:
            return "Failed"
        if self.pending is not None or CLOCK.time() < self._settles_at_seconds:
            return "Updating" if self._has_been_in_service else "Creating"
        return "InService"

    @property
    def settles_at_seconds(self) -> float:
        """When its last change is over, where nothing else is waited for, in seconds since the epoch."""
        return self._settles_at_seconds

    @property
    def is_gone(self) -> bool:
        """Whether its deletion is over."""
        since = self._deleting_since_seconds
        return since is not None and CLOCK.time() >= since + stage.current().times.endpoint_deleting_seconds

    @property
    def awaits_fleet(self) -> bool:
        """Whether its fleet has not been heard of: to be begun again after a restart."""
        return self.pending is not None and self._deleting_since_seconds is None

    @property
    def shown(self) -> ComponentDeployment:
        """What DescribeInferenceComponent shows."""
        deployment = self.pending or self.live
        if deployment is None:
            raise RuntimeError(f"inference component {self.inference_component_name} has no deployment")
        return deployment

    def begin(self, deployment: ComponentDeployment) -> None:
        """Start on a specification: its fleet is brought up."""
        self._has_been_in_service = self.live is not None
        self.pending, self.failure_reason = deployment, None
        self._changed()
        outcome = stage.current().fleets.deploy(deployment.fleet)
        if outcome is not None:
            self.report(deployment.fleet.key, outcome)

    def report(self, key: FleetKey, outcome: FleetOutcome) -> bool:
        """The pending fleet came up, or did not: then the one before it goes on. False where nobody waits for it."""
        if self.pending is None or self.pending.fleet.key != key:
            return False
        self.last_modified_time = CLOCK.utcnow()
        self.failure_reason = outcome.failure_reason
        before, pending = self.live, self.pending
        if outcome.failure_reason is None:
            self.live, self.pending = pending, None
            if before is not None:
                stage.current().fleets.retire(before.fleet.key)
        elif before is not None:
            self.pending = None
        return True

    def change_copies(self, count: int) -> None:
        """Have another number of copies."""
        self._has_been_in_service = True
        self.desired_copy_count = count
        self._changed()

    def delete(self) -> None:
        """Begin to delete it."""
        self._deleting_since_seconds = CLOCK.time()
        self.last_modified_time = CLOCK.utcnow()
        for deployment in (self.live, self.pending):
            if deployment is not None:
                stage.current().fleets.retire(deployment.fleet.key)

    def _changed(self) -> None:
        times = stage.current().times
        lasts = times.endpoint_updating_seconds if self._has_been_in_service else times.endpoint_creating_seconds
        self._settles_at_seconds = CLOCK.time() + lasts
        self.last_modified_time = CLOCK.utcnow()

    def describe(self) -> dict[str, Any]:
        """DescribeInferenceComponent's answer."""
        is_serving = self.status in {"InService", "Updating"}
        answer = {
            **self.summary(),
            "FailureReason": self.failure_reason,
            "Specification": _described(self.shown.specification),
            "RuntimeConfig": {
                "DesiredCopyCount": self.desired_copy_count,
                "CurrentCopyCount": self.desired_copy_count if is_serving else 0,
            },
            "LastDeploymentConfig": self.last_deployment_config,
        }
        return {name: value for name, value in answer.items() if value is not None}

    def summary(self) -> dict[str, Any]:
        """One of ListInferenceComponents's entries."""
        return {
            "InferenceComponentName": self.inference_component_name,
            "InferenceComponentArn": self.arn,
            "EndpointName": self.endpoint_name,
            "EndpointArn": str(arn_formatter("endpoint", self.endpoint_name, self.account_id, self.region)),
            "VariantName": self.variant_name,
            "InferenceComponentStatus": self.status,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
        }


def _described(specification: Params) -> Params:
    """InferenceComponentSpecificationSummary: the image stands in DeployedImage."""
    container = specification.get("Container")
    if container is None:
        return specification
    deployed = {"SpecifiedImage": container["Image"]} if "Image" in container else None
    told = {**{name: value for name, value in container.items() if name != "Image"}, "DeployedImage": deployed}
    return {**specification, "Container": {name: value for name, value in told.items() if value is not None}}


def fleet_of(specification: Params, models: dict[str, Any], key: FleetKey, role_arn: str | None) -> Fleet:
    """The fleet that serves a specification: a model of SageMaker's, or a container of its own.

    Args:
        specification: InferenceComponentSpecification.
        models: The account's models.
        key: The fleet's.
        role_arn: The endpoint configuration's execution role, which a container of its own is fetched with.
    """
    startup: Params = specification.get("StartupParameters") or {}
    timeout = startup.get("ContainerStartupHealthCheckTimeoutInSeconds")
    name = specification.get("ModelName")
    if name is None:
        return Fleet(key, (FleetVariant(FLEETS, (_own_container(specification, key, role_arn),), timeout),))
    model = models.get(str(name))
    if not isinstance(model, SageMakerModel):
        arn = arn_formatter("model", name, key.account_id, key.region)
        return Fleet(key, (FleetVariant(FLEETS, (), timeout, problem=f'Could not find model "{arn}".'),))
    return Fleet(key, (FleetVariant(FLEETS, model.definitions(), timeout),))


def _own_container(specification: Params, key: FleetKey, role_arn: str | None) -> ContainerDefinition:
    container: Params = specification.get("Container") or {}
    uri = container.get("ArtifactUrl")
    return ContainerDefinition(
        model_name=key.endpoint_name.rpartition("/")[2],
        image=container.get("Image", ""),
        environment=dict(container.get("Environment") or {}),
        model_data_uri=uri,
        is_compressed=uri is not None and not uri.endswith("/"),
        execution_role_arn=role_arn,
    )
