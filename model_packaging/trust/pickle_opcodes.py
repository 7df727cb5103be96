"""What each opcode of a pickle does to the stack of `PickleMachine`; opcodes that are not here push their argument.

https://github.com/python/cpython/blob/main/Lib/pickle.py, the methods `load_…` of `_Unpickler`.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from model_packaging.trust.pickle_values import BrokenPickleError, Followed

if TYPE_CHECKING:
    from model_packaging.trust.pickle_walk import PickleMachine

HIGHEST_PROTOCOL = 5
_MAXIMUM_ITEMS = 64
_MAXIMUM_TEXT = 4096


def _mark(machine: PickleMachine, _: Any) -> None:
    machine.mark()


def _pop(machine: PickleMachine, _: Any) -> None:
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _fixed_tuple(count: int) -> Callable[[PickleMachine, Any], None]:
    def handler(machine: PickleMachine, _: Any) -> None:
        values = [machine.pop() for _ in range(count)]
        machine.push(machine.tuple_of(values[::-1]))

    return handler


def _marked_tuple(machine: PickleMachine, _: Any) -> None:
    machine.push(machine.tuple_of(machine.pop_mark()))


def _marked_dict(machine: PickleMachine, _: Any) -> None:
    values = machine.pop_mark()
    machine.push(_with_items({}, values))


def _with_items(target: dict[Any, Any], values: list[Any]) -> dict[Any, Any]:
    for key, value in zip(values[::2], values[1::2], strict=False):
        if isinstance(key, str) and (key in target or len(target) < _MAXIMUM_ITEMS):
            target[key] = value
    return target


def _marked_data(machine: PickleMachine, _: Any) -> None:
    machine.pop_mark()
    machine.push(Followed.DATA)


def _forget_marked(machine: PickleMachine, _: Any) -> None:
    machine.pop_mark()


def _extend(machine: PickleMachine, _: Any) -> None:
    machine.pop_mark()
    machine.top()


def _append(machine: PickleMachine, _: Any) -> None:
    machine.pop()
    machine.top()


def _set_item(machine: PickleMachine, _: Any) -> None:
    value, key = machine.pop(), machine.pop()
    target = machine.top()
    if isinstance(target, dict):
        _with_items(target, [key, value])


def _set_items(machine: PickleMachine, _: Any) -> None:
    values, target = machine.pop_mark(), machine.top()
    if isinstance(target, dict):
        _with_items(target, values)


def _text_line(machine: PickleMachine, argument: Any) -> None:
    data: bytes = argument[0].strip()
    if len(data) < 2 or data[:1] != data[-1:] or data[:1] not in (b"'", b'"'):
        raise BrokenPickleError("it has a text without quotes")
    try:
        text = codecs.escape_decode(data[1:-1])[0].decode("latin-1")
    except ValueError as error:
        raise BrokenPickleError("it has a text that cannot be read") from error
    machine.push(text if len(text) <= _MAXIMUM_TEXT else Followed.DATA)


def _unicode_line(machine: PickleMachine, argument: Any) -> None:
    try:
        text = argument[0].decode("raw-unicode-escape")
    except UnicodeDecodeError as error:
        raise BrokenPickleError("it has a text that cannot be read") from error
    machine.push(text if len(text) <= _MAXIMUM_TEXT else Followed.DATA)


def _number_line(machine: PickleMachine, argument: Any) -> None:
    try:
        machine.push(int(argument[0].rstrip(b"L")[:32], 0))
    except ValueError:
        machine.push(Followed.DATA)


def _data(machine: PickleMachine, _: Any) -> None:
    machine.push(Followed.DATA)


def _unknown(machine: PickleMachine, _: Any) -> None:
    machine.push(Followed.COMPUTED)


def _constant(value: Any) -> Callable[[PickleMachine, Any], None]:
    def handler(machine: PickleMachine, _: Any) -> None:
        machine.push(value)

    return handler


def _empty_dict(machine: PickleMachine, _: Any) -> None:
    machine.push({})


def _global(machine: PickleMachine, argument: Any) -> None:
    module, name = (line.decode("utf-8", "replace") for line in argument)
    machine.import_name(module, name)


def _stack_global(machine: PickleMachine, _: Any) -> None:
    name, module = machine.pop(), machine.pop()
    machine.import_name(module, name)


def _inst(machine: PickleMachine, argument: Any) -> None:
    values = machine.pop_mark()
    _global(machine, argument)
    machine.call(machine.pop(), machine.tuple_of(values))


def _obj(machine: PickleMachine, _: Any) -> None:
    values = machine.pop_mark()
    if not values:
        raise BrokenPickleError("it makes an object of no class")
    machine.call(values[0], machine.tuple_of(values[1:]))


def _reduce(machine: PickleMachine, _: Any) -> None:
    args, called = machine.pop(), machine.pop()
    machine.call(called, args)


def _new_object(machine: PickleMachine, _: Any) -> None:
    args, called = machine.pop(), machine.pop()
    machine.call(called, args, makes_instance=True)


def _new_object_with_keywords(machine: PickleMachine, _: Any) -> None:
    keywords, args, called = machine.pop(), machine.pop(), machine.pop()
    given = args if isinstance(args, tuple) else ()
    given = (*given, *keywords.values()) if isinstance(keywords, dict) else given
    machine.call(called, given, makes_instance=True)


def _build(machine: PickleMachine, _: Any) -> None:
    machine.build()


def _extension(machine: PickleMachine, _: Any) -> None:
    machine.make_up()  # a name that only the reading process knows (copyreg.add_extension)


def _put(machine: PickleMachine, argument: Any) -> None:
    machine.memo.put(_index(argument), machine.top())


def _memoize(machine: PickleMachine, _: Any) -> None:
    machine.memo.put(len(machine.memo), machine.top())


def _get(machine: PickleMachine, argument: Any) -> None:
    machine.push(machine.memo.get(_index(argument)))


def _index(argument: Any) -> int:
    if isinstance(argument, int):
        return argument
    try:
        return int(argument[0])
    except ValueError as error:
        raise BrokenPickleError("it names no place of the memo") from error


def _protocol(machine: PickleMachine, argument: Any) -> None:
    if argument > HIGHEST_PROTOCOL:
        raise BrokenPickleError(f"it is of protocol {argument}, which there is not")
    machine.protocol = argument


def _frame(machine: PickleMachine, argument: Any) -> None:
    machine.frame_end = machine.reader.position + argument


def _persistent(machine: PickleMachine, _: Any) -> None:
    machine.pop()
    machine.push(Followed.COMPUTED)


def _dup(machine: PickleMachine, _: Any) -> None:
    machine.push(machine.top())


def _nothing(_machine: PickleMachine, _: Any) -> None:
    """A buffer's being read-only changes nothing here."""


