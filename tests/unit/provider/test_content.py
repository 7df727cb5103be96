"""Assets and archives: the same files give the same bytes and the same digest, and a changed file another one."""

from __future__ import annotations

import io
import re
import tarfile
import zipfile
from pathlib import Path

import pulumi
import pytest

from greenroom.sandbox.provider.content import Content, ContentError


def names(zipped: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(zipped)) as archive:
        return archive.namelist()


def test_a_changed_file_under_the_same_path_is_another_content(tmp_path: Path) -> None:
    path = tmp_path / "index.py"
    path.write_text("one")
    before = Content(pulumi.FileAsset(str(path)))
    uploaded = Content(before.source, digest_then=before.digest)
    assert before == uploaded
    path.write_text("two")
    assert Content(pulumi.FileAsset(str(path))) != uploaded
    assert Content(pulumi.FileAsset(str(path))) == Content(pulumi.StringAsset("two"))


def test_an_archive_is_zipped_to_the_same_bytes_however_it_is_given(tmp_path: Path) -> None:
    folder = tmp_path / "code"
    (folder / "inner").mkdir(parents=True)
    (folder / "index.py").write_text("one")
    (folder / "inner" / "data.txt").write_text("two")
    with tarfile.open(tmp_path / "code.tar.gz", "w:gz") as archive:
        archive.add(folder / "inner" / "data.txt", "inner/data.txt")
        archive.add(folder / "index.py", "index.py")
    inner = pulumi.AssetArchive({"data.txt": pulumi.StringAsset("two")})
    given = [
        Content(pulumi.FileArchive(str(folder))),
        Content(pulumi.FileArchive(str(tmp_path / "code.tar.gz"))),
        Content(pulumi.AssetArchive({"inner": inner, "index.py": pulumi.StringAsset("one")})),
    ]
    assert len({content.zipped() for content in given}) == len({content.digest for content in given}) == 1
    assert names(given[0].zipped()) == ["index.py", "inner/data.txt"]


def test_a_zip_goes_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "code.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("index.py", "one")
    assert Content(pulumi.FileArchive(str(path))).zipped() == path.read_bytes()


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (pulumi.FileAsset("/nowhere/index.py"), "the file '/nowhere/index.py' is not there"),
        (pulumi.FileArchive("/nowhere/code"), "the file '/nowhere/code' is not there"),
        (pulumi.RemoteAsset("https://example.com/a"), "is remote, and the sandbox fetches nothing"),
        (pulumi.RemoteArchive("https://example.com/a.zip"), "is remote, and the sandbox fetches nothing"),
    ],
)
def test_what_cannot_be_read_is_told(source: pulumi.Asset | pulumi.Archive, said: str) -> None:
    with pytest.raises(ContentError, match=re.escape(said)):
        _ = Content(source).digest
