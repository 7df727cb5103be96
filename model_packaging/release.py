"""`Release`: the manifest of one immutable, content-addressed packaging of a model.

A release is a folder (locally `releases/NAME/HEX/`, in an artifact store the prefix of that name) of
`release.json`, which is this manifest, and the files it lists: `model/…` is what SageMaker puts under
`/opt/ml/model`, `baseline/…` what a data-quality monitor compares with. Its digest is the SHA-256 of the
manifest's canonical JSON without the digest itself and without the git commit, which says where a release
came from and not what it is: the same bytes have the same digest on any machine and at any commit.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from model_packaging.errors import InvalidDigestError, ServingImageError
from model_packaging.lineage import Lineage
from model_packaging.measurements import LoadTest, Optimisation

MANIFEST = "release.json"
MODEL_FOLDER = "model/"
BASELINE_FOLDER = "baseline/"
SAMPLES_FOLDER = "samples/"

SHOWN_DIGITS = 12
"""So many digits of a digest are told where a person is to recognise it, or to type it."""

DIGEST_PATTERN = r"^sha256:[0-9a-f]{64}$"
NAME_PATTERN = r"^[a-z0-9](-?[a-z0-9])*$"
VERSION_PATTERN = (
    r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)"
    r"(-[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?(\+[0-9A-Za-z-]+(\.[0-9A-Za-z-]+)*)?$"
)
"""Semantic versioning 2.0.0, https://semver.org."""

NOT_IN_THE_DIGEST = frozenset({"digest", "git_commit"})

ADDED_LATER = frozenset({"format", "content_types", "samples", "lineage", "load_test", "optimisation"})
"""Fields that releases did not always have: where one is None the digest is taken without it, as it was before."""


MAXIMUM_PATH_BYTES = 800
"""S3's keys have 1,024 bytes, some of which are the release's place in the bucket."""

_UNWRITABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def checked_path(path: str) -> str:
    """The path, when it is relative, stays inside, uses `/`, and is in Unicode's composed form (NFC).

    Raises:
        ValueError: saying which of these it is not.
    """
    pure = PurePosixPath(path)
    if not path or "\\" in path or "\0" in path or pure.is_absolute() or re.match(r"^[A-Za-z]:", path):
        raise ValueError(f"{path!r} is not a relative path with forward slashes")
    if ".." in pure.parts or str(pure) != path or path == ".":
        raise ValueError(f"{path!r} is not a plain path: no '..', '.', doubled or trailing slash")
    if unicodedata.normalize("NFC", path) != path:
        raise ValueError(f"{path!r} is not in Unicode's composed form (NFC), which is the same on every system")
    if _UNWRITABLE.search(path):
        raise ValueError(f"{path!r} has control characters, or bytes that are not UTF-8")
    if len(path) > 63 and _is_too_long(path):
        raise ValueError(f"{path[:40]!r}… is too long: at most {MAXIMUM_PATH_BYTES} bytes, and 255 between slashes")
    return path


def _is_too_long(path: str) -> bool:
    return len(path.encode()) > MAXIMUM_PATH_BYTES or any(len(part.encode()) > 255 for part in path.split("/"))


