"""A release that is being written: in a folder of its own beside the others, that is renamed into its place.

Who writes a folder holds a lock on it, so that the next staging can tell one that is being written from one whose
process died, and clears the latter.

A file is read once: hashed while it is copied. Where the file system shares blocks (XFS, Btrfs; ext4 does not) nothing
is copied at all.
"""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from model_packaging.errors import StoreError
from model_packaging.hashing import copy_file, on_all_cores, size_or_zero
from model_packaging.release import ReleaseFile, checked_path

INCOMING = ".incoming-"


class StagedRelease:
    """A release that is being written: files are copied in and hashed in one read."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: dict[str, ReleaseFile] = {}

    @property
    def files(self) -> tuple[ReleaseFile, ...]:
        """What was copied so far, ordered by path."""
        return tuple(self._files[path] for path in sorted(self._files))

    def copy(self, source: Path, path: str) -> ReleaseFile:
        """Copies one file to `path` in the release.

        Raises:
            SourceFileError: it cannot be read, is no regular file, or changed while it was read.
            StoreError: the store cannot be written: a full disk, no permission.
        """
        return self.copy_all({path: source})[0]

    def write_all(self, contents: Mapping[str, bytes]) -> None:
        """Writes files that packaging made: place in the release to bytes.

        Raises:
            StoreError: the store cannot be written: a full disk, no permission.
        """
        with store_writes(self.folder):
            for path, content in contents.items():
                target = self.folder / checked_path(path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
                digest = hashlib.sha256(content).hexdigest()
                self._files[path] = ReleaseFile(path=path, sha256=digest, size_bytes=len(content))

    def copies(self, sources: Mapping[str, Path]) -> dict[str, Path]:
        """Copies files as `copy_all` does: place in the release to where the copy lies.

        Raises:
            SourceFileError: a file cannot be read, is no regular file, or changed while it was read.
            StoreError: the store cannot be written: a full disk, no permission.
        """
        self.copy_all(sources)
        return {path: self.folder / path for path in sources}

    def copy_all(self, sources: Mapping[str, Path]) -> tuple[ReleaseFile, ...]:
        """Copies files on all cores, each read once; the largest are begun first.

        Args:
            sources: Place in the release to file.

        Returns:
            What was copied, in the order of `sources`.

        Raises:
            SourceFileError: a file cannot be read, is no regular file, or changed while it was read.
            StoreError: the store cannot be written: a full disk, no permission.
        """
        with store_writes(self.folder):
            sizes = {path: size_or_zero(source) for path, source in sources.items()}
            for folder in {(self.folder / checked_path(path)).parent for path in sources}:
                folder.mkdir(parents=True, exist_ok=True)
            ordered = sorted(sources, key=lambda path: (-sizes[path], path))
            digests = on_all_cores(lambda path: copy_file(sources[path], self.folder / path), ordered)
        for path, digest in zip(ordered, digests, strict=True):
            self._files[path] = ReleaseFile(path=path, sha256=digest.sha256, size_bytes=digest.size_bytes)
        return tuple(self._files[path] for path in sources)


@contextmanager
def incoming_folder(root: Path) -> Iterator[Path]:
    """A new folder under `root`, this process's own; gone afterwards, unless it was renamed.

    Raises:
        StoreError: the store cannot be written.
    """
    # Named before it is there: an interrupt at any moment finds what to delete.
    folder, held = root / f"{INCOMING}{secrets.token_hex(8)}", None
    try:
        with store_writes(root), hold(root):  # or a staging beside this one takes it for abandoned before it is locked
            folder.mkdir(mode=0o700)
            held = _lock(folder)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        if held is not None:
            os.close(held)


def clear_abandoned(root: Path) -> None:
    """Deletes the folders of processes that died while they wrote."""
    for folder in root.glob(f"{INCOMING}*"):
        with hold(root):
            held = _lock(folder)
        if held is not None:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


@contextmanager
def store_writes(where: Path) -> Iterator[None]:
    """What the system refuses in here is told as a `StoreError`, with what to do about it."""
    try:
        yield
    except OSError as error:
        what = f"{error.filename or where} cannot be written: {error.strerror}"
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            what += "; nothing was kept of it: free some space, or set GREENROOM_HOME to a folder on another disk"
        raise StoreError(what) from error


@contextmanager
def hold(folder: Path) -> Iterator[None]:
    """One process at a time in a folder; a lock of the system's, that ends with the process."""
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int | None:
    """The descriptor that holds the folder's lock; None where another holds it, or the folder is gone."""
    import fcntl

    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor
