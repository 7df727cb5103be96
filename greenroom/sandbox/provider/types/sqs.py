"""SQS: queues and their policies. SQS keeps everything of a queue as attributes: a map of strings.

A queue is known by its URL. The local AWS answers under its own address, which changes when it starts anew; outputs
hold the URL that AWS would give, and the local AWS finds a queue by the last two parts of any.
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Place, Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "sqs"
# What the official provider cuts a name at: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
LONGEST_NAME = 80

ATTRIBUTES = {
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deduplicationScope": "DeduplicationScope",
    "delaySeconds": "DelaySeconds",
    "fifoQueue": "FifoQueue",
    "fifoThroughputLimit": "FifoThroughputLimit",
    "kmsDataKeyReusePeriodSeconds": "KmsDataKeyReusePeriodSeconds",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maxMessageSize": "MaximumMessageSize",
    "messageRetentionSeconds": "MessageRetentionPeriod",
    "policy": "Policy",
    "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
    "redriveAllowPolicy": "RedriveAllowPolicy",
    "redrivePolicy": "RedrivePolicy",
    "sqsManagedSseEnabled": "SqsManagedSseEnabled",
    "visibilityTimeoutSeconds": "VisibilityTimeout",
}
# What an attribute is when nobody sets it; an empty one is unset.
DEFAULTS = {
    "contentBasedDeduplication": "false",
    "delaySeconds": "0",
    "kmsDataKeyReusePeriodSeconds": "300",
    "maxMessageSize": "1048576",
    "messageRetentionSeconds": "345600",
    "receiveWaitTimeSeconds": "0",
    "sqsManagedSseEnabled": "true",
    "visibilityTimeoutSeconds": "30",
}


@dataclass(frozen=True, kw_only=True)
class QueueType(ResourceType):
    """A queue."""

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the queue; its URL follows from its name."""
        made = super().make(session, inputs, tags)
        return {**made, "url": queue_url(session, inputs["name"])}

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The name, which SQS tells in the ARN only; a queue that is none of FIFO says nothing of it."""
        return {"fifoQueue": False, **live, "name": str(live["arn"]).rsplit(":", maxsplit=1)[-1]}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """All attributes that changed in one request; one that is gone gets its default."""
        fields = self.codec(self.create).fields
        attributes = {
            ATTRIBUTES[name]: fields[name].codec.encode(inputs[name], Place(), Trace())
            if name in inputs
            else DEFAULTS.get(name, "")
            for name in changed & ATTRIBUTES.keys()
        }
        request = {"QueueUrl": known["url"], "Attributes": attributes}
        session.call_once_propagated(SERVICE, "SetQueueAttributes", request)


def queue_url(session: AccountSession, name: str) -> str:
    """A queue's URL as AWS gives it."""
    suffix = "amazonaws.com.cn" if session.partition == "aws-cn" else "amazonaws.com"
    return f"https://sqs.{session.region}.{suffix}/{session.account}/{name}"


QUEUE = QueueType(
    "aws:sqs/queue:Queue",
    service=SERVICE,
    create="CreateQueue",
    read="GetQueueAttributes",
    delete="DeleteQueue",
    identity=("url",),
    id_format="{url}",
    prefixes=("Queue",),
    exceptions={name: f"Attributes.{attribute}" for name, attribute in ATTRIBUTES.items()},
    operation_exceptions={"response": {"arn": "Attributes.QueueArn"}},
    constants={"GetQueueAttributes": {"AttributeNames": ["All"]}},
    shared=frozenset({"policy", "redrivePolicy", "redriveAllowPolicy"}),
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sqs/queue.go (ForceNew)
    replaced_by=frozenset({"name", "namePrefix", "fifoQueue"}),
    autoname=AutoName(longest=LONGEST_NAME, fifo_property="fifoQueue"),
    tagging=Tagging(
        subject=("QueueUrl", "url"), tag="TagQueue", untag="UntagQueue", list_="ListQueueTags", create="tags"
    ),
)


@dataclass(frozen=True, kw_only=True)
class QueueAttributeType(ResourceType):
    """One attribute of a queue as a resource of its own; deleting it unsets the attribute.

    Attributes:
        attribute: its name.
    """

    attribute: str

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The attribute; an empty one is none."""
        return response if response.get("Attributes", {}).get(self.attribute) else None

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Unsets the attribute; a queue that is gone has none."""
        if self.live(session, known) is not None:
            request = {"QueueUrl": known["queueUrl"], "Attributes": {self.attribute: ""}}
            session.call(SERVICE, self.delete, request)


def _attribute_type(token: str, name: str) -> QueueAttributeType:
    attribute = ATTRIBUTES[name]
    return QueueAttributeType(
        token,
        service=SERVICE,
        create="SetQueueAttributes",
        read="GetQueueAttributes",
        update="SetQueueAttributes",
        delete="SetQueueAttributes",
        identity=("queueUrl",),
        id_format="{queueUrl}",
        exceptions={name: f"Attributes.{attribute}"},
        constants={"GetQueueAttributes": {"AttributeNames": ["All"]}},
        attribute=attribute,
    )


QUEUE_POLICY = _attribute_type("aws:sqs/queuePolicy:QueuePolicy", "policy")
REDRIVE_POLICY = _attribute_type("aws:sqs/redrivePolicy:RedrivePolicy", "redrivePolicy")
REDRIVE_ALLOW_POLICY = _attribute_type("aws:sqs/redriveAllowPolicy:RedriveAllowPolicy", "redriveAllowPolicy")

TYPES = (QUEUE, QUEUE_POLICY, REDRIVE_POLICY, REDRIVE_ALLOW_POLICY)
