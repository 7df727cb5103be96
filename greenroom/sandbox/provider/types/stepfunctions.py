"""Step Functions: state machines.

https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html
"""

# ruff: noqa: ARG002  # a type's step need not use all that every type's step is given
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from greenroom.sandbox.provider.naming import AutoName
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.tagging import Tagging

SERVICE = "stepfunctions"
LONGEST_NAME = 80


@dataclass(frozen=True, kw_only=True)
class StateMachineType(ResourceType):
    """A state machine."""

    def from_create_response(self, response: Mapping[str, Any]) -> dict[str, Any]:
        """The ARN, which is what Step Functions knows it by."""
        return {"arn": response["stateMachineArn"]}

    def pick(self, response: Mapping[str, Any], known: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """The machine; one that is being deleted is gone."""
        return None if response.get("status") == "DELETING" else response


STATE_MACHINE = StateMachineType(
    "aws:sfn/stateMachine:StateMachine",
    service=SERVICE,
    create="CreateStateMachine",
    read="DescribeStateMachine",
    update="UpdateStateMachine",
    delete="DeleteStateMachine",
    identity=("arn",),
    id_format="{arn}",
    prefixes=("stateMachine",),
    exceptions={
        "loggingConfiguration.logDestination": "destinations.0.cloudWatchLogsLogGroup.logGroupArn",
    },
    # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/sfn/state_machine.go (ForceNew)
    replaced_by=frozenset({"name", "namePrefix", "type"}),
    autoname=AutoName(longest=LONGEST_NAME),
    tagging=Tagging.of_resources("resourceArn"),
)

TYPES = (STATE_MACHINE,)
