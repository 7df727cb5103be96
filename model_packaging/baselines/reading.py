"""`baseline.yaml` read and checked, with the columns that it names: every broken rule at once, with file and line."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from model_packaging.baselines import baseline_spec as specs
from model_packaging.baselines.baseline_spec import BASELINE_FILE, BaselineSpec
from model_packaging.baselines.errors import BaselineDataError
from model_packaging.errors import Violation
from model_packaging.yaml_lines import KeyPath, YamlDocument, dotted, read_yaml


@dataclass(frozen=True)
class BaselineFile:
    """A `baseline.yaml` that breaks no rule, or the one that a model without it has."""

    spec: BaselineSpec
    document: YamlDocument
    shown: str

    def column_violations(self, names: Sequence[str], data: str) -> Iterator[Violation]:
        """Columns that the spec names and the data has not."""
        for path, name in self._columns():
            if name not in names:
                near = difflib.get_close_matches(name, names, n=1)
                fix = f"did you mean {near[0]!r}?" if near else ""
                message = f"{data} has no column {name!r}"
                allowed = ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
                yield Violation(self.shown, self.document.line(path), dotted(path), name, message, allowed, fix)

    def _columns(self) -> Iterator[tuple[KeyPath, str]]:
        spec = self.spec
        single: list[tuple[KeyPath, str | None]] = [(("label",), spec.label)]
        many: list[tuple[KeyPath, Sequence[str] | None]] = [
            (("columns",), spec.columns),
            (("leave_out",), spec.leave_out),
            (("outputs",), spec.outputs),
        ]
        if spec.model_quality is not None:
            single += [
                (("model_quality", name), getattr(spec.model_quality, name)) for name in ("predicted", "probability")
            ]
        if spec.bias is not None:
            single += [(("bias", name), getattr(spec.bias, name)) for name in ("predicted", "group")]
            single += [(("bias", "facets", index, "column"), one.column) for index, one in enumerate(spec.bias.facets)]
        if spec.explainability is not None:
            many.append((("explainability", "features_to_explain"), spec.explainability.features_to_explain))
            if spec.explainability.pdp is not None:
                many.append((("explainability", "pdp", "features"), spec.explainability.pdp.features))
        yield from ((path, name) for path, name in single if name is not None)
        for path, names in many:
            yield from (((*path, index), name) for index, name in enumerate(names or ()))
        yield from ((("types", name), name) for name in spec.types)


def read_baseline_file(model_folder: Path) -> BaselineFile:
    """Reads `baseline.yaml`; without the file everything in it is left out.

    Raises:
        InvalidPackageError: it is not YAML.
        BaselineDataError: with every violation.
    """
    path = model_folder / BASELINE_FILE
    shown = path.as_posix()
    if not path.exists() and not path.is_symlink():
        return BaselineFile(BaselineSpec(), YamlDocument({}, {}), shown)
    document = read_yaml(path, shown, or_empty=True)
    try:
        spec = BaselineSpec.model_validate({} if document.content is None else document.content)
    except ValidationError as error:
        raise BaselineDataError([_violation(one, document, shown) for one in _told(error.errors())]) from error
    return BaselineFile(spec, document, shown)


def _told(errors: Sequence[ErrorDetails]) -> Iterator[ErrorDetails]:
    """Without a list that pydantic calls too short for what is wrong in its items."""
    for error in errors:
        inside = [one for one in errors if one is not error and one["loc"][: len(error["loc"])] == error["loc"]]
        if not (error["type"] == "too_short" and inside):
            yield error


def _violation(error: ErrorDetails, document: YamlDocument, shown: str) -> Violation:
    path = _written(error["loc"], document)
    line, place, value = document.line(path), dotted(path), error["input"]
    if error["type"] == "extra_forbidden":
        allowed = _keys_at(path[:-1])
        near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
        fix = f"did you mean {near[0]!r}?" if near else "take it out"
        return Violation(shown, line, place, value, "unknown key", ", ".join(allowed), fix)
    if error["type"] == "missing":
        return Violation(shown, line, place, None, "is missing", fix=f"write `{path[-1]}: …`")
    message = error["msg"].removeprefix("Value error, ")
    told = message if error["type"] == "value_error" else f"{value!r}: {message[0].lower()}{message[1:]}"
    return Violation(shown, line, place, None if error["type"] == "value_error" else value, told)


def _written(location: tuple[int | str, ...], document: YamlDocument) -> KeyPath:
    """The place in the file; where alternatives are tried, pydantic adds the name of each."""
    kept: list[int | str] = []
    content: Any = document.content
    for index, part in enumerate(location):
        if isinstance(content, dict):
            if part not in content and index < len(location) - 1:
                continue
            content = content.get(part)
        elif isinstance(content, list) and isinstance(part, int) and part < len(content):
            content = content[part]
        else:
            continue
        kept.append(part)
    return tuple(kept)


_SPECS: dict[KeyPath, type[BaseModel]] = {
    (): BaselineSpec,
    ("format",): specs.FormatSpec,
    ("model_quality",): specs.ModelQualitySpec,
    ("bias",): specs.BiasSpec,
    ("bias", "facets"): specs.FacetSpec,
    ("explainability",): specs.ExplainabilitySpec,
    ("explainability", "pdp"): specs.PartialDependenceSpec,
    ("predictor",): specs.PredictorSpec,
}


def _keys_at(path: KeyPath) -> list[str]:
    place = tuple(part for part in path if isinstance(part, str))
    return list(_SPECS.get(place, BaselineSpec).model_fields)
