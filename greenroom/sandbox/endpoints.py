"""The SageMaker endpoints that a stack's state holds: what can be invoked, watched and read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from greenroom.sandbox.engine.state import ResourceState
    from greenroom.sandbox.session import Sandbox

_ARN_OUTPUT = {"aws-native:sagemaker:Endpoint": "endpointArn", "aws:sagemaker/endpoint:Endpoint": "arn"}


@dataclass(frozen=True)
class DeployedEndpoint:
    """One endpoint, as its ARN names it.

    `arn:aws:sagemaker:REGION:ACCOUNT:endpoint/NAME`,
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html
    """

    stack: str
    name: str
    account_id: str
    region: str


def deployed_endpoints(sandbox: Sandbox, stack: str) -> tuple[DeployedEndpoint, ...]:
    """The endpoints of a stack, by name."""
    deployment, _ = sandbox.state.load(stack)
    found = (_endpoint(stack, state) for state in deployment.resources if not state.delete)
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.name))


def _endpoint(stack: str, state: ResourceState) -> DeployedEndpoint | None:
    arn = state.outputs.get(_ARN_OUTPUT.get(state.type, ""))
    if not isinstance(arn, str) or arn.count(":") < 5:
        return None
    _, _, _, region, account_id, resource = arn.split(":", 5)
    return DeployedEndpoint(stack, _name(state, resource), account_id, region)


def _name(state: ResourceState, resource: str) -> str:
    # SageMaker's ARNs are in lower case; the name as it was given is an output.
    given = state.outputs.get("endpointName", state.outputs.get("name"))
    return given if isinstance(given, str) else resource.removeprefix("endpoint/")