HANDLERS: dict[str, Callable[[PickleMachine, Any], None]] = {
    "ADDITEMS": _extend,
    "APPEND": _append,
    "APPENDS": _extend,
    "BINGET": _get,
    "BINPERSID": _persistent,
    "BINPUT": _put,
    "BUILD": _build,
    "DICT": _marked_dict,
    "DUP": _dup,
    "EMPTY_DICT": _empty_dict,
    "EMPTY_LIST": _data,
    "EMPTY_SET": _data,
    "EMPTY_TUPLE": _constant(()),
    "EXT1": _extension,
    "EXT2": _extension,
    "EXT4": _extension,
    "FLOAT": _data,
    "FRAME": _frame,
    "FROZENSET": _marked_data,
    "GET": _get,
    "GLOBAL": _global,
    "INST": _inst,
    "INT": _number_line,
    "LIST": _marked_data,
    "LONG": _number_line,
    "LONG_BINGET": _get,
    "LONG_BINPUT": _put,
    "MARK": _mark,
    "MEMOIZE": _memoize,
    "NEWFALSE": _constant(False),
    "NEWOBJ": _new_object,
    "NEWOBJ_EX": _new_object_with_keywords,
    "NEWTRUE": _constant(True),
    "NEXT_BUFFER": _data,
    "NONE": _constant(None),
    "OBJ": _obj,
    "PERSID": _unknown,
    "POP": _pop,
    "POP_MARK": _forget_marked,
    "PROTO": _protocol,
    "PUT": _put,
    "READONLY_BUFFER": _nothing,
    "REDUCE": _reduce,
    "SETITEM": _set_item,
    "SETITEMS": _set_items,
    "STACK_GLOBAL": _stack_global,
    "STRING": _text_line,
    "TUPLE": _marked_tuple,
    "TUPLE1": _fixed_tuple(1),
    "TUPLE2": _fixed_tuple(2),
    "TUPLE3": _fixed_tuple(3),
    "UNICODE": _unicode_line,
}
