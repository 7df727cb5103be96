"""A pickle followed opcode by opcode, as an unpickler would, without importing or calling anything.

What stands on the unpickler's stack is followed as far as it decides what is imported and called: texts, tuples and
imported names; of the rest it is known whether it is plain data, an object of a class, or what a call returned. So a
name that comes out of the memo, or of two texts far apart, is seen for what it is; and what is called or imported
without being written down (*computed*) is refused, because nobody can tell what it will be.

joblib writes an array's bytes into the middle of its pickle, after the `NumpyArrayWrapper` that describes it: they are
passed over as joblib passes over them (`skip_arrays`). A plain unpickler would read the same bytes as opcodes, so that
a file with such arrays is followed both ways.

Own walk rather than picklescan's or fickling's: both read a whole pickle into memory, stop at the first byte that is
no opcode (the first array of joblib's), and know dangerous names instead of allowed ones.

Opcodes: https://github.com/python/cpython/blob/main/Lib/pickletools.py; joblib's format:
https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py.
"""

from __future__ import annotations

import pickletools
import re
from typing import Any

from model_packaging.trust.known_globals import in_python_3
from model_packaging.trust.pickle_opcodes import HANDLERS
from model_packaging.trust.pickle_values import BrokenPickleError, Followed, Imported, Made, Walk
from model_packaging.trust.streams import ByteReader

MAXIMUM_KEPT_BYTES = 4096
"""A longer text or byte string is no name: it is passed over."""
MAXIMUM_LINE_BYTES = 16 * 1024 * 1024
MAXIMUM_DEPTH = 2_000_000
MAXIMUM_NAMES = 10_000
MAXIMUM_KEPT_IN_MEMO = 500_000
MAXIMUM_KEPT_ITEMS = 64

_WRAPPER = ("joblib.numpy_pickle", "NumpyArrayWrapper")
_DTYPE = ("numpy", "dtype")
_RECONSTRUCTOR = ("copyreg", "_reconstructor")


def _stop(machine: PickleMachine, _: Any) -> None:
    machine.walk.result = machine.pop()


_OPCODES = {
    one.code.encode("latin-1"): (_stop if one.name == "STOP" else HANDLERS.get(one.name), one.arg)
    for one in pickletools.opcodes
}
"""Opcode to what it does, None where it pushes its argument, and to its argument's shape."""

_NUMBERS = frozenset({"uint1", "uint2", "uint4", "uint8", "int4"})
_PREFIX_BYTES = {
    pickletools.TAKEN_FROM_ARGUMENT1: 1,
    pickletools.TAKEN_FROM_ARGUMENT4: 4,
    pickletools.TAKEN_FROM_ARGUMENT4U: 4,
    pickletools.TAKEN_FROM_ARGUMENT8U: 8,
}


def walk_pickle(reader: ByteReader, *, skip_arrays: bool) -> Walk:
    """Follows one pickle from where `reader` stands to its STOP, or as far as an unpickler would come.

    Args:
        reader: Left after the STOP opcode.
        skip_arrays: Pass over joblib's arrays, as `joblib.load` does.
    """
    machine = PickleMachine(reader, skip_arrays=skip_arrays)
    walk = machine.walk
    try:
        machine.run()
    except EOFError:
        walk.error = "it ends in the middle"
    except BrokenPickleError as error:
        walk.error = str(error)
    walk.stopped_at = reader.position
    return walk


