"""Where a local AWS answers, and what is known of its process."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class CloudAddress:
    """Where the local AWS answers.

    `url` is what goes into AWS_ENDPOINT_URL. `default_account_id` is the account of whoever signs with another access
    key id than an account's number.
    """

    url: str
    pid: int
    default_account_id: str


@dataclass(frozen=True)
class CloudStatus:
    """What `LocalCloud.status` finds.

    `state` is "stopped", "starting", "restoring" or "ready", or "unresponsive" where the process lives and does not
    answer. `address` is None while stopped.
    """

    state: str
    address: CloudAddress | None
    entries: int = 0
    """Changes restored so far while "restoring"; restored at its start once "ready"."""
    total_entries: int = 0


@dataclass(frozen=True)
class ServerRecord:
    """The server's own record of itself, `server.json`: by it a later command finds it again.

    `started` tells this process from a later one that was given the same pid.
    """

    pid: int
    started: str
    port: int
    default_account_id: str

    @property
    def address(self) -> CloudAddress:
        """Where it answers."""
        return CloudAddress(f"http://127.0.0.1:{self.port}", self.pid, self.default_account_id)

    def write(self, path: Path) -> None:
        """Write it so that nobody reads half of it."""
        draft = path.with_suffix(".draft")
        draft.write_text(json.dumps(asdict(self)), encoding="utf-8")
        draft.replace(path)

    @classmethod
    def read(cls, path: Path) -> ServerRecord | None:
        """The record at `path`; None where there is none, or one that cannot be read."""
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
