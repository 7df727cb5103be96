"""What a file is by its first bytes, whatever its name says."""

from __future__ import annotations

import lzma
import re
import zlib
from pathlib import PurePosixPath
from typing import Any

from model_packaging.trust.pickle_opcodes import HIGHEST_PROTOCOL

HEAD_BYTES = 4096

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PK\x03\x04", "zip"),
    (b"PK\x05\x06", "zip"),
    (b"PK\x07\x08", "zip"),
    (b"\x1f\x8b", "gzip"),
    (b"BZh", "bz2"),
    (b"\xfd7zXZ\x00", "xz"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x93NUMPY", "npy"),
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"PAR1", "parquet"),
    (b"\x7fELF", "executable (ELF)"),
    (b"\xfe\xed\xfa\xce", "executable (Mach-O)"),
    (b"\xfe\xed\xfa\xcf", "executable (Mach-O)"),
    (b"\xce\xfa\xed\xfe", "executable (Mach-O)"),
    (b"\xcf\xfa\xed\xfe", "executable (Mach-O)"),
    (b"\xca\xfe\xba\xbe", "executable (Mach-O or Java)"),
    (b"\0asm", "executable (WebAssembly)"),
)
_ZLIB_HEADS = (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda")
_LZMA_HEAD = b"\x5d\x00"
_PICKLE_OPCODES_AT_START = frozenset(b"(])}\x8f\x95ccKJMGIFLNSTUVXBC\x88\x89\x8a\x8b\x8c\x8d\x8e\x96P0.")
"""What may stand after PROTO at a pickle's start."""

EXECUTABLE = "executable"
COMPRESSED = ("gzip", "zlib", "bz2", "xz")
UNREADABLE = {"7z": "a 7z archive", "rar": "a RAR archive", "lz4": "LZ4-compressed"}

_ALLOWED_KINDS: dict[str, tuple[str, ...]] = {
    ".npy": ("npy",),
    ".npz": ("zip",),
    ".skops": ("zip",),
    ".keras": ("zip",),
    ".zip": ("zip",),
    ".pt2": ("zip",),
    ".h5": ("hdf5",),
    ".hdf5": ("hdf5",),
    ".parquet": ("parquet",),
    ".gz": ("gzip",),
    ".tgz": ("gzip",),
    ".bz2": ("bz2",),
    ".xz": ("xz",),
    ".pyc": (f"{EXECUTABLE} (compiled Python)",),
    **dict.fromkeys((".pkl", ".pickle", ".joblib"), ("pickle", "zip", "npy", "tar", *COMPRESSED)),
    **dict.fromkeys((".so", ".dll", ".dylib", ".exe", ".pyd"), ("executable",)),
    **dict.fromkeys((".onnx", ".safetensors", ".json", ".ubj", ".cbm", ".pbtxt", ".pb", ".tflite"), ("",)),
    **dict.fromkeys((".py", ".txt", ".csv", ".tsv", ".yaml", ".yml", ".md", ".toml", ".ini", ".cfg", ".env"), ("",)),
}
"""By a name's ending: the kinds it may be; the empty one is "none of those that are told by their first bytes"."""

PICKLE_SUFFIXES = (".pkl", ".pickle", ".joblib")


def kind_of(head: bytes, name: str) -> str:
    """The kind of a file of which `head` is the beginning; empty where the first bytes do not tell.

    `zip`, `gzip`, `zlib`, `bz2`, `xz`, `lz4`, `7z`, `rar`, `tar`, `npy`, `hdf5`, `parquet`, `pickle`,
    or `executable (…)`.
    """
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:2] == b"MZ" and _is_portable_executable(head):
        return "executable (Windows)"
    if head[2:4] == b"\r\n" and name.endswith(".pyc"):
        return "executable (compiled Python)"
    if head[257:262] == b"ustar":
        return "tar"
    if looks_like_pickle(head):
        return "pickle"
    return _weakly_marked(head)


def _weakly_marked(head: bytes) -> str:
    """Two bytes are no proof: it is compressed where it unpacks."""
    if head[:2] in _ZLIB_HEADS and _unpacks(zlib.decompressobj(), head):
        return "zlib"
    if head[:2] == _LZMA_HEAD and _unpacks(lzma.LZMADecompressor(lzma.FORMAT_ALONE), head):
        return "xz"
    return ""


def _unpacks(decompressor: Any, head: bytes) -> bool:
    try:
        return bool(decompressor.decompress(head, 1))
    except (zlib.error, lzma.LZMAError):
        return False


def looks_like_pickle(head: bytes) -> bool:
    """Whether it begins as pickles of protocol 2 and later do: PROTO, and an opcode."""
    return len(head) > 2 and head[0] == 0x80 and head[1] <= HIGHEST_PROTOCOL and head[2] in _PICKLE_OPCODES_AT_START


def _is_portable_executable(head: bytes) -> bool:
    at = int.from_bytes(head[60:64], "little")
    return head[at : at + 4] == b"PE\0\0" or b"DOS mode" in head[:256]


def lie(name: str, kind: str) -> str | None:
    """What a file's name promises that its bytes do not keep, as the allowed kinds; None where they agree."""
    allowed = _ALLOWED_KINDS.get(suffix_of(name))
    if allowed is None:
        return None
    if kind in allowed or any(one and kind.startswith(one) for one in allowed):
        return None
    told = [one for one in allowed if one]
    if not kind:
        return None if name.endswith(PICKLE_SUFFIXES) else " or ".join(told)
    return " or ".join(told) or f"a {suffix_of(name)} file"


def name_unpacked(name: str) -> str:
    """`model.tar` of `model.tar.gz`; a name that says nothing of compression stays."""
    suffix = suffix_of(name)
    if suffix == ".tgz":
        return f"{name[:-4]}.tar"
    return name[: -len(suffix)] if suffix in (".gz", ".bz2", ".xz") else name


def suffix_of(name: str) -> str:
    """`.onnx`, in lower case; `.env` for a file of that name."""
    path = PurePosixPath(name)
    return (path.suffix or (path.name if path.name.startswith(".") else "")).lower()


_TEXT_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def is_text(head: bytes) -> bool:
    """Whether the beginning reads as UTF-8 text."""
    if _TEXT_CONTROL.search(head):
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        return error.start >= len(head) - 3 and error.reason == "unexpected end of data"
    return True
