# ruff: noqa: SLF001  # `Change` is the checkpoint's own hand
"""The state as it changes under way: merged from what was and what the program has registered, each change journalled.

A deployment starts from a base (the last state) and grows a list of new resources; a base resource leaves when its
successor is done or it is deleted. At any moment the merge of the two is a state that the next command can go on from:
new resources first, in the order in which they were done, then what is left of the base.

A change is appended to the stack's journal. That an operation begins is on disk before the provider is asked, and what
came of it before anybody is told; what changes nothing out there (a component, a resource that stays the same) waits
for the next change that must be on disk, and if there is none, nothing is written at all.
https://github.com/pulumi/pulumi/blob/master/pkg/backend/snapshot.go
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.errors import StateWriteError
from greenroom.sandbox.engine.secrets import Crypter
from greenroom.sandbox.engine.state import Deployment, Operation, ResourceState, resource_to_json, same_record


class Checkpoint:
    """One stack's state during one deployment. Safe for threads."""

    def __init__(self, backend: StateBackend, stack: str, base: Deployment, crypter: Crypter, *, dry: bool) -> None:
        """A checkpoint that starts from a base.

        Args:
            backend: where to write.
            stack: the stack's name.
            base: the last state, as the backend has loaded it.
            crypter: of the stack's secrets.
            dry: whether this is a preview, which writes nothing.
        """
        self._backend = backend
        self._stack = stack
        self._crypter = crypter
        self._dry = dry
        self._journal = backend.journal(stack, base)
        self._states = dict(enumerate(base.resources))
        self._numbers = {state: number for number, state in self._states.items()}
        self._base = dict.fromkeys(self._states)
        self._new: dict[int, None] = {}
        self._next_number = len(self._states)
        self._pending = dict(enumerate(base.pending))
        self._next_operation = len(self._pending)
        self._salt = base.salt
        self._carried: list[int] = []
        self._referrers: dict[str, set[int]] | None = None
        self._failure: StateWriteError | None = None
        self._lock = threading.Lock()

    def resources(self) -> list[ResourceState]:
        """The merged resources, dependencies first."""
        with self._lock:
            return self._merged()

    def merged_unlocked(self) -> list[ResourceState]:
        """The merged resources, for whoever holds the lock already (within `change`)."""
        return self._merged()

    def _merged(self) -> list[ResourceState]:
        return [self._states[number] for number in (*self._new, *self._base)]

    @property
    def pending(self) -> list[Operation]:
        """The operations whose end is not known."""
        with self._lock:
            return list(self._pending.values())

    @contextmanager
    def change(self) -> Iterator[Checkpoint.Change]:
        """Changes the state. When the block has ended, the beginning or the end of an operation is on disk.

        Raises:
            StateWriteError: it could not be written; an operation that was to begin must not.
        """
        with self._lock:
            change = Checkpoint.Change(self)
            yield change
            if self._dry:
                return
            number = self._record(change)
        if change.is_awaited:
            self._await(change, number)

    def _record(self, change: Change) -> int:
        """Puts a change into the journal, after the order of what stayed the same."""
        if not change.entries:
            return 0
        entries = [f'["carry",{json.dumps(self._carried, separators=(",", ":"))}]'] if self._carried else []
        self._carried = []
        if self._crypter.known_salt != self._salt and any('"ciphertext"' in entry for entry in change.entries):
            self._salt = self._crypter.salt
            entries.append(f'["salt",{json.dumps(self._salt)}]')
        return self._journal.append(f"[{','.join((*entries, *change.entries))}]")

    def _await(self, change: Change, number: int) -> None:
        if change.begun and (self._failure is not None or self._journal.is_full):
            raise self._refusal(change)
        try:
            self._journal.commit(number)
        except StateWriteError as error:
            self._failure = error
            raise StateWriteError(error.file, error.cause, told=change.told()) from error
        if change.begun and self._journal.is_full:
            raise self._refusal(change)

    def _refusal(self, change: Change) -> StateWriteError:
        """There is room for what is under way, and not for more: an operation is taken back before it begins."""
        with self._lock:
            for number in change.begun:
                self._pending.pop(number, None)
                self._journal.append(f'[["end",{number}]]')
        if self._failure is not None:
            return StateWriteError(self._failure.file, self._failure.cause, told=change.told())
        return StateWriteError(self._journal.file, self._journal.no_room(), told=change.told())

    class Change:
        """The ways in which a state changes. Made by `Checkpoint.change`, which holds the lock meanwhile."""

        def __init__(self, checkpoint: Checkpoint) -> None:
            self._checkpoint = checkpoint
            self._ended: list[Operation] = []
            self.entries: list[str] = []
            self.begun: dict[int, Operation] = {}

        @property
        def is_awaited(self) -> bool:
            """Whether it must be on disk before anything else happens."""
            return bool(self.begun or self._ended)

        def told(self) -> str:
            """What the world has done that the state does not say, for whoever cannot write it."""
            return "".join(f"{_outcome(item)}, and " for item in self._ended)

        def begin(self, type_: str, state: ResourceState) -> Operation:
            """Notes that an operation on the resource begins."""
            checkpoint = self._checkpoint
            operation = Operation(type_, state)
            number = checkpoint._next_operation
            checkpoint._next_operation += 1
            checkpoint._pending[number] = operation
            self.begun[number] = operation
            known = checkpoint._numbers.get(state)
            if known is None:
                self._enter("begin", number, type_, fragment_of=state)
            else:
                self._enter("begin", number, type_, known)
            return operation

        def end(self, operation: Operation) -> None:
            """Notes that its end is known."""
            pending = self._checkpoint._pending
            for number in [number for number, item in pending.items() if item is operation]:
                del pending[number]
                self._enter("end", number)
                self._ended.append(operation)

        def add(self, state: ResourceState) -> None:
            """A new resource, or a resource's new state."""
            checkpoint = self._checkpoint
            number = checkpoint._next_number
            checkpoint._next_number += 1
            checkpoint._states[number] = state
            checkpoint._numbers[state] = number
            checkpoint._new[number] = None
            checkpoint._refer(number, state)
            self._enter("add", fragment_of=state)

        def carry(self, old: ResourceState, new: ResourceState) -> None:
            """A resource that stays the same: its record is written only if it differs, its place with the next."""
            checkpoint = self._checkpoint
            number = checkpoint._numbers.pop(old, None)
            if number is None:
                self.add(new)
                return
            checkpoint._numbers[new] = number
            checkpoint._states[number] = new
            checkpoint._base.pop(number, None)
            checkpoint._new.pop(number, None)
            checkpoint._new[number] = None
            checkpoint._refer(number, new)
            if checkpoint._dry:
                return
            checkpoint._carried.append(number)
            if not same_record(old, new):
                self._enter("put", number, fragment_of=new)

        def remove(self, state: ResourceState) -> None:
            """A resource that is no more, or whose new state takes its place."""
            checkpoint = self._checkpoint
            number = checkpoint._numbers.pop(state, None)
            if number is not None:
                checkpoint._base.pop(number, None)
                checkpoint._new.pop(number, None)
                del checkpoint._states[number]
                self._enter("remove", number)

        def replace(self, old: ResourceState, new: ResourceState) -> None:
            """A resource's new record in the place of the old (a refresh keeps the order)."""
            checkpoint = self._checkpoint
            number = checkpoint._numbers.pop(old, None)
            if number is not None:
                checkpoint._numbers[new] = number
                checkpoint._states[number] = new
                self.touch(new)

        def touch(self, state: ResourceState) -> None:
            """A resource whose record was changed in place."""
            number = self._checkpoint._numbers.get(state)
            if number is not None:
                self._checkpoint._refer(number, state)
                self._enter("put", number, fragment_of=state)

        def rename(self, old_urn: str, new_urn: str) -> None:
            """A resource goes by a new URN: what still refers to it by the old one follows."""
            if self._checkpoint._dry:
                return
            for number in sorted(self._checkpoint._referring_to(old_urn)):
                state = self._checkpoint._states.get(number)
                if state is not None and state.renames(old_urn, new_urn):
                    self.touch(state)

        def _enter(
            self, kind: str, *rest: Any, fragment_of: ResourceState | None = None, known: int | None = None
        ) -> None:
            if self._checkpoint._dry:
                return
            parts = [json.dumps(item) for item in (kind, *rest, *(() if known is None else (known,)))]
            if fragment_of is not None:
                parts.append(self._checkpoint._fragment(fragment_of))
            self.entries.append(f"[{','.join(parts)}]")

    def _refer(self, number: int, state: ResourceState) -> None:
        if self._referrers is not None:
            for urn in (*state.depends_on(), state.parent):
                self._referrers.setdefault(urn, set()).add(number)

    def _referring_to(self, urn: str) -> set[int]:
        """The resources that may refer to a URN: counted once, when the first resource is renamed."""
        if self._referrers is None:
            self._referrers = {}
            for number, state in self._states.items():
                self._refer(number, state)
        return self._referrers.get(urn, set())

    def clear_pending(self, keep: Callable[[Operation], bool]) -> None:
        """Drops the operations that are no longer in doubt."""
        with self.change() as change:
            for item in [item for item in self._pending.values() if not keep(item)]:
                change.end(item)

    def finish(self) -> None:
        """Folds the journal into the state. Nothing is written if nothing has changed.

        Raises:
            StateWriteError: it cannot be written; the journal keeps what was done for the next command.
        """
        with self._lock:
            if self._dry or not self._journal.has_records:
                return
        self._journal.commit(self._journal.last_number)
        self._journal.close()
        self._backend.compact(self._stack)

    def close(self) -> None:
        """Lets the journal go, for a deployment that did not finish."""
        self._journal.close()

    def _fragment(self, state: ResourceState) -> str:
        return json.dumps(resource_to_json(state, self._crypter.encrypt), separators=(",", ":"))


def _outcome(operation: Operation) -> str:
    state = operation.resource
    at = f" (id {state.id!r})" if state.id else ""
    return f"{operation.type} {state.urn}{at} came to its end"
