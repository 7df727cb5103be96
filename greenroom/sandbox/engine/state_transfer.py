"""States that come and go: an export with its secrets laid open, an import checked and sealed anew.

What is taken is what `pulumi stack export` prints, and what is given, `pulumi stack import` takes. A file that a hand
has edited is refused with every reason at once; the state that was there stays as the backup.
https://www.pulumi.com/docs/iac/cli/commands/pulumi_stack_import/
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from greenroom.sandbox.engine import state_document as documents
from greenroom.sandbox.engine import urn as urns
from greenroom.sandbox.engine.backend import StateBackend, parse_document
from greenroom.sandbox.engine.errors import StateError
from greenroom.sandbox.engine.secrets import Crypter
from greenroom.sandbox.engine.state import resource_from_json
from greenroom.sandbox.engine.state_document import Document


def with_open_secrets(backend: StateBackend, document: Document) -> Document:
    """The state with its secrets in plain text, as `pulumi stack export --show-secrets` gives it.

    Raises:
        PassphraseError: the passphrase does not open them.
    """
    crypter = backend.crypter(documents.salt_of(document))

    def laid_open(secret: dict[str, Any]) -> dict[str, Any]:
        plain = {key: value for key, value in secret.items() if key != "ciphertext"}
        return {**plain, "plaintext": crypter.decrypt("", secret["ciphertext"])} if "ciphertext" in secret else plain

    opened: Document = documents.with_secrets(document, laid_open)
    return opened


def import_state(
    backend: StateBackend,
    stack: str,
    data: bytes,
    *,
    source: str = "the document",
    passphrase: Callable[[], str] | None = None,
    force: bool = False,
) -> int:
    """Takes a state over from a file; its secrets are sealed with the stack's own passphrase.

    Args:
        backend: where the stack's state is.
        stack: its name.
        data: the file's content.
        source: the file's name, for errors.
        passphrase: gives the passphrase of the file's secrets; left out, it is the stack's.
        force: whether resources of another stack are taken as well.

    Returns:
        Of how many resources the stack consists now.

    Raises:
        StateError: it is none that a command can go on from; nothing was changed.
        PassphraseError: its secrets do not open.
    """
    document = _checked(stack, data, source, force=force)
    with backend.lock(stack, f"greenroom sandbox import {stack}", mends=True):
        sealed = _sealed_anew(backend, document, passphrase)
        _set_aside(backend, stack)
        backend.write(stack, sealed)
        return len(documents.resources_of(sealed))


def _sealed_anew(backend: StateBackend, document: Document, passphrase: Callable[[], str] | None) -> Document:
    """The document under the stack's passphrase; every secret is opened once, to see that it can be."""
    salt = documents.salt_of(document)
    opener = backend.crypter(salt) if passphrase is None else Crypter(passphrase, salt)
    sealer = opener if passphrase is None else backend.crypter()
    places = itertools.count()

    def sealed(secret: dict[str, Any]) -> dict[str, Any]:
        place = str(next(places))
        plain = secret["plaintext"] if "plaintext" in secret else opener.decrypt(place, secret["ciphertext"])
        mark = {key: value for key, value in secret.items() if key not in ("plaintext", "ciphertext")}
        return {**mark, "ciphertext": sealer.encrypt(place, plain)}

    changed: Document = documents.with_secrets(document, sealed)
    resources, pending = documents.resources_of(changed), documents.pending_of(changed)
    for resource in (*resources, *(item["resource"] for item in pending)):
        resource_from_json(resource, sealer.decrypt)
    return documents.make_document(resources, pending, sealer.known_salt, changed)


def _checked(stack: str, data: bytes, source: str, *, force: bool) -> Document:
    try:
        document = parse_document(data)
        documents.salt_of(document)
    except StateError as error:
        raise StateError(f"{source}: {error.message}", fix=error.fix or "mend it, and import it again") from error
    foreign = sorted({urns.stack_of(item["urn"]) for item in documents.resources_of(document)} - {stack})
    if foreign and not force:
        raise StateError(
            f"{source}: it has resources of another stack: {', '.join(foreign)}",
            fix=f"import it into that one, or, if {stack!r} is to have them, say --force",
        )
    return document


def _set_aside(backend: StateBackend, stack: str) -> None:
    """What a killed command left is part of the backup; files that cannot be read are kept under another name."""
    try:
        backend.compact(stack)
    except StateError:
        for file in (backend.path(stack), backend.journal_path(stack)):
            with suppress(FileNotFoundError):
                file.replace(file.with_name(f"{file.name}.unreadable"))
        return
    with suppress(StateError):
        backend.load(stack)
        return
    # The journal said nothing about it: the state itself is what cannot be read.
    file = backend.path(stack)
    file.replace(file.with_name(f"{file.name}.unreadable"))


def to_text(document: Document) -> str:
    """The document as `pulumi stack export` prints it."""
    return json.dumps(document, indent=4) + "\n"
