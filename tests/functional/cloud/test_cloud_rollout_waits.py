"""How long a rollout's waits are is a setting of the local AWS, and a restart in the middle of one goes on.

Beside test_cloud_rollouts.py, whose one cloud has the documented waits.
"""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

import pytest

from greenroom.sandbox.cloud import in_process_cloud
from greenroom.sandbox.cloud.clock import ManualTime
from tests.functional.cloud.conftest import Aws
from tests.functional.cloud.rollout import CREATING, DONE, Rollout, baking, blue_green, percent


def rollouts_page(url, content=None):
    body = None if content is None else json.dumps(content).encode()
    request = urllib.request.Request(f"{url}/_greenroom/rollouts", data=body)  # noqa: S310  our own address
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.load(answer)


@pytest.mark.slow
def test_a_rollout_goes_on_after_a_restart_and_a_rehearsal_says_how_long_its_waits_are(tmp_path):
    time = ManualTime()
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        aws = Aws(address.url, time)
        aws.model()
        assert rollouts_page(address.url) == {"wait_factor": 0.0}
        assert rollouts_page(address.url, {"wait_factor": 1}) == {"wait_factor": 1.0}
        rollout = Rollout(aws, name="endpoint")
        rollout.begin(blue_green("CANARY", CanarySize=percent(25)))
        time.advance(300)
        assert rollout.state() == baking(1)
    time.advance(200)
    with in_process_cloud(tmp_path, time_source=time, load_models=False) as address:
        rollout.aws = Aws(address.url, time)
        assert rollouts_page(address.url) == {"wait_factor": 1.0}
        assert rollout.seen(0, 101, 200) == [baking(1), baking(4), DONE]


def test_without_pauses_every_phase_is_taken_and_its_alarms_are_looked_at(aws):
    aws.model()
    rollout = Rollout(aws)
    alarm = rollout.alarm()
    rollout.begin(blue_green("CANARY", alarm, CanarySize=percent(25)))
    assert rollout.seen(0, 0.2) == [CREATING, DONE]
    rollout.new = rollout.old
    rollout.ring(alarm)
    rollout.begin(blue_green("CANARY", alarm, CanarySize=percent(25)))
    aws.time.advance(1)
    told = rollout.describe()
    assert (told["EndpointConfigName"], alarm in told["FailureReason"]) == (f"{rollout.name}-new", True)


def test_a_factor_that_makes_no_sense_is_refused_with_what_is_allowed(aws):
    senseless: tuple[Any, ...] = ({"wait_factor": 2}, {"wait_factor": True}, {"wait_factor": "1"}, {}, [])
    for content in senseless:
        with pytest.raises(urllib.error.HTTPError) as caught:
            rollouts_page(aws.url, content)
        with caught.value as answer:
            assert answer.status == 400
            assert "from 0 (no pause) to 1" in json.load(answer)["message"]
