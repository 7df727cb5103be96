"""A file's digest is of its bytes, wherever it has holes and whatever happens to it meanwhile."""

from __future__ import annotations

import ctypes
import hashlib
import mmap
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from model_packaging.errors import SourceFileError
from model_packaging.hashing import BLOCK_BYTES, copy_file, hash_file, hash_files, read_buffer

SPANS = st.lists(st.tuples(st.booleans(), st.integers(1, 300_000)), max_size=6)


def write_spans(path: Path, spans: list[tuple[bool, int]]) -> bytes:
    content = b"".join(bytes(length) if is_hole else os.urandom(length) for is_hole, length in spans)
    with path.open("wb") as stream:
        place = 0
        for is_hole, length in spans:
            if not is_hole:
                stream.seek(place)
                stream.write(content[place : place + length])
            place += length
        stream.truncate(place)
    return content


@settings(max_examples=30, deadline=None)
@given(spans=SPANS)
def test_holes_are_hashed_and_copied_as_the_zeros_they_stand_for(tmp_path_factory, spans):
    folder = tmp_path_factory.mktemp("files")
    content = write_spans(folder / "file", spans)
    expected = (hashlib.sha256(content).hexdigest(), len(content))
    hashed, copied = hash_file(folder / "file"), copy_file(folder / "file", folder / "copy")
    assert [(one.sha256, one.size_bytes) for one in (hashed, copied)] == [expected] * 2
    assert (folder / "copy").read_bytes() == content


@pytest.mark.parametrize("size", [0, 1, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1])
def test_every_length_is_read_to_its_end(tmp_path, size):
    (tmp_path / "file").write_bytes(content := os.urandom(size))
    assert hash_file(tmp_path / "file").sha256 == hashlib.sha256(content).hexdigest()


def test_a_sparse_file_stays_sparse(tmp_path):
    with (tmp_path / "file").open("wb") as stream:
        stream.truncate(64 * 1024 * 1024)
        stream.seek(1024 * 1024)
        stream.write(b"weights")
    copy_file(tmp_path / "file", tmp_path / "copy")
    status = (tmp_path / "copy").stat()
    assert status.st_size == 64 * 1024 * 1024
    assert status.st_blocks * 512 < 1024 * 1024


@pytest.mark.slow
def test_a_hole_of_gibibytes_is_hashed_without_being_read(tmp_path, monkeypatch):
    with (tmp_path / "file").open("wb") as stream:
        stream.truncate(2 * 1024**3)
    reads = iter(())
    monkeypatch.setattr(os, "readv", lambda *_arguments: next(reads))
    assert hash_file(tmp_path / "file").size_bytes == 2 * 1024**3


def test_many_files_are_each_told(tmp_path):
    contents = {tmp_path / f"{index}": b"%d" % index * index for index in range(200)}
    for path, content in contents.items():
        path.write_bytes(content)
    told = hash_files(contents)
    assert {path: one.sha256 for path, one in told.items()} == {
        path: hashlib.sha256(content).hexdigest() for path, content in contents.items()
    }


def test_what_is_no_file_is_refused_without_waiting_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    for name, told in (("pipe", "is no regular file"), ("nowhere", "cannot be read: No such file"), ("", "no regular")):
        with pytest.raises(SourceFileError, match=told):
            hash_file(tmp_path / name)


@pytest.mark.parametrize("change", ["grows", "shrinks", "is written"])
def test_a_file_that_changes_while_it_is_read_is_told(tmp_path, monkeypatch, change):
    path = tmp_path / "file"
    path.write_bytes(bytes(3 * BLOCK_BYTES - 5) + b"x" * 5)
    read = os.readv

    def changes(descriptor, buffers):
        got = read(descriptor, buffers)
        if change == "is written":
            with path.open("r+b") as stream:
                stream.write(b"1")
            os.utime(path, ns=(1, 1))
        else:
            os.truncate(path, 10 * BLOCK_BYTES if change == "grows" else 10)
        return got

    monkeypatch.setattr(os, "readv", changes)
    with pytest.raises(SourceFileError, match="changed while it was read"):
        hash_file(path)


@pytest.mark.parametrize("size", [BLOCK_BYTES, 3 * BLOCK_BYTES + 7])
def test_what_files_are_read_to_begins_where_a_page_does(size):
    buffer = read_buffer(size)
    place = ctypes.addressof(ctypes.c_char.from_buffer(buffer))
    assert (len(buffer), place % mmap.PAGESIZE) == (size, 0)
