"""What pydantic complains of in a YAML file, in our words: the line, the key, what is allowed there, the nearest of it.

One reading of pydantic's errors for every file beside a model: package.yaml, gate.yaml, baseline.yaml, optimise.yaml.
"""

from __future__ import annotations

import difflib
import typing
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, Tag, ValidationError
from pydantic_core import ErrorDetails

from model_packaging.errors import Violation
from model_packaging.yaml_lines import KeyPath, YamlDocument, dotted

_MAPPING, _LIST = "must be a mapping, a `key: value` a line", "must be a list, a `- …` a line"
_SHAPES: Mapping[str, str] = {
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "dict_type": _MAPPING,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "string_type": "must be text; in quotes, if it reads as something else",
}
"""Pydantic's types of errors that name Python's types."""


def complaints(
    error: ValidationError,
    spec: type[BaseModel],
    document: YamlDocument,
    shown: str,
    *,
    patterns: Mapping[str, str] | None = None,
) -> list[Violation]:
    """Pydantic's errors as violations of the file, each once.

    Args:
        error: Of `spec.model_validate(document.content)`.
        spec: What the file is to be.
        document: The file.
        shown: How messages name it.
        patterns: A regular expression of the spec to what matches it, in words.
    """
    told = [_complaint(one, spec, document, shown, patterns or {}) for one in error.errors() if not _is_echo(one)]
    return list({str(one): one for one in told}.values())


def json_complaints(error: ValidationError) -> str:
    """Pydantic's errors about a JSON file that no person wrote, in one line."""
    return "; ".join(f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in error.errors())


def written_path(location: Sequence[str | int], content: object) -> KeyPath:
    """Where in the file that is: pydantic also names the alternatives that it settled on, which nobody wrote."""
    path: list[str | int] = []
    for index, part in enumerate(location):
        try:
            content = content[part]  # type: ignore[index]  # what it is of is what is being found out
        except TypeError:
            continue  # an alternative of what is no mapping
        except LookupError:
            if index < len(location) - 1 or part == "[key]":
                continue
        path.append(part)
    return tuple(path)


def _is_echo(error: ErrorDetails) -> bool:
    """Whether it only says that a list is too short because its items are broken, which is told already."""
    return error["type"] == "too_short" and len(error["input"]) >= error["ctx"]["min_length"]


def _complaint(
    error: ErrorDetails, spec: type[BaseModel], document: YamlDocument, shown: str, patterns: Mapping[str, str]
) -> Violation:
    path = written_path(error["loc"], document.content)
    line, place, value = document.line(path), dotted(path), error["input"]
    match error["type"]:
        case "extra_forbidden":
            allowed = _keys_beside(error["loc"], spec)
            fix = did_you_mean(path[-1], allowed) or "take it out"
            return Violation(shown, line, place, value, "unknown key", ", ".join(allowed), fix)
        case "missing":
            return Violation(shown, line, place, None, "is missing", fix=f"write `{path[-1]}: …`")
        case "union_tag_not_found":
            told = error["ctx"]["discriminator"].strip("'")
            return Violation(shown, line, place, None, f"does not say its {told}", fix=f"write `{told}: …`")
        case "union_tag_invalid":
            return _unknown_kind(error, document, path, shown)
    if error["type"] == "value_error" and isinstance(value, Mapping):
        return Violation(shown, line, place, None, error["msg"].removeprefix("Value error, "))
    return Violation(shown, line, place, value, f"{value!r}: {_message(error, patterns)}")


def _message(error: ErrorDetails, patterns: Mapping[str, str]) -> str:
    if error["type"] in _SHAPES:
        return _SHAPES[error["type"]]
    if error["type"] == "string_pattern_mismatch":
        pattern = error["ctx"]["pattern"]
        return f"is not {patterns[pattern]}" if pattern in patterns else f"does not match {pattern}"
    message = error["msg"].removeprefix("Value error, ")
    return message[0].lower() + message[1:]


def _unknown_kind(error: ErrorDetails, document: YamlDocument, path: KeyPath, shown: str) -> Violation:
    context = error["ctx"]
    key = context["discriminator"].strip("'")
    allowed = [one.strip().strip("'") for one in context["expected_tags"].split(",")]
    return Violation(
        shown,
        document.line((*path, key)),
        dotted((*path, key)),
        context["tag"],
        f"there is no {key} {context['tag']!r}",
        ", ".join(allowed),
        did_you_mean(context["tag"], allowed),
    )


def did_you_mean(written: object, known: Sequence[str]) -> str:
    """`did you mean 'x'?`, or nothing where nothing that is known is near."""
    near = difflib.get_close_matches(str(written), known, n=1)
    return f"did you mean {near[0]!r}?" if near else ""


@dataclass(frozen=True)
class _Alternative:
    """A model that may stand in a place, and what its union calls it."""

    model: type[BaseModel]
    tag: str | None = None

    def is_called(self, part: str | int) -> bool:
        """By its union, or by the one value that a field of it may have, such as `kind`."""
        fields = self.model.model_fields.values()
        return part == self.tag or any(typing.get_args(field.annotation) == (part,) for field in fields)


def _keys_beside(location: Sequence[str | int], spec: type[BaseModel]) -> list[str]:
    """The keys that may stand where the last part of `location` does."""
    there = [_Alternative(spec)]
    for part in location[:-1]:
        fields = [one.model.model_fields[part].annotation for one in there if part in one.model.model_fields]
        if fields:
            there = [one for annotation in fields for one in _alternatives(annotation)] or there
        else:
            there = [one for one in there if one.is_called(part)] or there
    return list(dict.fromkeys(name for one in there for name in one.model.model_fields))


def _alternatives(annotation: object, tag: str | None = None) -> Iterator[_Alternative]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield _Alternative(annotation, tag)
    parts = typing.get_args(annotation)
    if typing.get_origin(annotation) is typing.Annotated:
        tag = next((one.tag for one in parts[1:] if isinstance(one, Tag)), tag)
        parts = parts[:1]
    for part in parts:
        yield from _alternatives(part, tag)
