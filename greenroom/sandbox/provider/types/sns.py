"""SNS: topics, topic policies, subscriptions. SNS keeps nearly everything as attributes: a map of strings.

https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Place, Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "sns"
# What the official provider cuts a name at: https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go
LONGEST_TOPIC_NAME = 80

# https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html
TOPIC_ATTRIBUTES = {
    "archivePolicy": "ArchivePolicy",
    "contentBasedDeduplication": "ContentBasedDeduplication",
    "deliveryPolicy": "DeliveryPolicy",
    "displayName": "DisplayName",
    "fifoThroughputScope": "FifoThroughputScope",
    "fifoTopic": "FifoTopic",
    "kmsMasterKeyId": "KmsMasterKeyId",
    "maximumMessageSize": "MaximumMessageSize",
    "policy": "Policy",
    "signatureVersion": "SignatureVersion",
    "tracingConfig": "TracingConfig",
    **{
        f"{protocol}{feedback}": f"{attribute}{feedback[0].upper()}{feedback[1:]}"
        for protocol, attribute in {
            "application": "Application",
            "firehose": "Firehose",
            "http": "HTTP",
            "lambda": "Lambda",
            "sqs": "SQS",
        }.items()
        for feedback in ("FailureFeedbackRoleArn", "SuccessFeedbackRoleArn", "SuccessFeedbackSampleRate")
    },
}
# https://docs.aws.amazon.com/sns/latest/api/API_SetSubscriptionAttributes.html
SUBSCRIPTION_ATTRIBUTES = {
    "deliveryPolicy": "DeliveryPolicy",
    "filterPolicy": "FilterPolicy",
    "filterPolicyScope": "FilterPolicyScope",
    "rawMessageDelivery": "RawMessageDelivery",
    "redrivePolicy": "RedrivePolicy",
    "replayPolicy": "ReplayPolicy",
    "subscriptionRoleArn": "SubscriptionRoleArn",
}


@dataclass(frozen=True, kw_only=True)
class AttributesType(ResourceType):
    """A type whose properties are attributes, each set by a request of its own.

    Attributes:
        attributes: property → attribute.
        set_operation: the operation that sets one.
        arn_member: the member that names the resource in it.
    """

    attributes: Mapping[str, str]
    set_operation: str
    arn_member: str

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN that SNS made."""
        return {self.identity[0]: response[self.arn_member]}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each attribute that changed; one that is gone is set to nothing, SNS's way to unset it."""
        fields = self.codec(self.create).fields
        for name in sorted(changed & self.attributes.keys()):
            value = fields[name].codec.encode(inputs[name], Place(), Trace()) if name in inputs else ""
            request = {
                self.arn_member: known[self.identity[0]],
                "AttributeName": self.attributes[name],
                "AttributeValue": value,
            }
            session.call_once_propagated(SERVICE, self.set_operation, request)


@dataclass(frozen=True, kw_only=True)
class TopicType(AttributesType):
    """A topic."""

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The name, which SNS tells in the ARN only."""
        return {**live, "name": str(live["arn"]).rsplit(":", maxsplit=1)[-1]}


TOPIC = TopicType(
    "aws:sns/topic:Topic",
    service=SERVICE,
    create="CreateTopic",
    read="GetTopicAttributes",
    delete="DeleteTopic",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("Topic",),
    exceptions={name: f"Attributes.{attribute}" for name, attribute in TOPIC_ATTRIBUTES.items()},
    operation_exceptions={
        "response": {
            "arn": "Attributes.TopicArn",
            "owner": "Attributes.Owner",
            "beginningArchiveTime": "Attributes.BeginningArchiveTime",
        }
    },
    replaced_by=frozenset({"name", "namePrefix", "fifoTopic"}),
    shared=frozenset({"policy"}),
    autoname=AutoName(longest=LONGEST_TOPIC_NAME, fifo_property="fifoTopic"),
    tagging=Tagging.of_resources("ResourceArn"),
    attributes=TOPIC_ATTRIBUTES,
    set_operation="SetTopicAttributes",
    arn_member="TopicArn",
)

SUBSCRIPTION = AttributesType(
    "aws:sns/topicSubscription:TopicSubscription",
    service=SERVICE,
    create="Subscribe",
    read="GetSubscriptionAttributes",
    delete="Unsubscribe",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("Subscription",),
    exceptions={
        "topic": "TopicArn",
        **{name: f"Attributes.{attribute}" for name, attribute in SUBSCRIPTION_ATTRIBUTES.items()},
    },
    operation_exceptions={
        "response": {
            "arn": "Attributes.SubscriptionArn",
            "confirmationWasAuthenticated": "Attributes.ConfirmationWasAuthenticated",
            "endpoint": "Attributes.Endpoint",
            "ownerId": "Attributes.Owner",
            "pendingConfirmation": "Attributes.PendingConfirmation",
            "protocol": "Attributes.Protocol",
            "topic": "Attributes.TopicArn",
        }
    },
    constants={"Subscribe": {"ReturnSubscriptionArn": True}},
    steering=frozenset({"confirmationTimeoutInMinutes", "endpointAutoConfirms"}),
    replaced_by=frozenset({"endpoint", "protocol", "topic"}),
    attributes=SUBSCRIPTION_ATTRIBUTES,
    set_operation="SetSubscriptionAttributes",
    arn_member="SubscriptionArn",
)


@dataclass(frozen=True, kw_only=True)
class TopicPolicyType(ResourceType):
    """A topic's policy as a resource of its own; a topic always has one, so deleting it puts the default back."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Puts back the policy that SNS gives a new topic; a topic that is gone has none."""
        if self.live(session, known) is None:
            return
        document = json.dumps(default_topic_policy(known["arn"], session.account))
        request = {"TopicArn": known["arn"], "AttributeName": "Policy", "AttributeValue": document}
        session.call(SERVICE, self.create, request)


def default_topic_policy(topic_arn: str, account: str) -> dict[str, Any]:
    """The policy of a new topic: https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html."""
    actions = (
        "GetTopicAttributes SetTopicAttributes AddPermission RemovePermission DeleteTopic Subscribe "
        "ListSubscriptionsByTopic Publish"
    )
    return {
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [
            {
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": {"AWS": "*"},
                "Action": [f"SNS:{action}" for action in actions.split()],
                "Resource": topic_arn,
                "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
            }
        ],
    }


TOPIC_POLICY = TopicPolicyType(
    "aws:sns/topicPolicy:TopicPolicy",
    service=SERVICE,
    create="SetTopicAttributes",
    read="GetTopicAttributes",
    update="SetTopicAttributes",
    delete="SetTopicAttributes",
    identity=("arn",),
    id_format="{arn}",
    exceptions={"arn": "TopicArn", "policy": "AttributeValue"},
    operation_exceptions={
        "response": {"arn": "Attributes.TopicArn", "owner": "Attributes.Owner", "policy": "Attributes.Policy"}
    },
    constants={"SetTopicAttributes": {"AttributeName": "Policy"}},
)

TYPES = (TOPIC, SUBSCRIPTION, TOPIC_POLICY)
