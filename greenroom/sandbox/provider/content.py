"""Assets and archives: files of a program that become objects, functions and layers.

The SDK's objects say where content lies and not what it is, so that a changed file under the same path looks the same.
Here each goes with the SHA-256 of its bytes, read when it is first asked for; a resource's state keeps the digest
(`__contents`) of what was uploaded, and a diff compares digests, as the real engine does.
https://www.pulumi.com/docs/iac/concepts/inputs-outputs/assets-archives/
"""

from __future__ import annotations

import hashlib
import io
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pulumi

from greenroom.sandbox.provider.errors import ProviderError

# A zip's oldest date: the bytes depend on the content only.
ZIP_DATE = (1980, 1, 1, 0, 0, 0)


class ContentError(ProviderError):
    """An asset or archive that cannot be read."""


@dataclass(frozen=True, eq=False)
class Content:
    """An asset or an archive.

    Attributes:
        source: the SDK's object.
        digest_then: the digest of what was uploaded, for one that comes from the state; None for a program's.
    """

    source: pulumi.Asset | pulumi.Archive
    digest_then: str | None = field(default=None)

    @property
    def digest(self) -> str:
        """SHA-256 in hexadecimal: of an asset's bytes, of an archive's members."""
        return _digest(self.source) if self.digest_then is None else self.digest_then

    @property
    def is_archive(self) -> bool:
        """Whether it has members."""
        return isinstance(self.source, pulumi.Archive)

    def read(self) -> bytes:
        """An asset's bytes.

        Raises:
            ContentError: the file is not there, or lies elsewhere than on this machine.
        """
        return _asset_bytes(self.source)

    def zipped(self) -> bytes:
        """An archive as a zip; one that is a zip already, as it is.

        Raises:
            ContentError: a file is not there, or lies elsewhere than on this machine.
        """
        path = Path(self.source.path) if isinstance(self.source, pulumi.FileArchive) else None
        if path is not None and path.is_file() and zipfile.is_zipfile(path):
            return path.read_bytes()
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in sorted(_members(self.source)):
                entry = zipfile.ZipInfo(name, ZIP_DATE)
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, data, zipfile.ZIP_DEFLATED)
        return packed.getvalue()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Content) and self.is_archive == other.is_archive and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _digest(source: pulumi.Asset | pulumi.Archive) -> str:
    if isinstance(source, pulumi.Asset):
        return hashlib.sha256(_asset_bytes(source)).hexdigest()
    digest = hashlib.sha256()
    for name, data in sorted(_members(source)):
        digest.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return digest.hexdigest()


def _asset_bytes(source: pulumi.Asset | pulumi.Archive) -> bytes:
    match source:
        case pulumi.StringAsset():
            return str(source.text).encode()
        case pulumi.FileAsset():
            return _file(Path(source.path)).read_bytes()
        case pulumi.RemoteAsset():
            raise ContentError(f"the asset {source.uri} is remote, and the sandbox fetches nothing; give a file")
        case _:
            raise ContentError(f"{type(source).__name__} is no asset; allowed: FileAsset, StringAsset")


def _file(path: Path) -> Path:
    if not path.is_file():
        raise ContentError(f"the file {str(path)!r} is not there; relative paths start at {Path.cwd()}")
    return path


def _members(source: pulumi.Asset | pulumi.Archive) -> Iterator[tuple[str, bytes]]:
    match source:
        case pulumi.AssetArchive():
            for name, member in source.assets.items():
                if isinstance(member, pulumi.Archive):
                    yield from ((f"{name}/{inner}", data) for inner, data in _members(member))
                else:
                    yield name, _asset_bytes(member)
        case pulumi.FileArchive():
            yield from _members_of_path(Path(source.path))
        case pulumi.RemoteArchive():
            raise ContentError(f"the archive {source.uri} is remote, and the sandbox fetches nothing; give a folder")
        case _:
            raise ContentError(f"{type(source).__name__} is no archive; allowed: FileArchive, AssetArchive")


def _members_of_path(path: Path) -> Iterator[tuple[str, bytes]]:
    if path.is_dir():
        yield from (
            (item.relative_to(path).as_posix(), item.read_bytes()) for item in path.rglob("*") if item.is_file()
        )
    elif zipfile.is_zipfile(_file(path)):
        with zipfile.ZipFile(path) as archive:
            yield from ((name, archive.read(name)) for name in archive.namelist() if not name.endswith("/"))
    elif tarfile.is_tarfile(path):
        with tarfile.open(path) as archive:
            for member in archive:
                data = archive.extractfile(member) if member.isfile() else None
                if data is not None:
                    yield member.name, data.read()
    else:
        raise ContentError(f"{str(path)!r} is no archive; allowed: a folder, .zip, .tar, .tar.gz")
