"""XGBoost: a booster's own file. AWS has containers for its releases; an older file is read by a newer one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from model_packaging.formats.boosted_trees import BoostedTrees, trees_signature, unnamed
from model_packaging.formats.containers import XGBOOST_VERSIONS, nearest_version, refuse_inferentia, release_of
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
from model_packaging.formats.xgboost_file import XgboostFile, XgboostFileError, read_xgboost
from model_packaging.package_spec import ServingImageRequest
from model_packaging.release import Framework, Signature

ENCODINGS = {"json": "JSON", "ubj": "UBJSON", "binary": "old binary"}

OLDEST_TOLD = "0.90"
"""What a binary file that does not say its version is taken for."""

LAST_THAT_READS_BINARY = "3.0-5"
"""The newest container that reads the binary format: XGBoost gave it up in 3.1
(https://xgboost.readthedocs.io/en/stable/changes/v3.1.0.html)."""


class XgboostFormat:
    """XGBoost's own model files."""

    name = "xgboost"
    title = "XGBoost (JSON, UBJSON)"

    def recognise(self, path: Path) -> RecognisedModel | None:
        """By the learner's document, or the parameters that a binary file begins with."""
        if not path.is_file():
            return None
        try:
            file = read_xgboost(path)
        except XgboostFileError as error:
            raise BrokenModelError(path, self.title, str(error)) from error
        if file is None:
            return None
        version = file.version or OLDEST_TOLD
        suffix = {"json": "json", "ubj": "ubj", "binary": "bin"}[file.encoding]
        return RecognisedModel(
            format=self.name,
            framework=Framework(name="xgboost", version=version),
            told=f"XGBoost {version}, {file.objective}, by its {ENCODINGS[file.encoding]} learner",
            path=path,
            files={f"model.{suffix}": path},
            facts=file,
        )

    def signature(self, model: RecognisedModel, samples: Sequence[SampleFile]) -> Signature:
        """As many columns as the learner says, by the names it has."""
        file = model.facts_as(XgboostFile)
        if file.width == 0:
            raise BrokenModelError(
                model.path, self.title, "says that it reads no columns", fix="train it before saving"
            )
        return trees_signature(_trees(file), samples)

    def serving(self, model: RecognisedModel, processor: Processor) -> ServingPlan:
        """Served by AWS's XGBoost container of the same release, or the next newer one."""
        refuse_inferentia(model.path, "XGBoost", processor)
        file = model.facts_as(XgboostFile)
        version = model.framework.version
        container, note = _container(file, version)
        if processor == "gpu" and release_of(container) < (1, 2):
            message = f"AWS's XGBoost {container} container has no GPU"
            raise UnservableModelError(
                model.path, self.title, message, allowed="cpu", fix="set processor in package.yaml"
            )
        image = ServingImageRequest(framework="xgboost", version=container, processor=processor)
        return ServingPlan(
            image=image,
            image_note=note,
            files=model.files,
            generated={
                **tabular_code("xgboost_inference.py"),
                REQUIREMENTS: f"{_requirement(version, container)}\n".encode(),
            },
            content_types=(CSV, JSON, NPY),
            reads_signature=True,
        )


def _trees(file: XgboostFile) -> BoostedTrees:
    names = () if unnamed(file.names, ("f{}", "{}")) else file.names
    trees = BoostedTrees(width=file.width, names=names, labels=0)
    if file.objective.startswith("multi:"):
        return replace(trees, labels=max(file.classes, 2))
    if file.objective == "binary:logistic":
        return replace(trees, labels=2)
    if file.objective == "binary:hinge":
        return replace(trees, labels=2, has_probabilities=False)
    return trees


def _container(file: XgboostFile, version: str) -> tuple[str, str | None]:
    container, same = nearest_version(XGBOOST_VERSIONS, version)
    if file.encoding == "binary" and release_of(container) > release_of(LAST_THAT_READS_BINARY):
        container, same = LAST_THAT_READS_BINARY, False
    if same:
        return container, None
    if release_of(container) < release_of(version):
        note = (
            f"AWS has no XGBoost {version} container; the newest, {container}, installs it from code/requirements.txt "
            "when it starts (which needs the network)"
        )
    else:
        note = f"AWS has no XGBoost {version} container; the {container} one reads what it wrote"
    return container, note


def _requirement(version: str, container: str) -> str:
    """What wrote the model, or newer as far as the container is: then there is nothing to install."""
    if release_of(container) < release_of(version):
        return f"xgboost=={version}"
    if release_of(container) == release_of(version):
        return f"xgboost~={version}"
    return f"xgboost>={version}"
