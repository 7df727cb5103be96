"""Time passes in the local AWS: what is due happens in order, at its own instant, once."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.agenda import PAUSE_SECONDS, Agenda
from greenroom.sandbox.cloud.application import LocalAwsApplication
from greenroom.sandbox.cloud.clock import CLOCK, DrivenTime, ManualTime, SystemTime

START = 1_750_000_000.0


class Every:
    """Works every `period` seconds, and writes down when."""

    def __init__(self, name, period, told, fails=False):
        self.name, self.period, self.told, self.fails = name, period, told, fails
        self.last = START

    def next_due(self):
        return self.last + self.period

    def run(self):
        self.last = CLOCK.time()
        self.told.append((self.name, self.last - START))
        if self.fails:
            raise ZeroDivisionError


@pytest.fixture
def time():
    CLOCK.source = manual = ManualTime(START)
    yield manual
    CLOCK.source = SystemTime()


@pytest.fixture
def told():
    """Who worked when, in seconds since START."""
    return []


@pytest.fixture
def agenda(time):
    agenda = Agenda(LocalAwsApplication(default_account_id="123456789012"))
    agenda.start()
    yield agenda
    agenda.stop()


def test_everybody_works_in_the_order_of_the_instants_at_their_own_instant(agenda, time, told):
    agenda.add(Every("minute", 60, told))
    agenda.add(Every("half", 30, told))
    time.advance(120)
    agenda.run_due()
    assert told == [("half", 30), ("minute", 60), ("half", 60), ("half", 90), ("minute", 120), ("half", 120)]


def test_one_that_fails_has_a_pause_and_the_others_go_on(agenda, time, told):
    agenda.add(Every("failing", 10, told, fails=True))
    agenda.add(Every("sound", 200, told))
    time.advance(400)
    agenda.run_due()
    assert told == [("failing", 10), ("sound", 200), ("failing", 10 + PAUSE_SECONDS), ("sound", 400)]


def test_one_that_cannot_tell_when_it_is_due_fails_no_request(agenda, time, told):
    class Lost(Every):
        def next_due(self):
            raise ZeroDivisionError

    agenda.add(Lost("lost", 10, told))
    agenda.add(Every("sound", 20, told))
    time.advance(20)
    agenda.run_due()
    assert told == [("sound", 20)]


def test_time_never_goes_back_for_one_that_was_due_at_an_instant_that_is_over(agenda, time, told):
    time.advance(100)
    agenda.run_due()
    agenda.add(Every("late", 10, told))
    agenda.run_due()
    assert told == [("late", 100)]


class Deluded(Every):
    """Says in its turn that nothing is due, and out of it that it still is."""

    def next_due(self):
        return None if CLOCK.time() < self.last + 2 * self.period else self.last + self.period

    def run(self):
        self.told.append((self.name, CLOCK.time() - START))


def test_one_that_is_due_again_and_again_at_one_instant_has_a_pause(agenda, time, told):
    agenda.add(Deluded("deluded", 10, told))
    agenda.add(Every("sound", 20, told))
    time.advance(40)
    agenda.run_due()
    assert told == [("deluded", 10), ("sound", 20), ("sound", 40)]


def test_what_was_missed_while_nothing_ran_is_done_once(time, told):
    agenda = Agenda(LocalAwsApplication(default_account_id="123456789012"))
    agenda.add(Every("minute", 60, told))
    time.advance(7 * 24 * 3600)
    agenda.start()
    agenda.run_due()
    agenda.stop()
    assert told == [("minute", 7 * 24 * 3600)]


def test_a_replay_runs_nobody(agenda, time, told):
    agenda.add(Every("minute", 60, told))
    agenda._application.replaying = True
    time.advance(60)
    agenda.run_due()
    assert told == []


def clock(url, **content):
    body = json.dumps(content).encode() if content else None
    with urllib.request.urlopen(urllib.request.Request(f"{url}/_greenroom/clock", data=body)) as answer:  # noqa: S310
        return json.loads(answer.read())


@pytest.mark.slow
def test_a_rehearsal_moves_the_clock_and_a_restart_keeps_it(tmp_path):
    before = {"time": "2025-06-15T15:06:40+00:00", "offset_seconds": 0.0, "next_due": None}
    after = {"time": "2025-06-15T15:16:40+00:00", "offset_seconds": 600.0, "next_due": None}
    with in_process_cloud(tmp_path, time_source=ManualTime(START), load_models=False) as address:
        assert clock(address.url) == before
        assert clock(address.url, advance_seconds=600) == after
    with in_process_cloud(tmp_path, time_source=ManualTime(START), load_models=False) as address:
        assert clock(address.url) == after


@pytest.mark.parametrize("seconds", [0, -1, "10m", True, None, 1e12])
def test_an_impossible_advance_is_refused_and_says_what_is_possible(seconds):
    with (
        in_process_cloud(time_source=ManualTime(START), load_models=False) as address,
        pytest.raises(urllib.error.HTTPError) as refused,
    ):
        clock(address.url, advance_seconds=seconds)
    with refused.value as answer:
        message = json.loads(answer.read())["message"]
    assert message.startswith("advance_seconds is ")
    assert "more than 0 and at most 31622400 (a year)" in message


def test_driven_time_is_the_sources_time_and_what_was_skipped(time):
    driven = DrivenTime(time)
    driven.offset_seconds = 60.0
    time.advance(5)
    assert driven.time() == START + 65


@pytest.mark.slow
def test_an_endpoint_that_is_no_more_does_not_hold_time_up():
    """As after moto was reset beside it: nothing can settle it, so it is let go."""
    from moto.sagemaker.models import sagemaker_backends

    from greenroom.sandbox.cloud import stage
    from tests.functional.cloud.conftest import Aws

    time = ManualTime(START)
    with in_process_cloud(time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        aws.model()
        aws.config("config")
        aws.sagemaker.create_endpoint(EndpointName="endpoint", EndpointConfigName="config")
        sagemaker_backends["111122223333"]["us-east-1"].endpoints.clear()
        time.advance(60)
        assert aws.sagemaker.list_endpoints()["Endpoints"] == []
        assert stage.current().moving == {}
