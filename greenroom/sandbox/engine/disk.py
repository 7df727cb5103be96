"""The few things that a state does to files, each of them a point at which a process may die or a disk be full.

A state is only ever appended to, or replaced as a whole: these are the operations of which the system promises that
they happen or do not. Everything that the backend and the journal write goes through here, so that a test can stand
in for the disk and stop the world at each of them.
https://man7.org/linux/man-pages/man2/rename.2.html, https://man7.org/linux/man-pages/man2/fsync.2.html
"""

from __future__ import annotations

import errno
import os
import sys
from contextlib import suppress
from pathlib import Path

_MODE = 0o600
_CANNOT_LINK = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK, errno.EXDEV})


class Disk:
    """The system's own files."""

    def open(self, file: Path) -> int:
        """A descriptor to append to a file by, which is made if need be, readable by its owner only."""
        return os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _MODE)

    def write(self, descriptor: int, data: bytes) -> None:
        """Appends all of the data."""
        view = memoryview(data)
        while view:
            view = view[os.write(descriptor, view) :]

    def sync(self, descriptor: int) -> None:
        """Waits until what was written outlives the machine's power."""
        os.fsync(descriptor)

    def truncate(self, descriptor: int, size: int) -> None:
        """Cuts a file off."""
        os.ftruncate(descriptor, size)

    def reserve(self, descriptor: int, size: int) -> None:
        """Takes that much room of the disk for a file."""
        if sys.platform == "linux":
            os.posix_fallocate(descriptor, 0, size)
        else:
            self.write(descriptor, bytes(size))

    def close(self, descriptor: int) -> None:
        """Lets a descriptor go."""
        os.close(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Puts a file in another's place, in one step."""
        source.replace(target)

    def link(self, source: Path, target: Path) -> None:
        """A second name for a file; where the file system has none, a copy of it."""
        try:
            target.hardlink_to(source)
        except OSError as error:
            if error.errno not in _CANNOT_LINK:
                raise
            target.write_bytes(source.read_bytes())

    def remove(self, file: Path) -> None:
        """Removes a file, if it is there."""
        file.unlink(missing_ok=True)

    def sync_folder(self, folder: Path) -> None:
        """Waits until a folder's names outlive the machine's power; not every system can."""
        with suppress(PermissionError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
