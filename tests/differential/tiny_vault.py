"""A stand-in for HashiCorp Vault's transit engine, which keeps the real engine's data key without a passphrase.

With a passphrase, every command of the CLI derives the key anew (PBKDF2, a million rounds), which costs as much as all
that it does for a small program. What is encrypted here is base64 under another name: nothing secret is at stake.
https://developer.hashicorp.com/vault/api-docs/secret/transit
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PREFIX = "vault:v1:"


class _Transit(BaseHTTPRequestHandler):
    """``/v1/transit/encrypt/KEY`` and ``/v1/transit/decrypt/KEY``. The method names are the base class's."""

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "/encrypt/" in self.path:
            data = {"ciphertext": _PREFIX + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_PREFIX)}
        body = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_PUT  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Says nothing."""


@contextmanager
def tiny_vault() -> Iterator[str]:
    """The address of a vault."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
