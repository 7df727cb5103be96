"""The SageMaker monitoring schedule: it is Pending for a while, and cannot be deleted then (trap 26).

https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateMonitoringSchedule.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import AwsRefusedError, FailedResourceError
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types.sagemaker import LONGEST_NAME, SAGEMAKER_TAGS

SETTLE_SECONDS = 300.0
DELETE_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class MonitoringScheduleType(ResourceType):
    """A schedule of monitoring jobs."""

    def settle(self, session: AccountSession, wanted: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Waits until the schedule is no longer Pending.

        Raises:
            FailedResourceError: it failed.
        """
        name = wanted[self.identity[0]]

        def settled() -> Mapping[str, Any] | None:
            described = session.call(self.service, self.read, {"MonitoringScheduleName": name})
            return None if described.get("MonitoringScheduleStatus") == "Pending" else described

        described = session.wait_until(
            f"monitoring schedule {name} scheduled", settled, bound_seconds or SETTLE_SECONDS
        )
        if described.get("MonitoringScheduleStatus") == "Failed":
            reason = described.get("FailureReason") or "SageMaker gives no reason"
            raise FailedResourceError(f"monitoring schedule {name} is Failed: {reason}")

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Deletes the schedule, again and again while it is Pending or a job of it runs, and waits until it is gone."""
        name = known[self.identity[0]]

        def gone() -> bool | None:
            try:
                session.call(self.service, self.delete, {"MonitoringScheduleName": name})
            except AwsRefusedError as refused:
                if self.is_gone(refused):
                    return True
                if refused.code not in {"ValidationException", "ResourceInUse", "ConflictException"}:
                    raise
            return True if self.live(session, known) is None else None

        session.wait_until(f"monitoring schedule {name} deleted", gone, bound_seconds or DELETE_SECONDS)


MONITORING_SCHEDULE = MonitoringScheduleType(
    "aws:sagemaker/monitoringSchedule:MonitoringSchedule",
    service="sagemaker",
    create="CreateMonitoringSchedule",
    read="DescribeMonitoringSchedule",
    update="UpdateMonitoringSchedule",
    delete="DeleteMonitoringSchedule",
    prefixes=("MonitoringSchedule",),
    exceptions={"monitoringScheduleConfig.monitoringJobDefinition.baseline": "BaselineConfig"},
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=SAGEMAKER_TAGS,
)

TYPES = (MONITORING_SCHEDULE,)
