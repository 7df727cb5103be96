"""`EndpointHost`: the endpoints that are being served, and where each invocation goes.

A variant is chosen at random in proportion to its weight, as SageMaker does; an explicit weight of 0 gets
nothing, unless the caller names it. An endpoint that is started again gets its new containers first and
loses the old ones only when the new ones answer (blue/green), so that a release that cannot start leaves
the endpoint as it was. A container that died is started again by the next invocation.

A hundred endpoints of one container each would fill a laptop's memory, so that only the
`resident_containers` last used ones run; another comes back when it is called.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/model-ab-testing.html
"""

from __future__ import annotations

import os
import random
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from greenroom.sandbox.cloud.hosting.errors import EndpointNotHostedError, NoTrafficError, UnknownVariantError
from model_packaging.serving.container import (
    INVOCATION_TIMEOUT_SECONDS,
    STARTUP_TIMEOUT_SECONDS,
    ContainerSpec,
    VariantContainer,
)

RESIDENT_CONTAINERS = 24
"""At about 60 MiB each: under 1.5 GiB."""

DRAIN_TIMEOUT_SECONDS = 10.0
"""How long a variant that is replaced may finish its requests."""


@dataclass(frozen=True)
class HostedVariant:
    """A production variant: its share of the traffic and its container."""

    name: str
    weight: float
    container: ContainerSpec
    startup_timeout_seconds: float = STARTUP_TIMEOUT_SECONDS


@dataclass(frozen=True)
class Invocation:
    """What came of one invocation, with SageMaker's two latencies in microseconds.

    `model_latency_us` is the time the container took, the way to it included; `overhead_us` is the rest.
    `setup_us`, part of the overhead, is what it took to start a container that did not run: a cold start. `parts` are
    the pieces in which the container sent its body.
    https://docs.aws.amazon.com/sagemaker/latest/dg/monitoring-cloudwatch.html
    """

    status: int
    body: bytes
    content_type: str
    variant: str
    model_latency_us: int
    overhead_us: int
    custom_attributes: str | None = None
    setup_us: int = 0
    parts: tuple[bytes, ...] = ()


class Random(Protocol):
    """The one thing that is asked of a random number generator."""

    def random(self) -> float:
        """A number in [0, 1)."""
        ...


@dataclass
class _Variant:
    hosted: HostedVariant
    folder: Path
    starts: threading.BoundedSemaphore
    container: VariantContainer | None = None
    in_flight: int = 0
    last_used: float = 0.0
    is_retired: bool = False
    changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def is_running(self) -> bool:
        """Whether its container runs, as far as can be seen without waiting for anybody."""
        container = self.container
        return container is not None and container.is_alive

    def acquire(self) -> VariantContainer | None:
        """The running container, started where it is not, and kept so until `release`; None once retired."""
        with self.changed:
            if self.is_retired:
                return None
            self.last_used = time.monotonic()
            if self.container is None or not self.container.is_alive:
                self._start()
            self.in_flight += 1
            return self.container

    def release(self) -> None:
        with self.changed:
            self.in_flight -= 1
            self.changed.notify_all()

    def sleep(self) -> None:
        """Stops the container if nobody is using it."""
        with self.changed:
            if self.in_flight == 0:
                self._stop()

    def retire(self) -> None:
        """Lets the requests under way finish, then stops the container for good."""
        with self.changed:
            self.is_retired = True
            self.changed.wait_for(lambda: self.in_flight == 0, timeout=DRAIN_TIMEOUT_SECONDS)
            self._stop()

    def _start(self) -> None:
        self._stop()
        with self.starts:
            self.container = VariantContainer.start(
                self.hosted.container,
                self.folder,
                log_name=f"{self.hosted.name}.log",
                startup_timeout_seconds=self.hosted.startup_timeout_seconds,
            )

    def _stop(self) -> None:
        if self.container is not None:
            self.container.stop()
            self.container = None


