"""The requests that a release says it answers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from model_packaging.release import SAMPLES_FOLDER, Release


@dataclass(frozen=True)
class SampleRequest:
    """One request."""

    name: str
    """The file's name, or what else people know it by."""
    body: bytes
    content_type: str


def sample_requests(folder: Path, release: Release) -> tuple[SampleRequest, ...]:
    """The samples of the release in `folder`; none where it has none.

    Args:
        folder: The release's folder, in a store or where it is staged.
        release: Its manifest.
    """
    return tuple(
        SampleRequest(
            str(PurePosixPath(sample.file).relative_to(SAMPLES_FOLDER.rstrip("/"))),
            (folder / sample.file).read_bytes(),
            sample.content_type,
        )
        for sample in release.samples or ()
    )
