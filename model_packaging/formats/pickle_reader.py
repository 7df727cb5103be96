"""What a pickle says, read without running it: no class is imported, no function called.

A pickle is a program for a small stack machine (`pickletools` documents it). Here its opcodes are followed with inert
stand-ins (`pickled`). That is enough to see what was pickled, by which version, and how many features it wants. joblib
writes arrays between the opcodes; they are stepped over.
https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py
"""

from __future__ import annotations

import math
import pickletools
import struct
import warnings
from collections.abc import Callable
from typing import Any, BinaryIO

from model_packaging.formats.pickled import (
    KEPT_BYTES,
    LongSpan,
    NotAPickleError,
    PickleContent,
    PickledClass,
    PickledObject,
    dtype_code,
    item_bytes,
)

MAXIMUM_OPCODES = 200_000_000


def read_pickle(stream: BinaryIO) -> PickleContent:
    """Follows the pickle in `stream` to its STOP.

    Raises:
        NotAPickleError: it is none, or is cut short or damaged.
    """
    reader = _Reader(stream)
    try:
        with warnings.catch_warnings():  # pickletools' of an escape that is none, which a damaged file may have
            warnings.simplefilter("ignore", DeprecationWarning)
            root = reader.run()
    except NotAPickleError:
        raise
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, struct.error, RecursionError) as error:
        raise NotAPickleError(f"cut short or damaged: {error}") from error
    return PickleContent(root, frozenset(reader.classes), reader.by_joblib)


_MARK = object()

_OPCODES = {opcode.code.encode("latin-1"): opcode for opcode in pickletools.opcodes}

_SPANS = {
    "BINSTRING": "<i", "BINBYTES": "<I", "BINBYTES8": "<Q", "BYTEARRAY8": "<Q", "BINUNICODE": "<I", "BINUNICODE8": "<Q",
}  # fmt: skip
"""Opcodes that a length and as many bytes follow."""

_CONSTANTS: dict[str, Callable[[], Any]] = {
    "NONE": lambda: None, "NEWTRUE": lambda: True, "NEWFALSE": lambda: False, "EMPTY_TUPLE": tuple,
    "EMPTY_LIST": list, "EMPTY_DICT": dict, "EMPTY_SET": list, "MARK": lambda: _MARK,
}  # fmt: skip

_LITERALS = frozenset({
    "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4", "FLOAT", "BINFLOAT", "STRING", "SHORT_BINSTRING",
    "SHORT_BINBYTES", "UNICODE", "SHORT_BINUNICODE", *_SPANS,
})  # fmt: skip

_IGNORED = frozenset({"PROTO", "FRAME", "READONLY_BUFFER"})


