"""The clock and the seeds: what makes a replay restore the state and not one like it."""

import datetime as dt
import random

from moto.core.utils import utcnow
from moto.moto_api._internal import mock_random

from greenroom.sandbox.cloud.clock import CLOCK, ManualTime, SystemTime, install_in_moto
from greenroom.sandbox.cloud.determinism import seeded


def test_within_a_frozen_instant_moto_sees_that_time_and_no_other():
    install_in_moto()
    with CLOCK.frozen_at(1_750_000_000.5):
        assert (
            utcnow()
            == CLOCK.utcnow()
            == dt.datetime(2025, 6, 15, 15, 6, 40, 500_000, tzinfo=dt.UTC).replace(tzinfo=None)
        )
    assert abs((utcnow() - dt.datetime.now(dt.UTC).replace(tzinfo=None)).total_seconds()) < 5


def test_frozen_instants_nest():
    with CLOCK.frozen_at(1.0):
        with CLOCK.frozen_at(2.0):
            assert CLOCK.time() == 2.0
        assert CLOCK.time() == 1.0


def test_a_manual_time_moves_when_it_is_told_to():
    time = ManualTime(100.0)
    CLOCK.source = time
    try:
        time.advance(2.5)
        assert CLOCK.time() == 102.5
    finally:
        CLOCK.source = SystemTime()


def test_the_same_seed_gives_the_same_ids_and_leaves_no_trace():
    before = random.getstate()
    with seeded(42):
        first = (mock_random.uuid4(), random.random())
    with seeded(43):
        other = (mock_random.uuid4(), random.random())
    with seeded(42):
        again = (mock_random.uuid4(), random.random())
    assert first == again != other
    assert random.getstate() == before
