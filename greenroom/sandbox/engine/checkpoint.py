# ruff: noqa: SLF001  # `Change` is the checkpoint's own hand
"""The state as it changes under way: merged from what was and what the program has registered, written at every step.

A deployment starts from a base (the last state) and grows a list of new resources; a base resource leaves when its
successor is done or it is deleted. Written at any moment, the merge of the two is a state that the next command can go
on from: new resources first, in the order in which they were done, then what is left of the base.

Each resource's JSON is made once, when it changes; a write joins those fragments. Threads that change the state while a
write is under way share the next one.
https://github.com/pulumi/pulumi/blob/master/pkg/backend/snapshot.go
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from greenroom.sandbox.engine.backend import StateBackend
from greenroom.sandbox.engine.secrets import Crypter
from greenroom.sandbox.engine.state import Deployment, Operation, ResourceState, resource_to_json


class Checkpoint:
    """One stack's state during one deployment. Safe for threads."""

    def __init__(self, backend: StateBackend, stack: str, base: Deployment, crypter: Crypter, *, dry: bool) -> None:
        """A checkpoint that starts from a base.

        Args:
            backend: where to write.
            stack: the stack's name.
            base: the last state.
            crypter: of the stack's secrets.
            dry: whether this is a preview, which writes nothing.
        """
        self._backend = backend
        self._stack = stack
        self._base = list(base.resources)
        self._salt = base.salt
        self._crypter = crypter
        self._dry = dry
        self._new: list[ResourceState] = []
        self._gone: set[ResourceState] = set()
        self._pending: list[Operation] = list(base.pending)
        self._fragments: dict[ResourceState, str] = {}
        self._lock = threading.Lock()
        self._writing = threading.Condition(self._lock)
        self._version = 0
        self._written = 0
        self._write_in_progress = False
        self._is_unsaved = False
        self._started_with = sorted(self._fragment(state) for state in self._base) if not dry else []

    def resources(self) -> list[ResourceState]:
        """The merged resources, dependencies first."""
        with self._lock:
            return self._merged()

    def merged_unlocked(self) -> list[ResourceState]:
        """The merged resources, for whoever holds the lock already (within `change`)."""
        return self._merged()

    def _merged(self) -> list[ResourceState]:
        return [state for state in (*self._new, *self._base) if state not in self._gone]

    @property
    def pending(self) -> list[Operation]:
        """The operations whose end is not known."""
        with self._lock:
            return list(self._pending)

    @contextmanager
    def change(self) -> Iterator[Checkpoint.Change]:
        """Changes the state; it is on disk when the block has ended."""
        with self._lock:
            change = Checkpoint.Change(self)
            yield change
            if self._dry or not change.matters:
                return
            self._version += 1
            self._write(self._version)

    class Change:
        """The ways in which a state changes. Made by `Checkpoint.change`, which holds the lock meanwhile."""

        def __init__(self, checkpoint: Checkpoint) -> None:
            self._checkpoint = checkpoint
            self.matters = False

        def begin(self, type_: str, state: ResourceState) -> Operation:
            """Notes that an operation on the resource begins."""
            operation = Operation(type_, state)
            self._checkpoint._pending.append(operation)
            self._forget_fragment(state)
            self.matters = True
            return operation

        def end(self, operation: Operation) -> None:
            """Notes that its end is known."""
            self._checkpoint._pending = [item for item in self._checkpoint._pending if item is not operation]
            self.matters = True

        def add(self, state: ResourceState) -> None:
            """A new resource, or a resource's new state."""
            self._forget_fragment(state)
            self._checkpoint._new.append(state)
            self.matters = True

        def carry(self, old: ResourceState, new: ResourceState) -> None:
            """A resource that stays the same: written only if its record differs."""
            checkpoint = self._checkpoint
            was_written = self.matters
            self.add(new)
            checkpoint._gone.add(old)
            checkpoint._is_unsaved = True
            if checkpoint._dry:
                return
            self.matters = was_written or checkpoint._fragment(old) != checkpoint._fragment(new)

        def remove(self, state: ResourceState) -> None:
            """A resource that is no more, or whose new state takes its place."""
            self._checkpoint._gone.add(state)
            self.matters = True

        def replace(self, old: ResourceState, new: ResourceState) -> None:
            """A resource's new record in the place of the old (a refresh keeps the order)."""
            for resources in (self._checkpoint._base, self._checkpoint._new):
                for index, state in enumerate(resources):
                    if state is old:
                        resources[index] = new
            self.touch(new)

        def touch(self, state: ResourceState) -> None:
            """A resource whose record was changed in place."""
            self._forget_fragment(state)
            self.matters = True

        def rename(self, old_urn: str, new_urn: str) -> None:
            """A resource goes by a new URN: what still refers to it by the old one follows."""
            checkpoint = self._checkpoint
            if checkpoint._dry:
                return
            for state in checkpoint._merged():
                if state.renames(old_urn, new_urn):
                    self.touch(state)

        def _forget_fragment(self, state: ResourceState) -> None:
            self._checkpoint._fragments.pop(state, None)

    def clear_pending(self, keep: Callable[[Operation], bool]) -> None:
        """Drops the operations that are no longer in doubt."""
        with self.change() as change:
            kept = [item for item in self._pending if keep(item)]
            change.matters = len(kept) != len(self._pending)
            self._pending = kept

    def finish(self) -> None:
        """Writes the state, unless what is on disk says the same."""
        with self._lock:
            if self._dry or not self._is_unsaved:
                return
            fragments = sorted(self._fragment(state) for state in self._merged())
            if self._version == 0 and fragments == self._started_with:
                return
            self._version += 1
            self._write(self._version)

    def _fragment(self, state: ResourceState) -> str:
        fragment = self._fragments.get(state)
        if fragment is None:
            fragment = json.dumps(resource_to_json(state, self._crypter.encrypt), sort_keys=True)
            self._fragments[state] = fragment
        return fragment

    def _write(self, version: int) -> None:
        """Puts the given version, or a later one, on disk. Called with the lock held; gives it up while writing."""
        while self._written < version:
            if self._write_in_progress:
                self._writing.wait()
                continue
            resources = [self._fragment(state) for state in self._merged()]
            pending = [
                f'{{"resource": {self._fragment(item.resource)}, "type": {json.dumps(item.type)}}}'
                for item in self._pending
            ]
            if any('"ciphertext"' in text for text in (*resources, *pending)):
                self._salt = self._crypter.salt
            writes = self._version
            self._is_unsaved = False
            self._write_in_progress = True
            self._lock.release()
            try:
                self._backend.write(self._stack, resources, pending, self._salt)
            finally:
                self._lock.acquire()
                self._write_in_progress = False
                self._writing.notify_all()
            self._written = writes
