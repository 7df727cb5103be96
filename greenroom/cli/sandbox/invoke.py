"""`greenroom sandbox invoke`: real rows to a deployed endpoint, through SageMaker's own runtime API."""

from __future__ import annotations

import csv
import io
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from greenroom.cli.lazy import Command
from greenroom.cli.options import find_project, json_option, project_option
from greenroom.cli.terminal import Terminal

if TYPE_CHECKING:
    from greenroom.sandbox.endpoints import DeployedEndpoint
    from greenroom.sandbox.session import Sandbox

EPILOG = """\b
Examples:
  greenroom sandbox invoke dev tumor
  greenroom sandbox invoke dev tumor --data rows.csv --accept text/csv --json
\b
--json prints {"endpoint", "variant", "latencyMs", "contentType", "predictions"}.
Exit codes: 0 answered, 1 the model's code failed, 2 bad input, or the model refused it."""

CONTENT_TYPES = {".csv": "text/csv", ".json": "application/json", ".jsonl": "application/jsonlines"}
SAMPLES = ("request.json", "rows.csv")
ANSWERED_ALIKE = frozenset({"text/csv", "application/json"})
"""Content types that are asked for back: Model Monitor fails on captured data whose two sides differ in theirs.

aws/sagemaker-python-sdk#2785
"""


@dataclass(frozen=True)
class Answer:
    """What an endpoint answered.

    Attributes:
        variant: the production variant that SageMaker chose.
        latency_ms: from the request to the whole answer, as this client saw it.
    """

    endpoint: str
    variant: str
    latency_ms: float
    content_type: str
    body: bytes


@click.command("invoke", cls=Command, epilog=EPILOG, short_help="Real rows to an endpoint, its predictions back.")
@click.argument("stack")
@click.argument("model")
@click.option(
    "--data",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The request's body.  [default: request.json or rows.csv in models/MODEL/samples]",
)
@click.option("--content-type", metavar="TYPE", help="Of the body.  [default: by FILE's suffix]")
@click.option("--accept", metavar="TYPE", help="Of the answer.  [default: the body's, or application/json]")
@click.option("--variant", metavar="NAME", help="Ask this production variant, whatever the weights.")
@project_option
@json_option
def command(
    stack: str,
    model: str,
    *,
    data: Path | None,
    content_type: str | None,
    accept: str | None,
    variant: str | None,
    project_folder: Path | None,
    as_json: bool,
) -> None:
    """Send rows to MODEL's endpoint of STACK and print its predictions.

    Outside a Greenroom project MODEL is the endpoint's name, and --data is needed.
    """
    root = find_project(project_folder)
    from greenroom.cli.sandbox.endpoint import find_endpoint, samples_folder
    from greenroom.sandbox.session import Sandbox

    terminal, sandbox = Terminal.here(), Sandbox(root)
    endpoint = find_endpoint(sandbox, stack, model)
    file = data if data is not None else sample_of(samples_folder(sandbox, model))
    sent_as = content_type if content_type is not None else content_type_of(file)
    answer = _ask(
        sandbox,
        endpoint,
        model,
        {
            "Body": file.read_bytes(),
            "ContentType": sent_as,
            "Accept": accept or (sent_as if sent_as in ANSWERED_ALIKE else "application/json"),
            **({} if variant is None else {"TargetVariant": variant}),
        },
    )
    predictions = parse(answer)
    if as_json:
        terminal.json(
            {
                "endpoint": answer.endpoint,
                "variant": answer.variant,
                "latencyMs": round(answer.latency_ms, 3),
                "contentType": answer.content_type,
                "predictions": predictions,
            }
        )
        return
    for line in prediction_lines(predictions):
        terminal.result(line)
    terminal.result()
    terminal.result(
        f"{answer.endpoint} (variant {answer.variant}) answered {_shown(root, file)} in {answer.latency_ms:.1f} ms"
    )


def sample_of(folder: Path) -> Path:
    """The sample request of a model.

    Raises:
        UserError: there is none.
    """
    for name in SAMPLES:
        if (folder / name).is_file():
            return folder / name
    from greenroom.errors import UserError

    raise UserError(f"{folder}: there is no {' and no '.join(SAMPLES)}.", fix="Name a file: --data FILE.")


def content_type_of(file: Path) -> str:
    """The content type that a file's suffix tells.

    Raises:
        UserError: it tells none.
    """
    known = CONTENT_TYPES.get(file.suffix.lower())
    if known is not None:
        return known
    from greenroom.errors import UserError

    raise UserError(
        f"{file}: the suffix {file.suffix!r} tells no content type; {', '.join(CONTENT_TYPES)} do.",
        fix="Name it: --content-type TYPE.",
    )


def _ask(sandbox: Sandbox, endpoint: DeployedEndpoint, model: str, request: dict[str, Any]) -> Answer:
    from botocore.exceptions import ClientError

    client = sandbox.client("sagemaker-runtime", endpoint.account_id, endpoint.region)
    started = time.perf_counter()
    try:
        response = client.invoke_endpoint(EndpointName=endpoint.name, **request)
        body = response["Body"].read()
    except ClientError as error:
        raise _refused(endpoint, model, error) from error
    return Answer(
        endpoint=endpoint.name,
        variant=response.get("InvokedProductionVariant", ""),
        latency_ms=(time.perf_counter() - started) * 1000,
        content_type=response.get("ContentType", ""),
        body=body,
    )


def _refused(endpoint: DeployedEndpoint, model: str, error: Any) -> Exception:
    """SageMaker's refusal, or the model's own, which comes as ModelError with the container's status and words.

    https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_runtime_InvokeEndpoint.html#API_runtime_InvokeEndpoint_Errors
    """
    from greenroom.errors import InvocationError

    response = error.response
    status = int(response.get("OriginalStatusCode") or response["ResponseMetadata"]["HTTPStatusCode"])
    told = response.get("OriginalMessage") or response["Error"].get("Message", "")
    return InvocationError(
        f"{endpoint.name}: {response['Error']['Code']} (status {status}): {told.strip()}",
        status=status,
        fix=f"What its code wrote: greenroom sandbox logs {endpoint.stack} {model}",
    )


def parse(answer: Answer) -> Any:
    """The predictions in an answer: a list where it is JSON with one or CSV, else the text."""
    text = answer.body.decode("utf-8", "replace")
    if answer.content_type.startswith("application/json"):
        content = json.loads(text)
        return content.get("predictions", content) if isinstance(content, dict) else content
    if answer.content_type.startswith("text/csv"):
        return [row for row in csv.reader(io.StringIO(text)) if row]
    return text


def prediction_lines(predictions: Any) -> list[str]:
    """A table of a row a prediction; what is no list is printed as it is."""
    from greenroom.cli.terminal import table_lines

    if not isinstance(predictions, list) or not predictions:
        return [predictions if isinstance(predictions, str) else json.dumps(predictions, ensure_ascii=False)]
    if all(isinstance(one, dict) for one in predictions):
        columns = list(dict.fromkeys(key for one in predictions for key in one))
        rows = [[_cell(one.get(column)) for column in columns] for one in predictions]
    else:
        cells = [one if isinstance(one, list) else [one] for one in predictions]
        width = max(map(len, cells))
        columns = ["prediction"] if width == 1 else [f"output {index}" for index in range(1, width + 1)]
        rows = [[*map(_cell, one), *[""] * (width - len(one))] for one in cells]
    numbered = [[str(number), *row] for number, row in enumerate(rows, 1)]
    return table_lines(["ROW", *(column.upper() for column in columns)], numbered)


def _cell(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shown(root: Path, file: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
