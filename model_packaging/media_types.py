"""The media types of rows and answers that this package writes and reads itself."""

from __future__ import annotations

JSON, CSV, NPY, JSON_LINES = "application/json", "text/csv", "application/x-npy", "application/jsonlines"


def media_type(content_type: str) -> str:
    """`text/csv` of `Text/CSV; charset=utf-8`."""
    return content_type.partition(";")[0].strip().lower()
