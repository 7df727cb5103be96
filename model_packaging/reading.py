"""A model's folder, read and checked: every broken rule at once, each with its file, line, value and remedy."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from model_packaging.baseline_files import BASELINE_FILES, FURTHER_BASELINE_FILES, baseline_violations
from model_packaging.beside import json_beside
from model_packaging.complaints import complaints
from model_packaging.derivation import Content, derived_content, release_samples, written_content
from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.lineage import SHA256_PATTERN
from model_packaging.named_files import NAMED_FILE_FIX, file_problem
from model_packaging.package_spec import (
    LONG_FORM_KEYS,
    PACKAGE_FILE,
    PackageSpec,
    container_environment,
)
from model_packaging.release import MODEL_FOLDER, NAME_PATTERN, VERSION_PATTERN, Sample, checked_path
from model_packaging.yaml_lines import KeyPath, Rule, YamlDocument, read_yaml

MAXIMUM_NAME_LENGTH = 63

RESERVED_VARIABLES = ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY")
"""What `entry_point` gives."""

VARIABLE_PATTERN = r"^[a-zA-Z_][a-zA-Z0-9_]{0,1023}$"
MAXIMUM_VARIABLES = 100
MAXIMUM_VALUE_LENGTH = 1024
MAXIMUM_ENVIRONMENT_BYTES = 32 * 1024
"""https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ContainerDefinition.html"""

PATTERNS = {
    VERSION_PATTERN: "a semantic version such as 1.0.0 (https://semver.org)",
    SHA256_PATTERN: "a SHA-256: 64 digits of 0-9 and a-f",
}


@dataclass(frozen=True)
class PackagedModel:
    """A model's folder that breaks no rule."""

    name: str
    spec: PackageSpec
    content: Content
    """What is written down, or derived from the model."""
    metrics: dict[str, float]
    sources: dict[str, Path]
    """Path in the release to file."""
    generated: dict[str, bytes]
    """Path in the release to bytes."""
    samples: tuple[Sample, ...] | None
    """The requests among `sources`; None where there are none."""


def read_model_folder(model_folder: Path) -> PackagedModel:
    """Reads `package.yaml`, and checks it and every file it names.

    Raises:
        InvalidPackageError: with every violation.
    """
    shown = (model_folder / PACKAGE_FILE).as_posix()
    document = read_yaml(model_folder / PACKAGE_FILE, shown)
    spec: PackageSpec | None = None
    violations: list[Violation] = []
    try:
        spec = PackageSpec.model_validate(document.content)
    except ValidationError as error:
        violations = complaints(error, PackageSpec, document, shown, patterns=PATTERNS)
    broken = [
        *_name_rules(model_folder),
        *_form_rules(document.content),
        *_file_rules(document.content, model_folder),
    ]
    if spec is not None:
        broken += _spec_rules(spec)
    violations += document.violations(broken, shown)
    if violations or spec is None:
        raise InvalidPackageError(violations)
    metrics, violations = ({}, []) if spec.metrics is None else _metrics(model_folder / spec.metrics)
    if spec.baseline is not None:
        violations += baseline_violations(model_folder / spec.baseline)
    content, more = _content(spec, model_folder)
    violations += [*more, *([] if content is None else _content_violations(content, model_folder, document, shown))]
    if violations or content is None:
        raise InvalidPackageError(violations)
    samples = release_samples(content.samples, model_folder, spec.samples)
    return PackagedModel(
        name=model_folder.resolve().name,
        spec=spec,
        content=content,
        metrics=metrics,
        sources=_sources(spec, content, model_folder) | {one.file: path for one, path in samples.items()},
        generated={f"{MODEL_FOLDER}{target}": content for target, content in content.generated.items()},
        samples=tuple(samples) or None,
    )


def _content(spec: PackageSpec, model_folder: Path) -> tuple[Content | None, tuple[Violation, ...]]:
    try:
        if spec.model is None:
            return written_content(spec, model_folder), ()
        return derived_content(spec, spec.model, model_folder), ()
    except InvalidPackageError as error:
        return None, error.violations


def _content_violations(
    content: Content, model_folder: Path, document: YamlDocument, shown: str
) -> Iterator[Violation]:
    """A folder's files are named by no key: that they stay inside is checked here."""
    root = model_folder.resolve()
    for path in (*content.files.values(), *(one.path for one in content.samples)):
        if not path.resolve().is_relative_to(root):
            message = f"is a link that leads out of the model's folder, to {path.resolve()}"
            yield Violation(path.as_posix(), None, "", None, message, fix="put the file itself there")
    for target in content.files:
        try:
            checked_path(target)
        except ValueError as error:
            yield Violation(shown, document.line(("model",)), "model", target, str(error), fix="rename the file")


def _sources(spec: PackageSpec, content: Content, model_folder: Path) -> dict[str, Path]:
    sources = {f"{MODEL_FOLDER}{target}": source for target, source in content.files.items()}
    if spec.baseline is not None:
        sources |= {f"baseline/{name}": model_folder / spec.baseline / name for name in BASELINE_FILES}
        further = {f"baseline/{name}": model_folder / spec.baseline / name for name in FURTHER_BASELINE_FILES}
        sources |= {name: path for name, path in further.items() if path.is_file()}
    return sources


