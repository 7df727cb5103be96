"""Application Auto Scaling: targets, policies with their alarms, scheduled actions, and what came of them.

moto keeps targets, policies and actions; here they are checked as SageMaker's are, act (`autoscaling_work`), have
tags, and go as a whole.

Sources: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
"""

from __future__ import annotations

from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from moto.applicationautoscaling import models as moto_models
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.cloudwatch.models import cloudwatch_backends
from moto.core.exceptions import JsonRESTError

from greenroom.sandbox.cloud.autoscaling_activities import KEPT_SECONDS, ScalingActivity
from greenroom.sandbox.cloud.autoscaling_alarms import put_alarms
from greenroom.sandbox.cloud.autoscaling_capacities import (
    CAPACITIES,
    COPY_COUNT,
    INSTANCE_COUNT,
    TargetKey,
    endpoint_of,
    inference_component_of,
    variant_of,
)
from greenroom.sandbox.cloud.autoscaling_checks import check_policy, check_zero
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.sagemaker.instance_types import is_burstable
from greenroom.sandbox.cloud.schedule_expression import Schedule, ScheduleExpressionError, parse

NOT_SUSPENDED: Final = {
    "DynamicScalingInSuspended": False,
    "DynamicScalingOutSuspended": False,
    "ScheduledScalingSuspended": False,
}


