"""LightGBM: a booster's own text file. AWS has no container for it outside JumpStart; the nearest one installs it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.formats.boosted_trees import BoostedTrees, trees_signature, unnamed
from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError
from model_packaging.formats.inference_code import tabular_code
from model_packaging.formats.model_format import (
    CSV,
    JSON,
    NPY,
    REQUIREMENTS,
    Processor,
    RecognisedModel,
    SampleFile,
    ServingPlan,
)
from model_packaging.release import Framework, Signature

MODEL_FILE = "model.txt"
HEADER_BYTES = 1 << 24
"""Names and ranges of the columns, before the first tree."""

_FIRST_LINES = re.compile(rb"tree\r?\nversion=v(\d+)\r?\n")
_END = b"\nend of trees"


@dataclass(frozen=True)
class LightgbmFile:
    """The header of the file."""

    version: str
    objective: str
    classes: int
    names: tuple[str, ...]
    width: int


class LightgbmFormat:
    """LightGBM's own model files."""

    name = "lightgbm"
    title = "LightGBM (text)"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By its first two lines, its header, and the line that ends the trees."""
        if not path.is_file():
            return None
        with path.open("rb") as stream:
            first = _FIRST_LINES.match(stream.read(64))
        if first is None:
            return None
        file = _read(path, first[1].decode())
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="lightgbm", version=file.version),
            told=f"LightGBM, text format v{file.version}, {file.objective or 'a custom objective'}, by its header",
            path=path,
            files={MODEL_FILE: path},
            facts=file,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """The columns of the header."""
        file = model.facts_as(LightgbmFile)
        objective = file.objective.split(" ")[0]
        labels = 2 if objective == "binary" else file.classes if file.classes > 1 else 0
        names = () if unnamed(file.names, ("Column_{}",)) else file.names
        return trees_signature(BoostedTrees(width=file.width, names=names, labels=labels), samples)

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by lightgbm in the nearest container."""
        image, note = python_container(model.path, "LightGBM", processor)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={
                **tabular_code("lightgbm_inference.py"),
                REQUIREMENTS: f"{_requirement(model.framework.version)}\n".encode(),
            },
            content_types=(CSV, JSON, NPY),
            reads_signature=True,
        )


def _requirement(version: str) -> str:
    """The file says no more than its major version; package.yaml's `framework` may say more."""
    if "." in version:
        return f"lightgbm=={version}"
    return f"lightgbm>={version},<{int(version) + 1}"


def _read(path: Path, version: str) -> LightgbmFile:
    header = _header(path)
    if not _has_end(path):
        message = "the text is cut short: the line `end of trees` is missing"
        raise BrokenModelError(path, LightgbmFormat.title, message)
    try:
        names = tuple(header["feature_names"].split(" "))
        file = LightgbmFile(
            version=version,
            objective=header.get("objective", ""),
            classes=int(header["num_class"]),
            names=names,
            width=int(header["max_feature_idx"]) + 1,
        )
    except (KeyError, ValueError) as error:
        raise BrokenModelError(path, LightgbmFormat.title, f"the header is damaged: {error}") from error
    if len(names) != file.width:
        message = f"the header names {len(names)} columns and counts {file.width}"
        raise BrokenModelError(path, LightgbmFormat.title, message)
    return file


def _header(path: Path) -> dict[str, str]:
    """The `key=value` lines before the first empty one."""
    with path.open("rb") as stream:
        text = stream.read(HEADER_BYTES).partition(b"\n\n")[0].decode("utf-8", errors="replace")
    return {key: value for key, found, value in (line.partition("=") for line in text.splitlines()) if found}


def _has_end(path: Path) -> bool:
    left = b""
    with path.open("rb") as stream:
        while chunk := stream.read(1 << 20):
            if _END in left + chunk:
                return True
            if b"\0" in chunk:
                return False  # no text, and may be a hole of many gibibytes
            left = chunk[-len(_END) :]
    return False
