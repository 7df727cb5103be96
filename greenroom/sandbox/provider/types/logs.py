"""CloudWatch Logs: the log group; its retention and its key are requests of their own.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.values import as_whole_number

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html
LONGEST_NAME = 512


@dataclass(frozen=True, kw_only=True)
class LogGroupType(ResourceType):
    """A log group."""

    def _group(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return {"logGroupName": known[self.identity[0]]}

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Sets the retention; none and 0 mean for ever, as in pulumi-aws."""
        if known.get("retentionInDays"):
            days = as_whole_number(known["retentionInDays"])
            session.call(self.service, "PutRetentionPolicy", {**self._group(known), "retentionInDays": days})

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The group of exactly this name; the request finds all that begin so."""
        name = known[self.identity[0]]
        return next((group for group in response["logGroups"] if group["logGroupName"] == name), None)

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The ARN without the `:*` for all streams, as pulumi-aws tells it."""
        return {**live, "arn": str(live["arn"]).removesuffix(":*")}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Retention, key and deletion protection, each by its own request."""
        group = self._group(known)
        if "retentionInDays" in changed:
            if inputs.get("retentionInDays"):
                self.complete(session, {**known, **inputs})
            else:
                session.call(self.service, "DeleteRetentionPolicy", group)
        if "kmsKeyId" in changed:
            if inputs.get("kmsKeyId"):
                session.call(self.service, "AssociateKmsKey", {**group, "kmsKeyId": inputs["kmsKeyId"]})
            else:
                session.call(self.service, "DisassociateKmsKey", group)
        if "deletionProtectionEnabled" in changed:
            request = {
                "logGroupIdentifier": known[self.identity[0]],
                "deletionProtectionEnabled": inputs.get("deletionProtectionEnabled", False),
            }
            session.call(self.service, "PutLogGroupDeletionProtection", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the group, unless `skipDestroy` says to let it stand."""
        if not known.get("skipDestroy"):
            super().remove(session, known, bound_seconds)


LOG_GROUP = LogGroupType(
    "aws:cloudwatch/logGroup:LogGroup",
    service="logs",
    create="CreateLogGroup",
    read="DescribeLogGroups",
    delete="DeleteLogGroup",
    prefixes=("logGroup",),
    operation_exceptions={"DescribeLogGroups": {"name": "logGroupNamePrefix"}},
    found=("logGroups", 0),
    unsent=frozenset({"retentionInDays"}),
    steering=frozenset({"skipDestroy"}),
    replaced_by=frozenset({"name", "namePrefix", "logGroupClass"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging.of_resources("resourceArn"),
)

TYPES = (LOG_GROUP,)
