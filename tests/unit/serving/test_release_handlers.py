"""The handlers of a release are called as AWS's framework containers call them."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from model_packaging.serving.exception_answers import status_of_exceptions
from model_packaging.serving.handlers import (
    HandlerResponse,
    ReleaseCodeError,
    ReleaseHandlers,
    import_program,
)

SUM = "def predict_fn(rows, model): return rows.sum(axis=1).tolist()"
LOAD = "def model_fn(model_dir): return model_dir"


def module_of(*definitions: str) -> ModuleType:
    module = ModuleType("inference")
    module.__file__ = "code/inference.py"
    for definition in definitions:
        exec(textwrap.dedent(definition), vars(module))  # noqa: S102 - the test's own text
    return module


def handlers(*definitions: str) -> ReleaseHandlers:
    return ReleaseHandlers(module_of(LOAD, *definitions), Path("model-data"))


def invoke(release: ReleaseHandlers, body: bytes, content_type: str, accept: str = "*/*", **headers: str):
    return release.invoke(body, {"Content-Type": content_type, "Accept": accept, **headers})


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"[[1, 2], [3, 4]]", "application/json"),
        (b"1,2\n3,4\n", "text/csv"),
        (npy(np.asarray([[1.0, 2.0], [3.0, 4.0]])), "application/x-npy"),
    ],
)
@pytest.mark.parametrize(
    ("accept", "answer"),
    [("*/*", b"[3.0, 7.0]"), ("application/json", b"[3.0, 7.0]"), ("text/csv", b"3.0\n7.0\n")],
)
def test_a_missing_handler_has_the_containers_default(body, content_type, accept, answer):
    answered_type = "text/csv" if accept == "text/csv" else "application/json"
    assert invoke(handlers(SUM), body, content_type, accept) == HandlerResponse(200, answer, answered_type)


def test_an_npy_answer_is_an_array():
    response = invoke(handlers(SUM), b"[[1, 2]]", "application/json", "application/x-npy")
    assert np.load(io.BytesIO(response.body)).tolist() == [3.0]


def test_the_default_prediction_asks_the_model():
    release = handlers("""
        class Model:
            def predict(self, rows): return rows[:, 0]
        def model_fn(model_dir): return Model()
    """)
    assert invoke(release, b"[[5, 2]]", "application/json").body == b"[5.0]"


def test_the_model_is_loaded_once_from_its_folder():
    release = handlers("""
        loaded = []
        def model_fn(model_dir):
            loaded.append(model_dir)
            return loaded
        def predict_fn(rows, model): return model
    """)
    answers = {invoke(release, b"[[1]]", "application/json").body for _ in range(2)}
    assert answers == {b'["model-data"]'}


def test_text_bodies_come_as_text_and_others_as_bytes():
    release = handlers(
        "def input_fn(body, content_type): return f'{type(body).__name__} {content_type}'",
        "def predict_fn(rows, model): return rows",
    )
    assert [json.loads(invoke(release, b"1", one).body) for one in ("text/csv", "application/json", "image/png")] == [
        "str text/csv",
        "str application/json",
        "bytes image/png",
    ]


def test_output_fn_may_return_a_pair_or_a_response_object():
    pair = handlers(SUM, "def output_fn(prediction, accept): return b'x', 'application/x-mine'")
    assert invoke(pair, b"[[1]]", "application/json") == HandlerResponse(200, b"x", "application/x-mine")
    response = handlers(
        SUM,
        """
        from werkzeug import Response
        def output_fn(prediction, accept): return Response('x', status=201, mimetype='text/plain')
        """,
    )
    assert invoke(response, b"[[1]]", "application/json") == HandlerResponse(201, b"x", "text/plain")


def test_transform_fn_does_all():
    release = handlers("def transform_fn(model, body, content_type, accept): return body.upper(), content_type")
    assert invoke(release, b"abc", "text/plain") == HandlerResponse(200, b"ABC", "text/plain")


def test_a_handler_may_ask_for_the_context():
    release = handlers("""
        def predict_fn(rows, model, context):
            context.set_response_header(0, "X-Amzn-SageMaker-Custom-Attributes", "seen")
            return [context.get_request_header(0, "x-trace"), context.system_properties["model_dir"]]
    """)
    response = invoke(release, b"[[1]]", "application/json", **{"X-Trace": "t1"})
    assert json.loads(response.body) == ["t1", "model-data"]
    assert response.headers == {"X-Amzn-SageMaker-Custom-Attributes": "seen"}


@pytest.mark.parametrize(
    ("definition", "status", "message"),
    [
        ("def predict_fn(rows, model): raise ValueError('no such thing')", 500, b"ValueError: no such thing\n"),
        ("def predict_fn(rows, model): return 1 / 0", 500, b"ZeroDivisionError: division by zero\n"),
        (
            "def predict_fn(rows, model): return object()",
            500,
            b"TypeError: a object in the prediction is not JSON; write an output_fn that says how it reads\n",
        ),
        (
            "from werkzeug.exceptions import BadRequest\ndef input_fn(body, content_type): raise BadRequest('row 1')",
            400,
            b"BadRequest: 400 Bad Request: row 1\n",
        ),
        ("def output_fn(prediction, accept): return 5", 500, b"TypeError: output_fn returned a int; a body is str or bytes\n"),
    ],
)  # fmt: skip
def test_an_error_of_the_release_is_an_answer_and_a_traceback_in_the_log_where_it_is_its_own(
    capsys, definition, status, message
):
    definitions = (definition,) if "predict_fn" in definition else (SUM, definition)
    response = invoke(handlers(*definitions), b"[[1]]", "application/json")
    assert (response.status, response.body) == (status, message)
    log = capsys.readouterr().err
    assert ("Traceback (most recent call last)" in log) == (status >= 500)
    assert status >= 500 or log == f"{status} {message.decode()}"


def test_an_iterator_is_a_response_in_parts():
    response = invoke(
        handlers(SUM, "def output_fn(prediction, accept): return iter(['a', b'bc'])"), b"[[1]]", "text/csv"
    )
    assert (response.body, response.parts) == (b"abc", (b"a", b"bc"))


@pytest.mark.parametrize(
    ("content_type", "accept", "status"),
    [("text/xml", "*/*", 415), ("application/json", "image/png", 406)],
)
def test_a_type_that_no_handler_knows_is_415_or_406(content_type, accept, status):
    response = invoke(handlers(SUM), b"[[1]]", content_type, accept)
    assert response.status == status
    assert b"supported: application/json, text/csv, application/x-npy" in response.body


def test_a_pickled_array_is_refused():
    body = npy(np.asarray([{"any": "object"}], dtype=object))
    assert invoke(handlers(SUM), body, "application/x-npy").status == 500


@pytest.mark.parametrize(
    ("definitions", "message"),
    [
        ((), "code/inference.py has no model_fn(model_dir), which must return the loaded model"),
        (
            (LOAD, SUM, "def transform_fn(model, body, content_type, accept): ..."),
            "code/inference.py has transform_fn and predict_fn: transform_fn replaces them",
        ),
    ],
)
def test_code_that_breaks_the_contract_does_not_start(definitions, message):
    with pytest.raises(ReleaseCodeError) as caught:
        ReleaseHandlers(module_of(*definitions), Path("model-data"))
    assert str(caught.value) == message


def test_a_program_that_is_not_there_is_told_with_what_is(tmp_path):
    (tmp_path / "infer.py").write_text("")
    with pytest.raises(ReleaseCodeError) as caught:
        import_program("inference.py", tmp_path)
    assert str(caught.value).startswith(
        f"SAGEMAKER_PROGRAM=inference.py: no such file in {tmp_path} (there: infer.py); put the inference code under code/"
    )


class BaseInferenceToolkitError(Exception):
    """Stands for `sagemaker_inference.errors.BaseInferenceToolkitError`, which is in the containers."""

    def __init__(self, status_code: int) -> None:
        super().__init__(status_code)
        self.status_code = status_code


class OfTheReleaseError(BaseInferenceToolkitError):
    pass


@pytest.mark.parametrize(
    ("repository", "statuses"),
    [
        ("sagemaker-scikit-learn", [500, 500, 500, 500]),
        ("sagemaker-xgboost", [500, 415, 400, 500]),
        ("pytorch-inference", [500, 415, 400, 500]),
        ("huggingface-pytorch-inference", [400, 400, 400, 400]),
        ("of-our-own", [422, 415, 400, 500]),
    ],
)
def test_an_exception_is_answered_as_the_images_container_answers_it(repository, statuses):
    carries = ValueError("no")
    carries.code = 422  # type: ignore[attr-defined]
    errors = [carries, BaseInferenceToolkitError(415), OfTheReleaseError(400), ValueError("no")]
    assert [status_of_exceptions(repository)(error) for error in errors] == statuses


def test_a_handler_that_asks_for_the_context_may_set_the_status():
    release = handlers("""
        def transform_fn(model, body, content_type, accept, context):
            context.set_response_status(code=422, phrase="no")
            return "no", "text/plain"
    """)
    assert invoke(release, b"x", "text/plain") == HandlerResponse(422, b"no", "text/plain")
