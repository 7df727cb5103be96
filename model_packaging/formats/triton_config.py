"""Triton's `config.pbtxt`: read against its schema, and written.

`read_triton_config` tells what breaks the schema (an unknown field, a value of another kind) and gives the part that
serving and a signature need. `triton_checks` compares that with the model's folder: its name, its versions, its files.

Source: https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from model_packaging.complaints import did_you_mean
from model_packaging.errors import InvalidPackageError, Violation
from model_packaging.formats.text_proto import Field, Message, TextProtoError, Value, Word, read_text_proto
from model_packaging.formats.triton_schema import DATA_TYPES, ENUMS, MESSAGES, ONE_OF
from model_packaging.release import Signature, TensorSpec

CONFIG_FILE = "config.pbtxt"

VARIABLE = -1
"""A dimension of any size."""

_BOUNDS = {"int": (-(2**63), 2**63 - 1), "uint": (0, 2**64 - 1)}


@dataclass(frozen=True)
class TritonTensor:
    """One input or output."""

    name: str
    data_type: str
    dims: tuple[int, ...]
    line: int
    optional: bool = False
    reshape: tuple[int, ...] | None = None
    label_filename: str = ""


@dataclass(frozen=True)
class TritonConfig:
    """What serving and a signature need of a model's configuration."""

    file: str
    """How messages name it."""
    name: str
    platform: str
    backend: str
    max_batch_size: int
    inputs: tuple[TritonTensor, ...]
    outputs: tuple[TritonTensor, ...]
    default_model_filename: str
    message: Message

    def signature(self) -> Signature:
        """Inputs and outputs with the batch dimension, where the model has one.

        Raises:
            pydantic.ValidationError: there is no input or no output.
        """
        return Signature(inputs=self._tensors(self.inputs), outputs=self._tensors(self.outputs))

    def _tensors(self, tensors: Sequence[TritonTensor]) -> tuple[TensorSpec, ...]:
        return tuple(
            TensorSpec(name=one.name, dtype=DATA_TYPES[one.data_type], shape=self.shape(one)) for one in tensors
        )

    def shape(self, tensor: TritonTensor) -> tuple[int | None, ...]:
        """The whole shape of a tensor in a request or an answer; None is a free dimension."""
        dims = tuple(None if one == VARIABLE else one for one in tensor.dims)
        return (None, *dims) if self.max_batch_size > 0 else dims


def read_triton_config(path: Path, shown: str) -> TritonConfig:
    """The configuration at `path`.

    Args:
        path: The file.
        shown: How a message names it.

    Raises:
        InvalidPackageError: with everything that the schema does not allow, file and line.
    """
    try:
        message = read_text_proto(path.read_text(encoding="utf-8"))
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        raise InvalidPackageError([Violation(shown, None, "", None, told)]) from error
    except UnicodeDecodeError as error:
        raise InvalidPackageError([Violation(shown, None, "", None, f"is not UTF-8 text: {error}")]) from error
    except TextProtoError as error:
        told = f"is not a protocol buffer's text: {error.message}"
        raise InvalidPackageError([Violation(shown, error.line, "", None, told)]) from error
    violations = [*_schema_violations(message, "ModelConfig", "", shown)]
    if violations:
        raise InvalidPackageError(violations)
    return triton_config(message, shown)


def triton_config(message: Message, shown: str) -> TritonConfig:
    """The configuration that a message is, which keeps to the schema."""
    return TritonConfig(
        file=shown,
        name=_text(message, "name"),
        platform=_text(message, "platform"),
        backend=_text(message, "backend"),
        max_batch_size=_number(message, "max_batch_size"),
        inputs=tuple(_tensor(one) for one in message.all("input") if not one.empty_list),
        outputs=tuple(_tensor(one) for one in message.all("output") if not one.empty_list),
        default_model_filename=_text(message, "default_model_filename"),
        message=message,
    )


def write_triton_config(name: str, backend: str, signature: Signature, *, max_batch_size: int) -> str:
    """A `config.pbtxt` of a signature.

    Args:
        name: The model's, which is its folder's.
        backend: Triton's name of what runs it.
        signature: Inputs and outputs; with a batch size above 0 their first dimension is the batch's.
        max_batch_size: 0 where the first dimension is not a batch.
    """
    lines = [
        "# Written by Greenroom from the model's signature.",
        f'name: "{name}"',
        f'backend: "{backend}"',
        f"max_batch_size: {max_batch_size}",
    ]
    for kind, tensors in (("input", signature.inputs), ("output", signature.outputs)):
        lines.append(f"{kind} [")
        lines.append(",\n".join(_written(tensor, max_batch_size) for tensor in tensors))
        lines.append("]")
    return "\n".join(lines) + "\n"


def batch_size_for(signature: Signature, wanted: int) -> int:
    """`wanted` where every tensor has a free first dimension and another besides, which is what Triton batches; else 0.

    https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#maximum-batch-size
    """
    tensors = (*signature.inputs, *signature.outputs)
    return wanted if all(len(one.shape) > 1 and one.shape[0] is None for one in tensors) else 0


