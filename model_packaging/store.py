"""`ReleaseStore`: releases on this machine, `ROOT/NAME/HEX/`, each written whole or not at all.

A release is written into a folder beside its place (`staging`) and renamed into it: whoever finds the folder finds all
of it. What is there already is left alone, for the same digest is the same bytes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from pydantic import ValidationError

from model_packaging.errors import DigestMismatchError, PackagingError, ReleaseNotFoundError, SourceFileError
from model_packaging.evidence import EVIDENCE_FOLDER
from model_packaging.hashing import hash_file, on_all_cores
from model_packaging.release import MANIFEST, Release, ReleaseFile, hex_of, manifest_digest
from model_packaging.staging import StagedRelease, clear_abandoned, incoming_folder, store_writes


class ReleaseStore:
    """The releases under one folder."""

    def __init__(self, root: Path) -> None:
        """The store at `root`, which need not exist yet."""
        self.root = root

    def folder(self, name: str, digest: str) -> Path:
        """Where that release lies, or would.

        Raises:
            InvalidDigestError: `digest` is none.
        """
        return self.root / name / hex_of(digest)

    def load(self, name: str, digest: str, *, verify: bool = True) -> Release:
        """The release's manifest.

        Args:
            name: The model.
            digest: `sha256:…`.
            verify: Whether to take the manifest's digest again (not the files': see `verify_files`).

        Raises:
            InvalidDigestError: `digest` is none.
            ReleaseNotFoundError: there is no such release.
            DigestMismatchError: the manifest is not what the digest says.
            SourceFileError: the manifest cannot be read.
        """
        folder = self.folder(name, digest)
        path = folder / MANIFEST
        if not path.is_file():
            raise ReleaseNotFoundError(name, digest, self._digests(name), where=str(self.root))
        try:
            release = Release.model_validate_json(path.read_bytes())
        except ValidationError as error:
            from model_packaging.complaints import json_complaints  # reads YAML as well, which serving does not need

            raise DigestMismatchError(name, digest, [f"{MANIFEST} {json_complaints(error)}"], where=folder) from error
        except OSError as error:
            raise SourceFileError(path, f"cannot be read: {error.strerror}") from error
        differences = _manifest_differences(release, name, digest) if verify else []
        if differences:
            raise DigestMismatchError(name, digest, differences, where=folder)
        return release

    def holds(self, release: Release) -> bool:
        """Whether the release is in the store, whole."""
        return (self.folder(release.name, release.digest) / MANIFEST).is_file()

    def verify_files(self, release: Release) -> None:
        """Takes the digest of every file of the release, on all cores.

        Raises:
            DigestMismatchError: names every file that is missing, too much, or not what the manifest says.
        """
        self._verify(release, lambda file, place: hash_file(place).sha256 == file.sha256)

    def verify_sizes(self, release: Release) -> None:
        """That every file is there, none too much, each as long as it was: without reading one.

        Raises:
            DigestMismatchError: names every file that is missing, too much, or of another length.
        """
        self._verify(release, lambda file, place: place.stat().st_size == file.size_bytes)

    def _verify(self, release: Release, is_same: Callable[[ReleaseFile, Path], bool]) -> None:
        folder = self.folder(release.name, release.digest)
        expected = {file.path: file for file in release.files}
        found = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}
        found.pop(MANIFEST, None)
        found = {path: place for path, place in found.items() if not path.startswith(EVIDENCE_FOLDER)}
        differences = [f"{path} is missing" for path in sorted(expected.keys() - found.keys())]
        differences += [f"{path} does not belong to it" for path in sorted(found.keys() - expected.keys())]
        both = sorted(expected.keys() & found.keys())
        same = on_all_cores(lambda path: is_same(expected[path], found[path]), both)
        differences += [f"{path} has other bytes" for path, is_it in zip(both, same, strict=True) if not is_it]
        if differences:
            raise DigestMismatchError(release.name, release.digest, differences, where=folder)

    def list(
        self, name: str | None = None, *, on_broken: Callable[[str, str, PackagingError], None] | None = None
    ) -> tuple[Release, ...]:
        """Every release, or every one of a model, ordered by name and digest.

        Args:
            name: The model; all of them without it.
            on_broken: Told of each release that cannot be read, by model and digest, and why; without it the first of
                them ends the listing.

        Raises:
            DigestMismatchError: a manifest is not what its folder's name says.
            SourceFileError: a manifest cannot be read.
        """
        found: list[Release] = []
        digests = self.digests() if name is None else {name: self._digests(name)}
        for model, digest in ((model, one) for model, those in digests.items() for one in those):
            try:
                found.append(self.load(model, digest))
            except PackagingError as error:
                if on_broken is None:
                    raise
                on_broken(model, digest, error)
        return tuple(found)

    def digests(self) -> dict[str, tuple[str, ...]]:
        """Model to the digests of its releases, in order, without reading any manifest."""
        if not self.root.is_dir():
            return {}
        names = sorted(path.name for path in self.root.iterdir() if path.is_dir() and not path.name.startswith("."))
        return {name: digests for name in names if (digests := self._digests(name))}

    @contextmanager
    def staging(self) -> Iterator[StagedRelease]:
        """A folder to write a release into; gone afterwards, unless it was added.

        Folders of processes that died while they wrote are cleared first.

        Raises:
            StoreError: the store cannot be written.
        """
        with store_writes(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            clear_abandoned(self.root)
        with incoming_folder(self.root) as folder:
            yield StagedRelease(folder)

    def add(self, release: Release, staged: StagedRelease) -> Release:
        """Puts a staged release into its place; returns the one that is there, which may be older.

        Raises:
            StoreError: the store cannot be written.
        """
        place = self.folder(release.name, release.digest)
        with store_writes(self.root):
            (staged.folder / MANIFEST).write_bytes(release.to_json())
            staged.folder.chmod(0o755)  # it was this process's alone
            place.parent.mkdir(parents=True, exist_ok=True)
            if place.exists() and not (place / MANIFEST).is_file():
                _set_aside(self.root, place)
            if not place.exists():
                try:
                    staged.folder.rename(place)
                except OSError:
                    if not (place / MANIFEST).is_file():  # else another process was first, with the same bytes
                        raise
        return self.load(release.name, release.digest)

    def _digests(self, name: str) -> tuple[str, ...]:
        folder = self.root / name
        if not folder.is_dir():
            return ()
        return tuple(sorted(f"sha256:{path.name}" for path in folder.iterdir() if (path / MANIFEST).is_file()))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Raises:
        SourceFileError: it cannot be read, is no regular file, or changed while it was read.
    """
    return hash_file(path).sha256


def _set_aside(root: Path, place: Path) -> None:
    """A folder without a manifest, as one whose deletion was cut off: it is no release, and is in the way."""
    with incoming_folder(root) as aside, contextlib.suppress(FileNotFoundError):
        place.rename(aside / place.name)


def _manifest_differences(release: Release, name: str, digest: str) -> list[str]:
    differences = []
    if release.name != name:
        differences.append(f"{MANIFEST} is of model {release.name!r}")
    if release.digest != digest:
        differences.append(f"{MANIFEST} gives the digest {release.digest}")
    recomputed = manifest_digest(release)
    if recomputed != digest:
        differences.append(f"{MANIFEST} has the digest {recomputed}")
    return differences
