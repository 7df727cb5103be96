"""What a model must refuse is made of what it answers."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.contract import SampleRequest
from model_packaging.contract.malformed import malformed_requests
from model_packaging.release import Signature, TensorSpec
from model_packaging.serving.container import LARGEST_BODY_BYTES


def signature(*shape: int | None) -> Signature:
    one = TensorSpec(name="rows", dtype="float32", shape=shape)
    return Signature(inputs=(one,), outputs=(one,))


def cases(body: bytes, content_type: str, shape: tuple[int | None, ...]) -> dict[str, tuple[bytes, bool]]:
    sample = SampleRequest("sample", body, content_type)
    found = malformed_requests([sample], [content_type], signature(*shape))
    return {one.case: (one.body, one.must_be_refused) for one in found if not one.case.startswith("as large")}


@pytest.mark.parametrize(
    ("body", "content_type", "shape", "expected"),
    [
        (
            b"1,2,3\n4,5,6\n",
            "text/csv",
            (None, 3),
            {
                "empty": (b"", True),
                "not UTF-8": (b"\xff\xfe\xfd\x00\x80", True),
                "a column too few": (b"1,2\n4,5\n", True),
            },
        ),
        (
            b'{"instances": [[1, 2], [3, 4]]}\n',
            "application/json; charset=utf-8",
            (None, 2),
            {
                "empty": (b"", True),
                "not UTF-8": (b"\xff\xfe\xfd\x00\x80", True),
                "null": (b"null", True),
                "truncated": (b'{"instances": [[1, 2], [3, 4]]', True),
                "a column too few": (b'{"instances": [[1], [3]]}', True),
            },
        ),
        (
            b'{"inputs": "what a film"}',
            "application/json",
            (None,),
            {
                "empty": (b"", True),
                "not UTF-8": (b"\xff\xfe\xfd\x00\x80", True),
                "null": (b"null", True),
                "truncated": (b'{"inputs": "what a film"', True),
            },
        ),
        (b"what a film", "text/plain", (None,), {"empty": (b"", False), "not UTF-8": (b"\xff\xfe\xfd\x00\x80", False)}),
        (b"\x89PNG1234", "image/png", (None, 8, 8, 3), {"empty": (b"", False), "truncated": (b"\x89PNG", False)}),
    ],
)
def test_each_content_type_has_its_own_ways_to_be_wrong(body, content_type, shape, expected):
    assert cases(body, content_type, shape) == expected


def test_a_column_is_taken_away_only_where_rows_have_a_width():
    assert "a column too few" not in cases(b"1,2,3\n", "text/csv", (None, None))
    assert "a column too few" not in cases(b"1\n", "text/csv", (None, 1))
    assert "a column too few" in cases(b"1,2,3\n", "text/csv", (None, 3))


@pytest.mark.parametrize("content_type", ["text/csv", "application/json", "image/png"])
def test_the_largest_body_is_as_large_as_an_endpoint_takes(content_type):
    (largest,) = [one for one in malformed_requests([], [content_type], signature(None, 3)) if "large" in one.case]
    assert LARGEST_BODY_BYTES - 2 < len(largest.body) <= LARGEST_BODY_BYTES
    assert not largest.must_be_refused


values = st.recursive(st.none() | st.booleans() | st.floats() | st.text(), st.lists, max_leaves=5)


@pytest.mark.slow
@given(st.lists(values, min_size=1) | st.dictionaries(st.text(), values, min_size=1))
def test_a_truncated_document_is_never_one(content):
    sample = SampleRequest("sample", json.dumps(content).encode(), "application/json")
    found = malformed_requests([sample], ["application/json"], signature(None))
    truncated = next(one for one in found if one.case == "truncated")  # the largest body, which costs most, comes after
    with pytest.raises(json.JSONDecodeError):
        json.loads(truncated.body)
