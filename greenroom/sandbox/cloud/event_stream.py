"""Event stream messages, in which a response stream comes: prelude, headers, payload, each with its checksum.

https://smithy.io/2.0/aws/amazon-eventstream.html ; botocore reads them (`botocore/eventstream.py`) and writes none.
"""

from __future__ import annotations

import struct
from binascii import crc32

_STRING = 7
"""The header type of a string."""
CONTENT_TYPE = "application/vnd.amazon.eventstream"


def encode_event(event_type: str, payload: bytes, content_type: str = "application/octet-stream") -> bytes:
    """One event."""
    return encode_message({":event-type": event_type, ":content-type": content_type, ":message-type": "event"}, payload)


def encode_message(headers: dict[str, str], payload: bytes) -> bytes:
    """One message with headers that are strings."""
    encoded = b"".join(_header(name.encode(), value.encode()) for name, value in headers.items())
    prelude = struct.pack("!II", 12 + len(encoded) + len(payload) + 4, len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: bytes, value: bytes) -> bytes:
    return struct.pack("!B", len(name)) + name + struct.pack("!BH", _STRING, len(value)) + value
