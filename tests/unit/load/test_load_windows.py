"""A rate is a number of requests in a time; a latency counts from when a request was due."""

from __future__ import annotations

import time
from collections.abc import Iterator
from socket import create_server
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.contract import SampleRequest
from model_packaging.load_generator import arrivals, closed_loop, open_loop, percentile

SAMPLE = SampleRequest("one", b"1,2", "text/csv")


@given(st.floats(0.1, 100), st.floats(0.1, 2))
def test_as_many_requests_arrive_as_the_rate_says_each_within_the_time(rate, seconds):
    moments = arrivals(rate, seconds)
    assert len(moments) == max(1, round(rate * seconds))
    assert moments == sorted(moments)
    assert all(0 <= moment <= seconds for moment in moments)
    assert moments == arrivals(rate, seconds)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [([], 99, 0.0), ([7.0], 50, 7.0), ([1.0, 2.0], 50, 1.0), ([float(n) for n in range(1, 201)], 99, 198.0)],
)
def test_a_percentile_is_a_value_that_was_measured(values, percent, expected):
    assert percentile(values, percent) == expected


class Server:
    """Answers one request after the other, each after `delay_seconds`; every other one with 500, if it is `failing`."""

    def __init__(self, delay_seconds: float, *, failing: bool = False) -> None:
        self.listener = create_server(("127.0.0.1", 0), backlog=128)
        self.delay_seconds, self.failing, self.seen = delay_seconds, failing, 0
        self.port: int = self.listener.getsockname()[1]
        Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                assert connection.recv(65536).startswith(b"POST /invocations HTTP/1.1\r\n")
                time.sleep(self.delay_seconds)
                self.seen += 1
                status = b"500 no" if self.failing and self.seen % 2 else b"200 OK"
                connection.sendall(b"HTTP/1.1 " + status + b"\r\nContent-Length: 0\r\n\r\n")


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server(0.01)
    yield one
    one.listener.close()


def test_a_closed_loop_has_no_more_in_flight_than_it_was_told(server):
    window = closed_loop(server.port, [SAMPLE], concurrency=3, seconds=0.1)
    assert (window.requests, window.most_in_flight, window.errors) == (server.seen, 3, 0)
    assert window.p99_ms > 10


def test_an_open_loop_counts_the_wait_of_requests_that_find_the_container_busy(server):
    """200 a second on what answers 100: the closed loop sees 10 ms, a caller sees the queue."""
    alone = closed_loop(server.port, [SAMPLE], concurrency=1, seconds=0.1)
    queued = open_loop(server.port, [SAMPLE], requests_per_second=200, seconds=0.1)
    assert queued.requests == 20
    assert queued.p99_ms > 2 * alone.p50_ms


def test_what_fails_is_counted_and_told():
    server = Server(0.0, failing=True)
    window = closed_loop(server.port, [SAMPLE], concurrency=1, seconds=0.02)
    server.listener.close()
    assert window.errors == (window.requests + 1) // 2
    assert window.first_error == "HTTP/1.1 500 no"
    gone = closed_loop(1, [SAMPLE], concurrency=1, seconds=0.0)  # nobody listens on port 1
    assert (gone.requests, gone.errors) == (1, 1)
    assert gone.first_error.startswith("no answer: ")