def _written(tensor: TensorSpec, max_batch_size: int) -> str:
    data_type = next(triton for triton, numpy in DATA_TYPES.items() if numpy == tensor.dtype)
    dims = tensor.shape[1:] if max_batch_size > 0 else tensor.shape
    listed = ", ".join(str(VARIABLE if one is None else one) for one in dims)
    return f'  {{\n    name: "{tensor.name}"\n    data_type: {data_type}\n    dims: [ {listed} ]\n  }}'


def _text(message: Message, name: str) -> str:
    field = message.last(name)
    return "" if field is None else str(field.value)


def _number(message: Message, name: str) -> int:
    field = message.last(name)
    return field.value if field is not None and isinstance(field.value, int) else 0


def _numbers(message: Message, name: str) -> tuple[int, ...]:
    return tuple(one.value for one in message.all(name) if isinstance(one.value, int))


def _tensor(field: Field) -> TritonTensor:
    message = field.value
    assert isinstance(message, Message)  # noqa: S101 - the schema was checked
    reshape = message.last("reshape")
    optional = message.last("optional")
    return TritonTensor(
        name=_text(message, "name"),
        data_type=_text(message, "data_type"),
        dims=_numbers(message, "dims"),
        line=field.line,
        optional=optional is not None and optional.value == "true",
        reshape=None if reshape is None or not isinstance(reshape.value, Message) else _numbers(reshape.value, "shape"),
        label_filename=_text(message, "label_filename"),
    )


def _schema_violations(message: Message, kind: str, path: str, shown: str) -> Iterator[Violation]:
    known = MESSAGES[kind]
    seen: dict[str, Field] = {}
    for field in message.fields:
        where = f"{path}.{field.name}" if path else field.name
        if field.name not in known:
            fix = did_you_mean(field.name, list(known)) or f"allowed: {', '.join(known)}"
            yield Violation(shown, field.line, where, None, "is no field of Triton's configuration", fix=fix)
            continue
        wanted = known[field.name]
        if field.name in seen and not wanted.startswith(("[", "map<")):
            told = f"is there twice, first on line {seen[field.name].line}"
            yield Violation(shown, field.line, where, None, told, fix="keep one")
        seen[field.name] = field
        yield from _value_violations(field, wanted, where, shown)
    for choice in ONE_OF.get(kind, ()):
        there = [name for name in choice if name in seen]
        if len(there) > 1:
            told = f"{' and '.join(there)} exclude one another"
            yield Violation(shown, seen[there[1]].line, path, None, told, fix="keep one")


def _value_violations(field: Field, wanted: str, where: str, shown: str) -> Iterator[Violation]:
    if field.empty_list:
        if not wanted.startswith(("[", "map<")):
            yield Violation(shown, field.line, where, "[]", "is a list", allowed=_allowed(wanted))
        return
    inner = wanted.strip("[]")
    if wanted.startswith("map<"):
        yield from _entry_violations(field, wanted.removeprefix("map<").removesuffix(">"), where, shown)
    elif inner in MESSAGES:
        if isinstance(field.value, Message):
            yield from _schema_violations(field.value, inner, where, shown)
        else:
            yield Violation(shown, field.line, where, field.value, f"is {field.value!r}", allowed="a message in {…}")
    elif not _is_scalar(field.value, inner):
        told = "is a message" if isinstance(field.value, Message) else f"is {field.value!r}"
        shown_value = None if isinstance(field.value, Message) else field.value
        yield Violation(shown, field.line, where, shown_value, told, allowed=_allowed(inner))


def _entry_violations(field: Field, kind: str, where: str, shown: str) -> Iterator[Violation]:
    entry = field.value
    if not isinstance(entry, Message) or {one.name for one in entry.fields} - {"key", "value"}:
        yield Violation(shown, field.line, where, None, "is no entry of a map", allowed="{ key: … value: … }")
        return
    value = entry.last("value")
    if value is not None:
        yield from _value_violations(value, kind, f"{where}.value", shown)


def _is_scalar(value: Value, kind: str) -> bool:
    if kind.startswith("enum:"):
        return isinstance(value, Word) and value in ENUMS[kind.removeprefix("enum:")]
    match kind:
        case "string":
            return isinstance(value, str) and not isinstance(value, Word)
        case "bool":
            return isinstance(value, Word) and value in {"true", "false", "True", "False", "t", "f"}
        case "float":
            return isinstance(value, int | float)
        case _:
            low, high = _BOUNDS[kind]
            return isinstance(value, int) and low <= value <= high


def _allowed(kind: str) -> str:
    if kind.startswith("enum:"):
        return ", ".join(ENUMS[kind.removeprefix("enum:")])
    words: Mapping[str, str] = {
        "string": "a text in quotes",
        "bool": "true or false",
        "float": "a number",
        "int": "a whole number",
        "uint": "a whole number from 0",
    }
    return words.get(kind.strip("[]"), "a message in {…}")


def element_count(dims: Sequence[int]) -> int | None:
    """How many elements a tensor of these dimensions has; None where one of them is free."""
    return None if VARIABLE in dims else math.prod(dims)
