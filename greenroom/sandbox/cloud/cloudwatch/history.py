"""What happened to alarms: DescribeAlarmHistory.

"CloudWatch retains the history of an alarm even if you delete the alarm"; it keeps 30 days:
https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarmHistory.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, Final

from greenroom.sandbox.cloud.clock import CLOCK, seconds_of, utc
from greenroom.sandbox.cloud.cloudwatch.alarm_facts import AlarmFacts, AlarmState
from greenroom.sandbox.cloud.stage import Params

KEPT_SECONDS: Final = 30 * 24 * 3600.0
MAX_RECORDS: Final = 100


@dataclass(frozen=True)
class HistoryItem:
    """One AlarmHistoryItem."""

    alarm_name: str
    alarm_type: str
    at_seconds: float
    item_type: str
    summary: str
    data: dict[str, Any]

    def describe(self) -> dict[str, Any]:
        """As DescribeAlarmHistory answers it."""
        return {
            "AlarmName": self.alarm_name,
            "AlarmType": self.alarm_type,
            "Timestamp": utc(self.at_seconds),
            "HistoryItemType": self.item_type,
            "HistorySummary": self.summary,
            "HistoryData": json.dumps(self.data, separators=(",", ":")),
        }


class AlarmHistory:
    """The history of one account and region's alarms."""

    def __init__(self) -> None:
        self._items: list[HistoryItem] = []

    def configured(self, facts: AlarmFacts, operation: str) -> None:
        """An alarm was created, updated or deleted."""
        verb = {"create": "Create", "update": "Update", "delete": "Delete"}[operation]
        data = {"version": "1.0", "type": verb, f"{verb.lower()}dAlarm": facts.whole_configuration()}
        self._add(facts, "ConfigurationUpdate", f'Alarm "{facts.name}" {verb.lower()}d', data)

    def state_updated(self, facts: AlarmFacts, before: AlarmState, now: AlarmState) -> None:
        """An alarm came into another state."""
        data = {"version": "1.0", "oldState": before.history(), "newState": now.history()}
        self._add(facts, "StateUpdate", f"Alarm updated from {before.value} to {now.value}", data)

    def acted(self, facts: AlarmFacts, action: str, state: AlarmState, message: str | None, error: str | None) -> None:
        """An action was executed, or failed with `error`."""
        data = {
            "actionState": "Succeeded" if error is None else "Failed",
            "stateUpdateTimestamp": int(state.since_seconds * 1000),
            "notificationResource": action,
            "publishedMessage": message,
            "error": error,
        }
        summary = f"Successfully executed action {action}"
        if error is not None:
            summary = f"Failed to execute action {action}. Received error: {error}"
        self._add(facts, "Action", summary, data)

    def suppressed(self, facts: AlarmFacts, state: AlarmState) -> None:
        """A composite alarm's actions are held back. The item's form is a guess."""
        data = {
            "actionState": "Suppressed",
            "stateUpdateTimestamp": int(state.since_seconds * 1000),
            "actionsSuppressedBy": state.suppressed_by,
        }
        self._add(facts, "Action", f"Actions suppressed by {state.suppressed_by}", data)

    def _add(self, facts: AlarmFacts, item_type: str, summary: str, data: dict[str, Any]) -> None:
        now = CLOCK.time()
        if self._items and self._items[0].at_seconds < now - KEPT_SECONDS:
            self._items = [one for one in self._items if one.at_seconds >= now - KEPT_SECONDS]
        self._items.append(HistoryItem(facts.name, facts.alarm_type, now, item_type, summary, data))

    def answer(self, params: Params) -> dict[str, Any]:
        """DescribeAlarmHistory's answer. "If you omit this parameter [AlarmTypes], only metric alarms are returned"."""
        types = params.get("AlarmTypes") or ["MetricAlarm"]
        start, end = params.get("StartDate"), params.get("EndDate")
        found = [
            one
            for one in self._items
            if one.alarm_type in types
            and params.get("AlarmName") in {None, one.alarm_name}
            and params.get("HistoryItemType") in {None, one.item_type}
            and (start is None or one.at_seconds >= seconds_of(start))
            and (end is None or one.at_seconds <= seconds_of(end))
        ]
        if params.get("ScanBy") != "TimestampAscending":
            found.reverse()
        first, most = int(params.get("NextToken") or 0), int(params.get("MaxRecords") or MAX_RECORDS)
        page: dict[str, Any] = {"AlarmHistoryItems": [one.describe() for one in found[first : first + most]]}
        return page | ({"NextToken": str(first + most)} if len(found) > first + most else {})
