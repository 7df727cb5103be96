"""Ground truth as a model-quality monitor reads it: JSON Lines by hours of UTC.

```
s3://BUCKET/PREFIX/2026/01/31/23/labels.jsonl
{"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "…"}, "eventVersion": "0"}
```

An event is named by the `InferenceId` that the caller sent, or by the event id of its capture. The hour is the one in
which the prediction was captured, and not the one in which the label came.

https://docs.aws.amazon.com/sagemaker/latest/dg/model-monitor-model-quality-merge.html
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any

from model_packaging.baselines.errors import PredictionsError

EVENT_VERSION = "0"


@dataclass(frozen=True)
class TrueLabel:
    """What was true of one prediction."""

    event_id: str
    """The inference id of the request, or the event id of its capture."""
    label: str | float
    captured_at: datetime
    """When it was predicted; with a time zone."""


def ground_truth_record(event_id: str, label: str | float) -> dict[str, Any]:
    """One line: the label as a cell of CSV."""
    if not event_id:
        raise PredictionsError("a label without an event id cannot be joined with a prediction")
    return {
        "groundTruthData": {"data": _cell(label), "encoding": "CSV"},
        "eventMetadata": {"eventId": event_id},
        "eventVersion": EVENT_VERSION,
    }


def ground_truth_records(labels: Mapping[str, str | float]) -> bytes:
    """A file of ground truth: a line for each event.

    Args:
        labels: What was true, by inference id or event id.
    """
    lines = (json.dumps(ground_truth_record(event, label), ensure_ascii=False) for event, label in labels.items())
    return "".join(f"{line}\n" for line in lines).encode()


def ground_truth_files(labels: Iterable[TrueLabel], *, name: str = "ground-truth") -> dict[PurePosixPath, bytes]:
    """Files by their paths under the monitor's `GroundTruthS3Input`: one for each hour.

    Raises:
        PredictionsError: an event has two labels, or a time has no zone.
    """
    hours: dict[datetime, dict[str, str | float]] = defaultdict(dict)
    for one in labels:
        if one.captured_at.tzinfo is None:
            raise PredictionsError(
                f"event {one.event_id!r}: {one.captured_at} has no time zone; give it one, such as UTC"
            )
        hour = one.captured_at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
        if one.event_id in hours[hour]:
            raise PredictionsError(f"event {one.event_id!r} has two labels in one hour; a prediction has one")
        hours[hour][one.event_id] = one.label
    return {
        PurePosixPath(f"{hour:%Y/%m/%d/%H}/{name}.jsonl"): ground_truth_records(of_hour)
        for hour, of_hour in sorted(hours.items())
    }


def _cell(label: str | float) -> str:
    """As a CSV cell; a text with a separator or a quote in it is quoted (RFC 4180)."""
    text = str(label)
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text
