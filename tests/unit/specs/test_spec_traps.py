"""The traps of SageMaker that a spec can walk into: each is refused, with what to do instead."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from pydantic import ValidationError

from components.specs import (
    INSTANCE_TYPES,
    Canary,
    Linear,
    ModelSpec,
    Rolling,
    SpecError,
    effective_spec,
    resolve,
)
from components.specs.alarms import Alarms
from components.specs.analyzer_images import ANALYZER_ACCOUNTS
from components.specs.fields import REGIONS
from components.specs.monitors import SCHEDULE_PATTERN, schedule_period_seconds
from components.specs.rollout import PROVIDER_WAITING_LIMIT_SECONDS
from tests.unit.specs.samples import artifacts, environment, merged, minimal, release, resolved, violations

VARIANT = ("serving", "production_variants", 0)


def messages(data: dict[str, Any]) -> list[str]:
    return [str(violation) for violation in violations(data)]


def accepted(data: dict[str, Any]) -> bool:
    return violations(data) == ()


# 6: guardrails


@pytest.mark.parametrize(
    ("kind", "field", "low", "high"),
    [
        ("canary", "canary_percent", 1, 50),
        ("linear", "step_percent", 10, 50),
        ("rolling", "batch_percent", 5, 50),
        ("all_at_once", "wait_seconds", 0, 3600),
        ("canary", "termination_wait_seconds", 0, 3600),
    ],
)
def test_trap_06_rollouts_keep_to_the_guardrails_limits(kind: str, field: str, low: int, high: int) -> None:
    def told(value: int) -> list[str]:
        waits = {} if kind == "all_at_once" else {"wait_seconds": 60}
        return [one.path for one in violations(merged(rollout={"kind": kind, **waits, field: value}))]

    assert told(low) == []
    assert told(low - 1) == [f"rollout.{field}"]
    assert told(high + 1) == [f"rollout.{field}"]
    if field.endswith("percent"):
        assert told(high) == []


def test_trap_06_rolling_takes_one_variant() -> None:
    two = merged(rollout={"kind": "rolling"})
    two["serving"]["production_variants"].append({"name": "challenger", "instance_type": "ml.m5.large"})

    assert messages(two) == [
        (
            "rollout.kind: a rolling deployment takes one production variant, and there are 2; "
            "allowed: all_at_once, canary or linear with several variants"
        )
    ]
    assert accepted({**two, "rollout": {"kind": "canary"}})


@pytest.mark.parametrize(
    "name", ["tumor-v2", "V1", "release-1-4-0", "m-20260102", "a-3f2a91c", "version2", "x-version-7"]
)
def test_trap_06_a_variants_name_never_holds_a_version(name: str) -> None:
    data = merged()
    data["serving"]["production_variants"][0]["name"] = name

    (violation,) = violations(data)
    assert violation.message == f"'{name}' holds a version, and would change with every release"


@pytest.mark.parametrize("name", ["AllTraffic", "challenger", "variant-1", "blue2", "decade", "gpu", "V-test", "A1"])
def test_trap_06_other_names_of_variants_are_fine(name: str) -> None:
    data = merged()
    data["serving"]["production_variants"][0]["name"] = name

    assert accepted(data)


def test_trap_06_inf1_is_excluded_from_guardrails() -> None:
    data = merged(rollout={"kind": "canary"})
    data["serving"]["production_variants"][0]["instance_type"] = "ml.inf1.xlarge"

    (violation,) = violations(data)
    assert "canary would be ignored" in violation.message
    assert accepted({**data, "rollout": {"kind": "all_at_once"}})


# 7: the provider's patience


@pytest.mark.parametrize(
    ("rollout", "over"),
    [
        ({"kind": "all_at_once", "wait_seconds": 3000}, 0),
        ({"kind": "all_at_once", "wait_seconds": 3001}, 1),
        ({"kind": "all_at_once", "wait_seconds": 1800, "termination_wait_seconds": 1800}, 600),
        ({"kind": "canary", "wait_seconds": 1500}, 0),
        ({"kind": "canary", "wait_seconds": 1501}, 2),
        ({"kind": "linear", "step_percent": 10, "wait_seconds": 300}, 0),
        ({"kind": "linear", "step_percent": 10, "wait_seconds": 600}, 3000),
        ({"kind": "linear", "step_percent": 30, "wait_seconds": 900}, 600),
        ({"kind": "rolling", "batch_percent": 5, "wait_seconds": 150}, 0),
        ({"kind": "rolling", "batch_percent": 5, "wait_seconds": 3600}, 69000),
    ],
)
def test_trap_07_a_rollout_fits_the_providers_patience_or_says_by_how_much_not(
    rollout: dict[str, Any], over: int
) -> None:
    found = violations(merged(rollout=rollout))

    assert [violation.path for violation in found] == ["rollout.wait_seconds"] * (over > 0)
    assert all(f": {over} s longer than the deployment waits" in violation.message for violation in found)


def test_trap_07_sagemaker_gives_up_when_the_provider_does() -> None:
    for rollout in (Canary(kind="canary"), Linear(kind="linear"), Rolling(kind="rolling")):
        assert rollout.duration_seconds <= rollout.maximum_execution_timeout_seconds == PROVIDER_WAITING_LIMIT_SECONDS


# 8: units


def test_trap_08_latencies_are_milliseconds_and_a_pasted_microsecond_value_is_refused() -> None:
    assert {name for name in Alarms.model_fields if "latency" in name} == {
        "model_latency_p99_ms",
        "overhead_latency_p99_ms",
    }
    assert accepted(merged(alarms={"model_latency_p99_ms": {"threshold": 60_000}}))
    assert messages(merged(alarms={"model_latency_p99_ms": {"threshold": 250_000}})) == [
        (
            "alarms.model_latency_p99_ms.threshold: 250000 is not a threshold in milliseconds (a request ends after 60 s); "
            "allowed: 1 to 60000"
        )
    ]


# 10: burstable


@pytest.mark.parametrize("instance_type", ["ml.t2.medium", "ml.t2.2xlarge"])
def test_trap_10_burstable_instances_cannot_scale(instance_type: str) -> None:
    data = merged(scaling={"max_instance_count": 2, "target_invocations_per_instance_per_minute": 60})
    data["serving"]["production_variants"][0]["instance_type"] = instance_type

    (violation,) = violations(data)
    assert violation.message == f"'{instance_type}' is burstable, and cannot be scaled automatically"
    assert violation.path == "serving.production_variants[0].instance_type"
    assert accepted({**data, "scaling": None})


def test_trap_10_trainium_is_not_burstable() -> None:
    assert not INSTANCE_TYPES["ml.trn1.2xlarge"].is_burstable


# 13 and 14: kinds


def test_trap_13_a_realtime_endpoint_never_scales_to_zero() -> None:
    scaling = {"min_instance_count": 0, "max_instance_count": 2, "target_invocations_per_instance_per_minute": 60}

    assert messages(merged(scaling=scaling)) == ["scaling.min_instance_count: 0 is out of range; allowed: at least 1"]


def test_trap_14_an_unknown_serving_kind_lists_the_known_ones_and_nothing_else() -> None:
    data = merged(serving={"kind": "serverless", "memory_mib": 2048})

    assert messages(data) == ["serving.kind: 'serverless' is not a kind known here; allowed: realtime"]


def test_trap_14_an_override_of_another_kind_replaces_the_block() -> None:
    spec = ModelSpec.model_validate(merged(rollout={"kind": "linear", "step_percent": 20, "wait_seconds": 60}))
    here = environment(overrides={"tumor": {"rollout": {"kind": "canary", "wait_seconds": 120}}})

    assert effective_spec(spec, here).rollout == Canary(kind="canary", wait_seconds=120)


# 16: local storage


KEY = {"kms_key_arn": "arn:aws:kms:us-east-1:111122223333:key/12345678-1234-1234-1234-123456789012"}


@pytest.mark.parametrize("instance_type", ["ml.g5.xlarge", "ml.m5d.large", "ml.g4dn.xlarge", "ml.p4d.24xlarge"])
def test_trap_16_a_volume_key_is_refused_with_local_storage(instance_type: str) -> None:
    data = merged()
    data["serving"]["production_variants"][0]["instance_type"] = instance_type
    spec = ModelSpec.model_validate(data)

    with pytest.raises(SpecError, match=r"has local storage, for which SageMaker refuses the key that dev encrypts"):
        resolved(spec, environment(encryption=KEY))
    open_eyed = ModelSpec.model_validate({**data, "security": {"encrypt_volumes_with_environment_key": False}})
    assert resolved(open_eyed, environment(encryption=KEY)).volume_kms_key_arn is None


def test_trap_16_other_volumes_get_the_environments_key() -> None:
    spec = ModelSpec.model_validate(merged())

    assert resolved(spec, environment(encryption=KEY)).volume_kms_key_arn == KEY["kms_key_arn"]
    assert resolved(spec, environment()).volume_kms_key_arn is None


def test_trap_16_a_volume_size_is_refused_with_local_storage() -> None:
    data = merged()
    data["serving"]["production_variants"][0] |= {"instance_type": "ml.g5.xlarge", "volume_size_gb": 100}

    (violation,) = violations(data)
    assert violation.message == "ml.g5.xlarge stores on its own 250 GB disk and takes no volume"


# 17: names


def test_trap_17_a_name_over_63_characters_is_refused_with_the_prefix_counted() -> None:
    assert accepted(merged(name="t" * 63))
    assert messages(merged(name="t" * 64)) == [
        f"name: '{'t' * 64}' has 64 characters, 1 too many; allowed: at most 63 characters; shorten it by 1"
    ]
    spec = ModelSpec.model_validate(merged(name="t" * 60))
    here = environment(releases={"t" * 60: release("t" * 60).digest})
    with pytest.raises(SpecError, match="has 64 characters, 1 too many"):
        resolved(spec, here, release("t" * 60))


# 23: slow start


@pytest.mark.parametrize(
    "field", ["model_data_download_timeout_seconds", "container_startup_health_check_timeout_seconds"]
)
def test_trap_23_a_slow_start_has_room_from_60_to_3600_seconds(field: str) -> None:
    for value, fine in ((59, False), (60, True), (3600, True), (3601, False)):
        data = merged()
        data["serving"]["production_variants"][0][field] = value
        told = messages(data)
        assert told == (
            [] if fine else [f"serving.production_variants[0].{field}: {value} is out of range; allowed: 60 to 3600"]
        )


# 28: monitors


@pytest.mark.parametrize(
    ("capture", "problem"),
    [
        (None, "data_capture is absent"),
        ({"capture": ["output"]}, "data_capture.capture leaves the input out"),
        ({"sampling_percentage": 0}, "data_capture.sampling_percentage is 0"),
        ({"csv_content_types": [], "json_content_types": []}, "data_capture keeps no content type as text"),
    ],
)
def test_trap_28_a_monitor_without_captured_input_would_fail_every_run(capture: Any, problem: str) -> None:
    data = merged(monitors=[{"kind": "data_quality"}], data_capture=capture)

    (violation,) = violations(data)
    assert violation.path == "monitors[0]"
    assert violation.message == f"a data_quality monitor reads captured input, and {problem}: every run would fail"
    assert accepted({**data, "data_capture": {}})


@pytest.mark.parametrize(
    ("schedule", "period"),
    [
        ("cron(0 * ? * * *)", 3600),
        ("cron(0 0 ? * * *)", 86400),
        ("cron(0 23 ? * * *)", 86400),
        ("cron(0 17/12 ? * * *)", 43200),
        ("cron(0 0/2 ? * * *)", 7200),
    ],
)
def test_trap_28_a_run_ends_before_the_next_begins(schedule: str, period: int) -> None:
    def data(seconds: int) -> dict[str, Any]:
        monitor = {"kind": "data_quality", "schedule": schedule, "max_runtime_seconds": seconds}
        return merged(monitors=[monitor], data_capture={})

    assert schedule_period_seconds(schedule) == period
    assert accepted(data(period))
    assert [one.path for one in violations(data(period + 1))] == ["monitors[0].max_runtime_seconds"]


@pytest.mark.parametrize(
    "schedule",
    [
        "NOW",
        "cron(0/15 * ? * * *)",
        "cron(0 24 ? * * *)",
        "cron(0 0/25 ? * * *)",
        "cron(0 0/0 ? * * *)",
        "rate(1 hour)",
    ],
)
def test_trap_28_schedules_are_those_that_model_monitor_takes(schedule: str) -> None:
    import re

    assert re.fullmatch(SCHEDULE_PATTERN, schedule) is None


def test_trap_28_a_release_without_baseline_cannot_be_compared_with() -> None:
    data = merged(monitors=[{"kind": "data_quality"}], data_capture={})

    with pytest.raises(SpecError, match="was packaged without a baseline to compare captured data with"):
        resolved(ModelSpec.model_validate(data), environment())
    data["monitors"][0]["baseline"] = "none"
    assert resolved(ModelSpec.model_validate(data), environment()).monitors[0].baseline == "none"


def test_trap_28_a_region_without_model_monitor_is_refused_before_anything_is_deployed() -> None:
    spec = ModelSpec.model_validate(merged(monitors=[{"kind": "data_quality", "baseline": "none"}], data_capture={}))
    there = "mx-central-1"

    with pytest.raises(SpecError) as raised:
        resolve(spec, environment(region=there), release(regions=(there,)), (), artifacts(region=there))
    (violation,) = raised.value.violations
    assert (violation.path, violation.value) == ("monitors[0]", there)
    assert violation.message == "AWS offers no Model Monitor in mx-central-1, the region of dev"
    assert "us-east-1" in violation.allowed
    assert violation.fix == "set `monitors: []` in overrides.tumor of dev, or deploy to another region"
    unwatched = spec.model_copy(update={"monitors": ()})
    assert resolve(unwatched, environment(region=there), release(regions=(there,)), (), artifacts(region=there))


def test_trap_28_the_analyzers_accounts_are_of_regions_that_sagemaker_has() -> None:
    assert set(ANALYZER_ACCOUNTS) <= REGIONS


# Weights: an explicit 0 is kept (aws-cdk loses it), all zero is refused.


def test_an_explicit_weight_of_zero_is_kept() -> None:
    data = copy.deepcopy(minimal())
    data["serving"]["production_variants"].append(
        {"name": "challenger", "instance_type": "ml.m5.large", "initial_variant_weight": 0}
    )

    weights = [one.initial_variant_weight for one in ModelSpec.model_validate(data).serving.production_variants]
    assert weights == [1.0, 0.0]


def test_python_callers_get_readable_errors_too() -> None:
    with pytest.raises(ValidationError, match=r"rollout\.kind: a rolling deployment takes one production variant"):
        ModelSpec.model_validate(
            merged(
                rollout={"kind": "rolling"},
                serving={
                    "production_variants": [
                        {"name": "a", "instance_type": "ml.m5.large"},
                        {"name": "b", "instance_type": "ml.m5.large"},
                    ]
                },
            )
        )
