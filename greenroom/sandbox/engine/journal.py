"""What one command did to a stack's state, record by record: appended as it happens, folded into the state at its end.

A line is a record: ``CRC32 NUMBER DURABLE ENTRIES``. The entries are one change, which is there whole or not at all;
`DURABLE` is the number of the last record that was known to be on disk when this one was written. So a line that cannot
be read is told apart: one that nobody was told of (a process died while it wrote, or the machine did) is dropped with
what follows it, and one that a later line calls durable is damage, which is an error.

The first record names the state that the journal goes on from, by its SHA-256; one with ``compact`` names the state
that it was folded into. A process that dies between the two leaves a journal whose state says which of them it is.

Entries, each a JSON array; a resource goes by its place in the state that the journal goes on from, or, if it is new,
by the number after the last one given:

| entry | what happened |
|---|---|
| ``["add", RESOURCE]`` | a resource is new, and takes the next number |
| ``["put", N, RESOURCE]`` | resource N reads like this now |
| ``["carry", [N, …]]`` | the program has registered them again: they come after what it registered before them |
| ``["remove", N]`` | resource N is no more |
| ``["begin", M, TYPE, N or RESOURCE]`` | operation M on it begins |
| ``["end", M]`` | how operation M ended is known, and told by the entries beside this one |
| ``["salt", SALT]`` | the salt of the secrets |
"""

from __future__ import annotations

import errno
import json
import os
import threading
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import StateError, StateWriteError

FORMAT: Final = 1
RESERVE_BYTES: Final = 1 << 20
"""Kept aside while a command runs: enough for the ends of the operations under way when the disk becomes full."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})


@dataclass(frozen=True)
class Record:
    """One change, as read back.

    Attributes:
        line: where it stands in the file, from 1.
        entries: what happened.
    """

    line: int
    entries: Sequence[Sequence[Any]]


@dataclass(frozen=True)
class ReadJournal:
    """A journal as it was found.

    Attributes:
        base: the SHA-256 of the state that it goes on from; empty where there was none.
        records: the changes, in order.
        compacted: the SHA-256 of each state that it was folded into, or was about to be.
        whole_bytes: how much of the file is whole records.
        next_number: of the record that would come next.
    """

    base: str
    records: Sequence[Record]
    compacted: frozenset[str]
    whole_bytes: int
    next_number: int


def encode(number: int, durable: int, entries: str) -> bytes:
    """A record's line."""
    body = f"{number} {durable} {entries}".encode()
    return b"%08x %b\n" % (zlib.crc32(body), body)


def _decode(line: bytes, number: int) -> tuple[int, Any] | None:
    """What a line says: the last durable record, and its entries; None if it is not the whole record of that number."""
    checksum, _, body = line.removesuffix(b"\n").partition(b" ")
    if not line.endswith(b"\n") or checksum != b"%08x" % zlib.crc32(body):
        return None
    told, durable, entries = body.split(b" ", 2)
    return (int(durable), json.loads(entries)) if int(told) == number or number < 0 else None


def read_journal(file: Path, data: bytes) -> ReadJournal | None:
    """Reads a journal; None if it holds nothing that anybody was told of.

    Raises:
        StateError: a record that was durable cannot be read.
    """
    lines = data.splitlines(keepends=True)
    records: list[Record] = []
    size = number = 0
    for number, line in enumerate(lines):
        decoded = _decode(line, number)
        if decoded is None:
            _refuse_damage(file, lines, number)
            break
        records.append(Record(number + 1, decoded[1]))
        size += len(line)
    if not records:
        return None
    (head,) = records[0].entries
    if head[0] != "journal" or head[1] != FORMAT:
        raise StateError(f"{file}: it is no journal of format {FORMAT}", fix=_fix(file))
    folds = frozenset(entry[1] for record in records for entry in record.entries if entry[0] == "compact")
    return ReadJournal(head[2], records[1:], folds, size, len(records))


def _refuse_damage(file: Path, lines: Sequence[bytes], number: int) -> None:
    for line in lines[number + 1 :]:
        later = _decode(line, -1)
        if later is not None and later[0] >= number:
            raise StateError(
                f"{file}:{number + 1}: a record is damaged that was on disk when later ones were written",
                fix=_fix(file),
            )


def _fix(file: Path) -> str:
    return f"put the file back as it was, or move it away ({file.name}): what it says was done is not in the state then"


