"""`measured`: the load that scaling holds is what the release's load test found, less room for bursts."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from components.specs import ModelSpec, SpecError
from components.specs.scaling import TargetTrackingScaling
from model_packaging.measurements import LoadTest
from model_packaging.release import Release
from tests.unit.specs.samples import environment, merged, release, resolved

LOAD_TEST = LoadTest(
    content_sha256="0" * 64,
    requests_per_second=40.0,
    p50_ms=5,
    p99_ms=80,
    p99_ms_wanted=100,
    concurrency=4,
    vcpus=2,
    machine="a processor",
)


def spec(**scaling: object) -> ModelSpec:
    return ModelSpec.model_validate(merged(scaling={"max_instance_count": 2, **scaling}))


def measured_release() -> Release:
    return release().model_copy(update={"load_test": LOAD_TEST})


@pytest.mark.parametrize(
    ("scaling", "target"),
    [
        ({"target_invocations_per_instance_per_minute": "measured"}, 1200.0),
        ({"target_invocations_per_instance_per_minute": "measured", "utilization_percent": 70.0}, 1680.0),
        ({"target_invocations_per_instance_per_minute": "measured", "utilization_percent": 100.0}, 2400.0),
        ({"target_invocations_per_instance_per_minute": 600}, 600.0),
    ],
)
def test_the_load_to_hold_is_a_number_once_it_is_resolved(scaling, target):
    made = resolved(spec(**scaling), environment(), measured_release()).scaling
    expected = TargetTrackingScaling(max_instance_count=2, target_invocations_per_instance_per_minute=target)
    assert made == expected
    assert made is not None
    assert made.target_value == target


def test_a_release_without_a_load_test_is_refused_with_what_to_do():
    with pytest.raises(SpecError) as raised:
        resolved(spec(target_invocations_per_instance_per_minute="measured"), environment())
    assert str(raised.value) == (
        "scaling.target_invocations_per_instance_per_minute: release 1.0.0 was packaged without a load test to take the "
        "load from; allowed: a number, or measured with a release that has a load test; "
        "measure it (greenroom load-test models/tumor) and package the model again, or write a number"
    )


@pytest.mark.parametrize(
    ("scaling", "message"),
    [
        (
            {"target_invocations_per_instance_per_minute": "mesured"},
            r"'mesured' is not a number; did you mean 'measured'\?",
        ),
        ({"target_invocations_per_instance_per_minute": 0}, "greater than 0"),
        (
            {"target_invocations_per_instance_per_minute": 60, "utilization_percent": 70.0},
            "leave it out, or write target_invocations_per_instance_per_minute: measured",
        ),
        (
            {"target_invocations_per_instance_per_minute": "measured", "utilization_percent": 101.0},
            "less than or equal",
        ),
    ],
)
def test_what_may_not_stand_there_is_refused(scaling, message):
    with pytest.raises(ValidationError, match=message):
        spec(**scaling)


def test_what_is_measured_is_no_number_before_it_is_resolved():
    scaling = spec(target_invocations_per_instance_per_minute="measured").scaling
    assert scaling is not None
    with pytest.raises(ValueError, match="resolve the scaling with a release first"):
        _ = scaling.target_value
    assert scaling.held_by(release()) == scaling
    assert scaling.model_dump()["target_invocations_per_instance_per_minute"] == "measured"
