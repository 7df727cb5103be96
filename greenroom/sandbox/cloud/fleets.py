"""Fleets: the containers behind a deployment, brought up in the background and reported when they answer.

The report is an event of the journal, so that a restarted server knows what came of a deployment without making it
again; the containers themselves come back when somebody invokes the endpoint. A deployment that was under way when
the server was killed has no outcome: it is begun again.
"""

from __future__ import annotations

import dataclasses
import hashlib
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from moto.sagemaker.models import sagemaker_backends

from greenroom.sandbox.cloud import execution_role, model_data
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.backends import every_backend
from greenroom.sandbox.cloud.container_logs import ContainerLogs
from greenroom.sandbox.cloud.errors import ModelLoadError
from greenroom.sandbox.cloud.hosting import EndpointHost, HostedVariant
from greenroom.sandbox.cloud.stage import ContainerDefinition, Fleet, FleetKey, FleetOutcome, FleetVariant
from model_packaging.serving import ContainerSpec, ContainerStartError

EVENT = "fleet-outcome"


class Fleets:
    """Every fleet of this cloud, in `folder`, hosted by `host`."""

    def __init__(self, folder: Path, application: LocalAwsApplication, host: EndpointHost, logs: ContainerLogs) -> None:
        self._folder = folder
        self._application = application
        self._host = host
        self._logs = logs
        self._starting: dict[FleetKey, threading.Lock] = {}
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()
        self._multi_model_paths: dict[FleetKey, set[str]] = {}
        self.is_stopping = False
        application.on_event(EVENT, _report)

    @property
    def host(self) -> EndpointHost:
        """Where the containers run."""
        return self._host

    @property
    def logs(self) -> ContainerLogs:
        """What they print."""
        return self._logs

    def deploy(self, fleet: Fleet) -> FleetOutcome | None:
        """Bring the fleet up in the background; while the state is being restored, leave it."""
        if not self._application.replaying:
            self.in_background(lambda: self._deploy(fleet))
        return None

    def retire(self, key: FleetKey) -> None:
        """End the fleet's containers and remove its files, in the background."""
        self._logs.forget(key)
        if not self._application.replaying:
            self.in_background(lambda: self._retire(key))

    def resume(self) -> None:
        """Begin again the deployments that have no outcome."""
        with self._application.lock:
            waiting = [one.pending.fleet for one in _owners() if one.awaits_fleet]
        for fleet in waiting:
            self.deploy(fleet)

    def ensure_hosted(self, fleet: Fleet) -> None:
        """Bring a fleet's containers back where they are gone, as after a restart.

        Raises:
            ModelLoadError: They do not come up.
        """
        with self._starting_lock(fleet.key):
            if not self._host.is_hosted(fleet.key.path):
                self._start(fleet)

    def ensure_target_model(self, fleet: Fleet, variant: FleetVariant, target_model: str) -> tuple[str, str, int]:
        """Bring a model of a multi-model container up where it is not loaded.

        Each has a process of its own here, where AWS loads them into one:
        https://docs.aws.amazon.com/sagemaker/latest/dg/multi-model-endpoints.html

        Returns:
            The host's name of the endpoint and of the variant, and how long loading took, in microseconds: 0 where it
            was loaded already.

        Raises:
            ModelLoadError: There is no such model, or it does not come up.
        """
        (container,) = variant.containers
        name = f"{variant.name}.{hashlib.sha256(target_model.encode()).hexdigest()[:16]}"
        path = f"{fleet.key.path}/{name}"
        with self._starting_lock(fleet.key):
            if self._host.is_hosted(path):
                return path, name, 0
            began_ns = time.perf_counter_ns()
            uri = f"{str(container.model_data_uri).rstrip('/')}/{target_model.lstrip('/')}"
            one = dataclasses.replace(container, model_data_uri=uri, is_compressed=True)
            hosted = self.prepare(fleet.key, variant, one, name)
            self._logs.follow_also(fleet.key, name, self._folder.parent / "containers" / path / f"{name}.log")
            try:
                self._host.start(path, [hosted])
            except ContainerStartError as error:
                raise ModelLoadError(f"Failed to load model {target_model}: {error.reason}") from error
            self._multi_model_paths.setdefault(fleet.key, set()).add(path)
            return path, name, (time.perf_counter_ns() - began_ns) // 1000

    def wait_until_idle(self, timeout_seconds: float = 60.0) -> None:
        """Wait until nothing is being brought up or taken down any more."""
        while self._threads:
            for thread in list(self._threads):
                thread.join(timeout_seconds)

    def stop(self) -> None:
        """End every container."""
        self.is_stopping = True
        self._host.stop_all()
        self.wait_until_idle()
        self._host.stop_all()

    def in_background(self, work: Callable[[], None]) -> None:
        """Do `work` in a thread of its own, which `stop` waits for."""

        def run() -> None:
            try:
                work()
            finally:
                self._threads.discard(threading.current_thread())

        thread = threading.Thread(target=run, name="fleet", daemon=True)
        self._threads.add(thread)
        thread.start()

    def _deploy(self, fleet: Fleet) -> None:
        try:
            with self._starting_lock(fleet.key):
                self._start(fleet)
            failure_reason = None
        except ModelLoadError as error:
            failure_reason = str(error)
        except Exception as error:  # noqa: BLE001  a deployment must end one way or the other
            failure_reason = f"The local AWS could not bring up the fleet: {type(error).__name__}: {error}"
        if self.is_stopping:
            return
        key = fleet.key
        attributes = {
            "account_id": key.account_id,
            "region": key.region,
            "endpoint_name": key.endpoint_name,
            "generation": key.generation,
            "failure_reason": failure_reason,
        }
        self._application.record(EVENT, attributes)
        with self._application.lock:
            is_wanted = any(key in _fleets_of(one) for one in _owners())
        if failure_reason is not None or not is_wanted:
            self._retire(key)

    def _start(self, fleet: Fleet) -> None:
        hosted = {
            one.name: (one, variant, variant.label(position))
            for variant in fleet.variants
            for position, container in enumerate(self._containers(variant))
            if not container.is_multi_model
            for one in [self._prepare(fleet, variant, position)]
        }
        self._logs.follow(fleet.key, {name: self._host_log(fleet.key, name) for name in hosted})
        try:
            self._host.start(fleet.key.path, [one for one, _, _ in hosted.values()])
        except ContainerStartError as error:
            _, variant, label = hosted[error.log_path.name.removesuffix(".log")]
            # AWS's wording; as reported in aws/sagemaker-python-sdk and the Developer Guide's troubleshooting.
            raise ModelLoadError(
                f"The {label} container for production variant {variant.name} did not pass the ping health check. "
                "Please check CloudWatch logs for this endpoint."
            ) from error
        finally:
            self._logs.take_over(fleet.key)
        for name, (_, variant, _) in hosted.items():
            if variant.starts_cold:
                self._host.put_to_sleep(fleet.key.path, name)

    def _host_log(self, key: FleetKey, hosted_name: str) -> Path:
        return self._folder.parent / "containers" / key.path / f"{hosted_name}.log"

    @staticmethod
    def _containers(variant: FleetVariant) -> tuple[ContainerDefinition, ...]:
        if variant.problem is not None:
            raise ModelLoadError(variant.problem)
        return variant.containers  # none where it hosts inference components

    def _prepare(self, fleet: Fleet, variant: FleetVariant, position: int) -> HostedVariant:
        name = variant.hosted_name(position)
        return self.prepare(fleet.key, variant, variant.containers[position], name)

    def prepare(
        self, key: FleetKey, variant: FleetVariant, container: ContainerDefinition, hosted_name: str
    ) -> HostedVariant:
        """A container with its model data on this machine.

        Raises:
            ModelLoadError: Its role cannot be assumed, or its data cannot be had.
        """
        with self._application.lock:
            execution_role.check_assumable(container.execution_role_arn)
        folder = self.model_folder(key, hosted_name)
        model_data.fetch(container, key, folder, self._application.lock)
        spec = ContainerSpec(container.model_name, container.image, container.environment, folder)
        if variant.startup_timeout_seconds is None:
            return HostedVariant(hosted_name, 1.0, spec)
        return HostedVariant(hosted_name, 1.0, spec, float(variant.startup_timeout_seconds))

    def model_folder(self, key: FleetKey, hosted_name: str) -> Path:
        """Where a container's model data is."""
        return self._folder / key.path / hosted_name / "model"

    def _retire(self, key: FleetKey) -> None:
        with self._starting_lock(key):
            self._logs.forget(key)
            self._host.stop(key.path)
            for path in self._multi_model_paths.pop(key, ()):
                self._host.stop(path)
            shutil.rmtree(self._folder / key.path, ignore_errors=True)

    def _starting_lock(self, key: FleetKey) -> threading.Lock:
        with self._lock:
            return self._starting.setdefault(key, threading.Lock())


def _owners() -> list[Any]:
    return [owner for backend in every_backend(sagemaker_backends) for owner in backend.fleet_owners()]


def _fleets_of(owner: Any) -> set[FleetKey]:
    return {one.fleet.key for one in (owner.live, owner.pending) if one is not None}


def _report(attributes: dict[str, Any], body: bytes) -> None:
    del body
    key = FleetKey(
        attributes["account_id"], attributes["region"], attributes["endpoint_name"], attributes["generation"]
    )
    owner = sagemaker_backends[key.account_id][key.region].fleet_owner(key.endpoint_name)
    if owner is not None:
        owner.report(key, FleetOutcome(attributes["failure_reason"]))
