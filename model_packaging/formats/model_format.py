"""`Format`: what packaging asks of a model format; `RecognisedModel` and `ServingPlan` are its answers.

A format is a module that knows one way of writing a model down. It recognises it from its bytes (never from a file's
name), says what goes in and comes out, and says how AWS serves it: which files lie where under `/opt/ml/model`, which
serving code goes with them where the user wrote none, and which container runs that. Nothing here needs the framework
that the model was written with.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol, TypeVar

from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import Framework, Signature

Processor = Literal["cpu", "gpu", "inferentia"]

ENTRY_POINT = "code/inference.py"
REQUIREMENTS = "code/requirements.txt"
SIGNATURE_FILE = "code/signature.json"
"""The signature, beside generated serving code that reads it."""

CSV, JSON, NPY = "text/csv", "application/json", "application/x-npy"

Facts = TypeVar("Facts")


@dataclass(frozen=True)
class SampleFile:
    """A sample request, before it is in a release."""

    path: Path
    shown: str
    """How a message names it."""
    content_type: str


@dataclass(frozen=True)
class RecognisedModel:
    """A model whose format was recognised."""

    format: str
    """The format's name, a key of `FORMATS`."""
    framework: Framework
    """What it is written in; the version is the one that wrote it, as far as the bytes tell."""
    told: str
    """What was recognised and by what, for a person: `ONNX, opset 17, by its protobuf`."""
    path: Path
    """The file or folder that was looked at."""
    files: Mapping[str, Path]
    """Place under `/opt/ml/model` to file; also those that package.yaml adds, once it is asked how it is served."""
    facts: object = field(default=None, compare=False, repr=False)
    """What the format read on the way and needs again: its own affair."""

    def facts_as(self, kind: type[Facts]) -> Facts:
        """`facts`, which the format itself put there."""
        if not isinstance(self.facts, kind):
            raise TypeError(f"a {self.format} model's facts are {type(self.facts).__name__}, not {kind.__name__}")
        return self.facts


@dataclass(frozen=True)
class ServingPlan:
    """How AWS serves a recognised model."""

    image: ServingImageRequest
    """The container."""
    image_note: str | None = None
    """What a person should know of the container: that it is the nearest AWS has; None where it is the very one."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Place under `/opt/ml/model` to file."""
    generated: Mapping[str, bytes] = field(default_factory=dict)
    """Place under `/opt/ml/model` to bytes: serving code for a model that brings none. A file of the user's is kept."""
    entry_point: str | None = ENTRY_POINT
    """The inference module in `code/`; None where the container has a protocol of its own and runs no module."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables of the container beside those that the entry point gives."""
    content_types: tuple[str, ...] = (CSV, JSON)
    """What `POST /invocations` reads."""
    reads_signature: bool = False
    """Whether the generated code reads `code/signature.json`, which packaging then writes."""


class Format(Protocol):
    """One model format."""

    @property
    def name(self) -> str:
        """As it stands in a release, such as `onnx`."""

    @property
    def title(self) -> str:
        """As messages name it, such as `ONNX`."""

    def recognise(self, path: Path) -> RecognisedModel | None:
        """The model in that file or folder; None where it is of another format.

        Raises:
            BrokenModelError: it begins as this format does, and is cut short or damaged.
        """

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """What goes in and comes out: from the model where it says so, otherwise from the samples.

        Raises:
            InvalidPackageError: neither says it, or a sample does not fit what the model says.
        """

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """How AWS serves it.

        Raises:
            UnservableModelError: AWS has no container for it on that processor.
        """
