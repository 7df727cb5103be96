"""Where stacks' states are kept: one file a stack, replaced atomically, locked by one command at a time.

``ROOT/STACK.json`` is a checkpoint (``{"version": 3, "deployment": {…}}``, what `pulumi stack export` prints),
``STACK.json.lock`` its lock. A write goes to a temporary file beside it, is synced, and renamed over the old one:
whoever reads, and whatever dies, sees one whole state or the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import filelock

from greenroom.sandbox.engine.errors import StackLockedError, StateError
from greenroom.sandbox.engine.project import NAME, NAME_RULE
from greenroom.sandbox.engine.secrets import Crypter, passphrase
from greenroom.sandbox.engine.state import Deployment, Operation, resource_from_json, resource_to_json

DEPLOYMENT_VERSION: Final = 3
_WRITER: Final = "greenroom-sandbox"


class StateBackend:
    """The states of one project's stacks."""

    def __init__(self, root: Path, *, passphrase_source: Callable[[], str] | None = None) -> None:
        """A backend.

        Args:
            root: the folder with one ``STACK.json`` a stack; made when first written to.
            passphrase_source: gives the passphrase of the stacks' secrets; left out, it is the user's
                (PULUMI_CONFIG_PASSPHRASE, PULUMI_CONFIG_PASSPHRASE_FILE) or one kept beside the states.
        """
        self._root = root
        self._passphrase = passphrase_source or (lambda: passphrase(root))

    def passphrase(self) -> str:
        """The passphrase of the stacks' secrets."""
        return self._passphrase()

    def sibling(self, project: str) -> StateBackend:
        """The backend of another project of the same home."""
        return StateBackend(self._root.parent / project, passphrase_source=self._passphrase)

    def list(self) -> Sequence[str]:
        """The names of the stacks that have a state."""
        if not self._root.is_dir():
            return []
        return sorted(file.stem for file in self._root.glob("*.json"))

    def path(self, stack: str) -> Path:
        """The stack's file.

        Raises:
            StateError: no stack can have that name, as in Pulumi.
        """
        if NAME.fullmatch(stack) is None:
            raise StateError(f"{stack!r} cannot be a stack's name", fix=NAME_RULE)
        return self._root / f"{stack}.json"

    def crypter(self, salt: str = "") -> Crypter:
        """A crypter of secrets under a salt."""
        return Crypter(self._passphrase(), salt)

    def load(self, stack: str) -> tuple[Deployment, Crypter]:
        """The stack's deployment (an empty one if there is no state) and the crypter that opens its secrets.

        Raises:
            StateError: the file is no version 3 deployment.
            PassphraseError: the passphrase does not open its secrets.
        """
        document = self._read(stack)
        if document is None:
            return Deployment(), self.crypter()
        return self._parse(stack, document)

    def _read(self, stack: str) -> dict[str, Any] | None:
        file = self.path(stack)
        try:
            text = file.read_text(encoding="utf-8")
        except FileNotFoundError:
            return None
        try:
            document = json.loads(text)
        except ValueError as error:
            raise self._unreadable(stack, str(error)) from error
        if not isinstance(document, dict) or document.get("version") != DEPLOYMENT_VERSION:
            raise self._unreadable(stack, f'its "version" is not {DEPLOYMENT_VERSION}')
        return document

    def _unreadable(self, stack: str, why: str) -> StateError:
        return StateError(
            f"the state of stack {stack!r} cannot be read: {self.path(stack)}: {why}",
            fix="restore the file, or move it away and run `refresh` or `up` on what the local AWS still holds",
        )

    def _parse(self, stack: str, document: dict[str, Any]) -> tuple[Deployment, Crypter]:
        try:
            data = document["deployment"]
            provider = data.get("secrets_providers") or {}
            salt = (provider.get("state") or {}).get("salt", "")
            if provider and provider.get("type") != "passphrase":
                raise self._unreadable(stack, f"its secrets are kept by {provider.get('type')!r}, not a passphrase")
            crypter = self.crypter(salt)
            resources = [resource_from_json(item, crypter.decrypt) for item in data.get("resources") or ()]
            pending = [
                Operation(item["type"], resource_from_json(item["resource"], crypter.decrypt))
                for item in data.get("pending_operations") or ()
            ]
        except (KeyError, TypeError, AttributeError) as error:
            raise self._unreadable(stack, f"it lacks {error}") from error
        return Deployment(resources, pending, salt), crypter

    def export(self, stack: str) -> dict[str, Any]:
        """The stack's state as `pulumi stack export` prints it; secrets stay encrypted.

        Raises:
            StateError: there is no such stack, or its file cannot be read.
        """
        document = self._read(stack)
        if document is None:
            known = ", ".join(self.list()) or "none"
            raise StateError(f"there is no stack {stack!r}", fix=f"stacks with a state: {known}")
        return document

    def import_(self, stack: str, document: dict[str, Any]) -> None:
        """Takes a state as `pulumi stack export` printed it.

        Raises:
            StateError: it is no version 3 deployment.
            PassphraseError: its secrets do not open.
        """
        if document.get("version") != DEPLOYMENT_VERSION:
            raise StateError(f'the document\'s "version" is not {DEPLOYMENT_VERSION}')
        deployment, crypter = self._parse(stack, document)
        self.save(stack, deployment, crypter)

    def save(self, stack: str, deployment: Deployment, crypter: Crypter) -> None:
        """Writes the whole state."""
        resources = [json.dumps(resource_to_json(state, crypter.encrypt), indent=1) for state in deployment.resources]
        pending = [
            json.dumps({"resource": resource_to_json(item.resource, crypter.encrypt), "type": item.type})
            for item in deployment.pending
        ]
        uses_secrets = any('"ciphertext"' in text for text in (*resources, *pending))
        self.write(stack, resources, pending, crypter.salt if uses_secrets else deployment.salt)

    def write(self, stack: str, resources: Sequence[str], pending: Sequence[str], salt: str) -> None:
        """Writes a state whose resources and operations are serialised already.

        Args:
            stack: its name.
            resources: one JSON object each.
            pending: one JSON object each.
            salt: of the secrets; empty where there are none.
        """
        now = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + "Z"
        # The real engine refuses a state whose magic is not the hash of the version that wrote it.
        head = {"time": now, "magic": hashlib.sha256(_WRITER.encode()).hexdigest(), "version": _WRITER}
        parts = [f'"manifest": {json.dumps(head)}']
        if salt:
            parts.append(f'"secrets_providers": {json.dumps({"type": "passphrase", "state": {"salt": salt}})}')
        if resources:
            parts.append('"resources": [\n' + ",\n".join(resources) + "\n]")
        if pending:
            parts.append('"pending_operations": [\n' + ",\n".join(pending) + "\n]")
        parts.append('"metadata": {}')
        body = ",\n".join(parts)
        _replace_file(self.path(stack), f'{{"version": {DEPLOYMENT_VERSION}, "deployment": {{\n{body}\n}}}}\n')

    def remove(self, stack: str) -> None:
        """Forgets a stack; what it deployed stays where it is."""
        self.path(stack).unlink(missing_ok=True)

    @contextmanager
    def lock(self, stack: str, command: str = "") -> Iterator[None]:
        """Holds the stack for one command.

        Args:
            stack: its name.
            command: what the holder does, for whoever finds the stack locked.

        Raises:
            StackLockedError: another command holds it.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(f"{self.path(stack)}.lock", timeout=0)
        holder = self._root / f"{stack}.json.holder"
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise StackLockedError(stack, _read_holder(holder)) from error
        try:
            since = time.strftime("%Y-%m-%d %H:%M:%S")
            command = command or Path(sys.argv[0] or "python").name
            holder.write_text(f"process {os.getpid()} ({command}, since {since})", encoding="utf-8")
            yield
        finally:
            holder.unlink(missing_ok=True)
            lock.release()


def _read_holder(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8") or "another command"
    except OSError:
        return "another command"


def _replace_file(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as handle:
            handle.write(text)
            handle.flush()
            os.fsync(handle.fileno())
        Path(temporary).replace(file)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
