"""`greenroom sandbox status`: the local AWS, the stacks, the endpoints."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.cloud import CloudStatus
    from greenroom.sandbox.endpoints import DeployedEndpoint
    from greenroom.sandbox.session import Sandbox

EPILOG = """\b
Example:
  greenroom sandbox status --json | jq -r .url
\b
--json prints {"state", "url", "pid", "home", "stacks": [{name, resources}], "endpoints": [{stack, name, accountId,
region, status}]}.
Exit codes: 0 told, whether it runs or not; 2 bad input."""


@click.command("status", cls=Command, epilog=EPILOG, short_help="The local AWS, the stacks, the endpoints.")
@project_option
@json_option
def command(*, project_folder: Path | None, as_json: bool) -> None:
    """Show whether the local AWS runs and where, which stacks are up in it, and what state their endpoints are in.

    Nothing is started: a local AWS that is stopped is told as stopped.
    """
    root = find_project(project_folder)
    from greenroom.sandbox.endpoints import deployed_endpoints
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    cloud = sandbox.cloud.status()
    stacks = sandbox.stacks()
    endpoints = [endpoint for stack in stacks for endpoint in deployed_endpoints(sandbox, stack)]
    statuses = {endpoint: _status_of(sandbox, cloud, endpoint) for endpoint in endpoints}
    if as_json:
        terminal.json(_json(sandbox, cloud, stacks, statuses))
    else:
        _tell(terminal, sandbox, cloud, stacks, statuses)


def _status_of(sandbox: Sandbox, cloud: CloudStatus, endpoint: DeployedEndpoint) -> str:
    """DescribeEndpoint's EndpointStatus; `unknown` while the local AWS does not answer, `gone` where it has none."""
    if cloud.state != "ready":
        return "unknown"
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = sandbox.client("sagemaker", endpoint.account_id, endpoint.region)
        described = client.describe_endpoint(EndpointName=endpoint.name)
    except ClientError:
        return "gone"
    except BotoCoreError:
        return "unknown"
    return str(described["EndpointStatus"])


def _json(
    sandbox: Sandbox, cloud: CloudStatus, stacks: dict[str, int], statuses: dict[DeployedEndpoint, str]
) -> dict[str, Any]:
    address = cloud.address
    return {
        "state": cloud.state,
        "url": None if address is None else address.url,
        "pid": None if address is None else address.pid,
        "home": str(sandbox.home),
        "stacks": [{"name": name, "resources": count} for name, count in stacks.items()],
        "endpoints": [
            {
                "stack": endpoint.stack,
                "name": endpoint.name,
                "accountId": endpoint.account_id,
                "region": endpoint.region,
                "status": status,
            }
            for endpoint, status in statuses.items()
        ],
    }


def _tell(
    terminal: Terminal,
    sandbox: Sandbox,
    cloud: CloudStatus,
    stacks: dict[str, int],
    statuses: dict[DeployedEndpoint, str],
) -> None:
    where = "" if cloud.address is None else f"  {cloud.address.url}  (process {cloud.address.pid})"
    terminal.result(f"local AWS  {click.style(cloud.state, bold=True)}{where}")
    terminal.result(f"home       {sandbox.home}")
    terminal.result()
    if not stacks:
        terminal.result("No stack was deployed yet: greenroom sandbox up STACK")
        return
    terminal.table(("STACK", "RESOURCES"), [(name, str(count) if count else "down") for name, count in stacks.items()])
    if statuses:
        terminal.result()
        terminal.table(
            ("ENDPOINT", "STACK", "ACCOUNT", "REGION", "STATUS"),
            [(one.name, one.stack, one.account_id, one.region, status) for one, status in statuses.items()],
        )
    if cloud.address is not None:
        terminal.result()
        terminal.result("Any AWS client reaches it: eval $(greenroom sandbox env STACK)")
