"""CloudWatch Logs beside the log group: streams, metric and subscription filters, resource policies.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import InvalidInputsError, Violation
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.types.listed import ListedType

SERVICE = "logs"
LONGEST_NAME = 255


@dataclass(frozen=True, kw_only=True)
class OfLogGroupType(ListedType):
    """A part of a log group; an import names the group and the part.

    Attributes:
        separator: what stands between the two in an import's id.
        group_property: the input that names the group.
    """

    service: str = SERVICE
    separator: str
    group_property: str = "logGroupName"

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The group and the part's name.

        Raises:
            InvalidInputsError: the id names one of them only.
        """
        group, between, name = resource_id.rpartition(self.separator)
        if not between:
            form = f"LOG-GROUP{self.separator}NAME"
            raise InvalidInputsError(self.token, [Violation("id", f"{resource_id!r} is not of the form {form}")])
        return {self.group_property: group, "name": name}


# Replaced by: ForceNew in
# https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/logs/metric_filter.go, stream.go,
# subscription_filter.go.
LOG_STREAM = OfLogGroupType(
    "aws:cloudwatch/logStream:LogStream",
    create="CreateLogStream",
    read="DescribeLogStreams",
    delete="DeleteLogStream",
    identity=("logGroupName", "name"),
    prefixes=("logStream",),
    operation_exceptions={"DescribeLogStreams": {"name": "logStreamNamePrefix"}},
    found=("logStreams", 0),
    matched={"logStreamName": "name"},
    autoname=AutoName(longest=LONGEST_NAME),
    separator=":",
)

METRIC_FILTER = OfLogGroupType(
    "aws:cloudwatch/logMetricFilter:LogMetricFilter",
    create="PutMetricFilter",
    read="DescribeMetricFilters",
    update="PutMetricFilter",
    delete="DeleteMetricFilter",
    identity=("logGroupName", "name"),
    prefixes=("filter",),
    exceptions={
        "metricTransformation.name": "metricName",
        "metricTransformation.namespace": "metricNamespace",
        "metricTransformation.value": "metricValue",
    },
    operation_exceptions={"DescribeMetricFilters": {"name": "filterNamePrefix"}},
    found=("metricFilters", 0),
    matched={"filterName": "name"},
    autoname=AutoName(longest=LONGEST_NAME),
    separator=":",
)


@dataclass(frozen=True, kw_only=True)
class SubscriptionFilterType(OfLogGroupType):
    """A subscription filter."""

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """`cwlsf-` and a checksum of the group's name, as the official provider has it.

        https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/logs/subscription_filter.go
        """
        return f"cwlsf-{zlib.crc32(f'{outputs[self.group_property]}-'.encode())}"


SUBSCRIPTION_FILTER = SubscriptionFilterType(
    "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
    create="PutSubscriptionFilter",
    read="DescribeSubscriptionFilters",
    update="PutSubscriptionFilter",
    delete="DeleteSubscriptionFilter",
    identity=("logGroup", "name"),
    prefixes=("filter",),
    exceptions={"logGroup": "logGroupName"},
    operation_exceptions={"DescribeSubscriptionFilters": {"name": "filterNamePrefix"}},
    found=("subscriptionFilters", 0),
    matched={"filterName": "name"},
    autoname=AutoName(longest=LONGEST_NAME),
    delete_before_replace=True,
    separator="|",
    group_property="logGroup",
)

RESOURCE_POLICY = ListedType(
    "aws:cloudwatch/logResourcePolicy:LogResourcePolicy",
    service=SERVICE,
    create="PutResourcePolicy",
    read="DescribeResourcePolicies",
    update="PutResourcePolicy",
    delete="DeleteResourcePolicy",
    identity=("policyName", "resourceArn"),
    id_format="{policyName}",
    operation_exceptions={"DescribeResourcePolicies": {"policyScope": None, "policyName": None}},
    found=("resourcePolicies", 0),
    matched={"policyName": "policyName"},
)


@dataclass(frozen=True, kw_only=True)
class QueryDefinitionType(ListedType):
    """A saved query of Logs Insights."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The id that CloudWatch Logs chose."""
        return {"queryDefinitionId": response["queryDefinitionId"]}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the ARN, which no response tells."""
        return {**live, "arn": session.arn(SERVICE, f"query-definition:{live['queryDefinitionId']}")}

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """The query's ARN, or its id: an import takes the ARN, a refresh of the state the id."""
        return {"queryDefinitionId": resource_id.rpartition("query-definition:")[2]}


QUERY_DEFINITION = QueryDefinitionType(
    "aws:cloudwatch/queryDefinition:QueryDefinition",
    service=SERVICE,
    create="PutQueryDefinition",
    read="DescribeQueryDefinitions",
    update="PutQueryDefinition",
    delete="DeleteQueryDefinition",
    identity=("queryDefinitionId",),
    id_format="{queryDefinitionId}",
    found=("queryDefinitions", 0),
    matched={"queryDefinitionId": "queryDefinitionId"},
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/logs/query_definition.go: none
    replaced_by=frozenset(),
    autoname=AutoName(longest=LONGEST_NAME),
)

TYPES = (LOG_STREAM, METRIC_FILTER, SUBSCRIPTION_FILTER, RESOURCE_POLICY, QUERY_DEFINITION)
