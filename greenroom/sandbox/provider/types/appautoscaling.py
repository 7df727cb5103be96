"""Application Auto Scaling: the scalable target, its policies and its scheduled actions.

All are put: the operation that makes them changes them.

The role of a target is never sent when it is not given: AWS uses the service-linked one (trap 9).
https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "application-autoscaling"
TARGET_IDENTITY = ("serviceNamespace", "resourceId", "scalableDimension")


@dataclass(frozen=True, kw_only=True)
class ScalingType(ResourceType):
    """A target, a policy or an action; an import names it by the parts of its identity with slashes between.

    Attributes:
        import_form: what an import's id looks like.
    """

    import_form: str

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """Namespace, resource (which has slashes itself), dimension, and for a policy its name."""
        parts = resource_id.split("/")
        tail = len(self.identity) - 2
        if len(parts) < tail + 2:
            violation = Violation("id", f"{resource_id!r} is not of the form {self.import_form}")
            raise InvalidInputsError(self.token, [violation])
        last = parts[-tail:]
        names = ("scalableDimension", "name")[:tail]
        return {
            "serviceNamespace": parts[0],
            "resourceId": "/".join(parts[1:-tail]),
            **dict(zip(names, last, strict=True)),
        }


TARGET = ScalingType(
    "aws:appautoscaling/target:Target",
    service=SERVICE,
    create="RegisterScalableTarget",
    read="DescribeScalableTargets",
    update="RegisterScalableTarget",
    delete="DeregisterScalableTarget",
    identity=TARGET_IDENTITY,
    id_format="{resourceId}",
    prefixes=("ScalableTarget",),
    found=("ScalableTargets", 0),
    tagging=Tagging.of_resources("ResourceARN"),
    import_form="serviceNamespace/resourceId/scalableDimension",
)

POLICY = ScalingType(
    "aws:appautoscaling/policy:Policy",
    service=SERVICE,
    create="PutScalingPolicy",
    read="DescribeScalingPolicies",
    update="PutScalingPolicy",
    delete="DeleteScalingPolicy",
    identity=(*TARGET_IDENTITY, "name"),
    id_format="{name}",
    prefixes=("Policy",),
    found=("ScalingPolicies", 0),
    autoname=AutoName(),
    import_form="serviceNamespace/resourceId/scalableDimension/policyName",
)

# Its import is the sandbox's own, after the policy's: the official provider's documentation has none.
SCHEDULED_ACTION = ScalingType(
    "aws:appautoscaling/scheduledAction:ScheduledAction",
    service=SERVICE,
    create="PutScheduledAction",
    read="DescribeScheduledActions",
    update="PutScheduledAction",
    delete="DeleteScheduledAction",
    identity=(*TARGET_IDENTITY, "name"),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/appautoscaling/scheduled_action.go
    id_format="{name}-{serviceNamespace}-{resourceId}",
    prefixes=("ScheduledAction",),
    found=("ScheduledActions", 0),
    autoname=AutoName(),
    import_form="serviceNamespace/resourceId/scalableDimension/name",
)

TYPES = (TARGET, POLICY, SCHEDULED_ACTION)
