"""What can go wrong while a model's files are recognised; each is a broken rule of the model's folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model_packaging.errors import InvalidPackageError, Violation

OWN_MODULE = "put an inference.py with model_fn beside it, and name the folder of both as the model"
"""What serves a model that Python can load, whatever it is (the format `python`)."""

SAVE_ANEW = "save the model in one of these, or write package.yaml's long form with an inference module of your own"


class UnrecognisedFormatError(InvalidPackageError):
    """The bytes are of no format that is known here."""

    def __init__(self, path: Path, message: str, formats: Sequence[str], *, fix: str = "") -> None:
        self.path = path
        self.formats = tuple(formats)
        fix = fix or SAVE_ANEW
        super().__init__([Violation(path.as_posix(), None, "", None, message, ", ".join(formats), fix)])


class BrokenModelError(InvalidPackageError):
    """The bytes begin as a known format does, and do not go on as it does: cut short, or damaged."""

    def __init__(self, path: Path, title: str, message: str, *, fix: str = "save or copy the model again") -> None:
        self.path = path
        self.title = title
        super().__init__([Violation(path.as_posix(), None, "", None, f"{title}: {message}", fix=fix)])


class AmbiguousModelError(InvalidPackageError):
    """A folder holds several models, and nothing says which one is meant."""

    def __init__(self, path: Path, candidates: Sequence[str]) -> None:
        self.path = path
        self.candidates = tuple(candidates)
        message = f"holds {len(candidates)} models: {'; '.join(candidates)}"
        super().__init__([Violation(path.as_posix(), None, "", None, message, fix="name one of them as the model")])


class UnservableModelError(InvalidPackageError):
    """A format was recognised, and what was found in it cannot be served as it was asked for."""

    def __init__(self, path: Path, title: str, message: str, *, allowed: str = "", fix: str = "") -> None:
        self.path = path
        self.title = title
        super().__init__([Violation(path.as_posix(), None, "", None, f"{title}: {message}", allowed, fix)])
