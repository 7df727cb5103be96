"""EventBridge Scheduler: a group that is not there is refused as AWS does it, where moto falls over.

https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteScheduleGroup.html
"""

from __future__ import annotations

from typing import Any


def install_in_moto() -> None:
    """Put the mended operation into moto's backend."""
    from moto.scheduler.exceptions import ScheduleGroupNotFound
    from moto.scheduler.models import EventBridgeSchedulerBackend

    delete_schedule_group = EventBridgeSchedulerBackend.delete_schedule_group

    def delete_one_that_is_there(self: Any, name: str | None) -> None:
        if (name or "default") not in self.schedule_groups:
            raise ScheduleGroupNotFound(name or "default")
        delete_schedule_group(self, name)

    EventBridgeSchedulerBackend.delete_schedule_group = delete_one_that_is_there
