"""Two releases side by side: what differs is told once, and judged where it can be."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.evidence import write_evidence
from model_packaging.gate.report import GateReport
from model_packaging.registry.comparison import FileChange, NumberChange, TextChange, compare, requirements_by_name
from model_packaging.registry.compatibility import content_type_changes, signature_changes
from model_packaging.registry.metric_direction import direction_of
from model_packaging.registry.quality_statistics import quality_statistics
from model_packaging.release import Signature, TensorSpec
from tests.unit.registry.stored_releases import FILES, store_in, stored

LOAD = {
    "content_sha256": "0" * 64,
    "requests_per_second": 100.0,
    "p50_ms": 2.0,
    "p99_ms": 5.0,
    "p99_ms_wanted": 50.0,
    "concurrency": 4,
    "vcpus": 2,
    "machine": "a machine",
}


def test_the_same_release_differs_in_nothing(tmp_path):
    store = store_in(tmp_path)
    release = stored(store)
    found = compare(release, release, store=store)
    assert (found.files, found.metrics, found.signature, found.measured) == ((), (), (), ())
    assert (found.facts, found.environment, found.requirements, found.breaking) == ((), (), (), ())


def test_every_difference_is_told_with_what_it_was(tmp_path):
    store = store_in(tmp_path)
    before = stored(store, FILES | {"model/code/requirements.txt": b"onnxruntime==1.18\nNumPy\n# a comment\n"})
    after = stored(
        store,
        {
            "model/model.bin": b"heavier weights",
            "model/extra.bin": b"+",
            "model/code/requirements.txt": b"onnxruntime==1.19  # newer\nscipy>=1\n",
        },
        version="1.1.0",
        metrics={"roc_auc": 0.95, "log_loss": 0.5, "rows": 10, "new": 1},
        environment={"SAGEMAKER_PROGRAM": "inference.py", "WORKERS": "2"},
        load_test=LOAD,
    )
    found = compare(before, after, store=store)
    assert found.files == (
        FileChange("removed", "model/code/inference.py", len(FILES["model/code/inference.py"]), None),
        FileChange("changed", "model/code/requirements.txt", 36, 36),
        FileChange("added", "model/extra.bin", None, 1),
        FileChange("changed", "model/model.bin", 7, 15),
    )
    assert found.metrics == (
        NumberChange("log_loss", 0.25, 0.5, "worse"),
        NumberChange("roc_auc", 0.9, 0.95, "better"),
        NumberChange("new", None, 1, None),
        NumberChange("rows", None, 10, None),
    )
    assert found.metrics[0].delta == 0.25
    assert found.measured == (
        NumberChange("size_bytes", 79.0, 52.0, "better"),
        NumberChange("p50_ms", None, 2.0, None),
        NumberChange("p99_ms", None, 5.0, None),
        NumberChange("requests_per_second", None, 100.0, None),
    )
    assert found.facts == (TextChange("version", "1.0.0", "1.1.0"),)
    assert found.environment == (TextChange("WORKERS", None, "2"),)
    assert found.requirements == (
        TextChange("onnxruntime", "==1.18", "==1.19"),
        TextChange("numpy", "any version", None),
        TextChange("scipy", None, ">=1"),
    )


def gate_report(release, rows="0", **metrics):
    data = {"test": {"sha256": rows * 64, "rows": 10, "metrics": metrics}}
    return GateReport.model_validate(
        {
            "model": release.name,
            "version": release.version,
            "release": release.digest,
            "gate_sha256": "0" * 64,
            "task": "binary",
            "results": [],
            "data": data,
        }
    ).to_json()


def test_what_their_gates_measured_is_compared_too(tmp_path):
    store = store_in(tmp_path)
    before, after = stored(store), stored(store, version="2.0.0")
    for release, log_loss in ((before, 0.4), (after, 0.3)):
        folder = store.folder("fraud", release.digest)
        write_evidence(folder, release.digest, {"gate.json": gate_report(release, log_loss=log_loss, accuracy=0.9)})
    found = compare(before, after, store=store)
    assert (found.gate, found.gate_on_same_rows) == ((NumberChange("log_loss", 0.4, 0.3, "better"),), True)
    other = gate_report(after, rows="1", log_loss=0.3)
    write_evidence(store.folder("fraud", after.digest), after.digest, {"gate.json": other})
    found = compare(before, after, store=store)
    assert found.gate_on_same_rows is False
    assert found.gate == (
        NumberChange("log_loss", 0.4, 0.3, None),
        NumberChange("accuracy", 0.9, None, None),
    )


def test_the_metrics_go_to_studio_by_the_kind_of_problem():
    kinds = {
        ("binary", "r2"): "binary_classification_metrics",
        (None, "rmse_test"): "regression_metrics",
        (None, "f1_macro"): "multiclass_classification_metrics",
        (None, "roc_auc"): "binary_classification_metrics",
        ("free_form", "mae"): "regression_metrics",
    }
    told = {key: list(json.loads(quality_statistics({key[1]: 0.5}, key[0]))) for key in kinds}
    assert told == {key: [kind] for key, kind in kinds.items()}


def test_requirements_go_by_the_name_that_pypi_knows(tmp_path):
    file = tmp_path / "requirements.txt"
    file.write_text("Scikit_Learn[x] >= 1.5 ; python_version > '3'\n\n--no-index\n")
    assert requirements_by_name(file) == {"scikit-learn": "[x] >= 1.5 ; python_version > '3'", "--no-index": ""}


def tensor(name="rows", dtype="float32", shape=(None, 3)):
    return TensorSpec(name=name, dtype=dtype, shape=shape)


ROWS, SCORES = (tensor(),), (tensor("score", shape=(None,)),)


def signature(*, inputs=ROWS, outputs=SCORES):
    return Signature(inputs=tuple(inputs), outputs=tuple(outputs))


CHANGES = {
    "an input is renamed": (
        signature(inputs=[tensor("features")]),
        ["input rows: is gone; features may be its new name", "input features: is new"],
        [True, True],
    ),
    "an input is removed": (
        signature(inputs=[tensor("other", "int64", ())]),
        ["input rows: is gone", "input other: is new"],
        [True, True],
    ),
    "an input is another type": (
        signature(inputs=[tensor(dtype="float64")]),
        ["input rows: float32 became float64"],
        [True],
    ),
    "an input's fixed dimension changes": (
        signature(inputs=[tensor(shape=(None, 4))]),
        ["input rows: [?, 3] became [?, 4]"],
        [True],
    ),
    "an input takes any size": (
        signature(inputs=[tensor(shape=(None, None))]),
        ["input rows: [?, 3] became [?, ?]"],
        [False],
    ),
    "an input takes one row at a time": (
        signature(inputs=[tensor(shape=(1, 3))]),
        ["input rows: [?, 3] became [1, 3]"],
        [True],
    ),
    "an input has another rank": (
        signature(inputs=[tensor(shape=(3,))]),
        ["input rows: [?, 3] became [3]"],
        [True],
    ),
    "an output is added": (
        signature(outputs=[tensor("score", shape=(None,)), tensor("reason")]),
        ["output reason: is new"],
        [False],
    ),
    "an output is gone": (
        signature(outputs=[tensor("label", "int64", (None,))]),
        ["output score: is gone", "output label: is new"],
        [True, False],
    ),
    "an output's free dimension is fixed": (
        signature(outputs=[tensor("score", shape=(1,))]),
        ["output score: [?] became [1]"],
        [False],
    ),
}


@pytest.mark.parametrize(("after", "told", "breaking"), CHANGES.values(), ids=CHANGES)
def test_a_change_of_the_signature_is_judged_from_its_callers_side(after, told, breaking):
    found = signature_changes(signature(), after)
    assert ([str(one).rpartition(" (")[0] for one in found], [one.breaking for one in found]) == (told, breaking)


def test_an_output_whose_size_is_no_longer_fixed_breaks():
    before, after = signature(outputs=[tensor(shape=(1,))]), signature(outputs=[tensor(shape=(None,))])
    assert [str(one) for one in signature_changes(before, after)] == [
        "output rows: [1] became [?] (callers count on a dimension's former size)"
    ]


def test_inputs_in_another_order_break_who_goes_by_position():
    before = signature(inputs=[tensor("a"), tensor("b")])
    (found,) = signature_changes(before, signature(inputs=[tensor("b"), tensor("a")]))
    assert (found.told, found.breaking) == ("order a, b became b, a", True)


def test_a_content_type_that_is_gone_breaks(tmp_path):
    store = store_in(tmp_path)
    before = stored(store, content_types=("text/csv", "application/json"))
    after = stored(store, content_types=("application/json", "application/x-npy"))
    assert [(one.name, one.told, one.breaking) for one in content_type_changes(before, after)] == [
        ("text/csv", "is gone", True),
        ("application/x-npy", "is new", False),
    ]
    assert content_type_changes(before, stored(store)) == ()


TENSORS = st.builds(
    TensorSpec,
    name=st.sampled_from("abc"),
    dtype=st.sampled_from(["float32", "int64"]),
    shape=st.lists(st.one_of(st.none(), st.integers(1, 3)), max_size=3).map(tuple),
)
SIDES = st.lists(TENSORS, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple)
SIGNATURES = st.builds(Signature, inputs=SIDES, outputs=SIDES)


@given(SIGNATURES, SIGNATURES)
def test_a_change_is_told_where_there_is_one_and_only_there(before, after):
    assert signature_changes(before, before) == ()
    assert (signature_changes(before, after) == ()) == (before == after)


@given(SIDES, SIDES)
@pytest.mark.slow
def test_what_may_be_promised_more_of_may_not_be_asked_more_of(before, after):
    """A change of shapes that an input may make without breaking is one that an output may only make backwards."""
    fixed = signature().outputs
    as_inputs = signature_changes(Signature(inputs=before, outputs=fixed), Signature(inputs=after, outputs=fixed))
    as_outputs = signature_changes(Signature(inputs=fixed, outputs=after), Signature(inputs=fixed, outputs=before))
    shapes_only = {one.name for one in before} == {one.name for one in after}
    if shapes_only:
        assert any(one.breaking for one in as_inputs) == any(one.breaking for one in as_outputs)


DIRECTIONS = {
    "roc_auc": "higher",
    "accuracy": "higher",
    "f1_macro": "higher",
    "val_accuracy": "higher",
    "test/rmse": "lower",
    "validation-log_loss": "lower",
    "accuracy_held_out": "higher",
    "rmse_test": "lower",
    "mean_squared_error": "lower",
    "r2_score": "higher",
    "training_score": "higher",
    "p99_ms": "lower",
    "hits@10": None,
    "precision@5": "higher",
    "held_out_rows": None,
    "threshold": None,
}


@pytest.mark.parametrize(("metric", "direction"), DIRECTIONS.items())
def test_a_metrics_name_says_which_way_is_better_or_nothing_is_said(metric, direction):
    assert direction_of(metric) == direction