class PickleMachine:
    """The unpickler's stack, marks and memo, with values as far as they are followed."""

    def __init__(self, reader: ByteReader, *, skip_arrays: bool) -> None:
        """Before the first opcode."""
        self.reader, self.skip_arrays = reader, skip_arrays
        self.walk = Walk()
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo = _Memo()
        self.protocol = 0
        self.frame_end = 0
        self.at = 0

    def run(self) -> None:
        """To the STOP opcode.

        Raises:
            BrokenPickleError: an unpickler would stop here.
            EOFError: the pickle is cut off.
        """
        reader, read, push = self.reader, self.reader.read, self.push
        while True:
            self.at = reader.position
            known = _OPCODES.get(read(1))
            if known is None:
                raise BrokenPickleError("it has a byte that is no opcode")
            handler, shape = known
            argument = Followed.DATA if shape is None else self._argument(shape)
            if handler is not None:
                handler(self, argument)
                if handler is _stop:
                    return
            else:
                push(argument)

    def _argument(self, shape: pickletools.ArgumentDescriptor) -> Any:
        if shape.n >= 0:
            data = self.reader.read(shape.n)
            return int.from_bytes(data, "little") if shape.name in _NUMBERS else Followed.DATA
        if shape.n == pickletools.UP_TO_NEWLINE:
            lines = 2 if shape.name == "stringnl_noescape_pair" else 1
            return tuple(self.reader.line(MAXIMUM_LINE_BYTES) for _ in range(lines))
        length = int.from_bytes(self.reader.read(_PREFIX_BYTES[shape.n]), "little")
        if length > MAXIMUM_KEPT_BYTES:
            self.reader.skip(length)
            return Followed.DATA
        return _short_value(shape.name, self.reader.read(length))

    # The stack. -----------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        """One value more."""
        if len(self.stack) >= MAXIMUM_DEPTH:
            raise BrokenPickleError(f"it holds more than {MAXIMUM_DEPTH:,} values at once")
        self.stack.append(value)

    def pop(self) -> Any:
        """The last value; marks are no values."""
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            raise BrokenPickleError("it takes a value where there is none")
        return self.stack.pop()

    def top(self) -> Any:
        """The last value, which stays."""
        value = self.pop()
        self.stack.append(value)
        return value

    def mark(self) -> None:
        """Marks where the stack stands."""
        if len(self.marks) >= MAXIMUM_DEPTH:
            raise BrokenPickleError(f"it sets more than {MAXIMUM_DEPTH:,} marks")
        self.marks.append(len(self.stack))

    def pop_mark(self) -> list[Any]:
        """All values since the last mark."""
        if not self.marks:
            raise BrokenPickleError("it goes back to a mark that was not set")
        start = self.marks.pop()
        values = self.stack[start:]
        del self.stack[start:]
        return values

    def tuple_of(self, values: list[Any]) -> Any:
        """A tuple, without the tuples in it, of which nothing need be known."""
        for one in values:
            if isinstance(one, tuple) and _mentions_wrapper(one):
                self.walk.computed.append(self.at)
        if len(values) > MAXIMUM_KEPT_ITEMS:
            if _mentions_wrapper(tuple(values)):
                self.walk.computed.append(self.at)
            return Followed.DATA
        return tuple(Followed.DATA if isinstance(one, tuple) else one for one in values)

    # Names and calls. -----------------------------------------------------------------------------------------------

    def import_name(self, module: Any, name: Any) -> None:
        """GLOBAL and its kin: names are texts that are written down."""
        if Followed.COMPUTED in (module, name):
            self.make_up()
            return
        if not isinstance(module, str) or not isinstance(name, str):
            raise BrokenPickleError("it imports by what is no text")
        imported = Imported(*in_python_3(module, name, self.protocol))
        if len(self.walk.imports) >= MAXIMUM_NAMES:
            raise BrokenPickleError(f"it imports more than {MAXIMUM_NAMES:,} names")
        self.walk.imports.setdefault(imported, self.at)
        self.push(imported)

    def call(self, called: Any, args: Any, *, makes_instance: bool = False) -> None:
        """REDUCE and its kin: only an imported name may be called."""
        if called in (Followed.COMPUTED, Followed.INSTANCE):
            self.make_up()
            return
        if not isinstance(called, Imported):
            raise BrokenPickleError("it calls what cannot be called")
        self.walk.calls += 1
        kind, given = called.place, args if isinstance(args, tuple) else ()
        if kind == _RECONSTRUCTOR and given and isinstance(given[0], Imported):
            kind, given, makes_instance = given[0].place, given[1:], True
        if _mentions_wrapper(given):
            self.walk.computed.append(self.at)  # an array's description, made where it cannot be followed
        if kind in (_WRAPPER, _DTYPE):
            self.push(Made(kind, given))
        else:
            self.push(Followed.INSTANCE if makes_instance and kind[0] != "builtins" else Followed.COMPUTED)

    def make_up(self) -> None:
        """Something is called or imported that is not written down."""
        self.walk.computed.append(self.at)
        self.push(Followed.COMPUTED)

    def build(self) -> None:
        """BUILD: an object gets its state; an array's description is followed by the array."""
        state, made = self.pop(), self.top()
        if not isinstance(made, Made):
            return
        if isinstance(made.state, dict) and isinstance(state, dict):
            state = made.state | state
        made.state = state
        if made.kind == _WRAPPER:
            self.walk.has_arrays = True
            if self.skip_arrays:
                self._skip_array(made)

    def _skip_array(self, wrapper: Made) -> None:
        if self.reader.position < self.frame_end:
            raise BrokenPickleError("it has an array inside a frame, which joblib does not write")
        state = wrapper.state if isinstance(wrapper.state, dict) else {}
        self.stack[-1] = Followed.COMPUTED
        dtype, shape = state.get("dtype"), state.get("shape")
        if not isinstance(dtype, Made) or not isinstance(shape, tuple):
            raise BrokenPickleError("it has an array whose length cannot be told")
        item_bytes = _item_bytes(dtype)
        if item_bytes is None:
            inner = walk_pickle(self.reader, skip_arrays=False)
            self.walk.computed += inner.computed
            self.walk.calls += inner.calls
            for imported, offset in inner.imports.items():
                self.walk.imports.setdefault(imported, offset)
            if inner.error is not None:
                raise BrokenPickleError(f"in an array of objects, {inner.error}")
            return
        count = 1
        for length in shape:
            if not isinstance(length, int) or length < 0:
                raise BrokenPickleError("it has an array whose length cannot be told")
            count *= length
        if state.get("numpy_array_alignment_bytes") is not None:
            self.reader.skip(self.reader.read(1)[0])
        self.reader.skip(count * item_bytes)


