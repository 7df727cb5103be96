"""Requests that a model must refuse, made of those that it answers.

Each is one that callers send some day: a body cut off on its way, an empty one, one in another encoding, a row with a
column too few, the largest that an endpoint takes. The caller's mistake is a 4XX; a 5XX raises the endpoint's alarms,
and may roll a deployment back.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model_packaging.contract.samples import SampleRequest
from model_packaging.media_types import CSV, JSON, JSON_LINES, NPY, media_type
from model_packaging.release import Signature
from model_packaging.serving.container import LARGEST_BODY_BYTES

STRICT = frozenset({JSON, CSV, NPY, JSON_LINES})
"""Types of which it is known what a body of theirs cannot be."""


@dataclass(frozen=True)
class MalformedRequest:
    """One request that is wrong."""

    case: str
    """What is wrong with it, in a few words."""
    body: bytes
    content_type: str
    must_be_refused: bool
    """Whether it must be a 4XX; otherwise it is enough that it is no 5XX: some models have an answer to it."""


def malformed_requests(
    samples: Sequence[SampleRequest], content_types: Iterable[str], signature: Signature
) -> Iterator[MalformedRequest]:
    """What each content type can be sent that is wrong.

    Args:
        samples: Requests that are right.
        content_types: What the model says it reads.
        signature: Tells whether a row has a fixed width.
    """
    for content_type in content_types:
        kind = media_type(content_type)
        sample = next((one.body for one in samples if media_type(one.content_type) == kind), None)
        for case, body, must_be_refused in _cases(kind, sample, has_width=_has_width(signature)):
            yield MalformedRequest(case, body, content_type, must_be_refused)


def _cases(kind: str, sample: bytes | None, *, has_width: bool) -> Iterator[tuple[str, bytes, bool]]:
    is_strict = kind in STRICT
    yield "empty", b"", is_strict
    if kind in {JSON, CSV, JSON_LINES} or kind.startswith("text/"):
        yield "not UTF-8", b"\xff\xfe\xfd\x00\x80", is_strict
    if kind == JSON:
        yield "null", b"null", True
    if sample:
        truncated = _truncated(kind, sample)
        if truncated is not None:
            yield "truncated", truncated, is_strict
        narrow = _without_last_column(kind, sample) if has_width else None
        if narrow is not None:
            yield "a column too few", narrow, True
    yield "as large as an endpoint takes", _largest(kind), False


def _truncated(kind: str, sample: bytes) -> bytes | None:
    if kind in {JSON, JSON_LINES}:
        body = sample.strip()
        return body[:-1] if body.endswith((b"}", b"]", b'"')) else None
    if kind.startswith("text/"):
        return None  # half a text is a text
    return sample[: len(sample) // 2]


def _without_last_column(kind: str, sample: bytes) -> bytes | None:
    if kind == CSV:
        rows = [line.rpartition(b",")[0] for line in sample.splitlines() if line]
        return b"\n".join(rows) + b"\n" if rows and all(rows) else None
    if kind != JSON:
        return None
    try:
        content = json.loads(sample)
        narrow = _narrowed(content)
    except (ValueError, RecursionError):
        return None  # the sample is none: its own check says so
    return None if narrow == content else json.dumps(narrow).encode()


def _narrowed(content: Any) -> Any:
    if isinstance(content, dict):
        return {name: _narrowed(value) for name, value in content.items()}
    if not isinstance(content, list):
        return content
    if any(isinstance(one, list | dict) for one in content):
        return [_narrowed(one) for one in content]
    return content[:-1] if len(content) > 1 else content


def _largest(kind: str) -> bytes:
    if kind == JSON:
        head, tail = b'{"instances": [[0', b"]]}"
    elif kind == CSV:
        head, tail = b"0", b"\n"
    else:
        return bytes(LARGEST_BODY_BYTES)
    return head + b",0" * ((LARGEST_BODY_BYTES - len(head) - len(tail)) // 2) + tail


def _has_width(signature: Signature) -> bool:
    shapes = [one.shape for one in signature.inputs]
    return len(shapes) == 1 and len(shapes[0]) > 1 and shapes[0][-1] is not None
