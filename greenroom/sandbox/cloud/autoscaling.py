"""Application Auto Scaling as moto has it, with the checks that SageMaker's variants get, tags, and whole removal.

Policies are kept and act on nothing yet: DescribeScalingActivities answers truthfully that nothing was done.

Sources: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_RegisterScalableTarget.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
"""
# ruff: noqa: D102  the response's methods are an action each, named as AWS names it

from __future__ import annotations

import json
from typing import Any

from moto.applicationautoscaling import models as moto_models
from moto.applicationautoscaling import responses as moto_responses
from moto.applicationautoscaling.exceptions import AWSValidationException
from moto.core.exceptions import JsonRESTError
from moto.sagemaker.models import sagemaker_backends

from greenroom.sandbox.cloud.autoscaling_targets import SAGEMAKER_INSTANCE_COUNT
from greenroom.sandbox.cloud.sagemaker.instance_types import is_burstable


class AutoScalingBackend(moto_models.ApplicationAutoscalingBackend):  # type: ignore[misc]  # see pyproject.toml
    """The Application Auto Scaling of one account and region."""

    def __init__(self, region_name: str, account_id: str) -> None:
        self.scheduled_actions: list[Any] = []
        super().__init__(region_name, account_id)
        self.tags: dict[str, dict[str, str]] = {}

    def register_scalable_target(self, namespace: str, r_id: str, dimension: str, *args: Any, **kwargs: Any) -> Any:
        """RegisterScalableTarget: a SageMaker variant must be there, in service, and not burstable."""
        if dimension == SAGEMAKER_INSTANCE_COUNT:
            self._check_variant(r_id)
        return super().register_scalable_target(namespace, r_id, dimension, *args, **kwargs)

    def _check_variant(self, r_id: str) -> None:
        sagemaker = sagemaker_backends[self.account_id][self.region_name]
        _, endpoint_name, _, variant_name = r_id.split("/")
        endpoint = sagemaker.endpoints.get(endpoint_name)
        variants = [] if endpoint is None else [one for one in endpoint.shown.variants if one.name == variant_name]
        if not variants:
            # The wording is AWS's opening for SageMaker's own refusal; what follows is a guess.
            raise AWSValidationException(f"SageMaker endpoint variant not found, or not in service: {r_id}")
        if endpoint.endpoint_status != "InService":
            raise AWSValidationException(
                f"SageMaker endpoint variant not in service: {r_id} (endpoint status {endpoint.endpoint_status})"
            )
        instance_type = variants[0].instance_type
        if instance_type is not None and is_burstable(instance_type):
            raise AWSValidationException(
                f"Scaling is not supported for burstable instance types: {r_id} uses {instance_type}"
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

    def put_scaling_policy(
        self,
        policy_name: str,
        service_namespace: str,
        resource_id: str,
        scalable_dimension: str,
        *args: Any,
        **kwargs: Any,
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
        policy = super().put_scaling_policy(
            policy_name, service_namespace, resource_id, scalable_dimension, *args, **kwargs
        )
        if before is not None:
            policy.policy_arn, policy.creation_time, policy.alarms = (
                before.policy_arn,
                before.creation_time,
                before.alarms,
            )
        return policy

    def tags_of(self, arn: str) -> dict[str, str]:
        """The tags of a scalable target.

        Raises:
            JsonRESTError: ResourceNotFoundException, where there is none of that ARN.
        """
        if not any(target.arn == arn for targets in self.targets.values() for target in targets.values()):
            raise JsonRESTError("ResourceNotFoundException", f"No scalable target found with ARN: {arn}")
        return self.tags.setdefault(arn, {})


def _belongs(one: Any, namespace: str, r_id: str, dimension: str) -> bool:
    return (one.service_namespace, one.resource_id, one.scalable_dimension) == (namespace, r_id, dimension)


AutoScalingBackend.__module__ = moto_models.__name__  # moto finds a backend's URLs by its module


class AutoScalingResponse(moto_responses.ApplicationAutoScalingResponse):  # type: ignore[misc]  # see pyproject.toml
    """A method an action."""

    @property
    def _backend(self) -> AutoScalingBackend:
        backend: AutoScalingBackend = self.applicationautoscaling_backend
        return backend

    def register_scalable_target(self) -> str:
        answer = json.loads(super().register_scalable_target())
        tags = self._get_param("Tags")
        if tags:
            self._backend.tags_of(answer["ScalableTargetARN"]).update(tags)
        return json.dumps(answer)

    def tag_resource(self) -> str:
        self._backend.tags_of(self._get_param("ResourceARN")).update(self._get_param("Tags"))
        return "{}"

    def untag_resource(self) -> str:
        tags = self._backend.tags_of(self._get_param("ResourceARN"))
        for key in self._get_param("TagKeys"):
            tags.pop(key, None)
        return "{}"

    def list_tags_for_resource(self) -> str:
        return json.dumps({"Tags": self._backend.tags_of(self._get_param("ResourceARN"))})

    def describe_scaling_activities(self) -> str:
        return json.dumps({"ScalingActivities": []})
