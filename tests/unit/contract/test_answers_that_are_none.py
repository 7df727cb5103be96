"""A 200 is no answer where its body is none."""

from __future__ import annotations

import io

import numpy as np
import pytest

from model_packaging.contract.answers import answer_problem


def npy(values: object) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, np.asarray(values))
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type", "problem"),
    [
        (b"", "application/json", "the answer is empty"),
        (b'{"predictions": [0.5, 1]}', "application/json", None),
        (b'{"predictions": [0.5, NaN]}', "application/json; charset=utf-8", "the answer holds NaN"),
        (b"[-Infinity]", "application/json", "the answer holds -Infinity"),
        (b'[{"probability": "nan"}]', "application/json", "the answer holds nan"),
        (b'{"label": "nanny"}', "application/json", None),
        (b"", "text/csv", "the answer is empty"),
        (b"[1", "application/json",
         "the answer says it is application/json, and is not: Expecting ',' delimiter: line 1 column 3 (char 2)"),
        (b"[1]\n[NaN]\n", "application/jsonlines", "the answer holds NaN"),
        (b"0.5,benign\n0.1,malignant\n", "text/csv", None),
        (b"0.5,benign\nnan,malignant\n", "text/csv", "the answer holds nan"),
        (b"-inf\n", "text/csv", "the answer holds inf"),
        (b"nanny,informal\n", "text/csv", None),
        (npy([1.0, 2.0]), "application/x-npy", None),
        (npy([1.0, float("nan")]), "application/x-npy", "the answer holds nan"),
        (npy([float("inf")]), "application/x-npy", "the answer holds inf"),
        (npy([]), "application/x-npy", "the answer is an empty array"),
        (npy(["nan"]), "application/x-npy", None),
        (b"\x00\x01", "image/png", None),
    ],
)  # fmt: skip
def test_what_is_wrong_with_an_answer(body, content_type, problem):
    assert answer_problem(body, content_type) == problem
