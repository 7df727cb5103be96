"""Requests to a container as fast as it answers (`closed_loop`), or at a rate whatever it answers (`open_loop`).

A closed loop finds what a container can do: each caller sends the next request when the last is answered. It flatters
the latency: a container that stalls is asked nothing meanwhile, and the requests that would have waited are never
counted ("coordinated omission"). So latency under a load is measured in an open loop: requests come at random moments
of a given rate (Poisson, as callers who know nothing of one another), and each one's latency counts from the moment it
was due.

Every request has a connection of its own, as nginx has to the model server behind it in AWS's containers.
"""

from __future__ import annotations

import math
import random
import socket
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from model_packaging.contract.samples import SampleRequest

REQUEST_TIMEOUT_SECONDS = 60.0
MOST_IN_FLIGHT = 128
"""As many callers as the open loop has; requests that find none free wait, and their wait counts."""

SEED = 7
"""The moments of the open loop are the same in every run."""


@dataclass(frozen=True)
class Window:
    """What was measured of one load."""

    requests: int
    errors: int
    """Answers other than 2XX, and none at all."""
    first_error: str
    seconds: float
    p50_ms: float
    p99_ms: float
    most_in_flight: int

    @property
    def requests_per_second(self) -> float:
        """How many were answered a second."""
        return self.requests / self.seconds if self.seconds > 0 else 0.0


@dataclass
class _Recorder:
    latencies: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    in_flight: int = 0
    most_in_flight: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def send(self, port: int, request: bytes, due: float | None = None) -> None:
        """Sends one request; its latency counts from when it was due, or from now."""
        with self.lock:
            self.in_flight += 1
            self.most_in_flight = max(self.most_in_flight, self.in_flight)
        began = time.perf_counter() if due is None else due
        error = _exchange(port, request)
        latency = time.perf_counter() - began
        with self.lock:
            self.in_flight -= 1
            self.latencies.append(latency)
            if error is not None:
                self.errors.append(error)

    def window(self, seconds: float) -> Window:
        ordered = sorted(self.latencies)
        return Window(
            requests=len(ordered),
            errors=len(self.errors),
            first_error=self.errors[0] if self.errors else "",
            seconds=seconds,
            p50_ms=percentile(ordered, 50) * 1000,
            p99_ms=percentile(ordered, 99) * 1000,
            most_in_flight=self.most_in_flight,
        )


def closed_loop(port: int, samples: Sequence[SampleRequest], *, concurrency: int, seconds: float) -> Window:
    """`concurrency` callers, each of which sends the next request when its last is answered; at least one each."""
    requests = [_request(sample) for sample in samples]
    recorder = _Recorder()
    began = time.perf_counter()

    def call(first: int) -> None:
        number = first
        while number == first or time.perf_counter() - began < seconds:
            recorder.send(port, requests[number % len(requests)])
            number += 1

    _in_threads(call, concurrency)
    return recorder.window(time.perf_counter() - began)


def open_loop(port: int, samples: Sequence[SampleRequest], *, requests_per_second: float, seconds: float) -> Window:
    """Requests at random moments of a rate; latencies count from those moments."""
    requests = [_request(sample) for sample in samples]
    moments = arrivals(requests_per_second, seconds)
    recorder, taken, lock = _Recorder(), iter(enumerate(moments)), threading.Lock()
    began = time.perf_counter()

    def call(_: int) -> None:
        while True:
            with lock:
                number, moment = next(taken, (-1, 0.0))
            if number < 0:
                return
            due = began + moment
            time.sleep(max(0.0, due - time.perf_counter()))
            recorder.send(port, requests[number % len(requests)], due)

    _in_threads(call, min(MOST_IN_FLIGHT, len(moments)))
    return recorder.window(time.perf_counter() - began)


def arrivals(requests_per_second: float, seconds: float) -> list[float]:
    """The moments, in seconds from the beginning, at which requests of that rate arrive; at least one.

    As many as the rate says, anywhere in the time: a Poisson process of which it is known how many came.
    """
    rng = random.Random(SEED)  # noqa: S311 - a load, not a secret
    return sorted(rng.uniform(0, seconds) for _ in range(max(1, round(requests_per_second * seconds))))


def percentile(ordered: Sequence[float], percent: float) -> float:
    """The smallest of the ordered values that `percent` of them do not exceed (nearest rank); 0 of none."""
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)] if ordered else 0.0


def _in_threads(call: Callable[[int], None], count: int) -> None:
    threads = [threading.Thread(target=call, args=(number,), daemon=True) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _request(sample: SampleRequest) -> bytes:
    head = (
        "POST /invocations HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAccept: */*\r\n"
        f"Content-Type: {sample.content_type}\r\nContent-Length: {len(sample.body)}\r\n\r\n"
    )
    return head.encode() + sample.body


def _exchange(port: int, request: bytes) -> str | None:
    """Sends a request and reads its whole answer; what went wrong, or None."""
    try:
        with socket.create_connection(("127.0.0.1", port), REQUEST_TIMEOUT_SECONDS) as connection:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            connection.sendall(request)
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
    except OSError as error:
        return f"no answer: {error}"
    status = answer[9:12]
    return None if status.startswith(b"2") else answer.partition(b"\r\n")[0].decode(errors="replace") or "no answer"
