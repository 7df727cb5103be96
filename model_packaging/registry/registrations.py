"""Where a release is registered, noted beside it in the local store: `ROOT/NAME/HEX.registrations.json`.

It is a note for people, no evidence about the release: registering anew somewhere else must not take the signature off
what was signed. The registries themselves are what counts, and carry the digest, so that each finds the other.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from model_packaging.evidence import write_atomically
from model_packaging.registry.errors import RegistryError
from model_packaging.release import Release
from model_packaging.store import ReleaseStore


class Registration(BaseModel):
    """One entry of one registry."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    registry: str
    """`sagemaker` or `mlflow`."""
    where: str
    """Which one: `aws 123456789012/us-east-1`, `sandbox 123456789012/us-east-1`, or the tracking server's URI."""
    id: str
    """The model package's ARN, or `models:/NAME/VERSION`."""


class _Note(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    release: str
    registrations: tuple[Registration, ...]


def note_path(store: ReleaseStore, release: Release) -> Path:
    """Where the note lies, or would."""
    folder = store.folder(release.name, release.digest)
    return folder.with_name(f"{folder.name}.registrations.json")


def registrations_of(store: ReleaseStore, release: Release) -> tuple[Registration, ...]:
    """Where the release is registered, as far as this machine knows.

    Raises:
        RegistryError: the note cannot be read.
    """
    path = note_path(store, release)
    if not path.is_file():
        return ()
    try:
        return _Note.model_validate_json(path.read_bytes()).registrations
    except ValidationError as error:
        raise RegistryError(f"{path} is not a note of registrations; delete it, and register again") from error


def note_registration(store: ReleaseStore, release: Release, added: Registration) -> None:
    """Notes one registration; a former one in the same place gives way to it."""
    former = [
        one for one in registrations_of(store, release) if (one.registry, one.where) != (added.registry, added.where)
    ]
    note = _Note(release=release.digest, registrations=(*former, added))
    write_atomically(note_path(store, release), (note.model_dump_json(indent=2) + "\n").encode())
