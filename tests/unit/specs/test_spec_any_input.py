"""Whatever stands in a file, the answer is a valid project or violations that point into the files; never a crash."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from components.specs import SpecError, Violation, load_project
from tests.unit.specs.samples import merged, release

FILES: dict[str, dict[str, Any]] = {
    "environments/artifacts.yaml": {
        "account_id": "123456789012",
        "region": "us-east-1",
        "bucket": "greenroom-artifacts",
        "default_tags": {"team": "x"},
    },
    "environments/dev.yaml": {
        "name": "dev",
        "account_id": "111122223333",
        "region": "us-east-1",
        "endpoint_name_prefix": "dev-",
        "network": {"subnet_ids": ["subnet-12345678"], "security_group_ids": ["sg-12345678"]},
        "encryption": {"kms_key_arn": f"arn:aws:kms:us-east-1:111122223333:key/mrk-{'0' * 32}"},
        "capture_store": {"retention_days": 7},
        "defaults": {"rollout": {"kind": "linear"}, "alarms": {"no_traffic": {"threshold": 1}}},
        "overrides": {"tumor": {"rollout": {"kind": "canary"}, "scaling": {"max_instance_count": 4}}},
        "releases": {"tumor": {"digest": release().digest, "previous": [release(digit="b").digest]}},
        "groups": {"health": ["tumor"]},
    },
    "models/tumor/model.yaml": merged(
        tags={"a": "b"},
        scaling={"max_instance_count": 2, "target_invocations_per_instance_per_minute": 60},
        data_capture={"capture": ["input"]},
        monitors=[{"kind": "data_quality", "schedule": "cron(0 0 ? * * *)"}],
        alarms={"cpu_utilization_percent": {"threshold": 50}, "notify_emails": ["a@example.com"]},
        rollout={"kind": "rolling", "batch_percent": 50},
        security={"extra_read_prefixes": ["s3://bucket/prefix/"]},
    ),
}

ANYTHING = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**6), 10**6)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.sampled_from(
        ["", "tumor", "canary", "realtime", "us-east-1", "ml.t2.medium", "ml.g5.xlarge", "sha256:0", "é"]
    ),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["kind", "name", "threshold", "tumor", "capture", "x"]), inner, max_size=3)
    ),
    max_leaves=4,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in children for place in places(child, (*path, key)))]


ALL_PLACES = [(file, place) for file, content in FILES.items() for place in places(content)]


def changed(file: str, place: tuple[Any, ...], value: Any) -> Any:
    if not place:
        return value
    content = copy.deepcopy(FILES[file])
    target: Any = content
    for part in place[:-1]:
        target = target[part]
    target[place[-1]] = value
    return content


def write(root: Path, files: dict[str, Any]) -> None:
    for file, content in files.items():
        (root / file).parent.mkdir(parents=True, exist_ok=True)
        (root / file).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def test_what_is_changed_below_is_valid_before(tmp_path: Path) -> None:
    write(tmp_path, FILES)

    assert load_project(tmp_path).models_of("dev.health") == ("tumor",)


@pytest.mark.slow
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.tuples(st.sampled_from(ALL_PLACES), ANYTHING), min_size=1, max_size=2))
def test_any_value_anywhere_is_taken_or_told(
    tmp_path_factory: pytest.TempPathFactory, changes: list[tuple[tuple[str, tuple[Any, ...]], Any]]
) -> None:
    root = tmp_path_factory.mktemp("project")
    write(root, {**FILES, **{file: changed(file, place, value) for (file, place), value in changes}})

    lines = {file: len((root / file).read_text(encoding="utf-8").splitlines()) for file in FILES}
    for violation in violations(root):
        assert violation.message
        assert violation.file in lines
        assert violation.line is None or 1 <= violation.line <= max(lines[violation.file], 1)


def violations(root: Path) -> tuple[Violation, ...]:
    try:
        load_project(root)
    except SpecError as error:
        return error.violations
    return ()
