"""Which AWS operation a request names, and whether it only reads.

The journal keeps what may change state and nothing else. Unknown names are taken to change it: an entry too many
costs a line, an entry too few loses a resource.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/[^/]*/([^/]*)/([^/]*)/")
_RPC_PATH = re.compile(r"^/service/[^/]+/operation/(\w+)$")  # smithy rpc-v2-cbor, CloudWatch's protocol today
_READS = re.compile(r"^(Describe|List|Get|BatchGet|Lookup|Search|Filter|Query|Scan|Head|Select|Check|Validate|View)")
# They begin like reads, and make credentials or start something.
_NOT_READS = frozenset({"GetSessionToken", "GetFederationToken", "GetCredentialReport", "GetQueryExecution"})
_READ_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class RequestIdentity:
    """What a request's signature and form say: who asks which operation of which service, where."""

    access_key_id: str | None
    region: str | None
    service: str | None
    operation: str | None
    method: str

    @property
    def only_reads(self) -> bool:
        """Whether no state can change, so that nothing needs recording."""
        if self.operation is None:
            return self.method in _READ_METHODS
        return self.operation not in _NOT_READS and _READS.match(self.operation) is not None


def identify(environ: dict[str, Any], body: bytes) -> RequestIdentity:
    """Read a request's identity from its WSGI environment and body (SigV4 header or presigned URL)."""
    query = parse_qs(environ.get("QUERY_STRING", ""), keep_blank_values=True)
    signed = environ.get("HTTP_AUTHORIZATION") or f"Credential={query.get('X-Amz-Credential', [''])[0]}/"
    match = _CREDENTIAL.search(signed)
    access_key_id, region, service = match.groups() if match else (None, None, None)
    return RequestIdentity(
        access_key_id=access_key_id,
        region=region,
        service=service,
        operation=_operation(environ, query, body),
        method=environ.get("REQUEST_METHOD", "GET"),
    )


def _operation(environ: dict[str, Any], query: dict[str, list[str]], body: bytes) -> str | None:
    target: str = environ.get("HTTP_X_AMZ_TARGET", "")
    if target:
        return target.rpartition(".")[2]
    rpc = _RPC_PATH.match(environ.get("PATH_INFO", ""))
    if rpc is not None:
        return rpc.group(1)
    if "Action" in query:
        return query["Action"][0]
    if environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return parse_qs(body.decode("utf-8", "replace")).get("Action", [None])[0]
    return None
