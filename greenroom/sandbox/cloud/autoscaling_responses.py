"""The operations of Application Auto Scaling that moto lacks or answers otherwise than AWS."""
# ruff: noqa: D102  a method an action, named as AWS names it

from __future__ import annotations

import json

from moto.applicationautoscaling import responses as moto_responses

from greenroom.sandbox.cloud.autoscaling import AutoScalingBackend
from greenroom.sandbox.cloud.autoscaling_capacities import CAPACITIES


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

    def _validate_params(self) -> None:
        """Check as moto does, which does not know all of SageMaker's dimensions."""
        if self._get_param("ScalableDimension") not in CAPACITIES:
            super()._validate_params()

    def describe_scaling_policies(self) -> str:
        """DescribeScalingPolicies, with the alarms of step scaling policies, and by name where asked."""
        answer = json.loads(super().describe_scaling_policies())
        by_arn = {one.policy_arn: one for one in self._backend.policies.values()}
        names = self._get_param("PolicyNames")
        answer["ScalingPolicies"] = [
            one
            | {
                "Alarms": [
                    {"AlarmName": alarm.name, "AlarmARN": alarm.alarm_arn}
                    for alarm in self._backend.alarms_of(by_arn[one["PolicyARN"]])
                ]
            }
            for one in answer["ScalingPolicies"]
            if not names or one["PolicyName"] in names
        ]
        return json.dumps(answer)

    def describe_scaling_activities(self) -> str:
        """DescribeScalingActivities, the newest first."""
        resource_id, dimension = self._get_param("ResourceId"), self._get_param("ScalableDimension")
        found = [
            one.describe()
            for one in reversed(self._backend.activities)
            if self._get_param("ServiceNamespace") == "sagemaker"
            and resource_id in {None, one.key.resource_id}
            and dimension in {None, one.key.dimension}
        ]
        first, most = int(self._get_param("NextToken") or 0), self._get_int_param("MaxResults") or 50
        more = {"NextToken": str(first + most)} if len(found) > first + most else {}
        return json.dumps({"ScalingActivities": found[first : first + most], **more})
