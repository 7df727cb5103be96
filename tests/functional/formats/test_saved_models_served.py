"""TensorFlow SavedModels behind TensorFlow Serving's protocol, compared with the original's predictions."""

from __future__ import annotations

import base64
import json
import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import pytest

from model_packaging import formats
from model_packaging.formats.tensorflow_saved_model import TensorflowSavedModelFormat
from model_packaging.release import Signature, TensorSpec
from model_packaging.serving import ContainerSpec, VariantContainer
from tests.functional.formats.served_models import image_of, packaged, served

pytestmark = [pytest.mark.functional, pytest.mark.slow, pytest.mark.frameworks]

ROWS = [[5.1, 3.5, 1.4, 0.2], [6.7, 3.0, 5.2, 2.3], [5.9, 3.0, 4.2, 1.5]]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """One SavedModel with a signature of one output, one of two inputs and two outputs, and one of texts."""
    with warnings.catch_warnings():
        # What TensorFlow imports warns of its own next releases.
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        tf = pytest.importorskip("tensorflow")
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows, labels = load_iris(return_X_y=True)
    trained = LogisticRegression(max_iter=500).fit(rows, labels)

    class Model(tf.Module):  # type: ignore[misc,name-defined]
        def __init__(self):
            super().__init__()
            self.weights = tf.Variable(trained.coef_.T.astype("float32"))
            self.bias = tf.Variable(trained.intercept_.astype("float32"))

        @tf.function(input_signature=[tf.TensorSpec([None, 4], tf.float32, name="rows")])
        def classify(self, rows):
            return {"probabilities": tf.nn.softmax(rows @ self.weights + self.bias)}

        @tf.function(
            input_signature=[
                tf.TensorSpec([None], tf.float32, name="left"),
                tf.TensorSpec([None], tf.int64, name="right"),
            ]
        )
        def combine(self, left, right):
            other = tf.cast(right, tf.float32)
            return {"sum": left + other, "product": left * other}

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="text")])
        def shout(self, text):
            return {"upper": tf.strings.upper(text), "upper_bytes": tf.strings.upper(text)}

    model = Model()
    folder = tmp_path_factory.mktemp("saved") / "model"
    signatures = {"serving_default": model.classify, "combine": model.combine, "shout": model.shout}
    tf.saved_model.save(model, str(folder), signatures=signatures)
    answer = model.classify(tf.constant(ROWS, tf.float32))["probabilities"].numpy()
    return SimpleNamespace(folder=folder, answer=answer, version=tf.__version__)


@pytest.fixture(scope="module")
def it(saved, tmp_path_factory):
    with served(TensorflowSavedModelFormat(), saved.folder, tmp_path_factory.mktemp("work")) as found:
        yield found


def content(response):
    assert response.status == 200, response.body
    return json.loads(response.body)


def test_it_is_recognised_with_its_signature_and_its_container(it, saved):
    assert it.model.framework.version == saved.version
    assert it.signature == Signature(
        inputs=(TensorSpec(name="rows", dtype="float32", shape=(None, 4)),),
        outputs=(TensorSpec(name="probabilities", dtype="float32", shape=(None, 3)),),
    )
    assert sorted(it.model.files) == [
        "1/fingerprint.pb",
        "1/saved_model.pb",
        "1/variables/variables.data-00000-of-00001",
        "1/variables/variables.index",
    ]
    assert (it.plan.image.framework, it.plan.image.version, it.plan.entry_point) == ("tensorflow", "2.20.0", None)


def test_rows_columns_lines_and_csv_are_answered_as_the_model_does(it, saved):
    lines = "\n".join(map(json.dumps, ROWS))
    csv = "\n".join(",".join(map(str, row)) for row in ROWS)
    for body, content_type in [
        (json.dumps({"instances": ROWS}), "application/json"),
        (json.dumps({"instances": [{"rows": row} for row in ROWS]}), "application/json"),
        (json.dumps(ROWS), "application/json"),
        (lines, "application/jsonlines"),
        (csv, "text/csv"),
    ]:
        np.testing.assert_allclose(content(it.invoke(body, content_type))["predictions"], saved.answer, atol=1e-6)
    for inputs in (ROWS, {"rows": ROWS}):
        outputs = content(it.invoke(json.dumps({"inputs": inputs}), "application/json"))["outputs"]
        np.testing.assert_allclose(outputs, saved.answer, atol=1e-6)


