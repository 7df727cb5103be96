"""CatBoost: its binary file (cbm) or its JSON. AWS has no container for it but the nearest one installs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from model_packaging.formats.boosted_trees import BoostedTrees, trees_signature, unnamed
from model_packaging.formats.catboost_file import CatboostFile, CatboostFileError, read_catboost
from model_packaging.formats.containers import python_container
from model_packaging.formats.errors import BrokenModelError, UnservableModelError
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

UNKNOWN_VERSION = "unknown"


class CatboostFormat:
    """CatBoost's own model files."""

    name = "catboost"
    title = "CatBoost (cbm, JSON)"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the magic bytes of a cbm file, or the sections of a JSON one."""
        if not path.is_file():
            return None
        try:
            file = read_catboost(path)
        except CatboostFileError as error:
            raise BrokenModelError(path, self.title, str(error)) from error
        if file is None:
            return None
        by = "magic bytes" if file.encoding == "cbm" else "JSON sections"
        version = file.version or UNKNOWN_VERSION
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="catboost", version=version),
            told=f"CatBoost {version}, {file.loss or 'a custom loss'}, by its {by}",
            path=path,
            files={f"model.{file.encoding}": path},
            facts=file,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """The columns that the model knows, by their places; categories and texts are text."""
        return trees_signature(_trees(model.path, model.facts_as(CatboostFile)), samples)

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by catboost in the nearest container."""
        image, note = python_container(model.path, "CatBoost", processor)
        version = model.framework.version
        requirement = "catboost" if version == UNKNOWN_VERSION else f"catboost=={version}"
        numbers_only = all(one.kind == "float" for one in model.facts_as(CatboostFile).columns)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={**tabular_code("catboost_inference.py"), REQUIREMENTS: f"{requirement}\n".encode()},
            content_types=(CSV, JSON, NPY) if numbers_only else (CSV, JSON),
            reads_signature=True,
        )


def _trees(path: Path, file: CatboostFile) -> BoostedTrees:
    if not file.columns or any(one.index < 0 for one in file.columns):
        raise BrokenModelError(
            path, CatboostFormat.title, "says that it reads no columns", fix="train it before saving"
        )
    if any(one.kind == "embedding" for one in file.columns):
        message = "reads embeddings, for which there is no serving code here"
        fix = "name an inference module of your own in files as code/inference.py, and write the signature"
        raise UnservableModelError(path, CatboostFormat.title, message, fix=fix)
    width = file.columns[-1].index + 1
    names = [""] * width
    for one in file.columns:
        names[one.index] = one.name
    named = not unnamed(names, ("{}", "")) and all(names)
    labels = file.labels
    return BoostedTrees(
        width=width,
        names=tuple(names) if named else (),
        labels=len(labels),
        text_columns=frozenset(one.index for one in file.columns if one.kind != "float"),
        label_dtype="int64" if labels and isinstance(labels[0], int) else "str",
    )
