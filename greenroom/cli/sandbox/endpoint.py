"""Which endpoint `invoke` and `logs` mean: a model's in a Greenroom project, one by its own name elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from greenroom.errors import StackNotUpError, UnknownModelError

if TYPE_CHECKING:
    from greenroom.sandbox.endpoints import DeployedEndpoint
    from greenroom.sandbox.session import Sandbox


def find_endpoint(sandbox: Sandbox, stack: str, model: str) -> DeployedEndpoint:
    """The deployed endpoint of a model, or of that name.

    Raises:
        UnknownModelError: the stack has no such model or endpoint; names those it has.
        StackNotUpError: the stack, or the endpoint in it, was not deployed.
    """
    from greenroom.delivery.project import GreenroomProject, is_greenroom_project
    from greenroom.sandbox.endpoints import deployed_endpoints

    ours = is_greenroom_project(sandbox.root)
    name = GreenroomProject.load(sandbox.root).endpoint_of(stack, model) if ours else model
    sandbox.require(stack)
    endpoints = {endpoint.name: endpoint for endpoint in deployed_endpoints(sandbox, stack)}
    if name in endpoints:
        return endpoints[name]
    if ours:
        raise StackNotUpError(
            f"stack {stack!r} has no endpoint {name!r} in this sandbox.",
            fix=f"Deploy it: greenroom sandbox up {stack}",
        )
    raise UnknownModelError(
        f"stack {stack!r} has no endpoint {name!r}.",
        fix=f"Use one of: {', '.join(endpoints)}." if endpoints else "It has none.",
    )


def samples_folder(sandbox: Sandbox, model: str) -> Path:
    """Where a model keeps its sample requests."""
    return sandbox.root / "models" / model / "samples"