def test_a_request_names_another_signature(it):
    body = {"signature_name": "combine", "instances": [{"left": 1.5, "right": 2}, {"left": 3.0, "right": 4}]}
    assert content(it.invoke(json.dumps(body), "application/json")) == {
        "predictions": [{"product": 3.0, "sum": 3.5}, {"product": 12.0, "sum": 7.0}]
    }
    columns = {"signature_name": "combine", "inputs": {"left": [1.5], "right": [2]}}
    answer = content(it.invoke(json.dumps(columns), "application/json"))
    assert answer == {"outputs": {"product": [3.0], "sum": [3.5]}}


def test_texts_are_texts_and_bytes_are_base64(it):
    encoded = {"b64": base64.b64encode(b"two").decode()}
    body = {"signature_name": "shout", "instances": ["one", encoded]}
    assert content(it.invoke(json.dumps(body), "application/json")) == {
        "predictions": [
            {"upper": "ONE", "upper_bytes": {"b64": base64.b64encode(b"ONE").decode()}},
            {"upper": "TWO", "upper_bytes": {"b64": base64.b64encode(b"TWO").decode()}},
        ]
    }


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ('{"instances": []}', "application/json", 400),
        ('{"instances": [[1, 2]]}', "application/json", 400),
        ('{"instances": [["a", 2, 3, 4]]}', "application/json", 400),
        ('{"instances": [[1, 2, 3, 4]], "inputs": 1}', "application/json", 400),
        ('{"signature_name": "no", "instances": [[1, 2, 3, 4]]}', "application/json", 400),
        ("1,2,3,4", "image/png", 415),
        ('{"instances": [[1, 2, 3, 4]]}', "application/json; charset=utf-8", 415),
    ],
)
def test_what_is_wrong_with_a_request_is_said_as_the_container_says_it(it, body, content_type, status):
    response = it.invoke(body, content_type)
    assert response.status == status
    assert list(json.loads(response.body)) == ["error"]


def test_custom_attributes_pick_model_and_version(it, saved):
    body = json.dumps({"instances": ROWS})
    right = it.invoke(body, "application/json", attributes="tfs-model-name=model,tfs-model-version=1")
    np.testing.assert_allclose(content(right)["predictions"], saved.answer, atol=1e-6)
    assert it.invoke(body, "application/json", attributes="tfs-model-version=2").status == 404


def test_handlers_of_the_release_stand_before_and_after_the_rest_api(saved, tmp_path):
    source = tmp_path / "model"
    (source / "code").mkdir(parents=True)
    shutil.copytree(saved.folder, source / "1")
    (source / "code" / "inference.py").write_text(
        "import json\n"
        "def input_handler(data, context):\n"
        "    row = [float(one) for one in data.read().decode().split(';')]\n"
        "    return json.dumps({'instances': [row]})\n"
        "def output_handler(response, context):\n"
        "    if response.status_code != 200:\n"
        "        raise ValueError(response.content.decode())\n"
        "    best = max(response.json()['predictions'][0])\n"
        "    return json.dumps({'best': best, 'type': context.request_content_type}), 'application/json'\n",
        encoding="utf-8",
    )
    form = TensorflowSavedModelFormat()
    plan = form.serving(formats.recognise(source), "cpu")
    spec = ContainerSpec("model", image_of(plan), {}, source)
    container = VariantContainer.start(spec, tmp_path / "work", startup_timeout_seconds=120)
    try:
        answer = container.invoke(b";".join(str(one).encode() for one in ROWS[0]), "text/mine", "*/*")
        assert (answer.status, json.loads(answer.body)["type"]) == (200, "text/mine")
        assert json.loads(answer.body)["best"] == pytest.approx(float(saved.answer[0].max()), abs=1e-6)
        assert container.invoke(b"1;2", "text/mine", "*/*").status == 500
    finally:
        container.stop()


def test_a_keras_model_is_one_too(tmp_path):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning)
        keras = pytest.importorskip("keras")
        model = keras.Sequential([keras.layers.Input((4,)), keras.layers.Dense(3, activation="softmax")])
        model.export(str(tmp_path / "keras"), verbose=False)
        answer = model(np.asarray(ROWS, dtype="float32")).numpy()
    with served(TensorflowSavedModelFormat(), tmp_path / "keras", tmp_path) as found:
        body = json.dumps({"instances": ROWS})
        got = json.loads(found.invoke(body, "application/json").body)["predictions"]
        np.testing.assert_allclose(got, answer, atol=1e-6)


def test_it_becomes_a_release_that_keeps_the_containers_contract(saved, tmp_path):
    release = packaged(saved.folder, tmp_path, "iris", {"rows.json": json.dumps({"instances": ROWS})})
    assert (release.format, release.serving_image.framework) == ("tensorflow_saved_model", "tensorflow")
