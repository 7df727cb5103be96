"""What containers print, in CloudWatch Logs, where SageMaker puts it: `/aws/sagemaker/Endpoints/NAME`.

Lines are taken over when a fleet has come up or failed, after each invocation, and before somebody reads logs. The
group is made where nobody made it before, as SageMaker does.

https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from moto.logs.models import logs_backends

from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK
from greenroom.sandbox.cloud.hosting import EndpointHost
from greenroom.sandbox.cloud.operations import RequestIdentity
from greenroom.sandbox.cloud.stage import FleetKey

EVENT = "container-log-lines"
INFERENCE_COMPONENT_FLEETS = "inference-components"
"""What is in an endpoint name's place, before the component's, in the keys of inference components' fleets."""
MAX_EVENTS = 5000
"""How many lines are taken over in one event of the journal; CloudWatch's own limit is 10,000 a PutLogEvents."""


def log_group_of(endpoint_name: str) -> str:
    """The log group of an endpoint's containers, or of an inference component's.

    https://docs.aws.amazon.com/sagemaker/latest/dg/logging-cloudwatch.html
    """
    folder, _, name = endpoint_name.rpartition("/")
    if folder == INFERENCE_COMPONENT_FLEETS:
        return f"/aws/sagemaker/InferenceComponents/{name}"
    return f"/aws/sagemaker/Endpoints/{endpoint_name}"


def log_stream_of(key: FleetKey, variant_name: str) -> str:
    """The log stream of a variant: `VARIANT/INSTANCE`. The instance is the fleet's generation: we have no ids."""
    return f"{variant_name}/generation-{key.generation}"


class ContainerLogs:
    """Follows the log files of the fleets it was told of."""

    def __init__(self, application: LocalAwsApplication, host: EndpointHost) -> None:
        self._application = application
        self._host = host
        self._lock = threading.Lock()
        self._read_bytes: dict[tuple[FleetKey, str], int] = {}
        self._followed: dict[FleetKey, dict[str, Path]] = {}
        application.on_event(EVENT, _put_lines)
        application.before_reads(self._before_read)

    def follow(self, key: FleetKey, paths: dict[str, Path]) -> None:
        """Take over the lines of a fleet from where its files end now: earlier ones were taken over before."""
        with self._lock:
            self._followed[key] = paths
            for variant, path in paths.items():
                self._read_bytes[key, variant] = path.stat().st_size if path.is_file() else 0

    def follow_also(self, key: FleetKey, name: str, path: Path) -> None:
        """Take over the lines of one more container of a fleet, all of them."""
        with self._lock:
            self._followed[key] = {**self._followed.get(key, {}), name: path}
            self._read_bytes.setdefault((key, name), 0)

    def forget(self, key: FleetKey) -> None:
        """Take over no more lines of a fleet."""
        with self._lock:
            self._followed.pop(key, None)

    def take_over(self, key: FleetKey) -> None:
        """Put the whole lines that are new into CloudWatch Logs."""
        for variant, path in self._followed.get(key, {}).items():
            lines = self._new_lines(key, variant, path)
            for start in range(0, len(lines), MAX_EVENTS):
                attributes = {
                    "account_id": key.account_id,
                    "region": key.region,
                    "group": log_group_of(key.endpoint_name),
                    "stream": log_stream_of(key, variant),
                }
                batch = lines[start : start + MAX_EVENTS]
                self._application.record(EVENT, attributes, json.dumps(batch).encode())

    def _new_lines(self, key: FleetKey, variant: str, path: Path) -> list[str]:
        with self._lock:
            if not path.is_file() or key not in self._followed:
                return []
            with path.open("rb") as file:
                file.seek(self._read_bytes[key, variant])
                text = file.read()
            whole = text[: text.rfind(b"\n") + 1]
            self._read_bytes[key, variant] += len(whole)
            return [line for line in whole.decode(errors="replace").splitlines() if line]

    def _before_read(self, identity: RequestIdentity) -> None:
        if identity.service == "logs":
            for key in list(self._followed):
                self.take_over(key)


def _put_lines(attributes: dict[str, Any], body: bytes) -> None:
    backend = logs_backends[attributes["account_id"]][attributes["region"]]
    group, stream = attributes["group"], attributes["stream"]
    if group not in backend.groups:
        backend.create_log_group(group, tags={})
    if stream not in backend.groups[group].streams:
        backend.create_log_stream(group, stream)
    now_ms = int(CLOCK.time() * 1000)
    events = [{"timestamp": now_ms, "message": line} for line in json.loads(body)]
    backend.put_log_events(group, stream, events)
