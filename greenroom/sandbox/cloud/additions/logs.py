"""CloudWatch Logs: filters that are put again are changed, with all that they were given; saved queries.

https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html
"""

from __future__ import annotations

import json
from typing import Any

SUBSCRIPTION_MEMBERS = ("applyOnTransformedLogs", "distribution", "emitSystemFields")
QUERY_MEMBERS = ("name", "queryString", "logGroupNames", "queryLanguage")


def install_in_moto() -> None:
    """Put the operations, and the mended ones, into moto's classes."""
    from moto.logs.models import SubscriptionFilter
    from moto.logs.responses import LogsResponse

    put_filter, put_subscription = LogsResponse.put_metric_filter, LogsResponse.put_subscription_filter
    subscription_json = SubscriptionFilter.to_json

    def put_metric_filter(self: Any) -> Any:
        answer = put_filter(self)
        filters = self.logs_backend.filters
        *before, new = filters.metric_filters
        new["applyOnTransformedLogs"] = bool(self._get_param("applyOnTransformedLogs"))
        kept = [one for one in before if _key(one) != _key(new)]
        filters.metric_filters = [*kept, new]
        return answer

    def put_subscription_filter(self: Any) -> Any:
        answer = put_subscription(self)
        group = self.logs_backend.groups[self._get_param("logGroupName")]
        given = {member: self._get_param(member) for member in SUBSCRIPTION_MEMBERS}
        told = {member: value for member, value in given.items() if value is not None}
        group.subscription_filters[self._get_param("filterName")].greenroom_members = told
        return answer

    def to_json(self: Any) -> dict[str, Any]:
        return {**subscription_json(self), **getattr(self, "greenroom_members", {})}

    LogsResponse.put_metric_filter = put_metric_filter
    LogsResponse.put_subscription_filter = put_subscription_filter
    SubscriptionFilter.to_json = to_json
    LogsResponse.put_query_definition = _put_query_definition
    LogsResponse.describe_query_definitions = _describe_query_definitions
    LogsResponse.delete_query_definition = _delete_query_definition


def _key(metric_filter: dict[str, Any]) -> tuple[str, str]:
    return metric_filter["logGroupName"], metric_filter["filterName"]


def _saved_queries(response: Any) -> dict[str, dict[str, Any]]:
    """The queries of the account and region; moto's reset takes them away with all that its backend holds."""
    held: dict[str, dict[str, Any]] = vars(response.logs_backend).setdefault("query_definitions", {})
    return held


def _put_query_definition(self: Any) -> str:
    from moto.moto_api._internal import mock_random

    query_id = self._get_param("queryDefinitionId") or str(mock_random.uuid4())
    given = {member: self._get_param(member) for member in QUERY_MEMBERS}
    told = {member: value for member, value in given.items() if value is not None}
    _saved_queries(self)[query_id] = {"queryDefinitionId": query_id, **told}
    return json.dumps({"queryDefinitionId": query_id})


def _describe_query_definitions(self: Any) -> str:
    prefix = self._get_param("queryDefinitionNamePrefix") or ""
    found = [query for query in _saved_queries(self).values() if query["name"].startswith(prefix)]
    return json.dumps({"queryDefinitions": found})


def _delete_query_definition(self: Any) -> str:
    return json.dumps({"success": _saved_queries(self).pop(self._get_param("queryDefinitionId"), None) is not None})
