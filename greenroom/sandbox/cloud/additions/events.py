"""EventBridge: UpdateEventBus, the logging of a bus, the key of an archive.

https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html
"""

from __future__ import annotations

import json
from typing import Any

BUS_MEMBERS = {
    "Description": "description",
    "KmsKeyIdentifier": "kms_key_identifier",
    "DeadLetterConfig": "dead_letter_config",
    "LogConfig": "log_config",
}


def install_in_moto() -> None:
    """Put the operation, and what the others lack, into moto's response."""
    from moto.events.responses import EventsHandler

    create_bus, describe_bus = EventsHandler.create_event_bus, EventsHandler.describe_event_bus
    describe_archive = EventsHandler.describe_archive
    create_archive, update_archive = EventsHandler.create_archive, EventsHandler.update_archive

    def update_event_bus(self: Any) -> Any:
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        for member, attribute in BUS_MEMBERS.items():
            setattr(bus, attribute, self._get_param(member))
        told = {member: getattr(bus, attribute) for member, attribute in BUS_MEMBERS.items() if getattr(bus, attribute)}
        return json.dumps({"Arn": bus.arn, "Name": bus.name, **told}), self.response_headers

    def create_event_bus(self: Any) -> Any:
        answer = create_bus(self)
        self.events_backend.describe_event_bus(self._get_param("Name")).log_config = self._get_param("LogConfig")
        return answer

    def describe_event_bus(self: Any) -> Any:
        body, headers = describe_bus(self)
        bus = self.events_backend.describe_event_bus(self._get_param("Name"))
        log_config = getattr(bus, "log_config", None)
        return (json.dumps({**json.loads(body), "LogConfig": log_config}) if log_config else body), headers

    def with_key(operation: Any) -> Any:
        def answer(self: Any) -> Any:
            answered = operation(self)
            archive = self.events_backend.archives[self._get_param("ArchiveName")]
            archive.kms_key_identifier = self._get_param("KmsKeyIdentifier")
            return answered

        return answer

    def describe_archive_with_key(self: Any) -> Any:
        body, headers = describe_archive(self)
        key = getattr(self.events_backend.archives[self._get_param("ArchiveName")], "kms_key_identifier", None)
        return (json.dumps({**json.loads(body), "KmsKeyIdentifier": key}) if key else body), headers

    EventsHandler.update_event_bus = update_event_bus
    EventsHandler.create_event_bus = create_event_bus
    EventsHandler.describe_event_bus = describe_event_bus
    EventsHandler.create_archive = with_key(create_archive)
    EventsHandler.update_archive = with_key(update_archive)
    EventsHandler.describe_archive = describe_archive_with_key
