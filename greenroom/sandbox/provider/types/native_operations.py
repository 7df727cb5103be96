"""aws-native's types for watching and scaling: alarms, dashboards, log groups, scalable targets and their policies.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_CloudWatch.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import ArnTagging, NativeType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types import appautoscaling, cloudwatch, logs

LONGEST_NAME = 255
NO_REQUEST_LIKE_IT = "is not in the local AWS, which has no request for it"
IN_BOTOCORE_ONLY = "is not in the local AWS: its service model has no such member"

ALARM = NativeType(
    "aws-native:cloudwatch:Alarm",
    service="cloudwatch",
    create="PutMetricAlarm",
    read="DescribeAlarms",
    update="PutMetricAlarm",
    delete="DeleteAlarms",
    identity=("alarmName",),
    id_format="{alarmName}",
    prefixes=("Alarm",),
    found=("MetricAlarms", 0),
    constants={"DescribeAlarms": {"AlarmTypes": ["MetricAlarm"]}},
    refused={"actionConfiguration": IN_BOTOCORE_ONLY},
    autoname=NativeName("alarmName", longest=0),
    tagging=cloudwatch.CLOUDWATCH_TAGS,
)

COMPOSITE_ALARM = NativeType(
    "aws-native:cloudwatch:CompositeAlarm",
    service="cloudwatch",
    create="PutCompositeAlarm",
    read="DescribeAlarms",
    update="PutCompositeAlarm",
    delete="DeleteAlarms",
    identity=("alarmName",),
    id_format="{alarmName}",
    prefixes=("Alarm",),
    found=("CompositeAlarms", 0),
    constants={"DescribeAlarms": {"AlarmTypes": ["CompositeAlarm"]}},
    refused={"actionConfiguration": IN_BOTOCORE_ONLY},
    autoname=NativeName("alarmName", longest=LONGEST_NAME),
    tagging=cloudwatch.CLOUDWATCH_TAGS,
)

DASHBOARD = NativeType(
    "aws-native:cloudwatch:Dashboard",
    service="cloudwatch",
    create="PutDashboard",
    read="GetDashboard",
    update="PutDashboard",
    delete="DeleteDashboards",
    identity=("dashboardName",),
    id_format="{dashboardName}",
    refused={"tags": NO_REQUEST_LIKE_IT},
    autoname=NativeName("dashboardName", longest=0),
)


@dataclass(frozen=True, kw_only=True)
class NativeLogGroupType(logs.LogGroupType, NativeType):
    """A log group, whose ARN ends in `:*` in CloudFormation."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """As CloudWatch Logs tells it."""
        return live


LOG_GROUP = NativeLogGroupType(
    "aws-native:logs:LogGroup",
    service="logs",
    create="CreateLogGroup",
    read="DescribeLogGroups",
    delete="DeleteLogGroup",
    identity=("logGroupName",),
    id_format="{logGroupName}",
    operation_exceptions={"DescribeLogGroups": {"logGroupName": "logGroupNamePrefix"}},
    found=("logGroups", 0),
    unsent=frozenset({"retentionInDays"}),
    refused=dict.fromkeys(
        ("bearerTokenAuthenticationEnabled", "dataProtectionPolicy", "fieldIndexPolicies", "resourcePolicyDocument"),
        NO_REQUEST_LIKE_IT,
    ),
    autoname=NativeName("logGroupName", longest=logs.LONGEST_NAME),
    # By the ARN without the `:*`.
    tagging=ArnTagging.of_resources("resourceArn", arn="log-group:{logGroupName}"),
)


@dataclass(frozen=True, kw_only=True)
class ScalableTargetType(NativeType):
    """A scalable target; its ARN is no output, and is kept to tag it."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With its ARN beside the outputs."""
        return super().completed(session, {**live, "__arn": found["ScalableTargetARN"]}, found)


SCALABLE_TARGET = ScalableTargetType(
    "aws-native:applicationautoscaling:ScalableTarget",
    service=appautoscaling.SERVICE,
    create="RegisterScalableTarget",
    read="DescribeScalableTargets",
    update="RegisterScalableTarget",
    delete="DeregisterScalableTarget",
    identity=appautoscaling.TARGET_IDENTITY,
    id_format="{resourceId}|{scalableDimension}|{serviceNamespace}",
    exceptions={"awsId": None},
    found=("ScalableTargets", 0),
    refused={"scheduledActions": "is a resource of its own in the sandbox; use aws.appautoscaling.ScheduledAction"},
    tagging=Tagging.of_resources("ResourceARN", "__arn"),
)


@dataclass(frozen=True, kw_only=True)
class ScalingPolicyType(NativeType):
    """A scaling policy: of a target that is named by its parts, or by its CloudFormation id in `scalingTargetId`."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """With the target's parts from its id, which stand in the way of no part that is given."""
        return super().request(operation, {**_target_parts(properties.get("scalingTargetId")), **properties}, trace)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The parts of a policy's ARN: `…:scalingPolicy:ID:resource/NAMESPACE/RESOURCE:policyName/NAME`."""
        arn, _, dimension = resource_id.partition("|")
        match = re.search(r":resource/([^/]+)/(.+):policyName/(.+)$", arn)
        if match is None or not dimension:
            raise InvalidInputsError(
                self.token, [Violation("id", f"{resource_id!r} is not of the form {self.id_format}")]
            )
        namespace, resource, name = match.groups()
        return {
            "arn": arn,
            "policyName": name,
            "serviceNamespace": namespace,
            "resourceId": resource,
            "scalableDimension": dimension,
        }


def _target_parts(target_id: Any) -> dict[str, str]:
    if not isinstance(target_id, str) or target_id.count("|") != 2:
        return {}
    return dict(zip(("resourceId", "scalableDimension", "serviceNamespace"), target_id.split("|"), strict=True))


SCALING_POLICY = ScalingPolicyType(
    "aws-native:applicationautoscaling:ScalingPolicy",
    service=appautoscaling.SERVICE,
    create="PutScalingPolicy",
    read="DescribeScalingPolicies",
    update="PutScalingPolicy",
    delete="DeleteScalingPolicy",
    identity=(*appautoscaling.TARGET_IDENTITY, "policyName"),
    id_format="{arn}|{scalableDimension}",
    exceptions={"arn": "PolicyARN"},
    operation_exceptions={operation: {"arn": None} for operation in ("PutScalingPolicy", "DescribeScalingPolicies")},
    found=("ScalingPolicies", 0),
    steering=frozenset({"scalingTargetId"}),
    autoname=NativeName("policyName", longest=0),
)

TYPES = (ALARM, COMPOSITE_ALARM, DASHBOARD, LOG_GROUP, SCALABLE_TARGET, SCALING_POLICY)
