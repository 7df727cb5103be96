"""`Release`: the manifest of one immutable, content-addressed packaging of a model."""

from pydantic import BaseModel, ConfigDict


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class ReleaseFile(_Part):
    """One file of the release."""

    path: str
    sha256: str
    size_bytes: int


class Framework(_Part):
    """What the model is written in."""

    name: str
    version: str


class TensorSpec(_Part):
    """One input or output; `None` in a shape is a free dimension."""

    name: str
    dtype: str
    shape: tuple[int | None, ...]


class Signature(_Part):
    """What goes in and what comes out."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...]


class ServingImage(_Part):
    """The AWS container that serves the release, pinned for every region."""

    framework: str
    version: str
    py_version: str
    processor: str
    uris: dict[str, str]


class Release(_Part):
    """One release."""

    schema_version: int = 1
    name: str
    version: str
    digest: str
    files: tuple[ReleaseFile, ...]
    framework: Framework
    signature: Signature
    metrics: dict[str, float]
    git_commit: str | None = None
    serving_image: ServingImage
    environment: dict[str, str]

    @property
    def hex_digest(self) -> str:
        """The 64 hexadecimal digits of the digest."""
        return self.digest.removeprefix("sha256:")

    @property
    def s3_prefix(self) -> str:
        """The key prefix of the release in an artifact store, with a trailing slash."""
        return f"releases/{self.name}/{self.hex_digest}/"

    def image_uri(self, region: str) -> str:
        """The serving image's URI in `region`."""
        return self.serving_image.uris[region]
