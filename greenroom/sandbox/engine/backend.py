"""Where stacks' states are kept: a file a stack, a journal while a command works on it, one command at a time.

| file | what it is |
|---|---|
| ``STACK.json`` | the state that the last command left: ``{"version": 3, "deployment": {…}}``, Pulumi's own export |
| ``STACK.json.journal`` | what the command under way has done since, or one that was killed |
| ``STACK.json.bak`` | the state before the last command that changed it |
| ``STACK.json.lock``, ``.holder`` | the lock, and who holds it |
| ``STACK.json.reserve`` | room on the disk for the end of what is under way |

A command appends to the journal and folds it into the state when it ends; the next command does so for one that was
killed. A state is replaced in one step, so whoever reads, and whatever dies, sees one whole state or the other.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from greenroom.sandbox.engine import integrity, stack_lock
from greenroom.sandbox.engine import state_document as documents
from greenroom.sandbox.engine.disk import Disk
from greenroom.sandbox.engine.errors import StateError, StateWriteError
from greenroom.sandbox.engine.journal import ReadJournal, StateJournal, mark_compacted, read_journal, reserve_of
from greenroom.sandbox.engine.project import NAME, NAME_RULE
from greenroom.sandbox.engine.secrets import Crypter, passphrase
from greenroom.sandbox.engine.state import Deployment, resource_from_json, resource_to_json
from greenroom.sandbox.engine.state_document import DEPLOYMENT_VERSION, Document

_JOURNAL: Final = ".journal"
_BACKUP: Final = ".bak"
_READS: Final = 5


@dataclass(frozen=True)
class _Found:
    """A stack's files as they were found.

    Attributes:
        data: of STACK.json; None where there is none.
        journal: what is to be folded into it; None where nothing is.
        is_stale: whether there is a journal that is part of the state already.
    """

    data: bytes | None
    journal: ReadJournal | None
    is_stale: bool = False


class StateBackend:
    """The states of one project's stacks."""

    def __init__(
        self, root: Path, *, passphrase_source: Callable[[], str] | None = None, disk: Disk | None = None
    ) -> None:
        """A backend.

        Args:
            root: the folder with one ``STACK.json`` a stack; made when first written to.
            passphrase_source: gives the passphrase of the stacks' secrets; left out, it is the user's
                (PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE) or one kept beside the states.
            disk: by which files are written; left out, the system's.
        """
        self._root = root
        self._passphrase = passphrase_source or (lambda: passphrase(root))
        self._disk = Disk() if disk is None else disk

    def passphrase(self) -> str:
        """The passphrase of the stacks' secrets."""
        return self._passphrase()

    def sibling(self, project: str) -> StateBackend:
        """The backend of another project of the same home."""
        return StateBackend(self._root.parent / project, passphrase_source=self._passphrase, disk=self._disk)

    def list(self) -> Sequence[str]:
        """The names of the stacks that have a state."""
        if not self._root.is_dir():
            return []
        journals = {file.name.removesuffix(f".json{_JOURNAL}") for file in self._root.glob(f"*.json{_JOURNAL}")}
        return sorted({file.stem for file in self._root.glob("*.json")} | journals)

    def path(self, stack: str) -> Path:
        """The stack's file.

        Raises:
            StateError: no stack can have that name, as in Pulumi.
        """
        if NAME.fullmatch(stack) is None:
            raise StateError(f"{stack!r} cannot be a stack's name", fix=NAME_RULE)
        return self._root / f"{stack}.json"

    def journal_path(self, stack: str) -> Path:
        """The stack's journal."""
        return self._beside(stack, _JOURNAL)

    def backup_path(self, stack: str) -> Path:
        """The state before the last command that changed it."""
        return self._beside(stack, _BACKUP)

    def _beside(self, stack: str, suffix: str) -> Path:
        file = self.path(stack)
        return file.with_name(file.name + suffix)

    def crypter(self, salt: str = "") -> Crypter:
        """A crypter of secrets under a salt; the passphrase is asked for with the first secret."""
        return Crypter(self._passphrase, salt)

    # -- reading -----------------------------------------------------------------------------------------------------

    def load(self, stack: str) -> tuple[Deployment, Crypter]:
        """The stack's deployment (an empty one if there is no state) and the crypter that opens its secrets.

        Raises:
            StateError: the file is no version 3 deployment, or nothing that a command can go on from.
            PassphraseError: the passphrase does not open its secrets.
        """
        found = self._find(stack)
        document = self._document(stack, found)
        if document is None:
            return Deployment(), self.crypter()
        crypter = self.crypter(self._salt(stack, document))
        try:
            deployment = Deployment(
                [resource_from_json(item, crypter.decrypt) for item in documents.resources_of(document)],
                [documents.operation_from_json(item, crypter.decrypt) for item in documents.pending_of(document)],
                crypter.known_salt,
            )
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise self._unreadable(stack, f"it lacks {error}") from error
        if found.journal is None and found.data is not None:
            deployment.digest = documents.digest_of(found.data)
        return deployment, crypter

    def count(self, stack: str) -> int:
        """How many resources the stack consists of; its secrets stay closed."""
        return len(documents.resources_of(self.export(stack)))

    def export(self, stack: str) -> Document:
        """The stack's state as `pulumi stack export` prints it; secrets stay encrypted.

        Raises:
            StateError: there is no such stack, or its file cannot be read.
        """
        document = self._document(stack, self._find(stack))
        if document is None:
            known = ", ".join(self.list()) or "none"
            raise StateError(f"there is no stack {stack!r}", fix=f"stacks with a state: {known}")
        return document

    def _find(self, stack: str) -> _Found:
        """The state's files. Whoever holds no lock may read while a command ends, and then reads again."""
        for _ in range(_READS):
            journal_data = self._bytes(self.journal_path(stack))
            data = self._bytes(self.path(stack))
            journal = None if journal_data is None else read_journal(self.journal_path(stack), journal_data)
            if journal is None:
                return _Found(data, None, is_stale=journal_data is not None)
            digest = "" if data is None else documents.digest_of(data)
            if digest == journal.base:
                return _Found(data, journal)
            if digest in journal.compacted:
                return _Found(data, None, is_stale=True)
        raise StateError(
            f"{self.path(stack)} is not the state that {self.journal_path(stack).name} goes on from: "
            "it was changed after a command was killed",
            fix=f"put it back as it was (or {self.backup_path(stack).name}), or, if it says all that was done, move "
            f"the journal away and run `refresh`",
        )

    @staticmethod
    def _bytes(file: Path) -> bytes | None:
        try:
            return file.read_bytes()
        except FileNotFoundError:
            return None

    def _document(self, stack: str, found: _Found) -> Document | None:
        """The state, a journal folded into it; None where there is none."""
        if found.data is None and found.journal is None:
            return None
        document = documents.empty_document() if found.data is None else self._parse(stack, found.data)
        if found.journal is None:
            return document
        try:
            return documents.fold(document, found.journal)
        except StateError as error:
            raise self._unreadable(stack, error.message) from error

    def _parse(self, stack: str, data: bytes) -> Document:
        try:
            return parse_document(data)
        except StateError as error:
            raise self._unreadable(stack, error.message) from error

    def _salt(self, stack: str, document: Document) -> str:
        try:
            return documents.salt_of(document)
        except StateError as error:
            raise self._unreadable(stack, error.message) from error

    def _unreadable(self, stack: str, why: str) -> StateError:
        backup = self.backup_path(stack)
        fix = "mend the file, or put back one that was exported: greenroom sandbox import STACK --file FILE"
        if backup.is_file():
            fix = (
                f"mend the file, or go back to the state before the last command and read what is there now: "
                f"greenroom sandbox import {stack} --file {backup} && greenroom sandbox refresh {stack}"
            )
        return StateError(f"the state of stack {stack!r} cannot be read: {self.path(stack)}: {why}", fix=fix)

    # -- writing -----------------------------------------------------------------------------------------------------

    def journal(self, stack: str, deployment: Deployment) -> StateJournal:
        """A journal that goes on from a deployment that was loaded under the lock."""
        return StateJournal(self.journal_path(stack), deployment.digest, self._disk)

    def compact(self, stack: str) -> None:
        """Folds a journal into its state, if there is one. For whoever holds the lock.

        Raises:
            StateError: the state, or the journal, cannot be read.
            StateWriteError: the new state cannot be written; both are as they were.
        """
        found = self._find(stack)
        journal_path = self.journal_path(stack)
        with self._writing(journal_path):
            self._disk.remove(reserve_of(journal_path))
        if found.journal is not None:
            document = self._document(stack, found)
            assert document is not None  # noqa: S101  # there is a journal
            self._replace(stack, documents.to_text(document).encode(), found.journal)
        if found.journal is not None or found.is_stale:
            with self._writing(journal_path):
                self._disk.remove(journal_path)

    def _replace(self, stack: str, data: bytes, journal: ReadJournal | None = None) -> None:
        """Puts a new state in the place of the old one, which becomes the backup."""
        file = self.path(stack)
        temporary, old = self._temporary(stack), self._temporary(stack, "bak")
        try:
            with self._writing(file):
                file.parent.mkdir(parents=True, exist_ok=True)
                self._write_whole(temporary, data)
                if journal is not None:
                    mark_compacted(self.journal_path(stack), journal, documents.digest_of(data), self._disk)
                if file.exists():
                    self._disk.remove(old)
                    self._disk.link(file, old)
                    self._disk.replace(old, self.backup_path(stack))
                self._disk.replace(temporary, file)
                self._disk.sync_folder(file.parent)
        except BaseException:
            for leftover in (temporary, old):
                leftover.unlink(missing_ok=True)
            raise

    def _write_whole(self, file: Path, data: bytes) -> None:
        self._disk.remove(file)
        descriptor = self._disk.open(file)
        try:
            self._disk.write(descriptor, data)
            self._disk.sync(descriptor)
        finally:
            self._disk.close(descriptor)

    @contextmanager
    def _writing(self, file: Path) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateWriteError(file, error) from error

    def _temporary(self, stack: str, kind: str = "new") -> Path:
        file = self.path(stack)
        return file.with_name(f".{file.name}.{os.getpid()}-{kind}.tmp")

    def _sweep(self, stack: str) -> None:
        """Removes what processes that were killed left half written."""
        ours = re.compile(rf"\.{re.escape(self.path(stack).name)}\.[^.]+\.tmp")
        for file in self._root.iterdir():
            if ours.fullmatch(file.name):
                self._disk.remove(file)

    def save(self, stack: str, deployment: Deployment, crypter: Crypter, like: Document | None = None) -> None:
        """Writes a whole state; what `like` says beside it is kept. For whoever holds the lock."""
        resources = [resource_to_json(state, crypter.encrypt) for state in deployment.resources]
        pending = [
            {"resource": resource_to_json(item.resource, crypter.encrypt), "type": item.type}
            for item in deployment.pending
        ]
        self.write(stack, documents.make_document(resources, pending, crypter.known_salt or deployment.salt, like))

    def write(self, stack: str, document: Document) -> None:
        """Writes a whole state; a journal that went on from the one before is part of it, or set aside by it.

        Raises:
            StateWriteError: it cannot be written; the one before is as it was.
        """
        # A journal must not be taken for one of the new state: its own is known by the old state's digest.
        self._replace(stack, documents.to_text(document).encode())
        with self._writing(self.journal_path(stack)):
            self._disk.remove(self.journal_path(stack))

    def remove(self, stack: str) -> None:
        """Forgets a stack; what it deployed stays where it is."""
        for file in (self.journal_path(stack), self.path(stack), self.backup_path(stack)):  # the journal stands on it
            self._disk.remove(file)

    @contextmanager
    def lock(self, stack: str, command: str = "", *, mends: bool = False) -> Iterator[None]:
        """Holds the stack for one command, and clears up after one that was killed.

        Args:
            stack: its name.
            command: what the holder does, for whoever finds the stack locked.
            mends: whether the holder comes to put a state right that cannot be read.

        Raises:
            StackLockedError: another command holds it.
            StateError: its state cannot be read.
            StateWriteError: what a killed command left cannot be folded into the state.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        with stack_lock.held(stack, self.path(stack), command):
            self._sweep(stack)
            if not mends:
                self.compact(stack)
            yield


def parse_document(data: bytes) -> Document:
    """A state out of a file's content.

    Raises:
        StateError: it is none that a command can go on from; with every reason.
    """
    try:
        text = data.decode()
        document = json.loads(text)
    except UnicodeDecodeError as error:
        raise StateError(f"byte {error.start + 1} is not UTF-8") from error
    except json.JSONDecodeError as error:
        ends = ", where it ends: it was cut short" if error.pos >= len(data.rstrip()) else ""
        raise StateError(f"line {error.lineno}, column {error.colno}{ends}: {error.msg}") from error
    if not isinstance(document, dict) or document.get("version") != DEPLOYMENT_VERSION:
        raise StateError(f'its "version" is not {DEPLOYMENT_VERSION}')
    deployment: Any = document.get("deployment")
    if not isinstance(deployment, dict):
        raise StateError("it lacks 'deployment'")
    found = integrity.violations(deployment, text)
    if found:
        raise StateError("\n    ".join(["it was changed by hand, or damaged:", *found]))
    return document
