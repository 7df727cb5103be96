"""What no format takes is told by what it is, with what makes a model of it: never only by its first bytes."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest

from model_packaging import formats
from model_packaging.errors import InvalidPackageError
from model_packaging.formats import UnrecognisedFormatError
from model_packaging.formats.errors import SAVE_ANEW
from tests.unit.formats.heavy_models import huggingface, safetensors, saved_model
from tests.unit.packaging import model_bytes as made

pytestmark = pytest.mark.unit

OWN_MODULE = "put an inference.py with model_fn beside it, and name the folder of both as the model"
UNPACK = "unpack it, and name the model's file or folder in it"
KERAS = "write a SavedModel with model.export(FOLDER), and name the folder"
PICKLE = f"pickle the model itself, or {OWN_MODULE}"
POINTER = b"version https://git-lfs.github.com/spec/v1\noid sha256:0a\nsize 5\n"


def zip_of(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, b"{}")
    return stream.getvalue()


def tar() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("model.onnx"))
    return stream.getvalue()


FILES: dict[str, tuple[bytes, str, str]] = {
    "text": (b"hello\nworld", r"text that begins with 'hello\nworld'", SAVE_ANEW),
    "a page that was downloaded": (b"<!DOCTYPE html>", "text that begins with '<!DOCTYPE html>'", SAVE_ANEW),
    "a model.tar.gz": (gzip.compress(tar()), "a model.tar.gz", UNPACK),
    "gzip": (gzip.compress(b"rows"), "a file compressed with gzip", UNPACK),
    "a tar": (tar(), "a tar archive", UNPACK),
    "a zip": (zip_of("a", "b", "c", "d"), "a zip archive of a, b, c, …", UNPACK),
    "a zip cut off": (zip_of("a")[:-9], "a zip archive that is cut short or damaged", "copy it again"),
    "Keras": (zip_of("metadata.json", "config.json", "model.weights.h5"), "a Keras model", KERAS),
    "Keras' HDF5": (b"\x89HDF\r\n\x1a\n\0\0", "HDF5, in which Keras wrote its models", KERAS),
    "npz": (zip_of("x.npy", "y.npy"), "NumPy arrays in an npz file", SAVE_ANEW),
    "npy": (b"\x93NUMPY\x01\0", "a NumPy array", SAVE_ANEW),
    "Parquet": (b"PAR1\x15\x04", "a Parquet file", SAVE_ANEW),
    "TensorFlow Lite": (
        b"\x1c\0\0\0TFL3\0\0", "a TensorFlow Lite model", "name the SavedModel that it was converted from",
    ),
    "GGUF": (
        b"GGUF\x03\0\0\0",
        "a GGUF model of llama.cpp",
        f"name the Hugging Face directory that it was converted from, or {OWN_MODULE}",
    ),
    "PMML": (b'<?xml version="1.0"?>\n<PMML version="4.4"/>', "PMML", "export the model to ONNX"),
    "PyTorch's file before 1.6": (
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.\x80\x02M\xe9\x03.",
        "PyTorch's weights or a pickled object, in the way of before PyTorch 1.6",
        f"save the model with torch.export.save or torch.jit.save, or {OWN_MODULE}",
    ),
    "a pickled dict": (pickle.dumps({"model": 1}), "a pickle of dict", PICKLE),
    "a pickled function": (pickle.dumps(print), "a pickle of builtins.print", PICKLE),
    "a pickled array": (pickle.dumps(np.zeros(3)), "a pickle of numpy.ndarray", PICKLE),
    "a pickled table": (
        made.pickled("pandas.core.frame.DataFrame", {}), "a pickle of pandas.core.frame.DataFrame", PICKLE,
    ),
    "a pointer of Git LFS": (
        POINTER, "Git LFS's pointer to the file, which `git lfs pull` fetches", "run `git lfs pull`",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_a_file_is_told_by_what_it_is(tmp_path, name):
    content, what, fix = FILES[name]
    path = tmp_path / "model.onnx"
    path.write_bytes(content)
    with pytest.raises(UnrecognisedFormatError) as caught:
        formats.recognise(path)
    (told,) = caught.value.violations
    assert (told.message, told.fix) == (f"is of no known model format; it is {what}", fix)


def test_safetensors_without_a_config_are_weights(tmp_path):
    with pytest.raises(UnrecognisedFormatError) as caught:
        formats.recognise(safetensors(tmp_path / "model.safetensors"))
    (told,) = caught.value.violations
    assert told.message == "is of no known model format; it is safetensors, which are weights and no model"
    assert told.fix == "put its config.json beside it, and name the folder"


BERT = json.dumps({"architectures": ["BertModel"], "model_type": "bert"}).encode()
SAVE_PRETRAINED = "save the whole model with save_pretrained(FOLDER), and name the folder"
FOLDERS: dict[str, tuple[Mapping[str, bytes], str, str]] = {
    "without weights": (
        {"config.json": BERT, "tf_model.h5": b"\x89HDF\r\n\x1a\n"},
        "a Hugging Face directory without model.safetensors or pytorch_model.bin",
        f"{SAVE_PRETRAINED}, or fetch the weights",
    ),
    "an adapter": (
        {"adapter_config.json": b"{}", "adapter_model.safetensors": b"\0"},
        "an adapter without its base model",
        f"merge it into its base model (merge_and_unload), {SAVE_PRETRAINED}",
    ),
    "diffusers": (
        {"model_index.json": b"{}", "unet/config.json": b"{}"},
        "a pipeline of diffusers, which no container here is known for",
        OWN_MODULE,
    ),
    "a cache of the hub": (
        {"refs/main": b"0a", "snapshots/0a/config.json": BERT},
        "a folder around snapshots/0a/config.json",
        "name snapshots/0a in it as the model",
    ),
    "another format's file": (
        {"notes.md": b"# Notes", "net.keras": zip_of("config.json", "model.weights.h5")},
        "a folder with net.keras, a Keras model",
        KERAS,
    ),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_folder_is_told_by_what_it_is(tmp_path, name):
    files, what, fix = FOLDERS[name]
    for place, content in files.items():
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(content)
    with pytest.raises(UnrecognisedFormatError) as caught:
        formats.recognise(tmp_path)
    (told,) = caught.value.violations
    assert told.message.startswith("holds no model of a known format (there: ")
    assert (told.message.rpartition("; it is ")[2], told.fix) == (what, fix)


def test_a_folder_that_nothing_tells_is_told_by_the_formats_there_are(tmp_path):
    (tmp_path / "config.json").write_bytes(b'{"threshold": 0.5}')
    with pytest.raises(UnrecognisedFormatError) as caught:
        formats.recognise(tmp_path)
    (told,) = caught.value.violations
    assert (told.message, told.fix) == ("holds no model of a known format (there: config.json)", SAVE_ANEW)


def refusal(path: Path) -> str:
    with pytest.raises(InvalidPackageError) as caught:
        formats.recognise(path)
    return str(caught.value)


def test_a_model_whose_weights_git_lfs_did_not_fetch_is_not_whole(tmp_path):
    told = "Git LFS: it was not fetched as a whole: in the place of {} stands the pointer to it; run `git lfs pull`"
    bert = huggingface(tmp_path / "bert")
    (bert / "model.safetensors").write_bytes(POINTER)
    assert refusal(bert) == f"{bert.as_posix()}/model.safetensors: {told.format('model.safetensors')}"
    saved = saved_model(tmp_path / "saved")
    for name in ("variables.index", "variables.data-00000-of-00001"):
        (saved / "variables").mkdir(exist_ok=True)
        (saved / "variables" / name).write_bytes(POINTER)
    both = told.format("variables.data-00000-of-00001, variables.index")
    assert refusal(saved) == f"{saved.as_posix()}/variables/variables.data-00000-of-00001: {both}"


def test_the_graph_of_a_saved_model_is_no_damaged_onnx(tmp_path):
    path = saved_model(tmp_path / "saved") / "saved_model.pb"
    assert refusal(path) == (
        f"{path.as_posix()}: TensorFlow SavedModel: the file is its graph, and the weights lie beside it; name the "
        "folder that it lies in as the model"
    )
