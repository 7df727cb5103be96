"""EventBridge: buses, rules, targets, permissions, archives.

pulumi-aws has them in its module `cloudwatch`, EventBridge's old home.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "events"
DEFAULT_BUS = "default"
# https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html#eventbridge-PutRule-request-Name
LONGEST_NAME = 64
LONGEST_BUS_NAME = 256
LONGEST_ARCHIVE_NAME = 48

EVENTS_TAGS = Tagging.of_resources("ResourceARN")

BUS = ResourceType(
    "aws:cloudwatch/eventBus:EventBus",
    service=SERVICE,
    create="CreateEventBus",
    read="DescribeEventBus",
    update="UpdateEventBus",
    delete="DeleteEventBus",
    autoname=AutoName(longest=LONGEST_BUS_NAME),
    tagging=EVENTS_TAGS,
)


@dataclass(frozen=True, kw_only=True)
class OnBusType(ResourceType):
    """What has a name of its own, the first of its identity, on a bus, which is the default one where none is given."""

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """The name; on another bus than the default one, `BUS/NAME`."""
        bus = outputs.get("eventBusName", DEFAULT_BUS)
        name = str(outputs[self.identity[0]])
        return name if bus == DEFAULT_BUS else f"{bus}/{name}"

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """A bus's name may have slashes itself; a rule's has none, nor has a statement's id."""
        bus, _, name = resource_id.rpartition("/")
        return {self.identity[0]: name, "eventBusName": bus or DEFAULT_BUS}


@dataclass(frozen=True, kw_only=True)
class RuleType(OnBusType):
    """A rule on a bus."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """`isEnabled` is the older word for `state`."""
        request = super().request(operation, properties, trace)
        if operation == self.create and "state" not in properties and "isEnabled" in properties:
            request["State"] = "ENABLED" if properties["isEnabled"] else "DISABLED"
        return request

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the older word."""
        return {"eventBusName": DEFAULT_BUS, **live, "isEnabled": live.get("state", "ENABLED") == "ENABLED"}


