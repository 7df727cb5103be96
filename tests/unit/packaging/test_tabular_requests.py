"""What the serving code of tabular models reads and answers, and what it refuses with which status."""

from __future__ import annotations

import io
import json
import math
from typing import Any

import numpy as np
import pytest

from model_packaging.formats.inference_code import tabular

ROWS = tabular.Columns((), ("float64",) * 3)
NAMED = tabular.Columns(("age", "town"), ("float64", "str"))


def npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("columns", "body", "content_type", "rows"),
    [
        (ROWS, b"1,2,3\n4,5,6\n", "text/csv", [["1", "2", "3"], ["4", "5", "6"]]),
        (ROWS, "1,2,3", "text/csv; charset=utf-8", [["1", "2", "3"]]),
        (ROWS, b'{"instances": [[1, null, 3]]}', "application/json", [[1, None, 3]]),
        (ROWS, b"[[1, 2, 3]]", "Application/JSON", [[1, 2, 3]]),
        (ROWS, npy(np.array([[1.0, 2.0, 3.0]])), "application/x-npy", [[1.0, 2.0, 3.0]]),
        (NAMED, b"age,town\n31,Bonn\n", "text/csv", [["31", "Bonn"]]),
        (NAMED, b'31,"Bonn, Beuel"\n', "text/csv", [["31", "Bonn, Beuel"]]),
        (NAMED, b'[{"town": "Bonn", "age": 31}]', "application/json", [[31, "Bonn"]]),
        (tabular.Columns(("text",), ("str",)), b'{"instances": ["a fine day"]}', "application/json", [["a fine day"]]),
    ],
)
def test_rows_are_read(columns, body, content_type, rows):
    assert tabular.read_rows(body, content_type, columns) == rows


@pytest.mark.parametrize(
    ("columns", "body", "content_type", "status", "message"),
    [
        (ROWS, b"1,2\n", "text/csv", 400, "a row has 3 values; row 1 has 2"),
        (ROWS, b"1,2,3\n1\n", "text/csv", 400, "a row has 3 values; row 2 has 1"),
        (ROWS, b"\n", "text/csv", 400, "there is no row in the body"),
        (ROWS, b"\xff\xfe", "text/csv", 400, "the body is not UTF-8 text"),
        (ROWS, b"a" * 200_000, "text/csv", 400, "the body is not CSV: field larger than field limit"),
        (ROWS, b"{", "application/json", 400, "the body is not JSON"),
        (ROWS, b"[" * 100_000, "application/json", 400, "the body is not JSON"),
        (ROWS, b"null", "application/json", 400, 'the body must be {"instances": [[…], …]} or [[…], …]'),
        (ROWS, b'{"rows": []}', "application/json", 400, 'the body must be {"instances": [[…], …]} or [[…], …]'),
        (ROWS, b"[1, 2, 3]", "application/json", 400, "row 1 must be […], of numbers and strings"),
        (ROWS, b"[[[1], 2, 3]]", "application/json", 400, "row 1 must be […], of numbers and strings"),
        (NAMED, b'[{"age": 1, "city": "Bonn"}]', "application/json", 400, "row 1: not the model's columns, missing or too much: city, town"),
        (ROWS, b"NUMPY", "application/x-npy", 400, "the body is not NPY"),
        (ROWS, npy(np.array([1.0])), "application/x-npy", 400, "an NPY body holds rows, [rows, columns]; this one has 1 dimensions"),
        (ROWS, npy(np.array([[print]], dtype=object)), "application/x-npy", 400, "the body is not NPY: Object arrays cannot be loaded"),
        (ROWS, b"1", "application/pdf", 415, "content type 'application/pdf': send text/csv"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(columns, body, content_type, status, message):
    with pytest.raises(tabular.RequestError) as caught:
        tabular.read_rows(body, content_type, columns)
    assert (caught.value.status, str(caught.value)[: len(message)]) == (status, message)


def test_a_missing_value_is_nan_where_the_model_takes_it():
    rows = tabular.numbers([["1", ""], [None, 2]], missing_allowed=True)
    assert [[one if math.isfinite(one) else None for one in row] for row in rows.tolist()] == [[1.0, None], [None, 2.0]]


@pytest.mark.parametrize(
    ("rows", "missing_allowed", "message"),
    [
        ([["1", ""]], False, "a value is missing or not finite in row 1"),
        ([["1", "2"], ["inf", "1"]], True, "a value is infinite in row 2"),
        ([["1", "x"]], True, "every value must be a number: could not convert string to float: 'x'"),
    ],
)
def test_what_is_no_number_is_refused(rows, missing_allowed, message):
    with pytest.raises(tabular.RequestError) as caught:
        tabular.numbers(rows, missing_allowed=missing_allowed)
    assert (caught.value.status, str(caught.value)) == (400, message)


def test_columns_by_name_have_their_types():
    found = tabular.by_name([["3", "Bonn"], ["", ""]], NAMED)
    assert (found["town"], found["age"].tolist()[0], math.isnan(found["age"].tolist()[1])) == (
        ["Bonn", None],
        3.0,
        True,
    )


PREDICTIONS = [{"label": "b", "probabilities": {"a": 0.25, "b": 0.75}}]


@pytest.mark.parametrize(
    ("accept", "body", "content_type"),
    [
        ("application/json", json.dumps({"predictions": PREDICTIONS}), "application/json"),
        ("*/*", json.dumps({"predictions": PREDICTIONS}), "application/json"),
        ("text/csv;q=0.9, application/json", "b,0.25,0.75\n", "text/csv"),
    ],
)
def test_an_answer_is_what_the_caller_accepts(accept, body, content_type):
    assert tabular.answer(PREDICTIONS, accept) == (body, content_type)


def test_an_accept_that_is_not_written_is_refused():
    with pytest.raises(tabular.RequestError) as caught:
        tabular.answer([1.0], "image/png")
    assert caught.value.status == 406


def test_nan_is_no_answer():
    with pytest.raises(ValueError, match="not JSON compliant"):
        tabular.answer([float("nan")], "application/json")


@pytest.mark.parametrize(
    ("labels", "probabilities", "classes", "predictions"),
    [
        ([1, 0], [[0.2, 0.8], [0.9, 0.1]], [0, 1], [{"probability": 0.8, "label": 1}, {"probability": 0.1, "label": 0}]),
        (["c"], [[0.1, 0.2, 0.7]], ["a", "b", "c"], [{"label": "c", "probabilities": {"a": 0.1, "b": 0.2, "c": 0.7}}]),
        ([True], None, [False, True], [{"label": True}]),
    ],
)  # fmt: skip
def test_a_classifier_answers_with_label_and_probability(labels, probabilities, classes, predictions):
    found = None if probabilities is None else np.array(probabilities)
    assert tabular.classified(np.array(labels), found, np.array(classes)) == predictions


def test_the_scikit_learn_container_gets_a_response_where_a_request_is_wrong():
    def refuse() -> tuple[str, str]:
        raise tabular.RequestError(415, "send text/csv")

    response = tabular.answered(refuse)
    assert (response.status_code, response.mimetype, response.get_data()) == (415, "text/plain", b"send text/csv\n")
    assert tabular.answered(lambda: ("1", "text/csv")) == ("1", "text/csv")
