"""`gate.yaml`, read: a `Gate`, or every violation at once, with file, line, value, what is allowed and the remedy."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from model_packaging.beside import read_beside
from model_packaging.complaints import complaints, written_path
from model_packaging.errors import InvalidPackageError
from model_packaging.gate.gate_files import data_files
from model_packaging.gate.gate_rules import broken_rules
from model_packaging.gate.gate_spec import GATE_FILE, GateSpec
from model_packaging.yaml_lines import KeyPath, Rule, YamlDocument, read_yaml

READ_BY_ALL = frozenset({"task", "columns", "data", "request"})
"""The blocks without which nothing can be said of the demands."""


@dataclass(frozen=True)
class Gate:
    """A gate that breaks no rule, and where it was written."""

    spec: GateSpec
    shown: str
    """How messages name the file."""
    folder: Path
    """The model's folder: the data's paths begin here."""
    document: YamlDocument
    sha256: str
    """Of the file's bytes and those of its data: the same gate on other rows is another."""

    def refused(self, rules: Iterable[Rule]) -> InvalidPackageError:
        """The error for rules that only the data or the answers could show to be broken."""
        return InvalidPackageError(self.document.violations(rules, self.shown))


def read_gate(model_folder: Path) -> Gate | None:
    """The gate beside a model; None where it has no `gate.yaml`.

    The data's files must be there; what is in them is read when the gate runs.

    Raises:
        InvalidPackageError: with every violation.
    """
    path = model_folder / GATE_FILE
    if read_beside(path) is None:
        return None
    from model_packaging.store import file_sha256

    shown = path.as_posix()
    document = read_yaml(path, shown)
    try:
        spec = GateSpec.model_validate(document.content)
    except ValidationError as error:
        broken = document.violations(_rules_of_the_rest(error, document.content, model_folder), shown)
        raise InvalidPackageError([*complaints(error, GateSpec, document, shown), *broken]) from error
    violations = document.violations(broken_rules(spec, model_folder), shown)
    if violations:
        raise InvalidPackageError(violations)
    digest = hashlib.sha256(file_sha256(path).encode())
    for file in data_files(spec):
        digest.update(f"{file} {file_sha256(model_folder / file)}".encode())
    return Gate(spec, shown, model_folder, document, digest.hexdigest())


def _rules_of_the_rest(error: ValidationError, content: object, model_folder: Path) -> Iterator[Rule]:
    """The rules that the gate breaks besides, in what is left of it without the demands that pydantic refuses."""
    refused = {written_path(one["loc"], content)[:2] for one in error.errors()}
    if not isinstance(content, Mapping) or any(not path or path[0] in READ_BY_ALL for path in refused):
        return
    try:
        spec = GateSpec.model_validate(_without(content, refused))
    except ValidationError:
        return
    # That nothing at all is demanded may be so only without what was taken out.
    yield from (one for one in broken_rules(spec, model_folder) if one.path)


def _without(content: Mapping[str, object], refused: Iterable[KeyPath]) -> dict[str, object]:
    """The blocks of a gate but for those refused; of metrics and gaps, but for the one that is refused."""
    rest = dict(content)
    for block, *names in refused:
        part = rest.get(str(block))
        if names and block in {"metrics", "overfitting"} and isinstance(part, Mapping):
            rest[str(block)] = {name: one for name, one in part.items() if name != names[0]}
        else:
            rest.pop(str(block), None)
    return rest
