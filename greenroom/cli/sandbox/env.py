"""`greenroom sandbox env`: the environment variables with which any AWS client reaches the local AWS."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import account_option, find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

EPILOG = """\b
Example:
  eval $(greenroom sandbox env dev) && aws sagemaker list-endpoints
\b
Exit codes: 0 printed, 2 bad input."""

DEFAULT_REGION = "us-east-1"


@click.command("env", cls=Command, epilog=EPILOG, short_help="What any AWS client needs to reach the local AWS.")
@click.argument("stack", required=False)
@account_option
@project_option
@json_option
def command(stack: str | None, *, account: str | None, project_folder: Path | None, as_json: bool) -> None:
    """Print `export` lines with which the AWS CLI, boto3 and every other SDK reach the local AWS.

    With STACK, an environment's, they act as its account in its region. The local AWS is brought up if it is not.
    """
    root = find_project(project_folder)
    from greenroom.delivery.project import GreenroomProject, is_greenroom_project
    from greenroom.sandbox.session import DEFAULT_ACCOUNT_ID, Sandbox

    account_id, region = DEFAULT_ACCOUNT_ID if account is None else account, DEFAULT_REGION
    if stack is not None and account is None and is_greenroom_project(root):
        project = GreenroomProject.load(root)
        account_id, region = project.account_of(stack), project.region_of(stack)
    settings = Sandbox(root).client_settings(account_id, region)
    variables = {
        "AWS_ENDPOINT_URL": settings["endpoint_url"],
        "AWS_ACCESS_KEY_ID": settings["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": settings["aws_secret_access_key"],
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
    }
    terminal = Terminal.here()
    if as_json:
        terminal.json(variables)
    else:
        for name, value in variables.items():
            terminal.result(f"export {name}={shlex.quote(value)}")
