"""Several workers answer at once, each with a model of its own; a container that is ended answers what it began."""

from __future__ import annotations

import http.client
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from model_packaging.serving import ContainerSpec, ContainerStartError, VariantContainer
from model_packaging.serving.kinds import WORKERS
from model_packaging.serving.usage import memory_of, processes_of

pytestmark = pytest.mark.slow

PID = """
    import os, time
    def model_fn(model_dir): return os.getpid()
    def transform_fn(model, body, content_type, accept):
        if body == b"crash": os._exit(1)
        if body == b"slow": time.sleep(0.5)
        return str(model), "text/plain"
"""

Starter = Callable[..., VariantContainer]


@pytest.fixture
def start(tmp_path) -> Iterator[Starter]:
    running: list[VariantContainer] = []

    def start(code: str = PID, **environment: str) -> VariantContainer:
        (tmp_path / "model" / "code").mkdir(parents=True)
        (tmp_path / "model" / "code" / "inference.py").write_text(textwrap.dedent(code))
        spec = ContainerSpec("pids", "image:1", environment, tmp_path / "model")
        running.append(VariantContainer.start(spec, tmp_path / "work"))
        return running[-1]

    yield start
    for container in running:
        container.stop()


def answers(container: VariantContainer, body: bytes, count: int) -> list[tuple[int, bytes]]:
    with ThreadPoolExecutor(count) as threads:
        found = list(threads.map(lambda _: container.invoke(body, "text/plain", "*/*"), range(count)))
    return [(one.status, one.body) for one in found]


def test_two_workers_answer_at_once_each_with_its_own_model(start):
    container = start(**{WORKERS: "2"})
    deadline = time.monotonic() + 20
    pids: set[bytes] = set()
    while len(pids) < 2 and time.monotonic() < deadline:
        found = answers(container, b"slow", 4)
        assert {status for status, _ in found} == {200}
        pids |= {body for _, body in found}
    assert len(pids) == 2
    members = processes_of(container.process.pid)
    assert {int(pid) for pid in pids} < set(members)
    assert all(memory is not None and memory.peak_private_bytes > 1_000_000 for memory in map(memory_of, members))


def test_a_worker_that_dies_is_started_again(start):
    container = start(**{WORKERS: "2"})
    before = set(processes_of(container.process.pid))
    assert container.invoke(b"crash", "text/plain", "*/*").status == 503
    deadline = time.monotonic() + 20
    while container.log_path.read_text().count("the model is loaded") < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert {status for status, _ in answers(container, b"x", 8)} == {200}
    after = set(processes_of(container.process.pid))
    assert (len(after), len(after & before)) == (3, 2)


@pytest.mark.parametrize("workers", ["0", "two", "-1"])
def test_a_number_of_workers_that_is_none_is_told(start, workers):
    with pytest.raises(ContainerStartError, match="allowed: a whole number from 1"):
        start(**{WORKERS: workers})


def test_a_model_that_no_worker_can_load_ends_the_container(start):
    with pytest.raises(ContainerStartError, match="it ended with exit status 3"):
        start("raise RuntimeError('the weights are gone')", **{WORKERS: "2"})


@pytest.mark.parametrize("workers", ["1", "2"])
def test_sigterm_lets_the_requests_under_way_be_answered(start, workers):
    container = start(**{WORKERS: workers})
    connection = http.client.HTTPConnection("127.0.0.1", container.port, timeout=10)
    connection.putrequest("POST", "/invocations")
    connection.putheader("Content-Type", "text/plain")
    connection.putheader("Content-Length", "4")
    connection.endheaders()
    connection.send(b"sl")
    time.sleep(0.2)
    container.process.terminate()
    threading.Timer(0.2, lambda: connection.send(b"ow")).start()
    assert connection.getresponse().status == 200
    connection.close()
    assert container.process.wait(10) == 0