# Replaced by: https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/events/rule.go (ForceNew)
RULE = RuleType(
    "aws:cloudwatch/eventRule:EventRule",
    service=SERVICE,
    create="PutRule",
    read="DescribeRule",
    update="PutRule",
    delete="DeleteRule",
    identity=("name", "eventBusName"),
    unsent=frozenset({"isEnabled"}),
    steering=frozenset({"forceDestroy"}),
    replaced_by=frozenset({"name", "namePrefix", "eventBusName"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=EVENTS_TAGS,
)

# Every `xTarget` is called `XParameters` by EventBridge.
TARGET_MEMBERS = {
    "targetId": "Targets.0.Id",
    "arn": "Targets.0.Arn",
    "roleArn": "Targets.0.RoleArn",
    "input": "Targets.0.Input",
    "inputPath": "Targets.0.InputPath",
    "inputTransformer": "Targets.0.InputTransformer",
    "deadLetterConfig": "Targets.0.DeadLetterConfig",
    "retryPolicy": "Targets.0.RetryPolicy",
    "appsyncTarget": "Targets.0.AppSyncParameters",
    "batchTarget": "Targets.0.BatchParameters",
    "ecsTarget": "Targets.0.EcsParameters",
    "httpTarget": "Targets.0.HttpParameters",
    "kinesisTarget": "Targets.0.KinesisParameters",
    "redshiftTarget": "Targets.0.RedshiftDataParameters",
    "runCommandTargets": "Targets.0.RunCommandParameters.RunCommandTargets",
    "sagemakerPipelineTarget": "Targets.0.SageMakerPipelineParameters",
    "sqsTarget": "Targets.0.SqsParameters",
}
TARGET_PARTS = {
    "inputTransformer.inputPaths": "InputPathsMap",
    "batchTarget.arraySize": "ArrayProperties.Size",
    "batchTarget.jobAttempts": "RetryStrategy.Attempts",
    "ecsTarget.networkConfiguration": "NetworkConfiguration.awsvpcConfiguration",
    "ecsTarget.orderedPlacementStrategies": "PlacementStrategy",
    "redshiftTarget.secretsManagerArn": "SecretManagerArn",
}


@dataclass(frozen=True, kw_only=True)
class TargetType(ResourceType):
    """A target of a rule: one of the list that PutTargets takes."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The target of this id among those of the rule."""
        rule = {"Rule": known["rule"], "EventBusName": known.get("eventBusName", DEFAULT_BUS)}
        response = self.call_unless_gone(session, self.read, rule)
        if response is None:
            return None
        found = next((target for target in response["Targets"] if target["Id"] == known["targetId"]), None)
        if found is None:
            return None
        decoded = self.live_codec.decode({"Targets": [found]})
        return {**decoded, "rule": known["rule"], "eventBusName": rule["EventBusName"]}

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Takes the target off its rule; a rule that is gone has none."""
        request = {
            "Rule": known["rule"],
            "EventBusName": known.get("eventBusName", DEFAULT_BUS),
            "Ids": [known["targetId"]],
        }
        self.call_unless_gone(session, self.delete, request)

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """`RULE-TARGET`, after the bus when it is not the default one.

        https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/events/target.go
        """
        bus = outputs.get("eventBusName", DEFAULT_BUS)
        parts = [outputs["rule"], outputs["targetId"]]
        return "-".join(parts if bus == DEFAULT_BUS else [bus, *parts])

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`BUS/RULE/TARGET` or `RULE/TARGET`, as the official provider's import has it.

        Raises:
            InvalidInputsError: it has no slash.
        """
        bus, _, rule = resource_id.rpartition("/")[0].rpartition("/")
        target = resource_id.rpartition("/")[2]
        if not rule:
            violation = Violation("id", f"{resource_id!r} is not of the form BUS/RULE/TARGET or RULE/TARGET")
            raise InvalidInputsError(self.token, [violation])
        return {"rule": rule, "targetId": target, "eventBusName": bus or DEFAULT_BUS}


TARGET = TargetType(
    "aws:cloudwatch/eventTarget:EventTarget",
    service=SERVICE,
    create="PutTargets",
    read="ListTargetsByRule",
    update="PutTargets",
    delete="RemoveTargets",
    identity=("rule", "eventBusName", "targetId"),
    id_format="{rule}-{targetId}",
    exceptions={**TARGET_MEMBERS, **TARGET_PARTS},
    steering=frozenset({"forceDestroy"}),
    autoname=AutoName(property="targetId"),
)


@dataclass(frozen=True, kw_only=True)
class PermissionType(OnBusType):
    """A statement of a bus's policy."""

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The statement of this id."""
        bus = known.get("eventBusName", DEFAULT_BUS)
        response = self.call_unless_gone(session, self.read, {"Name": bus})
        if response is None:
            return None
        statements = json.loads(response.get("Policy") or "{}").get("Statement", [])
        found = next((one for one in statements if one.get("Sid") == known["statementId"]), None)
        if found is None:
            return None
        principal = found["Principal"]
        if isinstance(principal, Mapping):  # arn:aws:iam::ACCOUNT:root
            principal = str(principal["AWS"]).split(":")[4]
        live = {
            "statementId": known["statementId"],
            "eventBusName": bus,
            "action": found["Action"],
            "principal": principal,
        }
        for operator, condition in found.get("Condition", {}).items():
            key, value = next(iter(condition.items()))
            live["condition"] = {"type": operator, "key": key, "value": value}
        return live


PERMISSION = PermissionType(
    "aws:cloudwatch/eventPermission:EventPermission",
    service=SERVICE,
    create="PutPermission",
    read="DescribeEventBus",
    update="PutPermission",
    delete="RemovePermission",
    identity=("statementId", "eventBusName"),
    constants={"PutPermission": {"Action": "events:PutEvents"}},  # the only one, and the provider's default
)


@dataclass(frozen=True, kw_only=True)
class BusPolicyType(ResourceType):
    """A bus's whole policy."""

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """A bus without a policy has no such resource."""
        return response if response.get("Policy") else None

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """The default bus need not be named by the program."""
        request = super().request(operation, properties, trace)
        request.setdefault("Name" if operation == self.read else "EventBusName", DEFAULT_BUS)
        return request


BUS_POLICY = BusPolicyType(
    "aws:cloudwatch/eventBusPolicy:EventBusPolicy",
    service=SERVICE,
    create="PutPermission",
    read="DescribeEventBus",
    update="PutPermission",
    delete="RemovePermission",
    identity=("eventBusName",),
    id_format="{eventBusName}",
    operation_exceptions={"DescribeEventBus": {"eventBusName": "Name"}, "response": {"eventBusName": "Name"}},
    constants={"RemovePermission": {"RemoveAllPermissions": True}},
)

ARCHIVE = ResourceType(
    "aws:cloudwatch/eventArchive:EventArchive",
    service=SERVICE,
    create="CreateArchive",
    read="DescribeArchive",
    update="UpdateArchive",
    delete="DeleteArchive",
    prefixes=("Archive",),
    autoname=AutoName(longest=LONGEST_ARCHIVE_NAME),
)

TYPES = (BUS, RULE, TARGET, PERMISSION, BUS_POLICY, ARCHIVE)
