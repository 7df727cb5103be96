"""What can go wrong from model files to a release, all of it the user's to fix.

::

    PackagingError               the root; the command line answers it with exit code 2
    ├── InvalidPackageError        the model folder breaks rules: every violation, at once
    ├── ServingImageError          the serving image is not pinned, and cannot be resolved here
    ├── InvalidDigestError         not `sha256:` and 64 hexadecimal digits
    ├── ReleaseNotFoundError       no such release in the store
    ├── DigestMismatchError        a release is not what its digest says
    ├── SourceFileError            a file cannot be read, or changed while it was
    ├── StoreError                 the store on this machine cannot be written: a full disk, no permission
    ├── ArchiveError               a model.tar.gz that cannot be unpacked without risk, or at all
    ├── PublishError               the artifact store did not take, or does not hold, what was sent
    └── PackagingFailure           nothing is wrong with the input: the model was judged, and failed (exit code 1)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Violation:
    """One broken rule: where, the value, what is allowed, what to change."""

    file: str
    """The file, as the user named its folder."""
    line: int | None
    """From 1; None where the rule concerns the file as a whole."""
    path: str
    """The key in the file: `files.model.onnx`; empty for the file as a whole."""
    value: object
    """What stands there; None where nothing does."""
    message: str
    """What is wrong."""
    allowed: str = ""
    """What may stand there; empty where the message says it."""
    fix: str = ""
    """What to change; empty where `allowed` says it."""

    @property
    def where(self) -> str:
        """`file:line`, as editors and terminals link it."""
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        """`file:line: path: message; allowed: …; fix`."""
        told = "; ".join(
            part for part in (self.message, f"allowed: {self.allowed}" if self.allowed else "", self.fix) if part
        )
        return ": ".join(part for part in (self.where, self.path, told) if part)


class PackagingError(Exception):
    """The root of this package's errors."""


class PackagingFailure(PackagingError):  # noqa: N818 - what failed is the model, not the packaging
    """The model was judged and did not pass: a gate, a check of the container contract, a tolerance. Exit code 1."""


class InvalidPackageError(PackagingError):
    """Everything that keeps a model folder from being packaged."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(sorted(violations, key=lambda one: (one.file, one.line or 0, one.path)))
        super().__init__("\n".join(str(one) for one in self.violations))


class ServingImageError(PackagingError):
    """The serving image could not be resolved."""


class InvalidDigestError(PackagingError):
    """What was given is no digest."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        super().__init__(f"{digest!r} is no digest of a release; allowed: sha256: and 64 hexadecimal digits")


class ReleaseNotFoundError(PackagingError):
    """The store has no such release."""

    def __init__(self, name: str, digest: str, known: Sequence[str], *, where: str) -> None:
        self.name, self.digest, self.known = name, digest, tuple(known)
        there = ", ".join(self.known) or "none"
        super().__init__(
            f"{where} has no release {digest} of model {name!r}; releases of it there: {there}; "
            f"make one with `greenroom package models/{name}`, or pin one of those"
        )


class DigestMismatchError(PackagingError):
    """A release was changed after it was made, or was not wholly written."""

    def __init__(self, name: str, digest: str, differences: Sequence[str], *, where: Path | str) -> None:
        """What differs of a release, and where it lies: its folder here, or the URI of its prefix in a bucket."""
        self.name, self.digest, self.differences, self.where = name, digest, tuple(differences), where
        reference = f"{name}@{digest.removeprefix('sha256:')}"
        if isinstance(where, Path):
            fix = (
                f"delete that folder, and make it again with `greenroom package models/{name}`"
                f" or bring it with `greenroom release download {reference}`"
            )
        else:
            fix = f"delete it there, and publish it from where it is whole: `greenroom release publish {reference}`"
        super().__init__(
            f"release {digest} of model {name!r} is not what its digest says: {'; '.join(self.differences)};"
            f" it lies in {where}; {fix}"
        )


class PublishError(PackagingError):
    """The artifact store did not take the release."""


class SourceFileError(PackagingError):
    """A file cannot be read as one that stays as it is."""

    def __init__(self, path: Path, what: str) -> None:
        self.path, self.what = path, what
        super().__init__(f"{path} {what}")


class StoreError(PackagingError):
    """The releases on this machine cannot be written."""


class ArchiveError(PackagingError):
    """An archive cannot be unpacked: what it holds may not be, or it was cut off."""

    def __init__(self, archive: str, what: str) -> None:
        self.archive, self.what = archive, what
        super().__init__(f"{archive}: {what}")
