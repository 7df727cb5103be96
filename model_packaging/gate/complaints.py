"""Pydantic's complaints about a gate in our words: the line, the key, what is allowed there, and the nearest of it."""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Sequence

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from model_packaging.errors import Violation
from model_packaging.gate.demands import ColumnSlices, FileSlice, WhereSlice
from model_packaging.gate.gate_spec import ArrayFiles, GateSpec, TableFile
from model_packaging.yaml_lines import KeyPath, YamlDocument, dotted

_TAGS: dict[str | int, type[BaseModel]] = {
    "table": TableFile,
    "arrays": ArrayFiles,
    "slice by where": WhereSlice,
    "slice by column": ColumnSlices,
    "slice by file": FileSlice,
}
"""Alternatives that are told apart by their keys."""


def is_echo(error: ErrorDetails) -> bool:
    """Whether it only says that a list is too short because its items are broken, which is told already."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def complaint(error: ErrorDetails, document: YamlDocument, shown: str) -> Violation:
    """One of pydantic's errors as a violation of the file."""
    path = written_path(error["loc"], document.content)
    line, place, value = document.line(path), dotted(path), error["input"]
    match error["type"]:
        case "extra_forbidden":
            allowed = _keys_beside(error["loc"])
            near = difflib.get_close_matches(str(path[-1]), allowed, n=1)
            fix = f"did you mean {near[0]!r}?" if near else "take it out"
            return Violation(shown, line, place, value, "unknown key", ", ".join(allowed), fix)
        case "missing":
            return Violation(shown, line, place, None, "is missing", fix=f"write `{path[-1]}: …`")
        case "union_tag_not_found":
            told = error["ctx"]["discriminator"].strip("'")
            return Violation(shown, line, place, None, f"does not say its {told}", fix=f"write `{told}: …`")
        case "union_tag_invalid":
            return _unknown_kind(error, document, path, shown)
    message = error["msg"].removeprefix("Value error, ")
    return Violation(shown, line, place, value, f"{value!r}: {message[0].lower()}{message[1:]}")


def written_path(location: Sequence[str | int], content: object) -> KeyPath:
    """Where in the file that is: pydantic also names the alternatives that it settled on, which nobody wrote."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        try:
            content = content[part]  # type: ignore[index]  # what it is of is what is being found out
        except (LookupError, TypeError):
            if index < len(location) - 1 or part == "[key]":
                continue
        path.append(part)
    return tuple(path)


def _unknown_kind(error: ErrorDetails, document: YamlDocument, path: KeyPath, shown: str) -> Violation:
    context = error["ctx"]
    key = context["discriminator"].strip("'")
    allowed = [one.strip().strip("'") for one in context["expected_tags"].split(",")]
    near = difflib.get_close_matches(str(context["tag"]), allowed, n=1)
    return Violation(
        shown,
        document.line((*path, key)),
        dotted((*path, key)),
        context["tag"],
        f"there is no {key} {context['tag']!r}",
        ", ".join(allowed),
        f"did you mean {near[0]!r}?" if near else "",
    )


def _keys_beside(location: Sequence[str | int]) -> list[str]:
    """The keys that may stand where the last part of `location` does."""
    models: list[type[BaseModel]] = [GateSpec]
    for part in location[:-1]:
        fields = [one.model_fields[part].annotation for one in models if part in one.model_fields]
        if fields:
            models = [model for annotation in fields for model in _models_in(annotation)]
        else:
            models = [one for one in models if _is_tagged(one, part)] or models
    return list(dict.fromkeys(name for model in models for name in model.model_fields))


def _models_in(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for one in typing.get_args(annotation):
        yield from _models_in(one)


def _is_tagged(model: type[BaseModel], tag: str | int) -> bool:
    """Whether `tag` names that alternative: the value of its first field, or what its union calls it."""
    first = next(iter(model.model_fields.values()))
    return tag in typing.get_args(first.annotation) or _TAGS.get(tag) is model
