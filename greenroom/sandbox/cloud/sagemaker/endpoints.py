"""Endpoints and their life: Creating, InService, Updating, RollingBack, Failed, Deleting.

An endpoint serves its `live` deployment while a `pending` one is brought up and takes over the traffic, phase by
phase. What happens by itself happens in `advance`, which an event of the journal calls at the instant that
`next_transition` names (`transitions.py`); nothing else moves it. So a replay ends in the same state, and a local AWS
that was stopped in the middle of a rollout goes on with it.

- A first deployment whose fleet fails leaves the endpoint Failed: "DeleteEndpoint is the only operation that can be
  performed on a failed endpoint".
- A later one whose fleet fails, whose alarms ring, or which takes too long is rolled back: the endpoint is InService
  again on the old configuration, with a FailureReason. (Where there is no deployment configuration AWS documents that
  less clearly: a guess. So are the wordings.)
- A rolling update whose old instances cannot be brought up again ends in UpdateRollbackFailed.

Sources: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-blue-green.html
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.utils import arn_formatter

from greenroom.sandbox.cloud import stage
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker import endpoint_events
from greenroom.sandbox.cloud.sagemaker.deployments import Deployment, Progress
from greenroom.sandbox.cloud.stage import FleetKey, FleetOutcome, Params

Status = Literal[
    "Creating", "InService", "Updating", "RollingBack", "Failed", "Deleting", "UpdateRollbackFailed"
]  # fmt: skip


@dataclass
class Endpoint:
    """One endpoint of one account and region."""

    endpoint_name: str
    account_id: str
    region: str
    tags: list[dict[str, str]]
    pending: Deployment | None
    live: Deployment | None = None
    progress: Progress | None = None
    generation: int = 1
    failure_reason: str | None = None
    last_deployment_config: Params | None = None
    creation_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    last_modified_time: dt.datetime = field(default_factory=CLOCK.utcnow)
    has_failed: bool = False
    has_rollback_failed: bool = False
    _deleting_since_seconds: float | None = None

    @property
    def arn(self) -> str:
        """The endpoint's ARN. SageMaker writes the name in lower case there: a guess, kept as given here."""
        return str(arn_formatter("endpoint", self.endpoint_name, self.account_id, self.region))

    @property
    def endpoint_status(self) -> Status:
        """What DescribeEndpoint calls EndpointStatus."""
        if self._deleting_since_seconds is not None:
            return "Deleting"
        if self.has_failed:
            return "Failed"
        if self.pending is None or self.progress is None:
            return "UpdateRollbackFailed" if self.has_rollback_failed else "InService"
        if self.live is None:
            return "Creating"
        return "RollingBack" if self.progress.stage == "rolling back" else "Updating"

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

    @property
    def awaits_fleet(self) -> bool:
        """Whether a deployment is under way whose outcome is not known: to be begun again after a restart."""
        progress = self.progress
        is_waiting = progress is not None and progress.stage == "provisioning" and progress.until_seconds is None
        return is_waiting and not self.has_failed and self._deleting_since_seconds is None

    @property
    def watched_alarms(self) -> tuple[str, ...]:
        """The alarms that roll the deployment back if they ring now: from the first traffic on the new fleet on."""
        is_shifting = self.progress is not None and self.progress.stage == "shifting"
        return self.pending.rollout.alarm_names if is_shifting and self.pending is not None else ()

    def summary(self) -> dict[str, Any]:
        """One of ListEndpoints's entries."""
        return {
            "EndpointName": self.endpoint_name,
            "EndpointArn": self.arn,
            "CreationTime": self.creation_time,
            "LastModifiedTime": self.last_modified_time,
            "EndpointStatus": self.endpoint_status,
        }

    # what others do to it

    def begin(self, deployment: Deployment) -> None:
        """Start on `deployment`; its fleet is brought up where it is a new one."""
        self.pending, self.failure_reason, self.has_rollback_failed = deployment, None, False
        self.progress = Progress("provisioning", CLOCK.time())
        self.generation = deployment.fleet.key.generation
        self.last_modified_time = CLOCK.utcnow()
        if deployment.deployment_config is not None:
            self.last_deployment_config = deployment.deployment_config
        self._moves()
        endpoint_events.tell_status(self)
        if deployment.is_new_fleet:
            endpoint_events.tell_deployment(self)
            outcome = stage.current().fleets.deploy(deployment.fleet)
        else:
            outcome = FleetOutcome(deployment.problem)
        if outcome is not None:
            self._arrive(outcome)

    def report(self, key: FleetKey, outcome: FleetOutcome) -> bool:
        """The pending fleet came up, or did not. False where nobody waits for it any more."""
        if self.pending is None or self.pending.fleet.key != key or not self.awaits_fleet:
            return False
        self._arrive(outcome)
        return True

    def delete(self) -> None:
        """Begin to delete it."""
        self._deleting_since_seconds = CLOCK.time()
        self.last_modified_time = CLOCK.utcnow()
        for deployment in (self.live, self.pending):
            if deployment is not None:
                stage.current().fleets.retire(deployment.fleet.key)
        self._moves()
        endpoint_events.tell_status(self)

    # what time does to it

    def next_transition(self) -> float | None:
        """When it changes by itself, in seconds since the epoch; None where it does not, or waits for a fleet."""
        if self._deleting_since_seconds is not None:
            return self._deleting_since_seconds + stage.current().times.endpoint_deleting_seconds
        if self.progress is None or self.pending is None or self.has_failed:
            return None
        known = [self.progress.until_seconds]
        if self.live is not None and self.progress.stage != "rolling back":
            known.append(self.pending.deadline_seconds)
        return min((one for one in known if one is not None), default=None)

    def advance(self, ringing_alarms: Sequence[str] = ()) -> None:
        """Change as `next_transition` said, now. `ringing_alarms` are those of `watched_alarms` in ALARM."""
        pending, progress = self.pending, self.progress
        if self._deleting_since_seconds is not None or pending is None or progress is None:
            return
        is_over = progress.until_seconds is not None and CLOCK.time() >= progress.until_seconds
        if progress.stage == "rolling back":
            self._finish_rollback(pending, progress)
        elif ringing_alarms:
            self._roll_back(_alarms_rang(ringing_alarms))
        elif not is_over or _is_late(pending, progress):
            self._roll_back(_took_too_long(pending))
        elif progress.stage == "provisioning":
            self._provisioned(pending, progress)
        elif progress.phase_number + 1 < len(pending.rollout.phases):
            self._enter_phase(pending, progress.phase_number + 1)
        else:
            self._finish(pending)

    def _arrive(self, outcome: FleetOutcome) -> None:
        if self.pending is None or self.progress is None:
            return
        if outcome.failure_reason is not None and self.live is not None:
            self._roll_back(outcome.failure_reason)
            return
        times = stage.current().times
        needs = times.endpoint_creating_seconds if self.live is None else times.endpoint_updating_seconds
        self.progress = dataclasses.replace(
            self.progress,
            until_seconds=max(CLOCK.time(), self.pending.started_at_seconds + needs),
            failure_reason=outcome.failure_reason,
        )

    def _provisioned(self, pending: Deployment, progress: Progress) -> None:
        if progress.failure_reason is not None:
            self._touch()
            self.has_failed, self.failure_reason = True, progress.failure_reason
            endpoint_events.tell_status(self)
        elif self.live is None or not pending.is_new_fleet:
            self._finish(pending)
        else:
            self._enter_phase(pending, 0)

    def _enter_phase(self, pending: Deployment, number: int) -> None:
        wait_seconds = pending.rollout.phases[number].wait_seconds * pending.wait_factor
        self.progress = Progress("shifting", CLOCK.time(), CLOCK.time() + wait_seconds, number)
        for status in ("ActivatingTraffic", "Baking"):
            endpoint_events.tell_deployment(self, status)

    def _roll_back(self, reason: str) -> None:
        """Give all traffic back to the old fleet, and end the new one."""
        now = CLOCK.time()
        until = now + stage.current().times.endpoint_rolling_back_seconds
        number = 0 if self.progress is None or self.progress.stage == "provisioning" else self.progress.phase_number + 1
        self._touch()
        self.progress = Progress("rolling back", now, until, number, failure_reason=reason)
        endpoint_events.tell_status(self)
        if self.pending is not None and self.pending.is_new_fleet:
            endpoint_events.tell_deployment(self)

    def _finish_rollback(self, pending: Deployment, progress: Progress) -> None:
        self._touch()
        self.pending, self.progress, self.failure_reason = None, None, progress.failure_reason
        missing = self._missing_models() if pending.rollout.is_rolling and progress.phase_number > 0 else []
        if missing:
            self.has_rollback_failed = True
            self.failure_reason = f"{progress.failure_reason} The rollback failed: {' '.join(missing)}"
        if pending.is_new_fleet:
            stage.current().fleets.retire(pending.fleet.key)
        endpoint_events.tell_status(self)

    def _missing_models(self) -> list[str]:
        """The models of the old configuration that new instances of it would need and that are no more."""
        models = sagemaker_backends[self.account_id][self.region]._models  # noqa: SLF001  moto has no interface
        names = [one.config.get("ModelName") for one in self.shown.variants]
        return [
            f'Could not find model "{arn_formatter("model", name, self.account_id, self.region)}".'
            for name in names
            if name is not None and name not in models
        ]

    def _finish(self, pending: Deployment) -> None:
        self._touch()
        before, self.live, self.pending, self.progress = self.live, pending, None, None
        if before is not None and before.fleet.key != pending.fleet.key:
            stage.current().fleets.retire(before.fleet.key)
        endpoint_events.tell_status(self)

    def _touch(self) -> None:
        self.last_modified_time = CLOCK.utcnow()

    def _moves(self) -> None:
        stage.current().moving[self.arn] = self


def _is_late(pending: Deployment, progress: Progress) -> bool:
    deadline = pending.deadline_seconds
    return deadline is not None and CLOCK.time() > deadline and progress.failure_reason is None


def _alarms_rang(names: Sequence[str]) -> str:
    """The FailureReason of an auto-rollback. The wording is a guess."""
    return (
        "The deployment was rolled back because the following CloudWatch alarm(s) of its auto-rollback configuration "
        f"went into the ALARM state: [{', '.join(names)}]."
    )


def _took_too_long(pending: Deployment) -> str:
    """The FailureReason of a rollout past MaximumExecutionTimeoutInSeconds. The wording is a guess."""
    return (
        "The deployment was rolled back because it did not complete within "
        f"{pending.rollout.maximum_execution_seconds} seconds (MaximumExecutionTimeoutInSeconds)."
    )
