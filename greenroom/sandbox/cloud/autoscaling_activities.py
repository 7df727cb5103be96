"""What Application Auto Scaling did: scaling activities, in AWS's words.

The sentences are those of published activities; "when the request was refused" is a guess.

https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DescribeScalingActivities.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from greenroom.sandbox.cloud.autoscaling_capacities import CAPACITIES, TargetKey
from greenroom.sandbox.cloud.clock import utc
from greenroom.sandbox.cloud.events import AwsEvent

SERVICE: Final = "sagemaker"
KEPT_SECONDS: Final = 6 * 7 * 24 * 3600.0
""" "for the previous six weeks": API_DescribeScalingActivities."""


@dataclass
class ScalingActivity:
    """One change of one capacity.

    Attributes:
        activity_id: its id.
        key: the scalable target.
        cause: why it was done.
        capacity_before: the capacity that it found.
        capacity: the capacity that it wanted.
        policy_arn: the policy that wanted it; None where a bound was set.
        started_at_seconds: when, since the epoch.
        status: InProgress, Successful or Failed.
        ended_at_seconds: when it was over.
        failure_reason: why it failed, in SageMaker's words.
    """

    activity_id: str
    key: TargetKey
    cause: str
    capacity_before: int
    capacity: int
    policy_arn: str | None
    started_at_seconds: float
    status: str = "InProgress"
    ended_at_seconds: float | None = None
    failure_reason: str | None = None

    def end(self, at_seconds: float, failure_reason: str | None) -> None:
        """It is over."""
        self.status = "Successful" if failure_reason is None else "Failed"
        self.ended_at_seconds, self.failure_reason = at_seconds, failure_reason

    @property
    def noun(self) -> str:
        """What is set."""
        return CAPACITIES[self.key.dimension].noun

    @property
    def message(self) -> str:
        """StatusMessage."""
        if self.status == "Failed":
            return f"Failed to set {self.noun} to {self.capacity}. Reason: {self.failure_reason}"
        done = f"Successfully set {self.noun} to {self.capacity}."
        if self.status == "InProgress":
            return f"{done} Waiting for change to be fulfilled by {SERVICE}."
        return f"{done} Change successfully fulfilled by {SERVICE}."

    def scaled_to_max(self, low: int, high: int) -> AwsEvent | None:
        """What EventBridge hears when the activity came to its target's maximum, `high`; None where it did not.

        https://docs.aws.amazon.com/autoscaling/application/userguide/monitoring-eventbridge.html
        """
        if self.status != "Successful" or not self.capacity_before < self.capacity == high:
            return None
        detail = {
            "startTime": _instant(self.started_at_seconds),
            "endTime": _instant(self.ended_at_seconds or self.started_at_seconds),
            "newDesiredCapacity": self.capacity,
            "oldDesiredCapacity": self.capacity_before,
            "minCapacity": low,
            "maxCapacity": high,
            "resourceId": self.key.resource_id,
            "scalableDimension": self.key.dimension,
            "serviceNamespace": SERVICE,
            "statusCode": self.status,
            "scaledToMax": True,
            "direction": "scale-out",
        }
        detail_type = "Application Auto Scaling Scaling Activity State Change"
        return AwsEvent(self.key.account_id, self.key.region, "aws.application-autoscaling", detail_type, detail)

    def describe(self) -> dict[str, Any]:
        """One of DescribeScalingActivities's entries."""
        ended = {} if self.ended_at_seconds is None else {"EndTime": self.ended_at_seconds}
        return {
            "ActivityId": self.activity_id,
            "ServiceNamespace": SERVICE,
            "ResourceId": self.key.resource_id,
            "ScalableDimension": self.key.dimension,
            "Description": f"Setting {self.noun} to {self.capacity}.",
            "Cause": self.cause,
            "StartTime": self.started_at_seconds,
            **ended,
            "StatusCode": self.status,
            "StatusMessage": self.message,
        }


def _instant(seconds: float) -> str:
    return utc(seconds).strftime("%Y-%m-%dT%H:%M:%SZ")