class _Memo:
    """What the pickle remembers by number: a byte of every value, and more of what may be a name."""

    def __init__(self) -> None:
        self._kinds = bytearray()
        self._apart: dict[int, int] = {}
        self._values: dict[int, Any] = {}

    def __len__(self) -> int:
        return len(self._kinds) + len(self._apart)

    def put(self, key: int, value: Any) -> None:
        """Remembers a value. How many there are decides which number MEMOIZE gives."""
        if isinstance(value, str | tuple) and len(self._values) >= MAXIMUM_KEPT_IN_MEMO:
            value = Followed.COMPUTED if isinstance(value, str) else Followed.DATA
        if isinstance(value, str | tuple | Imported | Made):
            self._values[key] = value
        else:
            self._values.pop(key, None)
        kind = value if isinstance(value, Followed) else Followed.DATA
        if key < len(self._kinds):
            self._kinds[key] = kind.value
        elif key == len(self._kinds):
            self._kinds.append(kind.value)
            while len(self._kinds) in self._apart:
                self._kinds.append(self._apart.pop(len(self._kinds)))
        else:
            self._apart[key] = kind.value
            if len(self._apart) > MAXIMUM_DEPTH:
                raise BrokenPickleError(f"its memo has more than {MAXIMUM_DEPTH:,} places apart")

    def get(self, key: int) -> Any:
        """What is remembered by that number."""
        if key in self._values:
            return self._values[key]
        kind = self._kinds[key] if 0 <= key < len(self._kinds) else self._apart.get(key)
        if kind is None:
            raise BrokenPickleError("it remembers what it did not keep")
        return Followed(kind)


def _short_value(shape: str, data: bytes) -> Any:
    if shape.startswith("unicodestring"):
        try:
            return data.decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            raise BrokenPickleError("it has a text that is not UTF-8") from error
    if shape in ("string1", "string4"):
        return data.decode("latin-1")
    if shape.startswith("long"):
        return int.from_bytes(data, "little", signed=True)
    return Followed.DATA


def _mentions_wrapper(values: tuple[Any, ...]) -> bool:
    return any(isinstance(one, Imported) and one.place == _WRAPPER for one in values)


_CHARACTER_BYTES = {"U": 4, "S": 1, "V": 1, "a": 1}


def _item_bytes(dtype: Made) -> int | None:
    """Bytes of an element; None where elements are objects, which are pickled.

    numpy's pickled state: (version, order, subdtype, names, fields, item bytes, alignment, flags …).
    """
    code = dtype.args[0] if dtype.args else None
    state = dtype.state if isinstance(dtype.state, tuple) else ()
    flags = state[7] if len(state) > 7 else 0
    if not isinstance(code, str) or not isinstance(flags, int):
        raise BrokenPickleError("it has an array whose element type cannot be told")
    found = re.fullmatch(r"[<>|=]?([A-Za-z])(\d*)", code)
    if found is None:
        raise BrokenPickleError(f"it has an array of the unknown element type {code[:20]!r}")
    letter, digits = found.groups()
    if letter == "O" or flags & 1:  # NPY_ITEM_REFCOUNT
        return None
    item_bytes = state[5] if len(state) > 5 else -1
    if isinstance(item_bytes, int) and 0 < item_bytes < 2**31:
        return item_bytes
    return int(digits or "1") * _CHARACTER_BYTES.get(letter, 1)
