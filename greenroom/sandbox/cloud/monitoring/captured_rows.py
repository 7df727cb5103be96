"""Captured requests and answers as one table: the answer's columns first, then the request's, a row a prediction.

A captured event may hold several rows; its input and output then have as many each. Columns are named by the baseline,
in order; where there is none, or it has another number of columns, JSON objects name theirs and the rest are `_c0`,
`_c1`, …

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-data-capture-endpoint.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-pre-and-post-processing.html
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Cell = float | int | str | None
"""One value; None where it is missing."""

_LISTS = ("instances", "predictions", "inputs", "outputs", "dataframe_records")
"""Members that a request or an answer wraps its rows in."""


class CapturedDataError(Exception):
    """A captured event that no table can be made of; says why."""


@dataclass(frozen=True)
class CapturedEvent:
    """One captured request and its answer: the rows of either side, their encodings, and how the caller named it."""

    event_id: str
    inference_id: str | None
    output: tuple[dict[str, Cell], ...]
    input: tuple[dict[str, Cell], ...]
    encodings: tuple[str, ...] = ()

    def rows(self) -> Iterator[dict[str, Cell]]:
        """The event's rows, output and input side by side.

        Raises:
            CapturedDataError: The two have different numbers of rows, or other encodings. The latter is AWS's wording:
                https://github.com/aws/sagemaker-python-sdk/issues/2785 .
        """
        if len(set(self.encodings)) > 1:
            of_input, of_output = self.encodings
            raise CapturedDataError(
                f"Encoding mismatch: Encoding is {of_input} for endpointInput, but Encoding is {of_output} for "
                "endpointOutput. We currently only support the same type of input and output encoding at the moment."
            )
        if self.output and self.input and len(self.output) != len(self.input):
            raise CapturedDataError(
                f"event {self.event_id} has {len(self.input)} rows of input and {len(self.output)} of output"
            )
        for index in range(max(len(self.output), len(self.input))):
            given = self.input[index] if self.input else {}
            answered = self.output[index] if self.output else {}
            yield _side_by_side(answered, given)


def _side_by_side(answered: Mapping[str, Cell], given: Mapping[str, Cell]) -> dict[str, Cell]:
    """Both as one row; unnamed columns are counted through, from the output on."""
    row: dict[str, Cell] = {}
    for side in (answered, given):
        for name, cell in side.items():
            row[f"_c{len(row)}" if name.startswith("_c") or name in row else name] = cell
    return row


def read_events(lines: Iterable[str]) -> Iterator[CapturedEvent]:
    """The events of capture files' lines.

    Raises:
        CapturedDataError: A line or a body is not in a form that a table can be made of.
    """
    for line in lines:
        if not line.strip():
            continue
        record = json.loads(line)
        metadata, data = record["eventMetadata"], record["captureData"]
        event_id = metadata["eventId"]
        yield CapturedEvent(
            event_id,
            metadata.get("inferenceId"),
            tuple(_rows(data.get("endpointOutput"), event_id)),
            tuple(_rows(data.get("endpointInput"), event_id)),
            tuple(data[side]["encoding"] for side in ("endpointInput", "endpointOutput") if data.get(side)),
        )


def table(events: Iterable[CapturedEvent], names: Sequence[str]) -> dict[str, list[Cell]]:
    """The events' rows by columns.

    Args:
        events: In any order.
        names: The baseline's columns; empty where there is no baseline.
    """
    rows = [row for event in events for row in event.rows()]
    width = max((len(row) for row in rows), default=0)
    if names and width == len(names):
        cells = [[*row.values(), *[None] * (width - len(row))] for row in rows]
        return {name: [row[index] for row in cells] for index, name in enumerate(names)}
    found = list(dict.fromkeys(name for row in rows for name in row))
    return {name: [row.get(name) for row in rows] for name in found}


def _rows(part: Mapping[str, str] | None, event_id: str) -> Iterator[dict[str, Cell]]:
    if part is None:
        return
    if part["encoding"] == "CSV":
        for row in csv.reader(io.StringIO(part["data"])):
            if row:
                yield {f"_c{index}": cell_of(text) for index, text in enumerate(row)}
    elif part["encoding"] == "JSON":
        for item in _json_items(part["data"], event_id):
            yield _flat(item, event_id)
    else:
        raise CapturedDataError(
            f"event {event_id} is captured in {part['encoding']}: name its content type "
            f"({part.get('observedContentType')}) in CaptureContentTypeHeader, or use a preprocessing script"
        )


def _json_items(text: str, event_id: str) -> list[Any]:
    try:
        content = json.loads(text)
    except ValueError:
        try:
            return [json.loads(line) for line in text.splitlines() if line.strip()]  # JSON Lines
        except ValueError as error:
            raise CapturedDataError(f"event {event_id}: neither JSON nor JSON Lines: {error}") from error
    if isinstance(content, dict) and len(content) == 1 and isinstance(content.get(only := next(iter(content))), list):
        return list(content[only]) if only in _LISTS else [content]
    if isinstance(content, list):
        return content if any(isinstance(item, list | dict) for item in content) else [content]
    return [content]


def _flat(item: Any, event_id: str) -> dict[str, Cell]:
    """A JSON value as a row: an object's members, a list's items, or one scalar."""
    if isinstance(item, dict):
        named = item
    else:
        named = {f"_c{index}": one for index, one in enumerate(item if isinstance(item, list) else [item])}
    nested = [name for name, cell in named.items() if isinstance(cell, list | dict)]
    if nested:
        raise CapturedDataError(f"event {event_id}: {', '.join(nested)} is nested; a monitor reads flat JSON")
    return {name: float(cell) if isinstance(cell, bool) else cell for name, cell in named.items()}


def cell_of(text: str) -> Cell:
    """A CSV cell: a number where it reads as one, None where it is empty."""
    stripped = text.strip()
    if not stripped:
        return None
    try:
        number = float(stripped)
    except ValueError:
        return stripped
    is_integer = stripped.lstrip("+-").isdigit()
    return int(stripped) if is_integer else number