@dataclass
class StateJournal:
    """A stack's journal while a command writes it. Safe for threads; those that wait for the disk share one sync.

    The file is made with the first record.

    Attributes:
        file: where it is.
        base: the SHA-256 of the state that it goes on from; empty where there is none.
        disk: by which it is written.
    """

    file: Path
    base: str
    disk: Disk
    _buffer: list[bytes] = field(default_factory=list)
    _number: int = 1
    _durable: int = -1
    _size: int = 0
    _descriptor: int = -1
    _reserve: Path | None = None
    _is_syncing: bool = False
    _failure: OSError | None = None
    _changed: threading.Condition = field(default_factory=threading.Condition)

    @property
    def is_full(self) -> bool:
        """Whether the disk had no room: what is under way can still be told, nothing new should begin."""
        return self._failure is not None or (self._descriptor >= 0 and self._reserve is None)

    @property
    def has_records(self) -> bool:
        """Whether anything was recorded."""
        return self._number > 1

    @property
    def last_number(self) -> int:
        """The number of the last record."""
        return self._number - 1

    def no_room(self) -> OSError:
        """Why nothing new should begin."""
        return self._failure or OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def append(self, entries: str) -> int:
        """Puts a change behind those before it; it is on disk after `commit` with the number that this returns."""
        with self._changed:
            number = self._number
            self._buffer.append(encode(number, self._durable, entries))
            self._number += 1
            return number

    def commit(self, number: int) -> None:
        """Waits until a record is on disk, with all before it.

        Raises:
            StateWriteError: it could not be written.
        """
        with self._changed:
            while self._durable < number:
                if self._failure is not None:
                    raise StateWriteError(self.file, self._failure) from self._failure
                if self._is_syncing:
                    self._changed.wait()
                else:
                    self._commit_buffer()

    def _commit_buffer(self) -> None:
        """Writes what has gathered, with the lock given up meanwhile."""
        batch, self._buffer = self._buffer, []
        upto = self._number - 1
        self._is_syncing = True
        self._changed.release()
        failure = None
        try:
            self._write(b"".join(batch))
        except OSError as error:
            failure = error
        finally:
            self._changed.acquire()
            self._is_syncing = False
            self._changed.notify_all()
        if failure is None:
            self._durable = upto
        else:
            self._failure = failure

    def _write(self, data: bytes) -> None:
        if self._descriptor < 0:
            data = self._open() + data
        try:
            self._append(data)
        except OSError as error:
            if error.errno not in _NO_ROOM or self._reserve is None:
                raise
            self._give_up_reserve()
            self._append(data)

    def _append(self, data: bytes) -> None:
        try:
            self.disk.write(self._descriptor, data)
        except OSError:
            self.disk.truncate(self._descriptor, self._size)
            raise
        self._size += len(data)
        self.disk.sync(self._descriptor)

    def _open(self) -> bytes:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self._descriptor = self.disk.open(self.file)
        self._set_aside()
        self.disk.sync_folder(self.file.parent)
        return encode(0, -1, json.dumps([["journal", FORMAT, self.base]], separators=(",", ":")))

    def _set_aside(self) -> None:
        self._reserve = reserve_of(self.file)
        descriptor = self.disk.open(self._reserve)
        try:
            self.disk.reserve(descriptor, RESERVE_BYTES)
        finally:
            self.disk.close(descriptor)

    def _give_up_reserve(self) -> None:
        if self._reserve is not None:
            self.disk.remove(self._reserve)
            self._reserve = None

    def close(self) -> None:
        """Writes what nobody waited for, and lets the file go."""
        with self._changed:
            if self._descriptor < 0:
                return
            if self._buffer and self._failure is None:
                self._commit_buffer()
            self._give_up_reserve()
            self.disk.close(self._descriptor)
            self._descriptor = -1


def reserve_of(journal: Path) -> Path:
    """The file that keeps room for a journal."""
    return journal.with_suffix(".reserve")


def mark_compacted(file: Path, journal: ReadJournal, digest: str, disk: Disk) -> None:
    """Notes in a journal which state it is about to be folded into; an unreadable tail goes first."""
    line = encode(journal.next_number, journal.next_number - 1, json.dumps([["compact", digest]]))
    descriptor = disk.open(file)
    try:
        disk.truncate(descriptor, journal.whole_bytes)
        disk.write(descriptor, line)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def changes(journal: ReadJournal) -> Iterator[tuple[int, Sequence[Any]]]:
    """Every entry of a journal, with its line."""
    for record in journal.records:
        for entry in record.entries:
            if entry[0] != "compact":
                yield record.line, entry