class EndpointHost:
    """The endpoints served by this process. Safe to use from many threads."""

    def __init__(
        self,
        work_folder: Path,
        *,
        rng: Random | None = None,
        resident_containers: int = RESIDENT_CONTAINERS,
        simultaneous_starts: int | None = None,
    ) -> None:
        """A host with no endpoint.

        Args:
            work_folder: Gets a folder an endpoint, with a log a variant.
            rng: Chooses among variants; the system's by default.
            resident_containers: How many containers may run at once while nobody calls them.
            simultaneous_starts: How many may start at once; as many as there are processors by default.
        """
        self._work_folder = work_folder
        self._rng: Random = random.SystemRandom() if rng is None else rng
        self._resident_containers = resident_containers
        self._starts = threading.BoundedSemaphore(simultaneous_starts or os.cpu_count() or 1)
        self._endpoints: dict[str, dict[str, _Variant]] = {}
        self._lock = threading.Lock()

    def start(self, endpoint_name: str, variants: Iterable[HostedVariant]) -> None:
        """Serves `variants` under `endpoint_name`, in place of those it has.

        Returns when every container has answered its health check.

        Raises:
            ContainerStartError: one of them did not; the endpoint is as it was before.
        """
        folder = self._work_folder / endpoint_name
        fresh = {variant.name: _Variant(variant, folder, self._starts) for variant in variants}
        try:
            with ThreadPoolExecutor(max_workers=max(1, len(fresh))) as threads:
                for _ in threads.map(_warm, fresh.values()):
                    pass
        except BaseException:
            _retire(fresh.values())
            raise
        with self._lock:
            former = self._endpoints.get(endpoint_name, {})
            self._endpoints[endpoint_name] = fresh
        _retire(former.values())
        self._put_idle_to_sleep()

    def update_weights(self, endpoint_name: str, weights: Mapping[str, float]) -> None:
        """Changes the weights of variants while they serve; those not named keep theirs.

        Raises:
            EndpointNotHostedError, UnknownVariantError: nothing is changed then.
        """
        with self._lock:
            variants = self._variants(endpoint_name)
            for name in weights:
                self._variant(endpoint_name, name)
            for name, weight in weights.items():
                former = variants[name].hosted
                variants[name].hosted = HostedVariant(
                    former.name, weight, former.container, former.startup_timeout_seconds
                )

    def invoke(
        self,
        endpoint_name: str,
        body: bytes,
        content_type: str = "application/json",
        accept: str = "*/*",
        target_variant: str | None = None,
        *,
        custom_attributes: str | None = None,
        timeout_seconds: float = INVOCATION_TIMEOUT_SECONDS,
    ) -> Invocation:
        """Sends one request to one variant and waits for its answer, whatever its status.

        Raises:
            EndpointNotHostedError, UnknownVariantError, NoTrafficError: it went nowhere.
            ContainerStartError: the variant's container had ended and does not start again.
        """
        began_ns = time.perf_counter_ns()
        variant, container, setup_ns = self._acquire(endpoint_name, target_variant)
        try:
            sent_ns = time.perf_counter_ns()
            response = container.invoke(body, content_type, accept, custom_attributes, timeout_seconds=timeout_seconds)
            model_ns = time.perf_counter_ns() - sent_ns
        finally:
            variant.release()
        self._put_idle_to_sleep()
        overhead_ns = time.perf_counter_ns() - began_ns - model_ns
        return Invocation(
            response.status,
            response.body,
            response.content_type,
            variant.hosted.name,
            model_latency_us=round(model_ns / 1000),
            overhead_us=round(overhead_ns / 1000),
            custom_attributes=response.custom_attributes,
            setup_us=round(setup_ns / 1000),
            parts=response.parts,
        )

    def put_to_sleep(self, endpoint_name: str, variant: str) -> None:
        """Stops a variant's container, unless somebody uses it; the next invocation starts it again: a cold start."""
        with self._lock:
            sleeping = self._endpoints.get(endpoint_name, {}).get(variant)
        if sleeping is not None:
            sleeping.sleep()

    def process_id(self, endpoint_name: str, variant: str) -> int | None:
        """The process that serves a variant; None where none runs."""
        with self._lock:
            found = self._endpoints.get(endpoint_name, {}).get(variant)
            container = None if found is None else found.container
        return None if container is None else container.process.pid

    def stop(self, endpoint_name: str) -> None:
        """Ends the endpoint's containers; an endpoint that is not served is left so."""
        with self._lock:
            former = self._endpoints.pop(endpoint_name, {})
        _retire(former.values())

    def stop_all(self) -> None:
        """Ends every container."""
        with self._lock:
            former, self._endpoints = self._endpoints, {}
        _retire([variant for variants in former.values() for variant in variants.values()])

    def is_hosted(self, endpoint_name: str) -> bool:
        """Whether the endpoint is being served."""
        with self._lock:
            return endpoint_name in self._endpoints

    def log_paths(self, endpoint_name: str) -> dict[str, Path]:
        """The log of each variant.

        Raises:
            EndpointNotHostedError: no such endpoint.
        """
        with self._lock:
            return {name: variant.folder / f"{name}.log" for name, variant in self._variants(endpoint_name).items()}

    def _acquire(self, endpoint_name: str, target_variant: str | None) -> tuple[_Variant, VariantContainer, int]:
        while True:
            variant = self._choose(endpoint_name, target_variant)
            began_ns, runs_already = time.perf_counter_ns(), variant.is_running
            container = variant.acquire()
            if container is not None:  # else it was replaced since: the endpoint has another by now, or none
                return variant, container, 0 if runs_already else time.perf_counter_ns() - began_ns

    def _choose(self, endpoint_name: str, target_variant: str | None) -> _Variant:
        with self._lock:
            if target_variant is not None:
                return self._variant(endpoint_name, target_variant)
            variants = self._variants(endpoint_name)
            weights = {name: variant.hosted.weight for name, variant in variants.items()}
            chosen = choose_variant(weights, self._rng)
            if chosen is None:
                raise NoTrafficError(endpoint_name, tuple(variants))
            return variants[chosen]

    def _variants(self, endpoint_name: str) -> dict[str, _Variant]:
        if endpoint_name not in self._endpoints:
            raise EndpointNotHostedError(endpoint_name, tuple(sorted(self._endpoints)))
        return self._endpoints[endpoint_name]

    def _variant(self, endpoint_name: str, name: str) -> _Variant:
        variants = self._variants(endpoint_name)
        if name not in variants:
            raise UnknownVariantError(endpoint_name, name, tuple(variants))
        return variants[name]

    def _put_idle_to_sleep(self) -> None:
        with self._lock:
            every = [variant for variants in self._endpoints.values() for variant in variants.values()]
        awake = sorted((variant for variant in every if variant.container is not None), key=lambda one: one.last_used)
        for variant in awake[: max(0, len(awake) - self._resident_containers)]:
            variant.sleep()


def choose_variant(weights: Mapping[str, float], rng: Random) -> str | None:
    """The variant that a random number falls on, in proportion to the weights; None where all are 0."""
    point = rng.random() * sum(weights.values())
    chosen = None
    for name, weight in weights.items():
        if weight > 0:
            chosen = name
            if point < weight:
                break
            point -= weight
    return chosen


def _warm(variant: _Variant) -> None:
    variant.acquire()
    variant.release()


def _retire(variants: Iterable[_Variant]) -> None:
    every = list(variants)
    if every:
        with ThreadPoolExecutor(max_workers=min(8, len(every))) as threads:
            list(threads.map(_Variant.retire, every))
