"""SQS: setting one attribute leaves a queue's policy alone, and RedriveAllowPolicy is kept.

moto forgets the policy with every SetQueueAttributes that does not carry it.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

from __future__ import annotations

from typing import Any


def install_in_moto() -> None:
    """Put the mended queue in moto's place."""
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

    Queue._set_attributes = set_attributes_given  # noqa: SLF001
    Queue.attributes = property(attributes_with_redrive_allow_policy)
