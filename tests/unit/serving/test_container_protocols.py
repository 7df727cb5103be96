"""Requests as the TensorFlow Serving and Triton containers read them, without either framework."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.serving.inference_protocol import (
    BINARY_TYPE,
    NUMPY_TYPES,
    InferenceError,
    InferenceRequest,
    read_request,
    write_response,
)
from model_packaging.serving.kinds import kind_of
from model_packaging.serving.saved_models import RestError
from model_packaging.serving.tensorflow_serving import as_tfs_request, custom_attributes

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("body", "content_type", "request_"),
    [
        ('{"inputs": [1]}', "application/json", {"inputs": [1]}),
        ("[[1, 2], [3, 4]]", "application/json", {"instances": [[1, 2], [3, 4]]}),
        ("[1, 2]", "application/json", {"instances": [[1, 2]]}),
        ('{"a": 1}', "application/json", {"instances": [{"a": 1}]}),
        ('{"a": 1}\n{"a": 2}', "application/jsonlines", {"instances": [{"a": 1}, {"a": 2}]}),
        ("[1, 2]\n[3, 4]\n", "application/json", {"instances": [[1, 2], [3, 4]]}),
        ("1.5,2\n3,4\n", "text/csv", {"instances": [[1.5, 2], [3, 4]]}),
        ("1\n2\n", "text/csv", {"instances": [1, 2]}),
        ("a,b\n", "text/csv", {"instances": [["a", "b"]]}),
    ],
)
def test_the_tensorflow_containers_proxy_makes_a_rest_request_of_a_body(body, content_type, request_):
    assert json.loads(as_tfs_request(body.encode(), content_type)) == request_


@pytest.mark.parametrize("content_type", ["", "image/png", "application/json; charset=utf-8"])
def test_the_tensorflow_containers_proxy_knows_its_types_to_the_letter(content_type):
    with pytest.raises(RestError, match="Unsupported Media Type"):
        as_tfs_request(b"[]", content_type)


def test_custom_attributes_are_those_of_tensorflow_serving():
    header = "tfs-model-name=a,trace=7,tfs-model-version=3"
    assert custom_attributes(header) == {"tfs-model-name": "a", "tfs-model-version": "3"}
    assert custom_attributes(None) == {}


def test_images_with_a_protocol_of_their_own_have_one_here():
    registry = "123456789012.dkr.ecr.us-east-1.amazonaws.com"
    assert {
        repository: kind_of(f"{registry}/{repository}:1").rpartition(".")[2]
        for repository in ("tensorflow-inference", "sagemaker-tritonserver", "pytorch-inference")
    } == {
        "tensorflow-inference": "tensorflow_serving",
        "sagemaker-tritonserver": "triton_server",
        "pytorch-inference": "framework_container",
    }


ARRAYS = st.sampled_from(sorted(set(NUMPY_TYPES) - {"BYTES"})).flatmap(
    lambda datatype: st.tuples(
        st.just(datatype),
        st.lists(st.integers(0, 1), min_size=0, max_size=6).map(
            lambda values: np.asarray(values, dtype=NUMPY_TYPES[datatype])
        ),
    )
)


@given(ARRAYS, st.booleans())
def test_a_tensor_that_triton_answers_reads_back_as_a_request(tensor, binary):
    datatype, array = tensor
    request = InferenceRequest(inputs={}, datatypes={}, binary_outputs=binary)
    body, content_type = write_response(request, "m", "1", [("x", datatype, array)])
    assert content_type.startswith(BINARY_TYPE) == binary
    size = int(content_type.removeprefix(BINARY_TYPE)) if binary else len(body)
    outputs = json.loads(body[:size])["outputs"]
    header = json.dumps({"inputs": outputs}).encode()
    read = read_request(header + body[size:], f"{BINARY_TYPE}{len(header)}" if binary else "application/json")
    assert read.datatypes == {"x": datatype}
    assert read.inputs["x"].dtype == array.dtype
    np.testing.assert_array_equal(read.inputs["x"], array)


def test_texts_are_bytes_with_their_lengths():
    texts = np.asarray([b"a", b"", "ü".encode()], dtype=object)
    request = InferenceRequest(inputs={}, datatypes={}, binary_outputs=True)
    body, content_type = write_response(request, "m", "1", [("x", "BYTES", texts)])
    size = int(content_type.removeprefix(BINARY_TYPE))
    assert body[size:] == b"\1\0\0\0a\0\0\0\0\2\0\0\0\xc3\xbc"
    header = json.dumps({"inputs": json.loads(body[:size])["outputs"]}).encode()
    read = read_request(header + body[size:], f"{BINARY_TYPE}{len(header)}")
    assert read.inputs["x"].tolist() == texts.tolist()


@given(st.binary(max_size=80), st.integers(-1, 99))
def test_any_body_is_read_or_told(body, size):
    for content_type in ("application/json", f"{BINARY_TYPE}{size}", f"x{BINARY_TYPE}1"):
        with pytest.raises(InferenceError):
            read_request(body, content_type)
