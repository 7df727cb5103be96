"""aws-native's SNS types: topics, their policies, subscriptions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_SNS.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import NativeType
from greenroom.sandbox.provider.tagging import Tagging
from greenroom.sandbox.provider.types import sns

TOPIC_ATTRIBUTES = {
    name: attribute
    for name, attribute in sns.TOPIC_ATTRIBUTES.items()
    if name not in {"deliveryPolicy", "policy"} and not name.endswith(("FeedbackRoleArn", "FeedbackSampleRate"))
}


@dataclass(frozen=True, kw_only=True)
class TopicType(sns.AttributesType, NativeType):
    """A topic with its subscriptions, which CloudFormation lets a template list with the topic."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Subscribes whom the program lists."""
        self._sync(session, known, [], known.get("subscription", []))

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The name, which SNS tells in the ARN only, and the subscriptions."""
        subscriptions = [
            {"endpoint": one["Endpoint"], "protocol": one["Protocol"]} for one in self._subscriptions(session, live)
        ]
        name = str(live["topicArn"]).rsplit(":", maxsplit=1)[-1]
        return {**live, "topicName": name, "subscription": subscriptions}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Each attribute, and each subscription, by its own request."""
        super().change(session, known, inputs, changed - {"subscription"})
        if "subscription" in changed:
            self._sync(session, known, known.get("subscription", []), inputs.get("subscription", []))

    def _subscriptions(self, session: AccountSession, known: Mapping[str, Any]) -> list[dict[str, Any]]:
        request = {"TopicArn": known["topicArn"]}
        found: list[dict[str, Any]] = []
        while True:
            page = session.call(sns.SERVICE, "ListSubscriptionsByTopic", request)
            found += page["Subscriptions"]
            if not page.get("NextToken"):
                return found
            request = {**request, "NextToken": page["NextToken"]}

    def _sync(
        self,
        session: AccountSession,
        known: Mapping[str, Any],
        old: list[Mapping[str, Any]],
        new: list[Mapping[str, Any]],
    ) -> None:
        gone = {_subscriber(one) for one in old} - {_subscriber(one) for one in new}
        for one in self._subscriptions(session, known) if gone else []:
            if (one["Protocol"], one["Endpoint"]) in gone:
                session.call(sns.SERVICE, "Unsubscribe", {"SubscriptionArn": one["SubscriptionArn"]})
        for protocol, endpoint in sorted({_subscriber(one) for one in new} - {_subscriber(one) for one in old}):
            request = {"TopicArn": known["topicArn"], "Protocol": protocol, "Endpoint": endpoint}
            session.call(sns.SERVICE, "Subscribe", request)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Its own subscriptions first: they outlive a topic."""
        if self.live(session, known) is not None:
            self._sync(session, known, known.get("__inputs", {}).get("subscription", []), [])
            super().remove(session, known, bound_seconds)


def _subscriber(one: Mapping[str, Any]) -> tuple[str, str]:
    return str(one["protocol"]), str(one["endpoint"])


TOPIC = TopicType(
    "aws-native:sns:Topic",
    service=sns.SERVICE,
    create="CreateTopic",
    read="GetTopicAttributes",
    delete="DeleteTopic",
    identity=("topicArn",),
    id_format="{topicArn}",
    exceptions={
        "topicName": "Name",
        **{name: f"Attributes.{attribute}" for name, attribute in TOPIC_ATTRIBUTES.items()},
    },
    operation_exceptions={"response": {"topicArn": "Attributes.TopicArn", "topicName": None}},
    unsent=frozenset({"subscription"}),
    shared=frozenset({"subscription"}),
    refused={
        "dataProtectionPolicy": "is not in the local AWS, which inspects no message",
        "deliveryStatusLogging": "is not in the sandbox's aws-native; aws.sns.Topic has it, protocol by protocol",
    },
    autoname=NativeName("topicName", longest=0),
    tagging=Tagging.of_resources("ResourceArn", "topicArn"),
    attributes=TOPIC_ATTRIBUTES,
    set_operation="SetTopicAttributes",
    arn_member="TopicArn",
)


@dataclass(frozen=True, kw_only=True)
class SubscriptionType(sns.AttributesType, NativeType):
    """A subscription."""


SUBSCRIPTION = SubscriptionType(
    "aws-native:sns:Subscription",
    service=sns.SERVICE,
    create="Subscribe",
    read="GetSubscriptionAttributes",
    delete="Unsubscribe",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("Subscription",),
    exceptions={
        "topicArn": "TopicArn",
        **{name: f"Attributes.{attribute}" for name, attribute in sns.SUBSCRIPTION_ATTRIBUTES.items()},
    },
    operation_exceptions={
        "response": {
            "arn": "Attributes.SubscriptionArn",
            "endpoint": "Attributes.Endpoint",
            "protocol": "Attributes.Protocol",
            "topicArn": "Attributes.TopicArn",
        }
    },
    constants={"Subscribe": {"ReturnSubscriptionArn": True}},
    replaced_by=frozenset({"region"}),  # create-only on a condition, says CloudFormation's schema
    attributes=sns.SUBSCRIPTION_ATTRIBUTES,
    set_operation="SetSubscriptionAttributes",
    arn_member="SubscriptionArn",
)


@dataclass(frozen=True, kw_only=True)
class TopicInlinePolicyType(sns.TopicPolicyType, NativeType):
    """A topic's policy."""

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """Puts back the policy of a new topic."""
        super().remove(session, {**known, "arn": known["topicArn"]}, bound_seconds)


TOPIC_INLINE_POLICY = TopicInlinePolicyType(
    "aws-native:sns:TopicInlinePolicy",
    service=sns.SERVICE,
    create="SetTopicAttributes",
    read="GetTopicAttributes",
    update="SetTopicAttributes",
    delete="SetTopicAttributes",
    identity=("topicArn",),
    id_format="{topicArn}",
    exceptions={"policyDocument": "AttributeValue"},
    operation_exceptions={"response": {"topicArn": "Attributes.TopicArn", "policyDocument": "Attributes.Policy"}},
    constants={"SetTopicAttributes": {"AttributeName": "Policy"}},
)

TYPES = (TOPIC, SUBSCRIPTION, TOPIC_INLINE_POLICY)