class _Reader:
    """The stack machine."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.stack: list[Any] = []
        self.memo: dict[Any, Any] = {}
        self.classes: set[PickledClass] = set()
        self.by_joblib = False

    def run(self) -> Any:
        for _ in range(MAXIMUM_OPCODES):
            code = self.stream.read(1)
            opcode = _OPCODES.get(code)
            if opcode is None:
                raise NotAPickleError("ends before its STOP" if not code else f"no opcode {code!r}")
            if opcode.name == "STOP":
                return self.stack.pop()
            argument = self._argument(opcode)
            self._step(opcode.name, argument)
        raise NotAPickleError(f"has more than {MAXIMUM_OPCODES} opcodes")

    def _argument(self, opcode: Any) -> Any:
        if opcode.name in _SPANS:
            layout = _SPANS[opcode.name]
            (length,) = struct.unpack(layout, self.stream.read(struct.calcsize(layout)))
            data = self._span(length)
            return (
                data.decode("utf-8", "surrogatepass") if isinstance(data, bytes) and "UNICODE" in opcode.name else data
            )
        return None if opcode.arg is None else opcode.arg.reader(self.stream)

    def _span(self, length: int) -> bytes | LongSpan:
        if length < 0:
            raise NotAPickleError("a negative length")
        if length <= KEPT_BYTES:
            data = self.stream.read(length)
            if len(data) < length:
                raise NotAPickleError("ends within a string")
            return data
        left = length
        while left:
            skipped = len(self.stream.read(min(left, 1 << 20)))
            if not skipped:
                raise NotAPickleError("ends within a string")
            left -= skipped
        return LongSpan(length)

    def _step(self, name: str, argument: Any) -> None:
        if name in _LITERALS:
            self.stack.append(argument)
        elif name in _CONSTANTS:
            self.stack.append(_CONSTANTS[name]())
        elif name not in _IGNORED:
            _STEPS[name](self, argument)

    def popped_to_mark(self) -> list[Any]:
        for index in range(len(self.stack) - 1, -1, -1):
            if self.stack[index] is _MARK:
                items = self.stack[index + 1 :]
                del self.stack[index:]
                return items
        raise NotAPickleError("a mark is missing")

    def named(self, module: Any, name: Any) -> None:
        found = PickledClass(str(module), str(name))
        self.classes.add(found)
        self.stack.append(found)

    def made(self, by: Any, arguments: Any) -> None:
        self.stack.append(PickledObject(by, arguments))

    def build(self, _: Any) -> None:
        state = self.stack.pop()
        target = self.stack[-1]
        if not isinstance(target, PickledObject):
            return
        target.state = state
        if target.class_name.endswith("numpy_pickle.NumpyArrayWrapper"):
            self.by_joblib = True
            self._array_of_joblib(target)

    def _array_of_joblib(self, wrapper: PickledObject) -> None:
        dtype, shape = wrapper.attribute("dtype"), wrapper.attribute("shape")
        if dtype_code(dtype).startswith("O"):
            nested = _Reader(self.stream)
            wrapper.items = [nested.run()]
            self.classes |= nested.classes
            return
        if wrapper.attribute("numpy_array_alignment_bytes") is not None:
            self._span(self.stream.read(1)[0])
        data = self._span(item_bytes(dtype) * math.prod(shape))
        wrapper.raw = data if isinstance(data, bytes) else None


def _append(reader: _Reader, items: list[Any]) -> None:
    target = reader.stack[-1]
    (target.items if isinstance(target, PickledObject) else target).extend(items)


def _set_items(reader: _Reader, items: list[Any]) -> None:
    target = reader.stack[-1]
    pairs = list(zip(items[::2], items[1::2], strict=True))
    if isinstance(target, dict):
        target.update((key if _hashable(key) else str(key), value) for key, value in pairs)
    else:
        target.items.extend(pairs)


def _dict(reader: _Reader) -> None:
    items = reader.popped_to_mark()
    reader.stack.append({})
    _set_items(reader, items)


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _pops(reader: _Reader, count: int) -> list[Any]:
    if len(reader.stack) < count:
        raise NotAPickleError("the stack is empty")
    items = reader.stack[-count:]
    del reader.stack[-count:]
    return items


def _memoize(reader: _Reader, key: Any) -> None:
    reader.memo[len(reader.memo) if key is None else key] = reader.stack[-1]


def _instance(reader: _Reader, argument: Any) -> None:
    items = reader.popped_to_mark()
    if argument is None:  # OBJ: the class is on the stack
        reader.made(items[0], tuple(items[1:]))
        return
    reader.named(*str(argument).split(" ", 1))
    reader.made(reader.stack.pop(), tuple(items))


def _new_with_keywords(reader: _Reader, _: Any) -> None:
    by, arguments, keywords = _pops(reader, 3)
    reader.made(by, (arguments, keywords))


_STEPS: dict[str, Callable[[_Reader, Any], Any]] = {
    "POP": lambda reader, _: reader.stack.pop(),
    "POP_MARK": lambda reader, _: reader.popped_to_mark(),
    "DUP": lambda reader, _: reader.stack.append(reader.stack[-1]),
    "TUPLE": lambda reader, _: reader.stack.append(tuple(reader.popped_to_mark())),
    "TUPLE1": lambda reader, _: reader.stack.append(tuple(_pops(reader, 1))),
    "TUPLE2": lambda reader, _: reader.stack.append(tuple(_pops(reader, 2))),
    "TUPLE3": lambda reader, _: reader.stack.append(tuple(_pops(reader, 3))),
    "LIST": lambda reader, _: reader.stack.append(reader.popped_to_mark()),
    "FROZENSET": lambda reader, _: reader.stack.append(tuple(reader.popped_to_mark())),
    "APPEND": lambda reader, _: _append(reader, _pops(reader, 1)),
    "APPENDS": lambda reader, _: _append(reader, reader.popped_to_mark()),
    "ADDITEMS": lambda reader, _: _append(reader, reader.popped_to_mark()),
    "DICT": lambda reader, _: _dict(reader),
    "SETITEM": lambda reader, _: _set_items(reader, _pops(reader, 2)),
    "SETITEMS": lambda reader, _: _set_items(reader, reader.popped_to_mark()),
    "GLOBAL": lambda reader, argument: reader.named(*str(argument).split(" ", 1)),
    "STACK_GLOBAL": lambda reader, _: reader.named(*_pops(reader, 2)),
    "INST": _instance,
    "OBJ": _instance,
    "REDUCE": lambda reader, _: reader.made(*_pops(reader, 2)),
    "NEWOBJ": lambda reader, _: reader.made(*_pops(reader, 2)),
    "NEWOBJ_EX": _new_with_keywords,
    "BUILD": _Reader.build,
    "PUT": _memoize,
    "BINPUT": _memoize,
    "LONG_BINPUT": _memoize,
    "MEMOIZE": _memoize,
    "GET": lambda reader, key: reader.stack.append(reader.memo[key]),
    "BINGET": lambda reader, key: reader.stack.append(reader.memo[key]),
    "LONG_BINGET": lambda reader, key: reader.stack.append(reader.memo[key]),
    "PERSID": lambda reader, argument: reader.made("persistent", (argument,)),
    "BINPERSID": lambda reader, _: reader.made("persistent", tuple(_pops(reader, 1))),
    "EXT1": lambda reader, argument: reader.made("extension", (argument,)),
    "EXT2": lambda reader, argument: reader.made("extension", (argument,)),
    "EXT4": lambda reader, argument: reader.made("extension", (argument,)),
    "NEXT_BUFFER": lambda reader, _: reader.made("buffer", ()),
}
