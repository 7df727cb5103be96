"""Finding the files of a project, reading each, and checking each by itself."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from components.specs.base import Spec
from components.specs.documents import read_document
from components.specs.environment import ArtifactStoreSpec, Environment
from components.specs.merging import Layer
from components.specs.model_spec import ModelSpec
from components.specs.reading import expect_mapping, validate, violation_of
from components.specs.violations import Rule, SpecError, Violation, quote
from model_packaging.package_spec import PACKAGE_FILE

S = TypeVar("S", bound=Spec)

ENVIRONMENTS = "environments"
MODELS = "models"
ARTIFACTS_FILE = "artifacts.yaml"
MODEL_FILE = "model.yaml"


@dataclass(frozen=True)
class Source(Generic[S]):
    """A spec and the file that says it."""

    spec: S
    layer: Layer


@dataclass
class Loaded:
    """What could be read, and everything that could not."""

    artifacts: Source[ArtifactStoreSpec] | None = None
    environments: dict[str, Source[Environment]] = field(default_factory=dict)
    models: dict[str, Source[ModelSpec]] = field(default_factory=dict)
    present_models: set[str] = field(default_factory=set)
    """Models with a file, valid or not: naming one that is invalid is no second mistake."""
    violations: list[Violation] = field(default_factory=list)


def load_files(root: Path, only_models: Collection[str] | None = None) -> Loaded:
    """Every spec under `root`, each checked by itself; of the models those of `only_models`, where it is given."""
    loaded = Loaded()
    for path in _environment_files(root, loaded):
        if path.name == ARTIFACTS_FILE:
            loaded.artifacts = _load(ArtifactStoreSpec, root, path, loaded)
        else:
            environment = _load(Environment, root, path, loaded)
            if environment is not None and _is_named("file", path.stem, environment, loaded):
                loaded.environments[path.stem] = environment
    for path in _model_files(root, only_models, loaded):
        model = _load(ModelSpec, root, path, loaded)
        if model is not None and _is_named("folder", path.parent.name, model, loaded):
            loaded.models[path.parent.name] = model
    return loaded


def _load(model: type[S], root: Path, path: Path, loaded: Loaded) -> Source[S] | None:
    document = read_document(root, path)
    if isinstance(document, list):
        loaded.violations.extend(document)
        return None
    layer = Layer(document.value, document)
    not_a_mapping = expect_mapping(layer)
    if not_a_mapping is not None:
        loaded.violations.append(violation_of(not_a_mapping, (layer,)))
        return None
    try:
        return Source(validate(model, layer), layer)
    except SpecError as error:
        loaded.violations.extend(error.violations)
        return None


def _is_named(what: str, place: str, source: Source[Environment] | Source[ModelSpec], loaded: Loaded) -> bool:
    name = source.spec.name
    if name == place:
        return True
    message = f"the name is {quote(name)}, and the {what} is named {quote(place)}"
    rule = Rule(("name",), message, name, allowed=place, fix="rename one of them")
    loaded.violations.append(violation_of(rule, (source.layer,)))
    return False


def _environment_files(root: Path, loaded: Loaded) -> Iterator[Path]:
    folder = root / ENVIRONMENTS
    if not (folder / ARTIFACTS_FILE).is_file():
        loaded.violations.append(
            _about(
                f"{ENVIRONMENTS}/{ARTIFACTS_FILE}",
                "there is no such file: it says where releases live",
                "write it, or run the command in the project's folder",
            )
        )
    for path in _entries(folder):
        if path.is_dir():
            loaded.violations.append(
                _about(f"{ENVIRONMENTS}/{path.name}", "is a folder, and every environment is a file", "move it away")
            )
        elif path.suffix == ".yaml":
            yield path
        elif path.suffix in {".yml", ".json"}:
            loaded.violations.append(
                _about(f"{ENVIRONMENTS}/{path.name}", "would be left unread", f"name it {path.stem}.yaml")
            )


def _model_files(root: Path, only_models: Collection[str] | None, loaded: Loaded) -> Iterator[Path]:
    for folder in _entries(root / MODELS):
        if not folder.is_dir():
            continue
        is_meant = only_models is None or folder.name in only_models
        if (folder / MODEL_FILE).is_file():
            loaded.present_models.add(folder.name)
            if is_meant:
                yield folder / MODEL_FILE
        elif is_meant and not (folder / PACKAGE_FILE).is_file():  # with one, it is packaged, and not deployed yet
            loaded.violations.append(
                _about(f"{MODELS}/{folder.name}", f"has no {MODEL_FILE}", "write one, or move the folder away")
            )


def _entries(folder: Path) -> list[Path]:
    """What lies in `folder`, in the order of names; hidden things and caches are not meant."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__")))


def _about(file: str, message: str, fix: str) -> Violation:
    return Violation(file, None, None, "", None, message, "", fix)
