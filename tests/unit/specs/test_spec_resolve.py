"""Three fragments become one spec, and one spec, an environment and a release become what components take."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from components.specs import (
    Canary,
    Linear,
    ModelSpec,
    SpecError,
    Threshold,
    effective_spec,
)
from components.specs.merging import explicit, merge
from components.specs.tags import MAX_TAGS, OUR_TAGS
from tests.unit.specs.samples import artifacts, environment, merged, minimal, release, resolved

SPEC = ModelSpec.model_validate(minimal())


def effective(model: dict[str, Any], *, defaults: Any = None, overrides: Any = None) -> ModelSpec:
    here = environment(defaults=defaults or {}, overrides={"tumor": overrides} if overrides else {})
    return effective_spec(ModelSpec.model_validate(merged(**model)), here)


def test_later_wins_defaults_then_model_then_overrides() -> None:
    defaults = {"log_retention_days": 7, "description": "default", "tags": {"a": "1", "b": "1"}}
    model = {"log_retention_days": 14, "tags": {"b": "2", "c": "2"}}

    both = effective(model, defaults=defaults)
    assert (both.log_retention_days, both.description, both.tags) == (14, "default", {"a": "1", "b": "2", "c": "2"})
    assert effective(model, defaults=defaults, overrides={"log_retention_days": 90}).log_retention_days == 90
    assert effective({}, defaults=defaults).log_retention_days == 7


def test_a_default_of_the_model_is_not_written_and_hides_nothing() -> None:
    assert effective({}, defaults={"security": {"network_isolation": True}}).security.network_isolation
    assert effective({"alarms": {}}, defaults={"alarms": {"no_traffic": {"threshold": 5}}}).alarms.no_traffic == (
        Threshold(threshold=5)
    )


def test_null_turns_off_what_was_on() -> None:
    written = {"alarms": {"cpu_utilization_percent": {"threshold": 50}}}

    assert (
        effective(written, overrides={"alarms": {"cpu_utilization_percent": None}}).alarms.cpu_utilization_percent
        is None
    )


def test_an_alarm_keeps_the_windows_of_its_own_default() -> None:
    alarms = effective({"alarms": {"monitor_violations": {"threshold": 2}}}).alarms

    assert alarms.monitor_violations == Threshold(
        threshold=2, period_seconds=3600, evaluation_periods=1, datapoints_to_alarm=1
    )
    windows = {"alarms": {"monitor_violations": {"threshold": 0, "period_seconds": 7200}}}
    assert effective({"alarms": {"monitor_violations": {"threshold": 2}}}, defaults=windows).alarms == (
        effective({"alarms": {"monitor_violations": {"threshold": 2, "period_seconds": 7200}}}).alarms
    )


def test_the_same_kind_is_merged_and_another_kind_replaces() -> None:
    linear = {"rollout": {"kind": "linear", "step_percent": 50}}

    assert effective(linear, overrides={"rollout": {"wait_seconds": 9}}).rollout == Linear(
        kind="linear", step_percent=50, wait_seconds=9
    )
    assert effective(linear, overrides={"rollout": {"kind": "canary"}}).rollout == Canary(kind="canary")


def test_lists_are_replaced_whole() -> None:
    variants = [{"name": "a", "instance_type": "ml.m5.large"}, {"name": "b", "instance_type": "ml.m5.large"}]
    override = {"serving": {"production_variants": [{"instance_type": "ml.c5.large"}]}}

    made = effective({"serving": {"production_variants": variants}}, overrides=override)

    assert [one.instance_type for one in made.serving.production_variants] == ["ml.c5.large"]


def test_merging_what_is_already_merged_changes_nothing() -> None:
    here = environment(
        defaults={"rollout": {"kind": "linear", "step_percent": 20}, "log_retention_days": 7},
        overrides={"tumor": {"scaling": {"max_instance_count": 4}}},
    )
    scaling = {"max_instance_count": 2, "target_invocations_per_instance_per_minute": 5}
    once = effective_spec(ModelSpec.model_validate(merged(scaling=scaling)), here)

    assert effective_spec(once, here) == once
    assert effective_spec(ModelSpec.model_validate(explicit(once)), here) == once


MAPPING = st.recursive(
    st.integers() | st.none(),
    lambda inner: st.dictionaries(st.sampled_from("abc"), inner) | st.lists(inner, max_size=2),
    max_leaves=6,
).filter(lambda value: isinstance(value, dict))


@given(MAPPING, MAPPING, MAPPING)
def test_merging_is_associative_and_changes_no_argument(a: Any, b: Any, c: Any) -> None:
    before = repr((a, b, c))

    assert merge({}, a) == a
    assert merge(a, {}) == a
    assert merge(a, a) == a
    left, right = merge(merge(a, b), c), merge(a, merge(b, c))
    assert set(left) == set(right)
    assert repr((a, b, c)) == before


def test_a_resolved_model_says_all_that_components_need() -> None:
    previous = (release(digit="b"),)
    here = environment(
        releases={"tumor": {"digest": release().digest, "previous": [release(digit="b").digest]}},
        groups={"health": ["tumor"]},
        default_tags={"stage": "dev"},
    )

    made = resolved(ModelSpec.model_validate(merged(tags={"team": "x"})), here, previous=previous)

    assert made.endpoint_name == "dev-tumor"
    assert (made.environment, made.stack, made.account_id, made.region) == (
        "dev",
        "dev.health",
        "111122223333",
        "us-east-1",
    )
    assert made.tags == {
        "team": "x",
        "greenroom:environment": "dev",
        "greenroom:model": "tumor",
        "greenroom:owner": "ml-platform",
    }
    assert made.model_data_uri == f"s3://greenroom-artifacts/releases/tumor/{'a' * 64}/model/"
    assert made.model_data_uri_of(previous[0]) == f"s3://greenroom-artifacts/releases/tumor/{'b' * 64}/model/"
    assert made.capture_uri == "s3://greenroom-capture-dev--health-111122223333-us-east-1/data-capture"
    assert made.image_uri == "123456789012.dkr.ecr.us-east-1.amazonaws.com/sagemaker-inference:1"
    assert (made.release, made.previous_releases, made.artifacts) == (release(), previous, artifacts())
    with pytest.raises(ValidationError):
        made.name = "lung"  # type: ignore[misc]


def test_groups_and_environments_never_share_a_capture_bucket() -> None:
    from components.specs.resolved import capture_bucket

    names = {
        capture_bucket(environment(name=name, groups=groups), stack)
        for name, groups, stack in [
            ("prod", {}, "prod"),
            ("prod", {"fraud": ["tumor"]}, "prod.fraud"),
            ("prod-fraud", {}, "prod-fraud"),
        ]
    }

    assert len(names) == 3


@pytest.mark.parametrize(
    ("here", "given_release", "message"),
    [
        (environment(), release("lung"), "is of the model 'lung', not 'tumor'"),
        (environment(), release(digit="c"), r"dev pins sha256:a{64} for 'tumor', and was given sha256:c{64}"),
        (environment(region="eu-west-1"), release(), "dev is in eu-west-1, the artifact store in us-east-1"),
        (environment(), release(regions=("eu-west-1",)), "the serving image of release 1.0.0 is not in us-east-1"),
        (environment(), release(repository="sklearn-arm64"), "ml.m5.large is x86_64, and the serving image"),
    ],
)
def test_a_release_that_does_not_fit_is_refused(here: Any, given_release: Any, message: str) -> None:
    with pytest.raises(SpecError, match=message):
        resolved(SPEC, here, given_release)


def test_an_arm_instance_takes_an_arm_image() -> None:
    data = merged()
    data["serving"]["production_variants"][0]["instance_type"] = "ml.c7g.large"
    spec = ModelSpec.model_validate(data)

    assert resolved(spec, environment(), release(repository="pytorch-inference-arm64")).name == "tumor"
    with pytest.raises(SpecError, match=r"ml\.c7g\.large is arm64, and the serving image .* is not"):
        resolved(spec, environment())


def test_fifty_tags_are_the_most_with_the_environments_and_ours() -> None:
    room = MAX_TAGS - len(OUR_TAGS)
    half = room // 2
    ours = {f"m{index}": "x" for index in range(half)}
    theirs = {f"e{index}": "x" for index in range(room - half)}

    assert len(resolved(ModelSpec.model_validate(merged(tags=ours)), environment(default_tags=theirs)).tags)
    with pytest.raises(SpecError, match="with dev's default tags there are 48, 1 too many"):
        resolved(ModelSpec.model_validate(merged(tags=ours)), environment(default_tags={**theirs, "one": "more"}))
    with pytest.raises(SpecError, match="'Team' and 'team' differ in case alone"):
        resolved(ModelSpec.model_validate(merged(tags={"Team": "x"})), environment(default_tags={"team": "y"}))


def test_what_was_merged_wrongly_is_said_without_a_file_too() -> None:
    here = environment(overrides={"tumor": {"scaling": {"max_instance_count": 0}}})

    with pytest.raises(SpecError) as raised:
        effective_spec(SPEC, here)

    assert [str(violation) for violation in raised.value.violations] == [
        "scaling.max_instance_count: 0 is out of range; allowed: at least 1",
        (
            "scaling.target_invocations_per_instance_per_minute: is required; allowed: at least more than 0; "
            "add `target_invocations_per_instance_per_minute:`, the load to hold: "
            "SageMakerVariantInvocationsPerInstance, requests a minute on each instance"
        ),
    ]
