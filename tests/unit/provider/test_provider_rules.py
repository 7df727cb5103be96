"""The rules between a program's properties and AWS's members, and between what was, is and is wanted."""

from __future__ import annotations

import inspect
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.provider.changes import ABSENT, Change, ChangeKind, input_changes
from greenroom.sandbox.provider.drift import drifted, outputs_of, unread_paths
from greenroom.sandbox.provider.member_names import find_member
from greenroom.sandbox.provider.naming import AutoName, named
from greenroom.sandbox.provider.property_types import resource_class
from greenroom.sandbox.provider.scalar_codec import Place, Trace
from greenroom.sandbox.provider.types import resource_type, resource_types
from greenroom.sandbox.provider.values import UNKNOWN, has_unknown, joined, plain, property_value, same, without_nulls

json_values = st.recursive(
    st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1, max_size=4), inner, max_size=3),
    max_leaves=12,
)


@given(json_values)
def test_values_survive_the_way_to_pulumi_and_back(value: Any) -> None:
    assert plain(property_value(value)) == value


@given(json_values)
def test_the_same_inputs_have_no_changes(value: Any) -> None:
    assert input_changes({"a": value}, {"a": value}) == []
    assert same(value, value)


@given(json_values, json_values)
def test_what_did_not_change_in_aws_leaves_the_inputs_as_they_were(given_: Any, live: Any) -> None:
    assert drifted(given_, live, live, "p", frozenset()) == given_


@given(json_values, json_values)
def test_what_aws_never_told_is_not_drift(given_: Any, then: Any) -> None:
    assert drifted(given_, then, ABSENT, "p", frozenset({"p"})) == given_


@given(json_values)
def test_outputs_are_the_inputs_where_aws_says_the_same_or_nothing(value: Any) -> None:
    assert outputs_of(value, value) == value
    assert outputs_of(value, ABSENT) == value
    assert list(unread_paths(value, value, "p")) == []


@given(st.text(min_size=1, max_size=300), st.binary(min_size=1), st.integers(min_value=16, max_value=255))
def test_a_made_name_fits_its_limit_and_tells_the_logical_name(logical: str, seed: bytes, longest: int) -> None:
    inputs = named(AutoName(longest=longest), {}, {}, logical, seed)
    assert len(inputs["name"]) <= longest
    assert inputs["name"].rsplit("-", maxsplit=1)[0] == logical[: longest - 8]
    assert named(AutoName(longest=longest), {}, inputs, logical, b"other") == inputs


@pytest.mark.parametrize(
    ("rule", "inputs", "old", "name"),
    [
        (AutoName(), {"name": "given"}, {}, "given"),
        (AutoName(), {}, {"name": "made", "__defaults": ["name"]}, "made"),
        (AutoName(), {}, {"name": "was-given"}, "It-78a3f1e"),
        (AutoName(lower_case=True), {}, {}, "it-78a3f1e"),
        (AutoName(before="alias/"), {}, {}, "alias/It-78a3f1e"),
        (AutoName(), {"namePrefix": "p-"}, {}, "p-78a3f1e"),
    ],
)
def test_names(rule: AutoName, inputs: dict[str, Any], old: dict[str, Any], name: str) -> None:
    found = named(rule, inputs, old, "It", b"seed")["name"]
    stem = re.sub(r"[0-9a-f]{7,12}$", "", name)
    assert found == name or (name.endswith("78a3f1e") and re.fullmatch(re.escape(stem) + "[0-9a-f]{7,12}", found))


@pytest.mark.parametrize(
    ("property_name", "members", "prefixes", "member"),
    [
        ("volumeSizeInGb", ["VolumeSizeInGB"], (), "VolumeSizeInGB"),
        ("enableSsmAccess", ["EnableSSMAccess"], (), "EnableSSMAccess"),
        ("okActions", ["OKActions"], (), "OKActions"),
        ("routingConfigs", ["RoutingConfig"], (), "RoutingConfig"),
        ("s3DataSources", ["S3DataSource"], (), "S3DataSource"),
        ("policies", ["Policy"], (), "Policy"),
        ("name", ["EndpointConfigName"], ("EndpointConfig",), "EndpointConfigName"),
        ("name", ["AlarmNames"], ("Alarm",), "AlarmNames"),
        ("name", ["Name", "AlarmName"], ("Alarm",), "Name"),
        ("forceDestroy", ["Bucket"], (), None),
    ],
)
def test_the_rules_find_a_propertys_member(
    property_name: str, members: list[str], prefixes: tuple[str, ...], member: str | None
) -> None:
    assert find_member(property_name, members, prefixes) == member


@pytest.mark.parametrize("kind", resource_types().values(), ids=resource_types())
def test_every_input_of_every_type_is_carried_or_known_not_to_be(kind: Any) -> None:
    carried = kind.codec(kind.create).fields.keys() | kind.left_out | kind.sent_later
    assert set(kind.structure.properties) - carried == set()


