"""`config.pbtxt` is read with its lines, checked as Triton checks it, and written so that it reads back the same."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from model_packaging.errors import InvalidPackageError
from model_packaging.formats.text_proto import Message, TextProtoError, Word, read_text_proto
from model_packaging.formats.triton_config import triton_config, write_triton_config
from model_packaging.formats.triton_repository import read_model, read_repository
from model_packaging.formats.triton_schema import DATA_TYPES
from model_packaging.release import Signature, TensorSpec

pytestmark = pytest.mark.unit

GOOD = """\
name: "m"
backend: "onnxruntime"
max_batch_size: 8
input [ { name: "x" data_type: TYPE_FP32 dims: [ 4 ] } ]
output [ { name: "y" data_type: TYPE_INT64 dims: [ 1 ] reshape: { shape: [ ] } } ]
"""


def model(tmp_path: Path, config: str, *, versions=("1",), files=("model.onnx",)) -> Path:
    folder = tmp_path / "m"
    for version in versions:
        (folder / version).mkdir(parents=True)
        for name in files:
            (folder / version / name).write_bytes(b"")
    folder.mkdir(exist_ok=True)
    (folder / "config.pbtxt").write_text(textwrap.dedent(config), encoding="utf-8")
    return folder


def told(folder: Path) -> list[str]:
    with pytest.raises(InvalidPackageError) as caught:
        read_model(folder, "m")
    return [str(one) for one in caught.value.violations]


def fields(message: Message) -> list[tuple[str, object]]:
    return [
        (one.name, fields(one.value) if isinstance(one.value, Message) else [] if one.empty_list else one.value)
        for one in message.fields
    ]


def test_the_text_format_is_read_in_all_its_ways():
    text = """
        # a comment
        name: "a" 'b\\n\\x41\\101' ; count: -0x10, rate: 1.5e3f
        list: [ 1, 2 ]
        none: []
        parts [ { word: TYPE_FP32 }, < flag: true > ]
        map { key: "k" value: { text: "v" } }
    """
    assert fields(read_text_proto(text)) == [
        ("name", "ab\nAA"),
        ("count", -16),
        ("rate", 1500.0),
        ("list", 1),
        ("list", 2),
        ("none", []),
        ("parts", [("word", Word("TYPE_FP32"))]),
        ("parts", [("flag", Word("true"))]),
        ("map", [("key", "k"), ("value", [("text", "v")])]),
    ]


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a: 1\nb { c: 2", 2, "the file's end stands where a field's name belongs"),
        ("a: 1\n\nb 3", 3, "after 'b' there is '3', not ':' or a message"),
        ("a: [1 2]", 1, "'2' stands in a list without a comma"),
        ("a: }", 1, "'}' stands where a value belongs"),
        ('a: "x', 1, "cannot be read from '\"x' on"),
        ("a: 09", 1, "'09' is no number: a leading 0 says that it is octal"),
    ],
)
def test_what_is_not_in_the_text_format_is_told_by_its_line(text, line, message):
    with pytest.raises(TextProtoError) as caught:
        read_text_proto(text)
    assert (caught.value.line, caught.value.message) == (line, message)


def test_messages_without_end_are_refused():
    with pytest.raises(TextProtoError, match="more than 100 messages inside one another"):
        read_text_proto("a {" * 5000)


@given(st.text(max_size=60))
def test_any_text_is_read_or_told(text):
    try:
        read_text_proto(text)
        line = 1
    except TextProtoError as error:
        line = error.line
    assert line >= 1


def test_a_good_configuration_breaks_no_rule(tmp_path):
    found = read_model(model(tmp_path, GOOD), "m")
    assert (found.backend, found.served_version, found.model_file) == ("onnxruntime", 1, "model.onnx")
    assert found.config is not None
    assert found.config.signature() == Signature(
        inputs=(TensorSpec(name="x", dtype="float32", shape=(None, 4)),),
        outputs=(TensorSpec(name="y", dtype="int64", shape=(None, 1)),),
    )


@pytest.mark.parametrize(
    ("config", "violations"),
    [
        (
            GOOD + "max_batchsize: 3\n",
            ["m/config.pbtxt:6: max_batchsize: is no field of Triton's configuration; did you mean 'max_batch_size'?"],
        ),
        (
            GOOD.replace("TYPE_FP32", "FP32").replace("8", '"8"'),
            [
                "m/config.pbtxt:3: max_batch_size: is '8'; allowed: a whole number",
                "m/config.pbtxt:4: input.data_type: is 'FP32'; allowed: TYPE_INVALID, " + ", ".join(DATA_TYPES),
            ],
        ),
        (GOOD + 'name: "m"\n', ["m/config.pbtxt:6: name: is there twice, first on line 1; keep one"]),
        (
            GOOD + "dynamic_batching { }\nsequence_batching { }\n",
            ["m/config.pbtxt:7: dynamic_batching and sequence_batching exclude one another; keep one"],
        ),
        (
            GOOD.replace('"m"', '"other"'),
            ["m/config.pbtxt:1: name: is 'other', and the model's folder is 'm'; give both one name, or leave it out"],
        ),
        (
            GOOD.replace("8", "-1"),
            ["m/config.pbtxt:3: max_batch_size: is -1; allowed: 0 or more"],
        ),
        (
            GOOD.replace("8", "0") + "dynamic_batching { }\n",
            [
                (
                    "m/config.pbtxt:6: dynamic_batching: is given, and max_batch_size is 0: there is nothing to batch; "
                    "set max_batch_size, or leave dynamic_batching out"
                )
            ],
        ),
        (
            GOOD + "dynamic_batching { preferred_batch_size: [ 4, 16 ] }\n",
            [
                (
                    "m/config.pbtxt:6: dynamic_batching.preferred_batch_size: is 16; "
                    "allowed: 1 to max_batch_size, which is 8"
                )
            ],
        ),
        (
            GOOD.replace("[ 4 ]", "[ 0 ]"),
            ["m/config.pbtxt:4: input.x.dims: has 0; allowed: 1 or more, or -1"],
        ),
        (
            GOOD.replace("[ 4 ]", "[ ]"),
            [
                (
                    "m/config.pbtxt:4: input.x.dims: is empty; allowed: at least one; "
                    "a tensor that is only a batch has dims: [ 1 ] and reshape: { shape: [ ] }"
                )
            ],
        ),
        (
            GOOD.replace("shape: [ ]", "shape: [ 2 ]"),
            ["m/config.pbtxt:5: output.y.reshape: has 2 elements, and dims have 1; allowed: as many as dims"],
        ),
        (
            GOOD + "instance_group [ { kind: KIND_CPU gpus: [ 0 ] count: 0 } ]\n",
            [
                "m/config.pbtxt:6: instance_group.count: is 0; allowed: 1 or more",
                "m/config.pbtxt:6: instance_group.gpus: names GPUs, and its kind is KIND_CPU; leave gpus out",
            ],
        ),
        (
            GOOD + "version_policy: { specific: { versions: [ 1, 3 ] } }\n",
            ["m/config.pbtxt:6: version_policy.specific.versions: version 3 is not there; allowed: 1"],
        ),
        (
            GOOD.replace("onnxruntime", "onnx"),
            [
                (
                    "m/config.pbtxt:2: backend: Triton has no 'onnx'; allowed: onnxruntime, tensorrt, pytorch, python, "
                    "openvino, dali, tensorflow, fil, vllm, tensorrtllm, identity, repeat, square, onnxruntime_onnx, "
                    "tensorrt_plan, pytorch_libtorch, torch_aoti, tensorflow_savedmodel, tensorflow_graphdef, ensemble; "
                    "or put libtriton_onnx.so beside the model"
                )
            ],
        ),
    ],
)
def test_what_triton_would_refuse_is_told_by_file_and_line(tmp_path, config, violations):
    assert told(model(tmp_path, config)) == violations


def test_versions_and_their_files_are_what_the_backend_reads(tmp_path):
    assert told(model(tmp_path / "a", GOOD, versions=("01", "x"))) == [
        "m: has no version; folders in it: 01, x; allowed: a folder named by a number that does not begin with 0"
    ]
    assert told(model(tmp_path / "b", GOOD, versions=("1", "2"), files=("model.pt",))) == [
        f"m/{version}: version {version} has no model.onnx, which onnxruntime reads; it has: model.pt; "
        "rename the file, or name it in config.pbtxt as default_model_filename"
        for version in (1, 2)
    ]


def test_torchscripts_places_are_numbered_without_a_gap(tmp_path):
    config = """
        platform: "pytorch_libtorch"
        input [ { name: "A__0" data_type: TYPE_FP32 dims: [ 1 ] }, { name: "B__2" data_type: TYPE_FP32 dims: [ 1 ] } ]
        output [ { name: "C__0" data_type: TYPE_FP32 dims: [ 1 ] } ]
    """
    assert told(model(tmp_path, config, files=("model.pt",))) == [
        "m/config.pbtxt:3: input: the names' places are not 0 to 1: A__0, B__2; number them NAME__0, NAME__1, …"
    ]


def test_an_ensemble_names_models_of_its_repository(tmp_path):
    model(tmp_path, GOOD)
    folder = tmp_path / "whole"
    (folder / "1").mkdir(parents=True)
    (folder / "config.pbtxt").write_text(
        'platform: "ensemble"\n'
        'input { name: "a" data_type: TYPE_FP32 dims: 1 }\n'
        'output { name: "b" data_type: TYPE_FP32 dims: 1 }\n'
        'ensemble_scheduling { step [ { model_name: "n" } ] }\n',
        encoding="utf-8",
    )
    with pytest.raises(InvalidPackageError) as caught:
        read_repository(tmp_path, "models")
    assert [str(one) for one in caught.value.violations] == [
        (
            "models/whole/config.pbtxt:4: ensemble_scheduling.step.model_name: there is no model 'n' in the repository; "
            "allowed: m, whole"
        )
    ]


TENSORS = st.builds(
    TensorSpec,
    name=st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True),
    dtype=st.sampled_from(sorted(DATA_TYPES.values())),
    shape=st.lists(st.one_of(st.none(), st.integers(1, 99)), min_size=1, max_size=3).map(lambda dims: (None, *dims)),
)


@given(
    st.builds(
        Signature,
        inputs=st.lists(TENSORS, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple),
        outputs=st.lists(TENSORS, min_size=1, max_size=3, unique_by=lambda one: one.name).map(tuple),
    ),
    st.sampled_from([0, 4]),
)
def test_a_written_configuration_reads_back_as_the_signature(signature, max_batch_size):
    written = write_triton_config("m", "onnxruntime", signature, max_batch_size=max_batch_size)
    assert triton_config(read_text_proto(written), "config.pbtxt").signature() == signature
