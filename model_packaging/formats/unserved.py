"""What a file or folder is that no format here takes, as far as it tells, and what makes a model of it.

A model that was saved in a way AWS has no container for, an archive around a model, weights without their program, data
in the place of a model: each is told by its bytes, with what to do instead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from model_packaging.formats.compressed import open_decompressed
from model_packaging.formats.errors import OWN_MODULE
from model_packaging.formats.folder_files import first_few, is_lfs_pointer
from model_packaging.formats.safetensors_file import SafetensorsError, read_safetensors
from model_packaging.formats.sklearn_format import pickled_root
from model_packaging.formats.zips import zip_names
from model_packaging.trust.file_kinds import HEAD_BYTES, is_text, kind_of

UNPACK = "unpack it, and name the model's file or folder in it"
SAVE_PRETRAINED = "save the whole model with save_pretrained(FOLDER), and name the folder"

EXPORT_KERAS = "write a SavedModel with model.export(FOLDER), and name the folder"
MAGIC: tuple[tuple[int, bytes, str, str], ...] = (
    (
        0,
        b"GGUF",
        "a GGUF model of llama.cpp",
        f"name the Hugging Face directory that it was converted from, or {OWN_MODULE}",
    ),
    (4, b"TFL3", "a TensorFlow Lite model", "name the SavedModel that it was converted from"),
    (
        0,
        b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.",
        "PyTorch's weights or a pickled object, in the way of before PyTorch 1.6",
        f"save the model with torch.export.save or torch.jit.save, or {OWN_MODULE}",
    ),
)
"""Where bytes stand, the bytes, what has them there, and what to do. PyTorch's are a number that it pickled first."""

KINDS = {
    "hdf5": ("HDF5, in which Keras wrote its models", EXPORT_KERAS),
    "tar": ("a tar archive", UNPACK),
    "7z": ("a 7z archive", UNPACK),
    "rar": ("a RAR archive", UNPACK),
    "npy": ("a NumPy array", ""),
    "parquet": ("a Parquet file", ""),
}
"""By the kinds that `trust.file_kinds` tells."""

MARKS = ("saved_model.pb", "MLmodel", "config.pbtxt", "config.json", "inference.py")
"""Files by which a folder is a model's."""
LOOKED_AT = 1000
"""How many entries of a folder are looked at."""


@dataclass(frozen=True)
class Unserved:
    """What something is, and what to do."""

    what: str
    fix: str = ""
    """Empty where there is no more to say than which formats there are."""


def what_file_it_is(path: Path) -> Unserved | None:
    """What the file is; None where its first bytes do not tell."""
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return next((told for one in _READERS if (told := one(path, head)) is not None), None)


def _by_magic(path: Path, head: bytes) -> Unserved | None:
    if is_lfs_pointer(path):
        return Unserved("Git LFS's pointer to the file, which `git lfs pull` fetches", "run `git lfs pull`")
    return next((Unserved(what, fix) for at, magic, what, fix in MAGIC if head.startswith(magic, at)), None)


def _safetensors(path: Path, head: bytes) -> Unserved | None:
    if head[8:9] != b"{":
        return None
    try:
        read_safetensors(path)
    except SafetensorsError:
        return None
    fix = "put its config.json beside it, and name the folder"
    return Unserved("safetensors, which are weights and no model", fix)


def _pickled(path: Path, _: bytes) -> Unserved | None:
    root = pickled_root(path)
    return None if root is None else Unserved(f"a pickle of {root}", f"pickle the model itself, or {OWN_MODULE}")


def _by_kind(path: Path, head: bytes) -> Unserved | None:
    match kind_of(head, path.name):
        case "":
            return None
        case "zip":
            return _zip(path)
        case "gzip":
            return _gzip(path)
        case kind:
            return Unserved(*KINDS.get(kind, (f"a file of the kind {kind}", "")))


def _text(_: Path, head: bytes) -> Unserved | None:
    if not is_text(head):
        return None
    if b"<PMML" in head:
        return Unserved("PMML", "export the model to ONNX")
    return Unserved(f"text that begins with {head.decode(errors='replace').strip()[:30]!r}")


_READERS: tuple[Callable[[Path, bytes], Unserved | None], ...] = (
    _by_magic, _safetensors, _pickled, _by_kind, _text,
)  # fmt: skip


def _zip(path: Path) -> Unserved:
    names = zip_names(path)
    if names is None:
        return Unserved("a zip archive that is cut short or damaged", "copy it again")
    if {"config.json", "model.weights.h5"} <= {*names}:
        return Unserved("a Keras model", EXPORT_KERAS)
    if names and all(name.endswith(".npy") for name in names):
        return Unserved("NumPy arrays in an npz file")
    return Unserved(f"a zip archive of {first_few(names)}", UNPACK)


def _gzip(path: Path) -> Unserved:
    with open_decompressed(path, "gzip") as stream:
        inner = kind_of(stream.read(HEAD_BYTES), path.name)
    return Unserved("a model.tar.gz" if inner == "tar" else "a file compressed with gzip", UNPACK)


def what_folder_it_is(folder: Path, entries: Sequence[Path]) -> Unserved | None:
    """What the folder is, by its files' names, or by the first file in it that tells; None where nothing does."""
    names = {path.name for path in entries}
    if "adapter_config.json" in names:
        fix = f"merge it into its base model (merge_and_unload), {SAVE_PRETRAINED}"
        return Unserved("an adapter without its base model", fix)
    if "model_index.json" in names:
        return Unserved("a pipeline of diffusers, which no container here is known for", OWN_MODULE)
    if _is_of_transformers(folder / "config.json"):
        missing = "a Hugging Face directory without model.safetensors or pytorch_model.bin"
        return Unserved(missing, f"{SAVE_PRETRAINED}, or fetch the weights")
    deeper = next(_deeper(folder), None)
    if deeper is not None:
        return Unserved(f"a folder around {deeper.as_posix()}", f"name {deeper.parent.as_posix()} in it as the model")
    return next(_files_told(entries), None)


def _is_of_transformers(config: Path) -> bool:
    if not config.is_file():
        return False
    with config.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    return b'"architectures"' in head or b'"model_type"' in head


def _files_told(entries: Sequence[Path]) -> Iterator[Unserved]:
    """Those that say what to do about them."""
    for path in entries:
        told = what_file_it_is(path) if path.is_file() and path.stat().st_size else None
        if told is not None and told.fix:
            yield Unserved(f"a folder with {path.name}, {told.what}", told.fix)


def _deeper(folder: Path) -> Iterator[Path]:
    """Where a model's folder lies further down, relative to this one."""
    for path in sorted(islice(folder.rglob("*"), LOOKED_AT)):
        if path.name in MARKS and path.parent != folder and path.is_file():
            yield path.relative_to(folder)
