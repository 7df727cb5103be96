"""An answer is read as the gate says, or in the forms that models answer in; what is none is refused by name."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import polars as pl
import pytest

from model_packaging.gate.answers import Prediction, read_predictions
from model_packaging.gate.errors import AnswerError
from model_packaging.gate.gate_spec import CsvAnswer, JsonAnswer, JsonRequest, Request
from model_packaging.gate.request_bodies import BODIES, RequestForm, request_form
from model_packaging.media_types import CSV, JSON, NPY
from model_packaging.release import Sample, TensorSpec
from model_packaging.serving import ContainerResponse
from tests.unit.gate.gate_releases import a_release


def answer(body: Any, content_type: str = JSON) -> ContainerResponse:
    written = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    return ContainerResponse(200, written, content_type)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    return buffer.getvalue()


LABELS = [Prediction(label="a"), Prediction(label="b")]
NUMBERS = [Prediction(number=0.25), Prediction(number=1.0)]
PAIRS = [Prediction(probabilities=(0.75, 0.25)), Prediction(probabilities=(0.0, 1.0))]
BOTH = [Prediction(label="a", score=0.25), Prediction(label="b", score=1.0)]


@pytest.mark.parametrize(
    ("response", "predictions"),
    [
        pytest.param(answer([0.25, 1]), NUMBERS, id="a list of numbers"),
        pytest.param(answer([[0.25], [1]]), NUMBERS, id="a column of numbers"),
        pytest.param(answer({"predictions": [0.25, 1]}), NUMBERS, id="predictions"),
        pytest.param(answer({"outputs": [[0.75, 0.25], [0, 1]]}), PAIRS, id="outputs"),
        pytest.param(answer(["a", "b"]), LABELS, id="labels"),
        pytest.param(
            answer({"predictions": [{"probability": 0.25, "label": "a"}, {"probability": 1, "label": "b"}]}),
            BOTH,
            id="objects",
        ),
        pytest.param(answer({"label": ["a", "b"], "probability": [0.25, 1.0]}), BOTH, id="an object of lists"),
        pytest.param(
            answer([{"label": "a", "score": 0.75}, {"label": "b", "score": 1}]),
            [Prediction(label="a", label_score=0.75), Prediction(label="b", label_score=1.0)],
            id="as Hugging Face answers",
        ),
        pytest.param(
            answer([{"probabilities": {"a": 0.75, "b": 0.25}}, {"probabilities": {"a": 0, "b": 1}}]),
            [Prediction(probabilities={"a": 0.75, "b": 0.25}), Prediction(probabilities={"a": 0.0, "b": 1.0})],
            id="probabilities by label",
        ),
        pytest.param(
            answer([{"value": 3, "lower": 1, "upper": 5}, {"value": 4, "lower": 2, "upper": 6}]),
            [Prediction(number=3.0, lower=1.0, upper=5.0), Prediction(number=4.0, lower=2.0, upper=6.0)],
            id="numbers with bounds",
        ),
        pytest.param(
            answer({"outputs": [{"name": "y", "shape": [2, 2], "datatype": "FP32", "data": [0.75, 0.25, 0, 1]}]}),
            PAIRS,
            id="Open Inference Protocol, one output",
        ),
        pytest.param(
            answer(
                {
                    "outputs": [
                        {"name": "label", "shape": [2, 1], "datatype": "BYTES", "data": ["a", "b"]},
                        {"name": "probability", "shape": [2], "datatype": "FP32", "data": [0.25, 1]},
                    ]
                }
            ),
            BOTH,
            id="Open Inference Protocol, several outputs",
        ),
        pytest.param(answer("0.25\n1\n", CSV), NUMBERS, id="CSV"),
        pytest.param(answer("0.25,1\n", "text/csv; charset=utf-8"), NUMBERS, id="CSV in one line, as XGBoost answers"),
        pytest.param(answer("0.25,a\n1,b\n", CSV), BOTH, id="CSV with labels"),
        pytest.param(answer("0.75,0.25\n0,1\n", CSV), PAIRS, id="CSV of probabilities"),
        pytest.param(answer(npy(np.array([[0.75, 0.25], [0, 1]])), NPY), PAIRS, id="NPY"),
        pytest.param(answer('{"label": "a"}\n{"label": "b"}\n', "application/jsonlines"), LABELS, id="JSON Lines"),
    ],
)
def test_the_forms_that_models_answer_in_are_recognised(
    response: ContainerResponse, predictions: list[Prediction]
) -> None:
    assert read_predictions(response, None, 2) == predictions


@pytest.mark.parametrize(
    ("told", "response", "prediction"),
    [
        (
            JsonAnswer(kind="json", predictions="/a/rows", score="/p/1", label="/c~1d"),
            answer({"a": {"rows": [{"p": [0.2, 0.8], "c/d": 1.0}]}}),
            Prediction(label="1", score=0.8),
        ),
        (JsonAnswer(kind="json", value=""), answer([3.5]), Prediction(number=3.5)),
        (
            CsvAnswer(kind="csv", label=2, probabilities=(0, 1)),
            answer("0.5,0.5,x", CSV),
            Prediction(label="x", probabilities=(0.5, 0.5)),
        ),
    ],
)
def test_a_gate_points_to_the_parts_of_an_answer(
    told: JsonAnswer | CsvAnswer, response: ContainerResponse, prediction: Prediction
) -> None:
    assert read_predictions(response, told, 1) == [prediction]


@pytest.mark.parametrize(
    ("response", "message"),
    [
        (answer([0.5]), "1 predictions for 2 rows"),
        (
            answer(""),
            "the answer (application/json) cannot be read: Expecting value: line 1 column 1 (char 0); it begins ",
        ),
        (answer({"no": "key"}), "a prediction has the keys 'no', of which none is known"),
        (answer("a,b\nc,d\n", CSV), "the line 'a,b' has 2 texts"),
        (answer(b"not numpy", NPY), "the answer (application/x-npy) cannot be read: "),
    ],
)
def test_an_answer_that_is_none_is_refused_by_name(response: ContainerResponse, message: str) -> None:
    with pytest.raises(AnswerError) as refused:
        read_predictions(response, None, 2)
    assert message in str(refused.value)


ROWS = pl.DataFrame({"a": [1.5, None], "b": ["x", "y"]})


@pytest.mark.parametrize(
    ("form", "rows", "body"),
    [
        ("csv", ROWS, b"1.5,x\n,y\n"),
        ("instances", ROWS, b'{"instances":[[1.5,"x"],[null,"y"]]}'),
        ("rows", ROWS, b'[[1.5,"x"],[null,"y"]]'),
        ("records", ROWS, b'{"instances":[{"a":1.5,"b":"x"},{"a":null,"b":"y"}]}'),
        ("inputs", ROWS.select("b"), b'{"inputs":["x","y"]}'),
        ("dataframe_split", ROWS, b'{"dataframe_split":{"columns":["a","b"],"data":[[1.5,"x"],[null,"y"]]}}'),
        ("csv", np.array([[1.0, np.nan]]), b"1.0,\n"),
        ("csv", ROWS.select("a"), b'1.5\n""\n'),
        ("instances", np.array([[[1.0, np.nan]]]), b'{"instances":[[[1.0,null]]]}'),
        ("jsonlines", np.array([[1, 2]]), b'{"features": [1, 2]}\n'),
    ],
)
def test_rows_are_written_as_models_read_them(form: str, rows: Any, body: bytes) -> None:
    bodies = {"csv": BODIES[CSV], "jsonlines": BODIES["application/jsonlines"]}
    kind = bodies.get(form) or JsonRequest.model_validate({"kind": "json", "form": form})
    assert RequestForm(kind, "any", "any").written(rows) == body


def tensor(name: str, dtype: str) -> TensorSpec:
    return TensorSpec(name=name, dtype=dtype, shape=(None, None))


@pytest.mark.parametrize(
    ("inputs", "rows", "tensors"),
    [
        (
            (tensor("x", "float32"),),
            pl.DataFrame({"a": [1, 2], "b": [0.5, None]}),
            [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1.0, 0.5, 2.0, None]}],
        ),
        (
            (tensor("b", "str"), tensor("a", "int64")),
            pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}),
            [
                {"name": "b", "shape": [2, 1], "datatype": "BYTES", "data": ["x", "y"]},
                {"name": "a", "shape": [2, 1], "datatype": "INT64", "data": [1, 2]},
            ],
        ),
        (
            (tensor("image", "uint8"),),
            np.arange(4, dtype=np.uint8).reshape(1, 2, 2),
            [{"name": "image", "shape": [1, 2, 2], "datatype": "UINT8", "data": [0, 1, 2, 3]}],
        ),
    ],
)
def test_rows_become_the_tensors_that_the_signature_names(
    inputs: tuple[TensorSpec, ...], rows: Any, tensors: list[dict[str, Any]]
) -> None:
    form = RequestForm(JsonRequest(kind="json", form="open_inference"), JSON, JSON, inputs)
    assert json.loads(form.written(rows)) == {"inputs": tensors}


def test_inputs_that_are_no_features_are_told() -> None:
    form = RequestForm(
        JsonRequest(kind="json", form="open_inference"), JSON, JSON, (tensor("a", "str"), tensor("c", "str"))
    )
    with pytest.raises(AnswerError, match="the model's inputs are a, c, and the features are a, b"):
        form.written(ROWS)


def test_rows_of_an_array_are_written_as_numpy_reads_them() -> None:
    rows = np.arange(6.0).reshape(2, 3)
    written = RequestForm(BODIES[NPY], NPY, NPY).written(rows)
    assert np.load(io.BytesIO(written), allow_pickle=False).tolist() == rows.tolist()


@pytest.mark.parametrize(
    ("sample", "content_type", "form"),
    [
        (b'{"instances": [[1]]}', JSON, ("json", "instances")),
        (b"[[1]]", JSON, ("json", "rows")),
        (b'{"instances": [{"a": 1}]}', JSON, ("json", "records")),
        (b'{"inputs": ["a"]}', JSON, ("json", "inputs")),
        (
            b'{"inputs": [{"name": "x", "shape": [1], "datatype": "FP32", "data": [1]}]}',
            JSON,
            ("json", "open_inference"),
        ),
        (b'{"dataframe_split": {}}', JSON, ("json", "dataframe_split")),
        (b"1,2\n3,4\n", CSV, ("csv", False)),
        (b"a,b\n3,4\n", "text/csv; charset=utf-8", ("csv", True)),
    ],
)
def test_requests_are_written_as_the_first_sample_is(sample: bytes, content_type: str, form: tuple[str, Any]) -> None:
    release = a_release(samples=(Sample(file="samples/one", content_type=content_type),))
    found = request_form(Request(), release, {"samples/one": sample})
    told = getattr(found.body, "form", None) or getattr(found.body, "header", None)
    assert (found.body.kind, told, found.content_type) == (*form, content_type)


@pytest.mark.parametrize(
    ("content_types", "asked", "accept"),
    [
        (None, None, CSV),
        ((CSV,), None, CSV),
        ((CSV, "application/json; charset=utf-8"), None, JSON),
        ((CSV, JSON), CSV, CSV),
    ],
)
def test_an_answer_is_asked_for_in_json_where_the_model_speaks_it(
    content_types: tuple[str, ...] | None, asked: str | None, accept: str
) -> None:
    release = a_release(samples=(Sample(file="samples/one", content_type=CSV),), content_types=content_types)
    assert request_form(Request(accept=asked), release, {"samples/one": b"1,2\n"}).accept == accept
