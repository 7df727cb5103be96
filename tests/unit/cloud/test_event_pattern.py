"""Event patterns match as EventBridge documents.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from greenroom.sandbox.cloud.events.pattern import matches, problems

EVENT = {
    "source": "aws.sagemaker",
    "detail-type": "SageMaker Endpoint State Change",
    "resources": ["arn:one", "arn:two"],
    "detail": {
        "EndpointName": "dev-tumor",
        "EndpointStatus": "IN_SERVICE",
        "count": 5,
        "flag": True,
        "nothing": None,
        "ip": "10.0.0.9",
        "variants": [{"name": "a", "weight": 1}, {"name": "b", "weight": 2}],
    },
}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"source": ["aws.sagemaker"]}, True),
        ({"source": ["aws.s3"]}, False),
        ({"source": ["aws.s3", "aws.sagemaker"], "detail": {"count": [5]}}, True),
        ({"source": ["aws.sagemaker"], "detail": {"count": [6]}}, False),
        ({"resources": ["arn:two"]}, True),
        ({"detail": {"nothing": [None]}}, True),
        ({"detail": {"flag": [1]}}, False),
        ({"detail": {"missing": [None]}}, False),
        ({"detail": {"missing": [{"exists": False}]}}, True),
        ({"detail": {"count": [{"exists": False}]}}, False),
        ({"detail": {"count": [{"exists": True}]}}, True),
        ({"missing": {"deep": [{"exists": False}]}}, True),
        ({"detail": {"EndpointName": [{"prefix": "dev-"}]}}, True),
        ({"detail": {"EndpointName": [{"prefix": {"equals-ignore-case": "DEV-"}}]}}, True),
        ({"detail": {"EndpointName": [{"suffix": "-tumor"}]}}, True),
        ({"detail": {"EndpointName": [{"wildcard": "d*-t*r"}]}}, True),
        ({"detail": {"EndpointName": [{"wildcard": "d\\*"}]}}, False),
        ({"detail": {"EndpointName": [{"equals-ignore-case": "DEV-TUMOR"}]}}, True),
        ({"detail": {"EndpointName": [{"anything-but": ["prod-tumor", "staging-tumor"]}]}}, True),
        ({"detail": {"EndpointName": [{"anything-but": "dev-tumor"}]}}, False),
        ({"detail": {"EndpointName": [{"anything-but": {"prefix": ["prod-", "dev-"]}}]}}, False),
        ({"detail": {"missing": [{"anything-but": "x"}]}}, False),
        ({"detail": {"count": [{"numeric": [">", 0, "<=", 5]}]}}, True),
        ({"detail": {"count": [{"numeric": ["<", 5]}]}}, False),
        ({"detail": {"flag": [{"numeric": ["=", 1]}]}}, False),
        ({"detail": {"ip": [{"cidr": "10.0.0.0/24"}]}}, True),
        ({"detail": {"EndpointName": [{"cidr": "10.0.0.0/24"}]}}, False),
        ({"detail": {"variants": {"name": ["b"], "weight": [2]}}}, True),
        ({"detail": {"variants": {"name": ["b"], "weight": [1]}}}, False),
        ({"$or": [{"source": ["aws.s3"]}, {"detail": {"count": [5]}}]}, True),
        ({"$or": [{"source": ["aws.s3"]}, {"detail": {"count": [6]}}]}, False),
    ],
)
def test_an_event_matches_or_does_not(pattern, expected):
    assert matches(pattern, EVENT) is expected


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({}, ["the pattern: must be an object with a field at least"]),
        ([], ["the pattern: must be an object with a field at least"]),
        ({"source": "aws.s3"}, ["source: must be an object or an array with an entry at least"]),
        ({"detail": {"a": []}}, ["detail.a: must be an object or an array with an entry at least"]),
        (
            {"source": [{"begins": "a"}], "detail": {"n": [{"numeric": ["<"]}]}},
            [
                (
                    "source: unknown comparison 'begins'; there are exists, prefix, suffix, equals-ignore-case, wildcard, "
                    "numeric, cidr, anything-but"
                ),
                """detail.n: numeric takes ["<", 5] or [">", 0, "<=", 5], not ['<']""",
            ],
        ),
        ({"source": [{"prefix": "a", "suffix": "b"}]}, ["source: a comparison is an object of one field"]),
        ({"$or": [{"source": 1}]}, ["$or.source: must be an object or an array with an entry at least"]),
        ({"source": ["aws.s3"]}, []),
    ],
)
def test_a_pattern_that_is_none_is_told_with_all_that_is_wrong(pattern, expected):
    assert problems(pattern) == expected


SCALARS = st.none() | st.booleans() | st.integers() | st.text()


@given(event=st.dictionaries(st.text(min_size=1), SCALARS, min_size=1))
def test_an_event_matches_the_pattern_of_its_own_values_and_none_that_forbids_one(event):
    own = {name: [value] for name, value in event.items() if name != "$or"}
    assert matches(own, event)
    for name, value in event.items():
        if name != "$or":
            assert not matches({name: [{"anything-but": [value]}]}, event)
