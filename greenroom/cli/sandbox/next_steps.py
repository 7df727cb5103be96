"""Where to look after `up`: the endpoints, the dashboard, how to ask, change and tear down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from greenroom.cli.terminal import Terminal, table_lines

if TYPE_CHECKING:
    from greenroom.delivery.opening import Operations
    from greenroom.delivery.rehearsal import Rehearsal

DASHBOARD_TYPE = "aws:cloudwatch/dashboard:Dashboard"


def tell_next_steps(terminal: Terminal, project: Operations, stack: str) -> None:
    """Print a deployed stack's outputs, or for an environment its endpoints, and what to type next."""
    from greenroom.delivery.project import ARTIFACTS_STACK
    from greenroom.delivery.rehearsal import Rehearsal

    if isinstance(project, Rehearsal) and stack != ARTIFACTS_STACK:
        _tell_environment(terminal, project, stack)
    else:
        _tell_outputs(terminal, project, stack)


def _tell_outputs(terminal: Terminal, project: Operations, stack: str) -> None:
    from greenroom.cli.diff import show
    from greenroom.sandbox.engine.values import plain

    outputs = project.sandbox.outputs(stack)
    if outputs:
        terminal.table(("OUTPUT", "VALUE"), [(key, show(plain(value))) for key, value in sorted(outputs.items())])
        terminal.result()
    _tell_commands(
        terminal,
        [
            (f"greenroom sandbox preview {stack}", "after a change: what it would do"),
            (f"greenroom sandbox destroy {stack}", "tear down"),
        ],
    )


def _tell_environment(terminal: Terminal, project: Rehearsal, stack: str) -> None:
    environment = project.project.specs.environment_of(stack)
    models = project.project.specs.models_of(stack)
    dashboards = _dashboards(project, stack)
    rows = [(model, project.project.endpoint_of(stack, model)) for model in models]
    terminal.result(
        f"{click.style(stack, bold=True)} is up: {project.sandbox.ensure_cloud()}, account {environment.account_id},"
        f" {environment.region}"
    )
    terminal.result()
    if rows:
        terminal.table(("MODEL", "ENDPOINT"), rows)
        terminal.result()
    if dashboards:
        terminal.result(
            f"Dashboards: {', '.join(dashboards)}  (greenroom sandbox env {stack}, then: aws cloudwatch"
            " get-dashboard --dashboard-name NAME)"
        )
        terminal.result()
    if not models:
        where = f"environments/{environment.name}.yaml"
        terminal.result(f"It runs no model: {where} pins no release for this stack.")
        terminal.result()
        _tell_commands(terminal, [(f"greenroom sandbox up {stack}", f"after a pin in {where}")])
        return
    model = models[0]
    _tell_commands(
        terminal,
        [
            (f"greenroom sandbox invoke {stack} {model}", "real rows, real predictions"),
            (f"greenroom sandbox preview {stack}", f"after a change of models/{model}/model.yaml: what it would do"),
            (f"greenroom sandbox up {stack}", "and do it"),
            ("greenroom sandbox status", "the server, the stacks, the endpoints"),
            (f"greenroom sandbox logs {stack} {model}", "what the serving process said"),
            (f"greenroom sandbox destroy {stack}", "tear down; leaves nothing"),
        ],
    )


def _tell_commands(terminal: Terminal, commands: list[tuple[str, str]]) -> None:
    terminal.result("Next:")
    for line in table_lines(("", ""), commands)[1:]:
        terminal.result(f"  {line}")


def _dashboards(project: Rehearsal, stack: str) -> list[str]:
    deployment, _ = project.sandbox.state.load(stack)
    return [str(state.id) for state in deployment.resources if state.type == DASHBOARD_TYPE]
