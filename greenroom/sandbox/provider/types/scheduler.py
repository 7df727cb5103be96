"""EventBridge Scheduler: schedules and their groups.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html
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

SERVICE = "scheduler"
LONGEST_NAME = 64
DEFAULT_GROUP = "default"


@dataclass(frozen=True, kw_only=True)
class ScheduleType(ResourceType):
    """A schedule in a group."""

    def id_of(self, outputs: Mapping[str, Any]) -> str:
        """`GROUP/NAME`."""
        return f"{outputs.get('groupName', DEFAULT_GROUP)}/{outputs['name']}"

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """`GROUP/NAME`, or the name in the default group."""
        group, _, name = resource_id.rpartition("/")
        return {"groupName": group or DEFAULT_GROUP, "name": name}


SCHEDULE = ScheduleType(
    "aws:scheduler/schedule:Schedule",
    service=SERVICE,
    create="CreateSchedule",
    read="GetSchedule",
    update="UpdateSchedule",
    delete="DeleteSchedule",
    identity=("groupName", "name"),
    exceptions={
        "target.ecsParameters.networkConfiguration": "NetworkConfiguration.awsvpcConfiguration",
        "target.sagemakerPipelineParameters.pipelineParameters": "PipelineParameterList",
    },
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/scheduler/schedule.go (ForceNew)
    replaced_by=frozenset({"groupName", "name", "namePrefix"}),
    autoname=AutoName(longest=LONGEST_NAME),
)

SCHEDULE_GROUP = ResourceType(
    "aws:scheduler/scheduleGroup:ScheduleGroup",
    service=SERVICE,
    create="CreateScheduleGroup",
    read="GetScheduleGroup",
    delete="DeleteScheduleGroup",
    replaced_by=frozenset({"name", "namePrefix"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging.of_resources("ResourceArn"),
)

TYPES = (SCHEDULE, SCHEDULE_GROUP)
