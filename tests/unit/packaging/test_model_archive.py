"""The same files are the same `model.tar.gz`, whatever the machine; what would not shrink is stored."""

from __future__ import annotations

import gzip
import hashlib
import os
import random
import struct
import tarfile
import unicodedata
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging import archive, tar_blocks
from model_packaging.archive import Archived, archive_pieces, needs_archive, write_archive
from model_packaging.errors import ArchiveError, SourceFileError, StoreError
from model_packaging.tar_blocks import BLOCK_BYTES, STORED_BLOCK_BYTES

NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="/\\:.", exclude_categories=["Cc"]), min_size=1, max_size=60
).map(lambda name: unicodedata.normalize("NFC", name))


def noise(length: int) -> bytes:
    return random.Random(length).randbytes(length)


def text(length: int) -> bytes:
    return (b"weights %d " * (length // 11 + 1))[:length]


def unpacked(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=BytesIO(content), mode="r:gz") as tar:
        return {member.name: _read(tar, member) for member in tar}


def _read(tar: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(member)
    assert stream is not None
    return stream.read()


@pytest.fixture
def files(tmp_path) -> dict[str, Path]:
    contents = {
        "model.bin": noise(3 * BLOCK_BYTES + 7),
        "code/inference.py": text(700),
        "weights/text.bin": text(2 * BLOCK_BYTES),
        "weights/empty": b"",
        f"{'long' * 60}/näme": b"x" * 512,
        "a": noise(BLOCK_BYTES),
    }
    found = {}
    for index, (name, content) in enumerate(contents.items()):
        found[name] = tmp_path / f"source-{index}"
        found[name].write_bytes(content)
    return found


def test_it_holds_the_files_by_name_and_nothing_of_the_machine(tmp_path, files):
    write_archive(files, tmp_path / "model.tar.gz")
    content = (tmp_path / "model.tar.gz").read_bytes()
    assert unpacked(content) == {name: path.read_bytes() for name, path in files.items()}
    with tarfile.open(tmp_path / "model.tar.gz") as tar:
        members = tar.getmembers()
    assert [member.name for member in members] == sorted(files)
    assert {(one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) for one in members} == {
        (0, 0, 0, "", "", 0o644)
    }
    assert len(gzip.decompress(content)) % tarfile.RECORDSIZE == 0


def test_it_is_the_same_with_any_number_of_threads_times_and_modes(tmp_path, files):
    first = write_archive(files, tmp_path / "first", threads=1)
    for index, path in enumerate(files.values()):
        os.utime(path, (index, index))
        path.chmod(0o755)
    again = write_archive(dict(reversed(files.items())), tmp_path / "again", threads=5)
    content = (tmp_path / "first").read_bytes()
    assert (
        first
        == again
        == Archived(
            hashlib.sha256(content).hexdigest(), len(content), sum(path.stat().st_size for path in files.values())
        )
    )
    assert content == (tmp_path / "again").read_bytes()


@pytest.mark.parametrize("whole_bytes", [2 * BLOCK_BYTES, 2 * STORED_BLOCK_BYTES])
def test_what_is_stored_has_the_same_bytes_with_any_compressor(tmp_path, whole_bytes):
    content = noise(whole_bytes + 100_000)
    (tmp_path / "file").write_bytes(content)
    expected = b""
    for start in range(0, len(content), BLOCK_BYTES):
        block = content[start : start + BLOCK_BYTES]
        for place in range(0, len(block), 65535):
            stored = block[place : place + 65535]
            expected += b"\0" + struct.pack("<HH", len(stored), len(stored) ^ 0xFFFF) + stored
    assert expected in b"".join(archive_pieces({"file": tmp_path / "file"}))


@pytest.mark.parametrize(
    ("content", "shrinks"),
    [
        (noise(4 * BLOCK_BYTES), False),
        (text(4 * BLOCK_BYTES), True),
        (noise(2 * BLOCK_BYTES) + bytes(2 * BLOCK_BYTES), True),
    ],
    ids=["noise", "text", "half of it"],
)
def test_what_would_not_shrink_is_stored(tmp_path, content, shrinks):
    (tmp_path / "file").write_bytes(content)
    written = write_archive({"file": tmp_path / "file"}, tmp_path / "model.tar.gz")
    assert (written.size_bytes < 0.95 * len(content)) == shrinks
    assert written.size_bytes < len(content) + 0.001 * len(content) + 2000
    assert unpacked((tmp_path / "model.tar.gz").read_bytes()) == {"file": content}


@pytest.mark.slow
def test_each_region_of_a_file_is_decided_for_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(tar_blocks, "REGION_BYTES", BLOCK_BYTES)
    content = noise(BLOCK_BYTES) + bytes(BLOCK_BYTES) + noise(BLOCK_BYTES)
    (tmp_path / "file").write_bytes(content)
    blocks = list(tar_blocks.tar_blocks({"file": tmp_path / "file"}, lambda sample: gzip.compress(sample, 1)))
    assert [block.is_stored for block in blocks] == [False, True, False, True, False]
    write_archive({"file": tmp_path / "file"}, tmp_path / "model.tar.gz")
    assert unpacked((tmp_path / "model.tar.gz").read_bytes()) == {"file": content}


@settings(max_examples=40, deadline=None)
@given(
    lengths=st.dictionaries(
        NAMES, st.sampled_from([0, 1, 511, 512, 513, BLOCK_BYTES - 512, BLOCK_BYTES, BLOCK_BYTES + 1]), max_size=5
    )
)
@pytest.mark.slow
def test_any_lengths_come_out_as_they_went_in(tmp_path_factory, lengths):
    folder = tmp_path_factory.mktemp("files")
    files = {}
    for index, (name, length) in enumerate(lengths.items()):
        files[name] = folder / str(index)
        files[name].write_bytes((noise if index % 2 else text)(length))
    written = write_archive(files, folder / "model.tar.gz")
    assert written.content_bytes == sum(lengths.values())
    assert unpacked((folder / "model.tar.gz").read_bytes()) == {name: path.read_bytes() for name, path in files.items()}


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a//b", "", "a\\b"])
def test_a_place_that_is_none_is_refused(tmp_path, name):
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(ArchiveError, match="is not a"):
        write_archive({name: tmp_path / "file"}, tmp_path / "model.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_file_that_changes_meanwhile_leaves_no_archive(tmp_path, monkeypatch):
    (tmp_path / "file").write_bytes(noise(8 * BLOCK_BYTES))
    read = os.preadv

    def changes(descriptor, buffers, offset):
        os.truncate(tmp_path / "file", 3 * BLOCK_BYTES)
        return read(descriptor, buffers, offset)

    monkeypatch.setattr(os, "preadv", changes)
    with pytest.raises(SourceFileError, match="changed while it was read"):
        write_archive({"file": tmp_path / "file"}, tmp_path / "model.tar.gz")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file"]


def test_a_full_disk_leaves_the_archive_that_was_there(tmp_path, files, monkeypatch):
    (tmp_path / "model.tar.gz").write_bytes(b"former")

    def is_full(_descriptor, _content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(archive, "write_all", is_full)
    with pytest.raises(StoreError, match="No space left on device"):
        write_archive(files, tmp_path / "model.tar.gz")
    assert (tmp_path / "model.tar.gz").read_bytes() == b"former"
    assert len(list(tmp_path.iterdir())) == len(files) + 1


@pytest.mark.parametrize(
    ("kind", "needed"),
    [("realtime", False), ("async", False), ("serverless", True), ("multi_model", True), ("batch_transform", True)],
)
def test_the_kinds_of_serving_that_take_no_prefix_need_one(kind, needed):
    assert needs_archive(kind) == needed
