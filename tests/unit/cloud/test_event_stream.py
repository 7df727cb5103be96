"""What the local AWS streams, botocore reads."""

from __future__ import annotations

from typing import Any

from botocore.eventstream import EventStreamBuffer
from hypothesis import given, settings
from hypothesis import strategies as st

from greenroom.sandbox.cloud.event_stream import encode_event


@settings(max_examples=30)
@given(st.lists(st.binary(max_size=200), max_size=5))
def test_botocore_reads_every_event_with_its_headers_and_checksums(payloads):
    """https://smithy.io/2.0/aws/amazon-eventstream.html ."""
    buffer = EventStreamBuffer()
    buffer.add_data(b"".join(encode_event("PayloadPart", one) for one in payloads))
    events = list(buffer)
    assert [event.payload for event in events] == payloads
    headers: list[Any] = [event.headers for event in events]
    assert [(one[":event-type"], one[":message-type"]) for one in headers] == [("PayloadPart", "event")] * len(payloads)
