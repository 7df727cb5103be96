"""A stack's state as a document: ``{"version": 3, "deployment": {…}}``, what `pulumi stack export` prints.

Read, it is checked once; a journal's records are folded into it as plain JSON, so that what a killed command left and
what a finished one leaves come about in the same way, and what this engine does not know of is kept as it was.
https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/deployments.go (`DeploymentV3`)
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from greenroom.sandbox.engine import integrity
from greenroom.sandbox.engine.errors import StateError
from greenroom.sandbox.engine.journal import ReadJournal, changes
from greenroom.sandbox.engine.state import Operation, resource_from_json
from greenroom.sandbox.engine.values import SECRET_SIGNATURE, SIGNATURE_KEY

DEPLOYMENT_VERSION: Final = 3
_WRITER: Final = "greenroom-sandbox"
_RESOURCES: Final = "resources"
_PENDING: Final = "pending_operations"
_SECRETS: Final = "secrets_providers"

Document = dict[str, Any]


def empty_document() -> Document:
    """The state of a stack that has none."""
    return {"version": DEPLOYMENT_VERSION, "deployment": {}}


def digest_of(data: bytes) -> str:
    """By which a journal knows the state that it goes on from."""
    return hashlib.sha256(data).hexdigest()


def resources_of(document: Document) -> list[dict[str, Any]]:
    """The resources, dependencies first."""
    found: list[dict[str, Any]] = document["deployment"].get(_RESOURCES) or []
    return found


def pending_of(document: Document) -> list[dict[str, Any]]:
    """The operations whose end is not known."""
    found: list[dict[str, Any]] = document["deployment"].get(_PENDING) or []
    return found


def salt_of(document: Document) -> str:
    """The salt of its secrets; empty where there is none.

    Raises:
        StateError: they are not kept by a passphrase.
    """
    provider = document["deployment"].get(_SECRETS) or {}
    if provider and provider.get("type") != "passphrase":
        raise StateError(
            f"its secrets are kept by {provider.get('type')!r}, not a passphrase",
            fix="`pulumi stack change-secrets-provider passphrase`, or `pulumi stack export --show-secrets`",
        )
    salt: str = (provider.get("state") or {}).get("salt", "")
    return salt


def make_document(
    resources: Sequence[Mapping[str, Any]],
    pending: Sequence[Mapping[str, Any]],
    salt: str,
    like: Document | None = None,
) -> Document:
    """A state; what `like` says beside its resources, operations and salt is kept."""
    deployment = {
        key: value
        for key, value in (like or {}).get("deployment", {}).items()
        if key not in (_RESOURCES, _PENDING, _SECRETS)
    }
    if salt:
        deployment[_SECRETS] = {"type": "passphrase", "state": {"salt": salt}}
    if resources:
        deployment[_RESOURCES] = list(resources)
    if pending:
        deployment[_PENDING] = list(pending)
    return {"version": DEPLOYMENT_VERSION, "deployment": deployment}


def to_text(document: Document) -> str:
    """The document as a file has it: a resource a line."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    # The real engine refuses a state whose magic is not the hash of the version that wrote it.
    deployment = {
        "manifest": {"time": now, "magic": hashlib.sha256(_WRITER.encode()).hexdigest(), "version": _WRITER},
        **{key: value for key, value in document["deployment"].items() if key != "manifest"},
    }
    deployment.setdefault("metadata", {})
    parts = [f"{json.dumps(key)}: {_lines(key, value)}" for key, value in deployment.items()]
    return f'{{"version": {DEPLOYMENT_VERSION}, "deployment": {{\n' + ",\n".join(parts) + "\n}}\n"


def _lines(key: str, value: Any) -> str:
    if key in (_RESOURCES, _PENDING):
        return "[\n" + ",\n".join(map(json.dumps, value)) + "\n]"
    return json.dumps(value)


@dataclass
class _Fold:
    """A state while records are folded into it: resources by number, and the order of the two kinds."""

    resources: dict[int, Any]
    pending: dict[int, Any]
    salt: str
    base: dict[int, None] = field(init=False)
    new: dict[int, None] = field(default_factory=dict)
    next_resource: int = field(init=False)

    def __post_init__(self) -> None:
        self.base = dict.fromkeys(self.resources)
        self.next_resource = len(self.resources)

    def add(self, resource: Any) -> None:
        self.resources[self.next_resource] = resource
        self.new[self.next_resource] = None
        self.next_resource += 1

    def put(self, number: int, resource: Any) -> None:
        if number not in self.resources:
            raise KeyError(number)
        self.resources[number] = resource

    def carry(self, numbers: Sequence[int]) -> None:
        for number in numbers:
            self.base.pop(number, None)
            self.new.pop(number, None)
            self.new[number] = None

    def remove(self, number: int) -> None:
        self.base.pop(number, None)
        self.new.pop(number, None)

    def merged(self) -> list[Any]:
        """The resources in order. A refresh that was killed may have told what is gone, and not who referred to it."""
        kept = [self.resources[number] for number in (*self.new, *self.base)]
        left = {item["urn"] for item in kept}
        gone = {item["urn"]: item.get("parent") or "" for item in self.resources.values() if item["urn"] not in left}
        return integrity.without(kept, gone) if gone else kept

    def begin(self, number: int, type_: str, resource: Any) -> None:
        found = self.resources[resource] if isinstance(resource, int) else resource
        self.pending[number] = {"resource": found, "type": type_}

    def end(self, number: int) -> None:
        del self.pending[number]

    def set_salt(self, salt: str) -> None:
        self.salt = salt


def fold(document: Document, journal: ReadJournal) -> Document:
    """The state that a journal's records make of another.

    Raises:
        StateError: a record says what no command writes.
    """
    state = _Fold(
        resources=dict(enumerate(resources_of(document))),
        pending=dict(enumerate(pending_of(document))),
        salt=salt_of(document),
    )
    kinds: dict[str, Callable[..., None]] = {
        "add": state.add,
        "put": state.put,
        "carry": state.carry,
        "remove": state.remove,
        "begin": state.begin,
        "end": state.end,
        "salt": state.set_salt,
    }
    for line, (kind, *rest) in changes(journal):
        try:
            kinds[kind](*rest)
        except (KeyError, TypeError) as error:
            raise StateError(f"its journal, line {line}: {kind} does not fit the state: {error!r}") from error
    resources = state.merged()
    return make_document(resources, list(state.pending.values()), state.salt, document)


def operation_from_json(item: Mapping[str, Any], decrypt: Callable[[str, str], str]) -> Operation:
    """A pending operation that a document holds."""
    return Operation(item["type"], resource_from_json(item["resource"], decrypt))


def with_secrets(value: Any, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Any:
    """A document, or a part of one, with each of its secrets changed."""
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return change(value)
        return {key: with_secrets(item, change) for key, item in value.items()}
    if isinstance(value, list):
        return [with_secrets(item, change) for item in value]
    return value
