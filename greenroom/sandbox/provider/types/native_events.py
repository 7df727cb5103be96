"""aws-native's EventBridge types: buses, and rules with their targets.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_Events.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.clients import MODELS
from greenroom.sandbox.provider.codec import build
from greenroom.sandbox.provider.errors import MappingError
from greenroom.sandbox.provider.naming import NativeName
from greenroom.sandbox.provider.native_type import NativeType
from greenroom.sandbox.provider.scalar_codec import Codec, Place, Trace
from greenroom.sandbox.provider.types.events import DEFAULT_BUS, EVENTS_TAGS, SERVICE

EVENT_BUS = NativeType(
    "aws-native:events:EventBus",
    service=SERVICE,
    create="CreateEventBus",
    read="DescribeEventBus",
    update="UpdateEventBus",
    delete="DeleteEventBus",
    identity=("name",),
    id_format="{name}",
    refused={
        "policy": "is a resource of its own in the sandbox; use aws.cloudwatch.EventBusPolicy",
    },
    autoname=NativeName("name", longest=0),
    tagging=EVENTS_TAGS,
)


@dataclass(frozen=True, kw_only=True)
class RuleType(NativeType):
    """A rule with its targets, which have requests of their own."""

    def complete(self, session: AccountSession, known: Mapping[str, Any]) -> None:
        """Puts the targets."""
        self._put_targets(session, known, known.get("targets", []))

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With the targets, and the name that the SDK tells twice."""
        bus = live.get("eventBusName", DEFAULT_BUS)
        answer = session.call(SERVICE, "ListTargetsByRule", {"Rule": live["name"], "EventBusName": bus})
        targets = self._targets_codec("ListTargetsByRule", "output_shape").decode(answer["Targets"])
        return {"eventBusName": bus, **live, "ruleName": live["name"], "targets": targets}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Puts the rule, and the targets that changed; those that are gone are removed."""
        if changed - {"targets"}:
            super().change(session, known, inputs, changed - {"targets"})
        if "targets" in changed:
            wanted = inputs.get("targets", [])
            self._remove_targets(session, known, {one["id"] for one in wanted})
            self._put_targets(session, {**known, **inputs}, wanted)

    def remove(self, session: AccountSession, known: Mapping[str, Any], bound_seconds: float | None) -> None:
        """The targets first, for a rule with targets cannot be deleted."""
        if self.live(session, known) is not None:
            self._remove_targets(session, known, set())
            super().remove(session, known, bound_seconds)

    def from_id(self, resource_id: str, session: AccountSession) -> dict[str, Any]:
        """Bus and name from the ARN: `rule/NAME` on the default bus, `rule/BUS/NAME` on another."""
        parts = resource_id.split("rule/", maxsplit=1)[-1].split("/")
        return {
            "arn": resource_id,
            "name": parts[-1],
            "eventBusName": "/".join(parts[:-1]) or DEFAULT_BUS,
        }

    def _targets_codec(self, operation: str, side: str) -> Codec:
        shape: Any = getattr(MODELS.operation(SERVICE, operation), side)
        exceptions = {"targets.appSyncParameters": "AppSyncParameters"}
        codec = build(self.structure.properties["targets"], shape.members["Targets"], exceptions, "targets")
        if codec is None:
            raise MappingError(f"{self.token}.targets has no codec")
        return codec

    def _put_targets(self, session: AccountSession, known: Mapping[str, Any], targets: Any) -> None:
        if targets:
            codec = self._targets_codec("PutTargets", "input_shape")
            encoded = codec.encode(targets, Place("targets", ".Targets"), Trace())
            session.call(SERVICE, "PutTargets", {**_rule(known), "Targets": encoded})

    def _remove_targets(self, session: AccountSession, known: Mapping[str, Any], kept: set[str]) -> None:
        standing = session.call(SERVICE, "ListTargetsByRule", _rule(known))["Targets"]
        gone = [target["Id"] for target in standing if target["Id"] not in kept]
        if gone:
            session.call(SERVICE, "RemoveTargets", {**_rule(known), "Ids": gone})


def _rule(known: Mapping[str, Any]) -> dict[str, Any]:
    return {"Rule": known["name"], "EventBusName": known.get("eventBusName", DEFAULT_BUS)}


RULE = RuleType(
    "aws-native:events:Rule",
    service=SERVICE,
    create="PutRule",
    read="DescribeRule",
    update="PutRule",
    delete="DeleteRule",
    identity=("name", "eventBusName"),
    id_format="{arn}",
    exceptions={"arn": "RuleArn"},
    operation_exceptions={
        "response": {"arn": "Arn", "ruleName": None},
        "PutRule": {"arn": None, "ruleName": None},
    },
    unsent=frozenset({"targets"}),
    # CloudFormation's schema has the bus as create-only on a condition; PutRule on another bus makes another rule.
    replaced_by=frozenset({"eventBusName"}),
    autoname=NativeName("name", longest=0),
    tagging=EVENTS_TAGS,
)

TYPES = (EVENT_BUS, RULE)
