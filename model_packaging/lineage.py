"""Where a release came from: data, training run and frameworks, as `package.yaml` says them.

What depends on the checkout (git commit, cleanliness) is evidence beside the release and no part of its digest.
"""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

SHA256_PATTERN = r"^[0-9a-f]{64}$"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class DataLineage(_Part):
    """The data that the model was trained on."""

    uri: str | None = None
    """Where it lies; None where nobody wrote it down."""
    version: str | None = None
    """Its version, in its owner's words; None where it has none."""
    sha256: str | None = Field(default=None, pattern=SHA256_PATTERN)
    """SHA-256 of its bytes; None where it was not taken."""


class TrainingRun(_Part):
    """The run that trained it."""

    kind: str = Field(min_length=1)
    """`mlflow`, `sagemaker`, …"""
    id: str = Field(min_length=1)
    """Its id there."""
    uri: str | None = None
    """Where to look at it; None where there is no page."""


class Lineage(_Part):
    """What a release came from."""

    data: DataLineage | None = None
    """None where nobody wrote it down."""
    training_run: TrainingRun | None = None
    """None where nobody wrote it down."""
    frameworks: dict[str, str] = {}
    """Name to version of what trained it."""