def _name_rules(model_folder: Path) -> Iterator[Rule]:
    name = model_folder.resolve().name
    if not re.fullmatch(NAME_PATTERN, name) or len(name) > MAXIMUM_NAME_LENGTH:
        yield Rule(
            (),
            name,
            f"the folder's name is the model's, and {name!r} cannot be one",
            allowed=f"lower-case letters, digits and single hyphens between them, at most {MAXIMUM_NAME_LENGTH}",
            fix="rename the folder",
        )


def _form_rules(content: object) -> Iterator[Rule]:
    """Without a model, everything must be written."""
    if isinstance(content, dict) and content.get("model") is None:
        for key in LONG_FORM_KEYS:
            if content.get(key) is None:
                yield Rule(
                    (key,), None, "is missing", fix=f"write `{key}: …`, or `model: FILE` and nothing of the kind"
                )


def _file_rules(content: object, model_folder: Path) -> Iterator[Rule]:
    """Concerns whatever in the document names a file, also where the rest of it is broken."""
    for path, value in _named_files(content):
        problem = file_problem(model_folder, value, or_folder=path in {("model",), ("samples",)})
        if problem:
            yield Rule(path, value, problem, fix=NAMED_FILE_FIX)


def _named_files(content: object) -> Iterator[tuple[KeyPath, str]]:
    if not isinstance(content, dict):
        return
    files, signature = content.get("files"), content.get("signature")
    if isinstance(files, dict):
        yield from ((("files", str(key)), value) for key, value in files.items() if isinstance(value, str))
    if isinstance(signature, dict) and isinstance(signature.get("onnx"), str):
        yield ("signature", "onnx"), signature["onnx"]
    for key in ("model", "metrics", "samples"):
        if isinstance(content.get(key), str) and content[key]:
            yield (key,), content[key]
    if isinstance(content.get("baseline"), str):
        yield from ((("baseline",), f"{content['baseline']}/{name}") for name in BASELINE_FILES)


def _spec_rules(spec: PackageSpec) -> Iterator[Rule]:
    yield from _entry_point_rules(spec)
    yield from _environment_rules(spec)
    files = spec.files or {}
    same: dict[str, list[str]] = defaultdict(list)
    for target in files:
        same[target.casefold()].append(target)
    for targets in same.values():
        if len(targets) > 1:
            message = f"differs only in case from {targets[0]!r}, which is one file on some systems"
            yield Rule(("files", targets[1]), targets[1], message, fix="rename one")
    for target in files:
        if any(other.startswith(f"{target}/") for other in files):
            yield Rule(("files", target), target, "is a file and, for another entry, a folder", fix="rename one")


def _entry_point_rules(spec: PackageSpec) -> Iterator[Rule]:
    if spec.entry_point is None:
        return
    modules = [target for target in spec.files or {} if re.fullmatch(r"^code/[A-Za-z_][A-Za-z0-9_]*\.py$", target)]
    if spec.entry_point not in modules:
        yield Rule(
            ("entry_point",),
            spec.entry_point,
            f"{spec.entry_point!r} is not a Python module directly in code/ among the files",
            allowed=", ".join(modules) or "none yet",
            fix="add it to files, as code/NAME.py",
        )


def _environment_rules(spec: PackageSpec) -> Iterator[Rule]:
    for name, value in spec.environment.items():
        path: KeyPath = ("environment", name)
        if name in RESERVED_VARIABLES:
            yield Rule(path, value, "is what entry_point gives", fix="take it out")
        if not re.fullmatch(VARIABLE_PATTERN, name):
            yield Rule(path, value, f"{name!r} is no variable's name", allowed=VARIABLE_PATTERN)
        if len(value) > MAXIMUM_VALUE_LENGTH:
            yield Rule(path, value, f"has {len(value)} characters", allowed=f"at most {MAXIMUM_VALUE_LENGTH}")
    whole = container_environment(spec.entry_point or "code/inference.py", spec.environment)
    if len(whole) > MAXIMUM_VARIABLES:
        message = f"makes {len(whole)} variables with those that every container has"
        yield Rule(("environment",), None, message, allowed=f"at most {MAXIMUM_VARIABLES}")
    size = sum(len(part.encode()) for pair in whole.items() for part in pair)
    if size > MAXIMUM_ENVIRONMENT_BYTES:
        message = f"makes {size} bytes of names and values with those that every container has"
        yield Rule(("environment",), None, message, allowed=f"at most {MAXIMUM_ENVIRONMENT_BYTES}")


def _metrics(path: Path) -> tuple[dict[str, float], list[Violation]]:
    """The metrics, and what is wrong with them."""
    shown = path.as_posix()
    try:
        content = json_beside(path)
    except InvalidPackageError as error:
        return {}, list(error.violations)
    if not isinstance(content, dict) or not content:
        return {}, [Violation(shown, None, "", None, "must be an object of numbers by name")]
    violations = [
        Violation(shown, None, str(name), value, f"{value!r} is not a finite number")
        for name, value in content.items()
        if not _is_finite(value)
    ]
    return {} if violations else {str(name): float(value) for name, value in content.items()}, violations


def _is_finite(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    except OverflowError:  # an integer of more digits than a float holds
        return False
