"""SSM: parameters.

https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_PutParameter.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.scalar_codec import Trace
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "ssm"
LONGEST_NAME = 255
NO_WRITE_ONLY = "is not in the sandbox, which has no write-only values; use value"
# What PutParameter takes, and only DescribeParameters tells.
DESCRIBED = {"Description": "description", "KeyId": "keyId", "AllowedPattern": "allowedPattern", "Tier": "tier"}


@dataclass(frozen=True, kw_only=True)
class ParameterType(ResourceType):
    """A parameter. Its value is an input as a secret (`value`), or one for all to see (`insecureValue`)."""

    def request(self, operation: str, properties: Mapping[str, Any], trace: Trace | None = None) -> dict[str, Any]:
        """Another value overwrites; AWS takes no tags with that."""
        given = dict(properties)
        if "insecureValue" in given:
            given["value"] = given.pop("insecureValue")
        return super().request(operation, given, trace)

    def make(self, session: AccountSession, inputs: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, Any]:
        """Creates the parameter; one that stands already is overwritten where the program says so."""
        if not inputs.get("overwrite"):
            return super().make(session, inputs, tags)
        request = {**self.create_request(inputs, {}, Trace()), "Overwrite": True}
        session.call(SERVICE, self.create, request)
        if tags and self.tagging is not None:
            self.tagging.change(session, SERVICE, inputs, {}, tags)
        return dict(inputs)

    def live(self, session: AccountSession, known: Mapping[str, Any]) -> dict[str, Any] | None:
        """The value under the name that the program gives it."""
        live = super().live(session, known)
        if live is None:
            return None
        inputs = known.get("__inputs", known)
        if "insecureValue" in inputs:
            live["insecureValue"] = live["value"]
        return live

    def completed(
        self, session: AccountSession, live: dict[str, Any], found: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """With what only the description tells."""
        one = {"Key": "Name", "Option": "Equals", "Values": [live["name"]]}
        described = session.call(SERVICE, "DescribeParameters", {"ParameterFilters": [one]})["Parameters"]
        told = {
            name: described[0][member] for member, name in DESCRIBED.items() if described and described[0].get(member)
        }
        return {**live, **told, "hasValueWo": False}

    def change(
        self, session: AccountSession, known: Mapping[str, Any], inputs: Mapping[str, Any], changed: frozenset[str]
    ) -> None:
        """Puts the whole parameter over the old one."""
        request = {**self.request(self.create, {**inputs, "name": known["name"]}), "Overwrite": True}
        if "description" in changed and "description" not in inputs:
            request["Description"] = ""
        session.call(SERVICE, self.create, request)


PARAMETER = ParameterType(
    "aws:ssm/parameter:Parameter",
    service=SERVICE,
    create="PutParameter",
    read="GetParameter",
    delete="DeleteParameter",
    exceptions={"arn": None},
    operation_exceptions={"response": {"arn": "ARN"}},
    constants={"GetParameter": {"WithDecryption": True}},
    found=("Parameter",),
    unsent=frozenset({"insecureValue"}),
    shared=frozenset({"value", "insecureValue"}),
    steering=frozenset({"overwrite"}),
    refused={
        "arn": "is what AWS chooses; leave it out",
        **dict.fromkeys(
            ("valueWo", "valueWoVersion"), "is not in the sandbox, which has no write-only values; use value"
        ),
    },
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ssm/parameter.go (ForceNew)
    replaced_by=frozenset({"name"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging(
        subject=("ResourceId", "name"),
        tag="AddTagsToResource",
        untag="RemoveTagsFromResource",
        list_="ListTagsForResource",
        listed="TagList",
        constants={"ResourceType": "Parameter"},
    ),
)

TYPES = (PARAMETER,)
