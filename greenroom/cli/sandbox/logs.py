"""`greenroom sandbox logs`: what an endpoint's containers wrote to CloudWatch Logs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

POLL_SECONDS = 1.0

EPILOG = """\b
Examples:
  greenroom sandbox logs dev tumor
  greenroom sandbox logs dev tumor --follow
\b
--json prints an object a line: {"timestamp", "stream", "message"}. Exit codes: 0 printed, 2 bad input."""


@click.command("logs", cls=Command, epilog=EPILOG, short_help="What an endpoint's containers wrote.")
@click.argument("stack")
@click.argument("model")
@click.option("--follow", "-f", is_flag=True, help="Go on until interrupted.")
@project_option
@json_option
def command(stack: str, model: str, *, follow: bool, project_folder: Path | None, as_json: bool) -> None:
    """Print the log of MODEL's endpoint of STACK, oldest first.

    Outside a Greenroom project MODEL is the endpoint's name.
    """
    root = find_project(project_folder)
    from greenroom.cli.sandbox.endpoint import find_endpoint
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    endpoint = find_endpoint(sandbox, stack, model)
    client = sandbox.client("logs", endpoint.account_id, endpoint.region)
    # https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    group = f"/aws/sagemaker/Endpoints/{endpoint.name}"
    count = 0
    for event in events(client, group, follow=follow):
        count += 1
        _print(terminal, event, as_json=as_json)
    if not count:
        terminal.say(f"{group} holds nothing yet")


def events(client: Any, group: str, *, follow: bool) -> Iterator[dict[str, Any]]:
    """The events of a log group, oldest first; following, it never ends.

    Args:
        client: boto3's `logs` client.
        group: the log group's name; one that does not exist has no events.
        follow: whether to wait for more.
    """
    seen: set[str] = set()
    since = 0
    while True:
        for event in _events_since(client, group, since):
            if event["eventId"] not in seen:
                seen.add(event["eventId"])
                since = max(since, event["timestamp"])
                yield event
        if not follow:
            return
        time.sleep(POLL_SECONDS)


def _events_since(client: Any, group: str, since: int) -> list[dict[str, Any]]:
    pages = client.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since, interleaved=True)
    try:
        found = [event for page in pages for event in page["events"]]
    except client.exceptions.ResourceNotFoundException:
        return []
    return sorted(found, key=lambda event: event["timestamp"])


def _print(terminal: Terminal, event: dict[str, Any], *, as_json: bool) -> None:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).isoformat(timespec="milliseconds")
    if as_json:
        import json

        line = {"timestamp": at, "stream": event["logStreamName"], "message": event["message"]}
        terminal.result(json.dumps(line, ensure_ascii=False))
    else:
        origin = click.style(f"{at} {event['logStreamName']}", dim=True)
        terminal.result(f"{origin}  {event['message'].rstrip()}")
