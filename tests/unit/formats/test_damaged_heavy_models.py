"""Whatever byte of a model is another one, or value of its description of another kind: one clear error, or it works."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from model_packaging import formats
from model_packaging.errors import InvalidPackageError
from model_packaging.formats import BrokenModelError
from tests.unit.formats.heavy_models import GRAPH, huggingface, mlmodel, safetensors, saved_model, torchscript, zipped

pytestmark = pytest.mark.unit


def exported(path: Path) -> Path:
    return zipped(path, {"m/models/model.json": json.dumps(GRAPH).encode(), "m/archive_format": b"pt2"})


def saved(folder: Path) -> Path:
    return saved_model(folder) / "saved_model.pb"


def weights(folder: Path) -> Path:
    return safetensors(huggingface(folder) / "model.safetensors")


MODELS: dict[str, Callable[[Path], Path]] = {
    "TorchScript": torchscript, "exported program": exported, "SavedModel": saved, "Hugging Face directory": weights,
}  # fmt: skip


def told_files(model: Path) -> set[str]:
    """The files that a refusal names, of everything that packaging asks; anything but a clear error fails the test."""
    try:
        recognised = formats.recognise(model)
        found = formats.FORMATS[recognised.format]
        found.serving(recognised, "cpu")
        found.signature(recognised, ())
    except InvalidPackageError as error:
        return {one.file for one in error.violations}
    return set()


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_model_that_is_cut_short_or_damaged_is_told_or_works(tmp_path_factory, name, data):
    model = tmp_path_factory.mktemp("damaged") / "model"
    file = MODELS[name](model)
    whole = file.read_bytes()
    changed = bytearray(whole[: data.draw(st.integers(1, len(whole)))] if data.draw(st.booleans()) else whole)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(changed)
    assert all(one.startswith(model.as_posix()) for one in told_files(model))


@pytest.mark.parametrize(
    ("make", "member", "told"),
    [
        (torchscript, b"class Net", "PyTorch: the zip's code/__torch__.py is damaged: Bad CRC-32"),
        (exported, b"graph_module", "PyTorch: the zip's models/model.json is damaged: Bad CRC-32"),
    ],
)
def test_a_byte_that_is_another_one_in_a_zip_is_told_by_its_member(tmp_path, make, member, told):
    path = make(tmp_path / "model")
    whole = path.read_bytes()
    path.write_bytes(whole.replace(member, member.swapcase(), 1))
    with pytest.raises(BrokenModelError, match=re.escape(told)):
        formats.recognise(path)


def test_a_zip_bomb_in_the_place_of_a_program_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("model_packaging.formats.torch_archive.MAXIMUM_MEMBER_BYTES", 100)
    with pytest.raises(
        BrokenModelError, match=r"its models/model\.json, which only describes it, unpacks to more than"
    ):
        formats.recognise(exported(tmp_path / "model"))


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"architectures": "BertModel"}, "its architectures are no list of names: 'BertModel'"),
        ({"architectures": 5}, "its architectures are no list of names: 5"),
        ({"architectures": [{}]}, "its architectures are no list of names: [{}]"),
    ],
)
def test_an_architecture_that_is_no_name_is_told(tmp_path, config, told):
    folder = huggingface(tmp_path / "model", **config)
    safetensors(folder / "model.safetensors")
    with pytest.raises(BrokenModelError) as caught:
        formats.recognise(folder)
    assert str(caught.value).startswith(f"{folder.as_posix()}/config.json: Hugging Face directory: {told}")


@pytest.mark.parametrize(
    ("signature", "flavors", "told"),
    [
        ("signature: columns\n", "{python_function: {}}", "MLmodel:3: signature: is not keys with values"),
        ("", "{python_function: mlflow.sklearn}", "MLmodel:2: flavors.python_function: is not keys with values"),
    ],
)
def test_a_part_of_mlmodel_that_has_no_keys_is_told_by_its_line(tmp_path, signature, flavors, told):
    folder = mlmodel(tmp_path / "model", signature, flavors)
    with pytest.raises(InvalidPackageError) as caught:
        formats.recognise(folder)
    assert str(caught.value).startswith(f"{folder.as_posix()}/{told}, as MLflow writes them")
