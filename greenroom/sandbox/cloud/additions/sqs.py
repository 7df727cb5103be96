"""SQS: setting one attribute leaves a queue's policy alone, RedriveAllowPolicy is kept, and long queues cost little.

moto forgets the policy with every SetQueueAttributes that does not carry it. With every message that is sent it asks
the time twice for each that waits: a thousand cost 0.1 s a message.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

from typing import Any


def install_in_moto() -> None:
    """Put the mended queue in moto's place."""
    from moto.core.utils import unix_time_millis
    from moto.sqs.models import Queue

    set_attributes, attributes = Queue._set_attributes, Queue.attributes.fget  # noqa: SLF001  moto has no plugin interface

    def set_attributes_given(self: Any, given: dict[str, Any], now: float | None = None) -> None:
        policy = getattr(self, "policy", None)
        allowed = given.get("RedriveAllowPolicy", getattr(self, "redrive_allow_policy", None))
        rest = {name: value for name, value in given.items() if name != "RedriveAllowPolicy"}
        set_attributes(self, rest, now)
        self.redrive_allow_policy = allowed
        if "Policy" not in given:
            self.policy = policy

    def attributes_with_redrive_allow_policy(self: Any) -> dict[str, Any]:
        found: dict[str, Any] = attributes(self)
        if getattr(self, "redrive_allow_policy", None):
            found["RedriveAllowPolicy"] = self.redrive_allow_policy
        return found

    def delayed(self: Any) -> int:
        now = unix_time_millis()
        return sum(now < one.delayed_until for one in self._messages)

    def not_visible(self: Any) -> int:
        now = unix_time_millis()
        return sum(now <= one.visible_at for one in self._messages)

    def messages(self: Any) -> list[Any]:
        now = unix_time_millis()
        return [one for one in self._messages if one.visible_at < now and one.delayed_until <= now]

    Queue.approximate_number_of_messages_delayed = property(delayed)
    Queue.approximate_number_of_messages_not_visible = property(not_visible)
    Queue.messages = property(messages)
    Queue._set_attributes = set_attributes_given  # noqa: SLF001
    Queue.attributes = property(attributes_with_redrive_allow_policy)