class AutoScalingBackend(moto_models.ApplicationAutoscalingBackend):  # type: ignore[misc]  # see pyproject.toml
    """The Application Auto Scaling of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.scheduled_actions: list[Any] = []
        super().__init__(region_name, account_id)
        self.tags: dict[str, dict[str, str]] = {}
        self.activities: list[ScalingActivity] = []
        self.unsettled: dict[TargetKey, float] = {}
        """Targets whose capacity may lie outside their bounds, and since when these were set."""

    def key(self, resource_id: str, dimension: str) -> TargetKey:
        """The key of a scalable target."""
        return TargetKey(self.account_id, self.region_name, resource_id, dimension)

    def target(self, key: TargetKey) -> Any:
        """The scalable target; None where there is none."""
        return self.targets.get(key.dimension, {}).get(key.resource_id)

    def register_scalable_target(  # noqa: PLR0917  moto's own
        self,
        namespace: str,
        r_id: str,
        dimension: str,
        min_capacity: int | None,
        max_capacity: int | None,
        role_arn: str,
        suspended_state: Any,
    ) -> Any:
        """RegisterScalableTarget: what is to scale must be there and in service; its capacity comes into the bounds."""
        if namespace != "sagemaker":
            return super().register_scalable_target(
                namespace, r_id, dimension, min_capacity, max_capacity, role_arn, suspended_state
            )
        key = self.key(r_id, dimension)
        before = self.target(key)
        low = min_capacity if min_capacity is not None or before is None else before.min_capacity
        high = max_capacity if max_capacity is not None or before is None else before.max_capacity
        self._check_target(key, low, high)
        state = None
        if suspended_state is not None or before is None:
            state = NOT_SUSPENDED | (before.suspended_state if before is not None else {}) | (suspended_state or {})
        if before is None:
            before = moto_models.FakeScalableTarget(self, namespace, r_id, dimension, low, high, role_arn, state)
            self._add_scalable_target(before)
        else:
            before.update(low, high, state)
        self.unsettled.setdefault(key, CLOCK.time())
        return before

    def _check_target(self, key: TargetKey, low: int | None, high: int | None) -> None:
        if key.dimension not in CAPACITIES:
            raise AWSValidationException("Unsupported service namespace, resource type or scalable dimension")
        if low is None or high is None:
            raise AWSValidationException("MinCapacity and MaxCapacity are required for a new scalable target")
        if not 0 <= low <= high:
            raise AWSValidationException(  # a guess at the wording
                f"Maximum capacity ({high}) cannot be less than minimum capacity ({low}), nor either less than 0"
            )
        if key.dimension == COPY_COUNT:
            if inference_component_of(key) is None:
                raise AWSValidationException(f"SageMaker inference component not found: {key.resource_id}")
            return
        self._check_variant(key)
        check_zero(key, low, high)
        if key.dimension != INSTANCE_COUNT and CAPACITIES[key.dimension].read(key) is None:
            raise AWSValidationException(f"{key.resource_id} has no provisioned concurrency")  # a guess at the wording

    def _check_variant(self, key: TargetKey) -> None:
        endpoint, variant = endpoint_of(key), variant_of(key)
        if endpoint is None or variant is None:
            # The wording is AWS's opening for SageMaker's own refusal; what follows is a guess.
            raise AWSValidationException(f"SageMaker endpoint variant not found, or not in service: {key.resource_id}")
        if endpoint.endpoint_status != "InService":
            raise AWSValidationException(
                f"SageMaker endpoint variant not in service: {key.resource_id} "
                f"(endpoint status {endpoint.endpoint_status})"
            )
        if variant.instance_type is not None and is_burstable(variant.instance_type):
            raise AWSValidationException(
                f"Scaling is not supported for burstable instance types: {key.resource_id} uses {variant.instance_type}"
            )

    def deregister_scalable_target(self, namespace: str, r_id: str, dimension: str) -> None:
        """DeregisterScalableTarget.

        "Deregistering a scalable target deletes the scaling policies that are associated with it":
        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_DeregisterScalableTarget.html
        """
        target = self.targets.get(dimension, {}).get(r_id)
        super().deregister_scalable_target(namespace, r_id, dimension)
        self.tags.pop(target.arn, None)
        for policy in [one for one in self.policies.values() if _belongs(one, namespace, r_id, dimension)]:
            self.delete_scaling_policy(policy.policy_name, namespace, r_id, dimension)
        self.scheduled_actions = [
            one for one in self.scheduled_actions if not _belongs(one, namespace, r_id, dimension)
        ]

    def put_scaling_policy(  # noqa: PLR0917  moto's own
        self,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        policy_body: dict[str, Any],
        policy_type: str | None,
    ) -> Any:
        """PutScalingPolicy: its target must be registered; a changed policy keeps its ARN and its alarms.

        "ObjectNotFoundException: no scalable targets registered":
        https://docs.aws.amazon.com/autoscaling/application/APIReference/API_PutScalingPolicy.html
        """
        if resource_id not in self.targets.get(scalable_dimension, {}):
            raise JsonRESTError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {service_namespace}, "
                f"resource ID: {resource_id}, scalable dimension: {scalable_dimension}",
            )
        key = moto_models.FakeApplicationAutoscalingPolicy.formulate_key(
            service_namespace, resource_id, scalable_dimension, policy_name
        )
        before = self.policies.get(key)
        if service_namespace == "sagemaker" and policy_body:
            check_policy(policy_type or (None if before is None else before.policy_type), policy_body)
        policy = super().put_scaling_policy(
            policy_name, service_namespace, resource_id, scalable_dimension, policy_body, policy_type
        )
        if before is not None:
            policy.policy_arn, policy.creation_time, policy.alarms = (
                before.policy_arn,
                before.creation_time,
                before.alarms,
            )
        if service_namespace == "sagemaker":
            self._put_alarms(key, before, policy)
        return policy

    def _put_alarms(self, policy_key: str, before: Any, policy: Any) -> None:
        """The alarms of a target tracking policy; a policy that became a step scaling policy has none any more."""
        if policy.policy_type != "TargetTrackingScaling":
            policy.delete_alarms(self.account_id, self.region_name)
            policy.alarms = []
            return
        try:
            policy.alarms = put_alarms(self.key(policy.resource_id, policy.scalable_dimension), policy)
        except Exception:
            del self.policies[policy_key]
            if before is not None:
                self.policies[policy_key] = before
            raise

    def alarms_of(self, policy: Any) -> list[Any]:
        """The alarms that call a policy: its own, or for step scaling those that have it as an action."""
        if policy.policy_type == "TargetTrackingScaling":
            return list(policy.alarms)
        alarms = cloudwatch_backends[self.account_id][self.region_name].alarms.values()
        return [one for one in alarms if policy.policy_arn in (one.alarm_actions or ())]

    def policy_called(self, action: str) -> Any:
        """The policy that an alarm's action names; None where there is none."""
        arn = action.partition(":createdBy/")[0]
        return next((one for one in self.policies.values() if one.policy_arn == arn), None)

    def put_scheduled_action(  # noqa: PLR0917  moto's own
        self,
        service_namespace: str,
        schedule: str | None,
        timezone: str | None,
        scheduled_action_name: str,
        resource_id: str,
        scalable_dimension: str,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        """PutScheduledAction: its target must be registered, its schedule be one."""
        key = self.key(resource_id, scalable_dimension)
        if self.target(key) is None:
            raise JsonRESTError(
                "ObjectNotFoundException",
                f"No scalable target registered for service namespace: {service_namespace}, "
                f"resource ID: {resource_id}, scalable dimension: {scalable_dimension}",
            )
        if schedule is not None:
            _schedule_of(schedule, timezone, CLOCK.time())
        super().put_scheduled_action(
            service_namespace,
            schedule,
            timezone,
            scheduled_action_name,
            resource_id,
            scalable_dimension,
            *args,
            **kwargs,
        )
        for one in self.scheduled_actions:
            if one.scheduled_action_name == scheduled_action_name and _belongs(
                one, service_namespace, resource_id, scalable_dimension
            ):
                one.passed_seconds, one.known_firing = CLOCK.time(), None

    def next_firing(self, action: Any) -> float | None:
        """When a scheduled action fires next, in seconds since the epoch; None where it does not any more."""
        known: tuple[float, float | None] | None = getattr(action, "known_firing", None)
        if known is None or known[0] != action.passed_seconds:
            known = action.known_firing = (action.passed_seconds, self._firing_after(action))
        return known[1]

    def _firing_after(self, action: Any) -> float | None:
        start, end = action.start_time, action.end_time
        begins = float(start) if start is not None else action.creation_time
        schedule = _schedule_of(action.schedule, action.timezone, begins)
        # A cron that fires at the start itself does; `after` is later than what it is given.
        due = schedule.after(max(action.passed_seconds, begins - 1 if start is not None else action.passed_seconds))
        return None if due is None or (end is not None and due > float(end)) else due

    def add_activity(self, activity: ScalingActivity) -> None:
        """Keep what was done, for six weeks."""
        oldest = CLOCK.time() - KEPT_SECONDS
        if self.activities and self.activities[0].started_at_seconds < oldest:
            self.activities = [one for one in self.activities if one.started_at_seconds >= oldest]
        self.activities.append(activity)

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a scalable target.

        Raises:
            JsonRESTError: ResourceNotFoundException, where there is none of that ARN.
        """
        if not any(target.arn == arn for targets in self.targets.values() for target in targets.values()):
            raise JsonRESTError("ResourceNotFoundException", f"No scalable target found with ARN: {arn}")
        return self.tags.setdefault(arn, {})


def _schedule_of(text: str, timezone: str | None, start_seconds: float) -> Schedule:
    try:
        return parse(text, start_seconds=start_seconds, zone=ZoneInfo(timezone or "UTC"))
    except (ScheduleExpressionError, ZoneInfoNotFoundError, ValueError) as error:
        raise AWSValidationException(f"Invalid schedule expression or timezone: {error}") from error


def _belongs(one: Any, namespace: str, r_id: str, dimension: str) -> bool:
    return (one.service_namespace, one.resource_id, one.scalable_dimension) == (namespace, r_id, dimension)


AutoScalingBackend.__module__ = moto_models.__name__  # moto finds a backend's URLs by its module