ReleasePath = Annotated[str, AfterValidator(checked_path)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class ReleaseFile(_Part):
    """One file of the release."""

    path: ReleasePath
    """Where it lies in the release: `model/…` or `baseline/…`."""
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of its bytes, hexadecimal."""
    size_bytes: int = Field(ge=0)
    """Its length."""


class Framework(_Part):
    """What the model is written in."""

    name: str = Field(min_length=1)
    """`onnx`, `sklearn`, …"""
    version: str = Field(min_length=1)
    """The version it was written with."""


class TensorSpec(_Part):
    """One input or output."""

    name: str
    """The name by which the model knows it."""
    dtype: str
    """Element type in numpy's words: `float32`, `int64`, `str`, …"""
    shape: tuple[int | None, ...]
    """Dimensions; None is a free one."""


class Signature(_Part):
    """What goes in and what comes out."""

    inputs: tuple[TensorSpec, ...] = Field(min_length=1)
    """What the model reads."""
    outputs: tuple[TensorSpec, ...] = Field(min_length=1)
    """What the model gives."""


ECR_IMAGE = re.compile(
    r"(?P<account>\d{12})\.dkr\.ecr(?:-fips)?\.(?P<region>[a-z0-9-]+)\.[a-z0-9.]+/(?P<repository>[^:@]+)(?:[:@].+)?"
)
"""An image in ECR, where SageMaker takes its images from
(https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html)."""


def _in_ecr(uri: str) -> str:
    if ECR_IMAGE.fullmatch(uri) is None:
        allowed = "ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG"
        raise ValueError(f"{uri!r} is not an image in ECR; allowed: {allowed}")
    return uri


ImageUri = Annotated[str, AfterValidator(_in_ecr)]


class ServingImage(_Part):
    """The AWS container that serves the release, pinned for every region."""

    framework: str
    """The container's framework in the words of the SageMaker SDK: `sklearn`, `pytorch`, …"""
    version: str
    """Its version."""
    py_version: str
    """`py3`, `py310`, …"""
    processor: Literal["cpu", "gpu", "inferentia"]
    """What it runs on."""
    uris: dict[str, ImageUri]
    """Region to image URI."""


class Sample(_Part):
    """One request that the release answers."""

    file: ReleasePath
    """Its body: `samples/…` of the release."""
    content_type: str = Field(min_length=1)
    """The body's content type."""


class Release(_Part):
    """One release."""

    schema_version: Literal[1] = 1
    """The version of this manifest's shape."""
    name: str = Field(pattern=NAME_PATTERN, max_length=63)
    """The model."""
    version: str = Field(pattern=VERSION_PATTERN)
    """The model's own version, for people; the digest is what counts."""
    digest: str = Field(pattern=DIGEST_PATTERN)
    """`sha256:` and 64 hexadecimal digits over everything else but `git_commit`."""
    files: tuple[ReleaseFile, ...]
    """Every file, ordered by path."""
    framework: Framework
    """What the model is written in."""
    signature: Signature
    """What goes in and what comes out."""
    metrics: dict[str, float]
    """Measured on held-out data when the model was trained."""
    git_commit: str | None = None
    """The commit it was made at; None outside a repository. Whether files differed is evidence (`checkout.json`)."""
    serving_image: ServingImage
    """The AWS container that serves it."""
    environment: dict[str, str]
    """The container's environment."""
    format: str | None = None
    """What the model's files are, recognised from their bytes: `onnx`, `sklearn`, …; None where nobody asked."""
    content_types: tuple[str, ...] | None = None
    """The content types that `POST /invocations` reads, that of the samples first; None where nobody said."""
    samples: tuple[Sample, ...] | None = None
    """Requests that the release answers, in `samples/…`; None where there are none."""
    lineage: Lineage | None = None
    """What it came from; None where nobody wrote it down."""
    load_test: LoadTest | None = None
    """What an instance holds; None where it was not measured. Scaling reads it."""
    optimisation: Optimisation | None = None
    """How the served model was made of the trained one; None where it is the trained one."""

    @model_validator(mode="after")
    def _files_are_ordered(self) -> Release:
        paths = [file.path for file in self.files]
        if paths != sorted(set(paths)):
            raise ValueError("files must be ordered by path, each once")
        return self

    @property
    def hex_digest(self) -> str:
        """The 64 hexadecimal digits of the digest."""
        return self.digest.removeprefix("sha256:")

    @property
    def reference(self) -> str:
        """`NAME@` and the digest's first digits, as commands take it."""
        return reference_to(self.name, self.digest)

    @property
    def s3_prefix(self) -> str:
        """The key prefix of the release in an artifact store, with a trailing slash."""
        return f"releases/{self.name}/{self.hex_digest}/"

    @property
    def size_bytes(self) -> int:
        """The length of all files together."""
        return sum(file.size_bytes for file in self.files)

    @property
    def has_baseline(self) -> bool:
        """Whether the release brings a data-quality baseline (`baseline/statistics.json`, `…/constraints.json`)."""
        paths = {file.path for file in self.files}
        return {f"{BASELINE_FOLDER}statistics.json", f"{BASELINE_FOLDER}constraints.json"} <= paths

    def image_uri(self, region: str) -> str:
        """The serving image's URI in `region`.

        Raises:
            ServingImageError: AWS has it in no such region, as far as it was pinned; lists those it has.
        """
        try:
            return self.serving_image.uris[region]
        except KeyError:
            image = self.serving_image
            known = ", ".join(sorted(image.uris))
            raise ServingImageError(
                f"release {self.digest} of model {self.name!r}: the serving image {image.framework} {image.version} "
                f"is not pinned for region {region!r}; allowed: {known}; "
                f"`greenroom package models/{self.name} --resolve-image` looks again"
            ) from None

    def to_json(self) -> bytes:
        """`release.json`: for people, ordered keys, two spaces."""
        content = self.model_dump(mode="json")
        return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n").encode()


def sealed(fields: Mapping[str, object]) -> Release:
    """The release of these fields, with the digest that belongs to them.

    Raises:
        pydantic.ValidationError: the fields are not a release's.
    """
    draft = Release.model_validate({**fields, "digest": f"sha256:{'0' * 64}"})
    return draft.model_copy(update={"digest": manifest_digest(draft)})


def manifest_digest(release: Release) -> str:
    """`sha256:…` over the canonical JSON of the manifest, without what is not in the digest."""
    return f"sha256:{hashlib.sha256(canonical_json(release)).hexdigest()}"


def canonical_json(release: Release) -> bytes:
    """The bytes that the digest is taken of: ordered keys, no spaces, UTF-8, numbers as Python's repr."""
    absent = {name for name in ADDED_LATER if getattr(release, name) is None}
    content = release.model_dump(mode="json", exclude={*NOT_IN_THE_DIGEST, *absent})
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return text.encode()


def reference_to(name: str, digest: str) -> str:
    """`NAME@` and the first digits of a digest."""
    return f"{name}@{digest.removeprefix('sha256:')[:SHOWN_DIGITS]}"


def hex_of(digest: str) -> str:
    """The hexadecimal digits of `sha256:…`.

    Raises:
        InvalidDigestError: it is no digest.
    """
    if not re.fullmatch(DIGEST_PATTERN, digest):
        raise InvalidDigestError(digest)
    return digest.removeprefix("sha256:")