@pytest.mark.parametrize("kind", resource_types().values(), ids=resource_types())
def test_every_exception_names_a_property_that_is_there(kind: Any) -> None:
    tables = [kind.exceptions, *kind.operation_exceptions.values()]
    properties = set(kind.structure.properties) | set(kind.schema.outputs)
    assert {path.split(".")[0] for table in tables for path in table} - properties == set()
    assert (kind.unsent | kind.steering | kind.shared | kind.replacing) - properties == set()


@pytest.mark.parametrize("token", [token for token in resource_types() if token.startswith("aws-native:")])
def test_native_types_replace_on_what_their_sdk_says(token: str) -> None:
    source = inspect.getsource(resource_class(token))
    declared = re.search(r"replace_on_changes=\[(.*)\]\)", source)
    paths = [] if declared is None else re.findall(r'"([^"]+)"', declared[1])
    kind = resource_type(token)
    assert kind.replacing == ({re.split(r"[.\[]", path)[0] for path in paths} - kind.refused.keys()) | (
        kind.replaced_by or frozenset()
    )


def test_encoding_notes_where_each_member_came_from() -> None:
    kind = resource_type("aws:cloudwatch/metricAlarm:MetricAlarm")
    trace = Trace()
    inputs = {"name": "a", "dimensions": {"X": "y"}, "metricQueries": [{"id": "m", "metric": {"metricName": "n"}}]}
    request = kind.codec("PutMetricAlarm").encode(inputs, Place(), trace)
    assert request == {
        "AlarmName": "a",
        "Dimensions": [{"Name": "X", "Value": "y"}],
        "Metrics": [{"Id": "m", "MetricStat": {"Metric": {"MetricName": "n"}}}],
    }
    assert trace.sources[".Dimensions[0].Value"] == "dimensions.X"
    assert trace.sources[".Metrics[0].MetricStat.Metric.MetricName"] == "metricQueries[0].metric.metricName"


def test_a_list_of_two_where_aws_takes_one_is_refused() -> None:
    kind = resource_type("aws:sagemaker/model:Model")
    source = {"s3Uri": "s3://b/k", "s3DataType": "S3Prefix", "compressionType": "None"}
    inputs = {"name": "m", "primaryContainer": {"modelDataSource": {"s3DataSources": [source, source]}}}
    assert [str(found) for found in kind.violations(inputs, {})] == [
        "primaryContainer.modelDataSource.s3DataSources: has 2 items; allowed: at most 1"
    ]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ({"a": 1.0}, {"a": 2.0}, [Change("a", "a", ChangeKind.UPDATE)]),
        ({}, {"a": 2.0}, [Change("a", "a", ChangeKind.ADD)]),
        ({"a": 1.0}, {}, [Change("a", "a", ChangeKind.DELETE)]),
        (
            {"a": [{"b": 1.0}]},
            {"a": [{"b": 2.0}, {"b": 3.0}]},
            [Change("a[0].b", "a", ChangeKind.UPDATE), Change("a[1]", "a", ChangeKind.ADD)],
        ),
        ({"a": {"x.y": "1"}}, {"a": {"x.y": UNKNOWN}}, [Change('a["x.y"]', "a", ChangeKind.UPDATE)]),
        ({"p": '{"a": 1}'}, {"p": '{ "a":1 }'}, []),
        ({"__defaults": ["name"]}, {}, []),
    ],
)
def test_changes_are_told_by_path(old: dict[str, Any], new: dict[str, Any], changes: list[Change]) -> None:
    assert input_changes(old, new) == changes


@pytest.mark.parametrize(
    ("given_", "then", "now", "expected"),
    [
        ({"a": 1.0}, {"a": 1.0, "default": True}, {"a": 2.0, "default": True}, {"a": 2.0}),
        ({"a": 1.0}, {"a": 1.0, "default": True}, {"a": 1.0, "default": False}, {"a": 1.0, "default": False}),
        ({"a": 1.0}, {"a": 1.0}, {}, {}),
        (["x", "y"], ["x", "y"], ["y", "x"], ["x", "y"]),
        (["x"], ["x"], ["x", "z"], ["x", "z"]),
        ([{"a": 1.0}], [{"a": 1.0, "d": 0.0}], [{"a": 3.0, "d": 0.0}], [{"a": 3.0}]),
        (ABSENT, ABSENT, [], ABSENT),
        (ABSENT, "", ABSENT, ABSENT),
    ],
)
def test_drift_keeps_the_programs_shape(given_: Any, then: Any, now: Any, expected: Any) -> None:
    assert drifted(given_, then, now, "p", frozenset()) == expected


def test_unknown_values_are_neither_true_nor_false() -> None:
    with pytest.raises(TypeError, match="neither true nor false"):
        bool(UNKNOWN)
    assert has_unknown({"a": [UNKNOWN]})
    assert not has_unknown({"a": [1.0]})
    assert not same(UNKNOWN, UNKNOWN)


def test_nulls_are_as_good_as_absent() -> None:
    assert without_nulls({"a": None, "b": [{"c": None, "d": 1.0}]}) == {"b": [{"d": 1.0}]}


def test_paths_are_written_as_pulumi_writes_them() -> None:
    assert joined(joined(joined(joined("", "a"), 0), "b"), "c.d") == 'a[0].b["c.d"]'
