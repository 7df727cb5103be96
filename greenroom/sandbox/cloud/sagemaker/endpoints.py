"""Endpoints and their life: Creating, InService, Updating, RollingBack, Failed, Deleting.

An endpoint serves its `live` deployment while a `pending` one is brought up. Its status is a function of what has
been reported and of the clock: nothing ticks, `settle` brings an endpoint up to date whenever someone looks. So a
replay, which reports the same outcomes at the same instants, ends in the same state.

- A first deployment whose fleet fails leaves the endpoint Failed: "DeleteEndpoint is the only operation that can be
  performed on a failed endpoint".
- A later one whose fleet fails is rolled back: the endpoint is InService again on the old configuration, with a
  FailureReason. (Blue/green deployments with auto-rollback do that; so does an update without a deployment
  configuration, which AWS documents less clearly: a guess.)

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any, Literal

from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker.variants import EndpointVariant
from greenroom.sandbox.cloud.stage import Fleet, FleetKey, FleetOutcome, Params

Status = Literal["Creating", "InService", "Updating", "RollingBack", "Failed", "Deleting"]
UPDATED_MEMBERS = ("AsyncInferenceConfig", "ExplainerConfig", "MetricsConfig")


@dataclass(frozen=True)
class Deployment:
    """A configuration on its way to the instances, or on them.

    `fleet` is None where the instances stay and only weights and counts change.
    """

    endpoint_config_name: str
    config: Params
    variants: tuple[EndpointVariant, ...]
    shadow_variants: tuple[EndpointVariant, ...]
    data_capture_config: Params | None
    deployment_config: Params | None
    fleet: Fleet
    is_new_fleet: bool
    started_at_seconds: float


@dataclass
class Endpoint:
    """One endpoint of one account and region."""

    endpoint_name: str
    account_id: str
    region: str
    tags: list[dict[str, str]]
    pending: Deployment | None
    live: Deployment | None = None
    generation: int = 1
    failure_reason: str | None = None
    last_deployment_config: Params | None = None
    creation_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    last_modified_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    has_failed: bool = False
    _outcome: tuple[float, FleetOutcome] | None = None
    _deleting_since_seconds: float | None = None

    @property
    def arn(self) -> str:
        """The endpoint's ARN. SageMaker writes the name in lower case there: a guess, kept as given here."""
        return str(arn_formatter("endpoint", self.endpoint_name, self.account_id, self.region))

    @property
    def endpoint_status(self) -> Status:
        """What DescribeEndpoint calls EndpointStatus, as of the last `settle`."""
        if self._deleting_since_seconds is not None:
            return "Deleting"
        if self.has_failed:
            return "Failed"
        if self.pending is None:
            return "InService"
        if self.live is None:
            return "Creating"
        failed = self._outcome is not None and self._outcome[1].failure_reason is not None
        return "RollingBack" if failed else "Updating"

    @property
    def shown(self) -> Deployment:
        """The deployment that DescribeEndpoint shows: the live one; before there is one, the pending one."""
        deployment = self.live or self.pending
        if deployment is None:
            raise RuntimeError(f"endpoint {self.endpoint_name} has no deployment")
        return deployment

    @property
    def endpoint_config_name(self) -> str:
        """The configuration in use: while an update is under way, still the old one."""
        return self.shown.endpoint_config_name

    @property
    def is_gone(self) -> bool:
        """Whether its deletion is over."""
        since = self._deleting_since_seconds
        return since is not None and CLOCK.time() >= since + stage.current().times.endpoint_deleting_seconds

    def begin(self, deployment: Deployment) -> None:
        """Start on `deployment`; its fleet is brought up where it is a new one."""
        self.pending, self._outcome, self.failure_reason = deployment, None, None
        self.generation = deployment.fleet.key.generation
        self.last_modified_time = CLOCK.utcnow()
        if deployment.deployment_config is not None:
            self.last_deployment_config = deployment.deployment_config
        outcome = stage.current().fleets.deploy(deployment.fleet) if deployment.is_new_fleet else FleetOutcome(None)
        if outcome is not None:
            self._outcome = (CLOCK.time(), outcome)

    def report(self, key: FleetKey, outcome: FleetOutcome) -> bool:
        """The pending fleet came up, or did not. False where nobody waits for it any more."""
        if self.pending is None or self.pending.fleet.key != key or self._deleting_since_seconds is not None:
            return False
        self._outcome = (CLOCK.time(), outcome)
        return True

    @property
    def awaits_fleet(self) -> bool:
        """Whether a deployment is under way whose outcome is not known: to be begun again after a restart."""
        is_waiting = self.pending is not None and self._outcome is None
        return is_waiting and not self.has_failed and self._deleting_since_seconds is None

    def delete(self) -> None:
        """Begin to delete it."""
        self._deleting_since_seconds = CLOCK.time()
        self.last_modified_time = CLOCK.utcnow()
        for deployment in (self.live, self.pending):
            if deployment is not None:
                stage.current().fleets.retire(deployment.fleet.key)

    def settle(self) -> None:
        """Bring the endpoint up to the clock."""
        if self.pending is None or self._outcome is None or self._deleting_since_seconds is not None:
            return
        reported_at, outcome = self._outcome
        times = stage.current().times
        if outcome.failure_reason is None:
            needs = times.endpoint_creating_seconds if self.live is None else times.endpoint_updating_seconds
            done_at = max(reported_at, self.pending.started_at_seconds + needs)
        elif self.live is None:
            done_at = max(reported_at, self.pending.started_at_seconds + times.endpoint_creating_seconds)
        else:
            done_at = reported_at + times.endpoint_rolling_back_seconds
        if CLOCK.time() >= done_at:
            self._finish(self.pending, outcome, done_at)

    def _finish(self, deployment: Deployment, outcome: FleetOutcome, done_at_seconds: float) -> None:
        self.last_modified_time = dt.datetime.fromtimestamp(done_at_seconds, tz=dt.UTC).replace(tzinfo=None)
        self.failure_reason = outcome.failure_reason
        self._outcome = None
        before = self.live
        if outcome.failure_reason is None:
            self.live, self.pending = deployment, None
            if before is not None and before.fleet.key != deployment.fleet.key:
                stage.current().fleets.retire(before.fleet.key)
        elif before is None:
            self.has_failed = True
        else:
            self.pending = None

    def summary(self) -> dict[str, Any]:
        """One of ListEndpoints's entries."""
        return {
            "EndpointName": self.endpoint_name,
            "EndpointArn": self.arn,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "EndpointStatus": self.endpoint_status,
        }

    def describe(self) -> dict[str, Any]:
        """DescribeEndpoint's answer."""
        shown, status = self.shown, self.endpoint_status
        answer = {
            **self.summary(),
            "EndpointConfigName": shown.endpoint_config_name,
            "DataCaptureConfig": _captured(shown.data_capture_config, status),
            "FailureReason": self.failure_reason,
            "LastDeploymentConfig": self.last_deployment_config,
            **{member: shown.config.get(member) for member in UPDATED_MEMBERS},
        }
        if self.live is not None:
            answer["ProductionVariants"] = [one.summary() for one in shown.variants]
            answer["ShadowProductionVariants"] = [one.summary() for one in shown.shadow_variants] or None
        if self.pending is not None and status in {"Creating", "Updating", "RollingBack"}:
            answer["PendingDeploymentSummary"] = {
                "EndpointConfigName": self.pending.endpoint_config_name,
                "ProductionVariants": [one.pending_summary(status) for one in self.pending.variants],
                "StartTime": dt.datetime.fromtimestamp(self.pending.started_at_seconds, tz=dt.UTC),
            }
        return {key: value for key, value in answer.items() if value is not None}


def _captured(config: Params | None, status: Status) -> dict[str, Any] | None:
    """https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DataCaptureConfigSummary.html ."""
    if config is None:
        return None
    # "EnableCapture: whether data capture should be enabled or disabled (defaults to enabled)": API_DataCaptureConfig
    enabled = config.get("EnableCapture", True) is not False
    return {
        "EnableCapture": enabled,
        "CaptureStatus": "Started" if enabled and status not in {"Creating", "Failed"} else "Stopped",
        "CurrentSamplingPercentage": config["InitialSamplingPercentage"],
        "DestinationS3Uri": config["DestinationS3Uri"],
        "KmsKeyId": config.get("KmsKeyId", ""),
    }
