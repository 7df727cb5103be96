"""moto's Lambda, whose functions run here and not in Docker.

What moto invokes by itself, by a topic's subscription, a log group's filter or an event source, it invokes under the
lock: that is handed over and runs later.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from greenroom.sandbox.cloud.arns import Arn, function_at
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.stage import current

LOG = logging.getLogger("greenroom.sandbox.cloud")


def install_in_moto() -> None:
    """Let functions run in processes, and tell them which topic sent them what."""
    import moto.awslambda.models
    import moto.sns.models

    functions = moto.awslambda.models.LambdaFunction
    functions.invoke = _invoke
    construct = functions.__init__

    def with_dead_letters(self: Any, account_id: str, spec: dict[str, Any], *args: Any, **kwargs: Any) -> None:
        self.dead_letter_config = spec.get("DeadLetterConfig")
        construct(self, account_id, spec, *args, **kwargs)

    functions.__init__ = with_dead_letters
    moto.sns.models.Subscription.publish = _publishing(moto.sns.models.Subscription.publish)


def _invoke(self: Any, body: str, request_headers: Any, response_headers: Any) -> str:
    """`LambdaFunction.invoke`, for whoever does not wait: Invoke itself is answered elsewhere."""
    del request_headers, response_headers
    current().functions.invoke_later(self, body or "{}")
    return "null"


def _publishing(publish: Any) -> Any:
    """`Subscription.publish`, with the message of a function as SNS sends it; moto's names no topic.

    A subscriber that is gone keeps the others from nothing, nor does it fail the Publish: SNS counts that among the
    client-side errors, which it does not try again.

    https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html and
    https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html
    """

    def deliver(self: Any, message: str, message_id: str, subject: str | None, more: dict[str, Any]) -> None:
        if self.protocol != "lambda":
            publish(self, message, message_id, subject=subject, **more)
            return
        matcher = self._filter_policy_matcher
        if matcher is None or matcher.matches(more.get("message_attributes"), message):
            _to_function(self, message, message_id, subject, more.get("message_attributes") or {})

    def wrapped(self: Any, message: str, message_id: str, subject: str | None = None, **more: Any) -> None:
        try:
            deliver(self, message, message_id, subject, more)
        except Exception as error:  # noqa: BLE001  whatever moto raises of whatever kind of subscriber
            told = f"{type(error).__name__}: {error}"
            LOG.warning("topic %s could not tell %s: %s", self.topic.arn, self.endpoint, told)

    return wrapped


def _to_function(subscription: Any, message: str, message_id: str, subject: str | None, attributes: Any) -> None:
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": subscription.topic.arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": CLOCK.utcnow().isoformat(timespec="milliseconds") + "Z",
            "MessageAttributes": attributes,
        },
    }
    function = function_at(Arn.parse(subscription.endpoint))
    current().functions.invoke_later(function, json.dumps({"Records": [record]}))
