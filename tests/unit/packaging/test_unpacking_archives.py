"""An archive that somebody else made is unpacked whole and below the target, or not at all."""

from __future__ import annotations

import gzip
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from model_packaging import unpacking
from model_packaging.archive import write_archive
from model_packaging.errors import ArchiveError, StoreError
from model_packaging.unpacking import unpack


def tar_of(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for member, content in members:
            tar.addfile(member, BytesIO(content))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, *, size: int = 0, linkname: str = "") -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.size, made.linkname = kind, size, linkname
    return made


def refused(tmp_path: Path, content: bytes, **limits: int) -> str:
    (tmp_path / "model.tar.gz").write_bytes(content)
    with pytest.raises(ArchiveError) as caught:
        unpack(tmp_path / "model.tar.gz", tmp_path / "target", **limits)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.tar.gz"]
    return str(caught.value).removeprefix(f"{tmp_path}/model.tar.gz: ")


def test_what_was_packed_comes_out(tmp_path):
    sources = {"model.bin": b"\x00" * 3_000_000, "code/inference.py": b"def model_fn(): ...\n", "empty": b""}
    for index, content in enumerate(sources.values()):
        (tmp_path / str(index)).write_bytes(content)
    files = {name: tmp_path / str(index) for index, name in enumerate(sources)}
    write_archive(files, tmp_path / "model.tar.gz")
    assert unpack(tmp_path / "model.tar.gz", tmp_path / "target") == tuple(sorted(sources))
    assert {name: (tmp_path / "target" / name).read_bytes() for name in sources} == sources


def test_folders_and_a_leading_dot_as_tar_writes_them_are_taken(tmp_path):
    content = tar_of(
        (member("./", tarfile.DIRTYPE), b""),
        (member("./code", tarfile.DIRTYPE), b""),
        (member("./code/inference.py", size=2), b"{}"),
    )
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(content))
    assert unpack(tmp_path / "model.tar.gz", tmp_path / "target") == ("code/inference.py",)


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        (member("../evil"), "'../evil' is not a plain path"),
        (member("/etc/passwd"), "'/etc/passwd' is not a relative path"),
        (member("a/../../evil"), "is not a plain path"),
        (member("a\\..\\evil"), "is not a relative path with forward slashes"),
        (member("link", tarfile.SYMTYPE, linkname="/etc"), "'link' is a link; allowed: files and folders"),
        (member("link", tarfile.LNKTYPE, linkname="a"), "'link' is a link"),
        (member("null", tarfile.CHRTYPE), "'null' is a device, a pipe or a sparse file"),
        (member("sda", tarfile.BLKTYPE), "'sda' is a device"),
        (member("pipe", tarfile.FIFOTYPE), "'pipe' is a device, a pipe"),
        (member("../folder", tarfile.DIRTYPE), "'../folder' is not a plain path"),
        (member("good", size=1), "'good' is in it twice"),
    ],
)
def test_what_may_not_be_in_it_is_refused(tmp_path, bad, told):
    content = tar_of((member("good", size=1), b"x"), (bad, b"x" * bad.size))
    assert told in refused(tmp_path, gzip.compress(content))


@pytest.mark.parametrize("kept", [0.05, 0.5, 0.95, 0.999])
def test_one_that_was_cut_off_is_refused(tmp_path, kept):
    content = gzip.compress(tar_of((member("a", size=100_000), bytes(range(250)) * 400)), 0)
    assert "is cut off or damaged" in refused(tmp_path, content[: int(len(content) * kept)])


@pytest.mark.parametrize(
    "content",
    [b"", b"no archive", gzip.compress(b"no tar archive, but long enough" * 100)],
    ids=["empty", "text", "gzip of text"],
)
def test_what_is_no_archive_is_refused(tmp_path, content):
    assert "is cut off or damaged" in refused(tmp_path, content)


def test_a_byte_that_changed_is_refused(tmp_path):
    content = bytearray(gzip.compress(tar_of((member("a", size=100_000), bytes(100_000))), 0))
    content[50_000] ^= 1
    assert "is cut off or damaged" in refused(tmp_path, bytes(content))


def test_a_zip_bomb_is_refused_by_proportion(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "FREE_BYTES", 1000)
    content = gzip.compress(tar_of((member("a", size=20_000_000), bytes(20_000_000))))
    assert "unpacks to more than 0.00 GiB from" in refused(tmp_path, content)


def test_one_that_is_too_large_is_refused(tmp_path):
    content = gzip.compress(tar_of((member("a", size=200_000), bytes(200_000))), 0)
    assert "unpacks to more than" in refused(tmp_path, content, limit_bytes=100_000)


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path):
    header = member("header", tarfile.XHDTYPE, size=8_000_000_000)
    assert "is a header of 8,000,000,000 bytes" in refused(tmp_path, gzip.compress(header.tobuf()))


def test_too_many_files_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(unpacking, "LIMIT_MEMBERS", 2)
    assert "has more than 2 files" in refused(tmp_path, gzip.compress(tar_of(*[(member(name), b"") for name in "abc"])))


def test_a_target_that_is_there_is_left_alone(tmp_path):
    (tmp_path / "target").mkdir()
    (tmp_path / "target" / "mine").write_text("")
    with pytest.raises(ArchiveError, match="target is there already; name a folder that is not"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "target")


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    (tmp_path / "model.tar.gz").write_bytes(gzip.compress(tar_of((member("a"), b""))))

    def is_full(*_arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "open", is_full)
    with pytest.raises((StoreError, OSError), match="No space left"):
        unpack(tmp_path / "model.tar.gz", tmp_path / "target")
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["model.tar.gz"]
