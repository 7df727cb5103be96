"""How long the rollouts of the local AWS wait between their phases, as a rehearsal reads and sets it."""

from __future__ import annotations

import http.client
import json
from typing import Final
from urllib.parse import urlsplit

ROLLOUTS_PATH: Final = "/_greenroom/rollouts"
WAIT_FACTORS: Final = {"skipped": 0.0, "documented": 1.0}
"""`skipped` takes every phase, and looks at its alarms, without a pause; `documented` waits as long as the deployment
configuration says."""
ANSWER_TIMEOUT_SECONDS: Final = 60.0


def rollout_waits(url: str, *, wait_factor: float | None = None) -> float:
    """What the waits of the rollouts that begin from now on are multiplied by, after setting it where that is asked."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=ANSWER_TIMEOUT_SECONDS)
    try:
        if wait_factor is None:
            connection.request("GET", ROLLOUTS_PATH)
        else:
            connection.request("POST", ROLLOUTS_PATH, json.dumps({"wait_factor": wait_factor}))
        return float(json.loads(connection.getresponse().read())["wait_factor"])
    finally:
        connection.close()
