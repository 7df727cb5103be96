"""What a scan found: the report that goes into a release's evidence, and the error that refuses a release."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from model_packaging.errors import PackagingError, Violation

FORMAT_WITHOUT_CODE = (
    "keep the model in a format that carries no code: ONNX, skops, safetensors, or the framework's own (XGBoost JSON,"
    " LightGBM text, CatBoost cbm)"
)


@dataclass(frozen=True)
class ScannedPickle:
    """A pickle, and what it imports."""

    place: str
    """The file, and where it is packed in others the way to it: `model/model.pt: archive/data.pkl`."""
    imports: tuple[str, ...]
    """`module.name`, ordered."""


@dataclass(frozen=True)
class ScanReport:
    """`evidence/scan.json`: what was looked at, how, and what was found."""

    files: tuple[str, ...]
    """Every file that was looked at, ordered."""
    pickles: tuple[ScannedPickle, ...]
    """Every pickle among them, ordered by place."""
    allowed_by_name: tuple[str, ...]
    """What `package.yaml` allows beside what is known, ordered."""
    not_searched_for_secrets: tuple[str, ...]
    """Texts too long to be searched; a model's own format, as a rule."""
    tools: dict[str, str]
    """Name to version of what judged."""

    def to_json(self) -> bytes:
        """The file's bytes."""
        content = {"schema_version": 1, "passed": True, **asdict(self)}
        return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


class RefusedFilesError(PackagingError):
    """Files that a release may not have: every finding, at once."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(sorted(violations, key=lambda one: (one.file, one.line or 0, one.path, one.message)))
        super().__init__("\n".join(str(one) for one in self.violations))
