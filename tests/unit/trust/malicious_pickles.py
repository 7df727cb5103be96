"""Pickles that would run code, written opcode by opcode; nobody unpickles them."""

from __future__ import annotations

import pickle
import struct
from pathlib import Path


def short_text(text: str) -> bytes:
    return pickle.SHORT_BINUNICODE + bytes([len(text)]) + text.encode()


def global_by_line(module: str, name: str) -> bytes:
    return pickle.GLOBAL + f"{module}\n{name}\n".encode()


def global_by_stack(module: str, name: str) -> bytes:
    return short_text(module) + short_text(name) + pickle.STACK_GLOBAL


def touching(marker: Path) -> bytes:
    """The argument of every call here: if anybody made it, there would be this file."""
    return short_text(f"touch {marker}") + pickle.TUPLE1


def calling(module: str, name: str, marker: Path, protocol: int = 4) -> bytes:
    named = global_by_stack(module, name) if protocol >= 4 else global_by_line(module, name)
    return pickle.PROTO + bytes([protocol]) + named + touching(marker) + pickle.REDUCE + pickle.STOP


def harmless() -> bytes:
    return pickle.dumps({"weights": [1.0, 2.0], "name": "model"})


def variants(marker: Path) -> dict[str, bytes]:
    """Ways to call os.system that scanners were led past."""
    system_by_line = global_by_line("os", "system")
    call = touching(marker) + pickle.REDUCE + pickle.STOP
    proto = pickle.PROTO + b"\x04"
    kept = short_text("os") + pickle.MEMOIZE + pickle.POP + short_text("system") + pickle.MEMOIZE + pickle.POP
    argument = f"touch {marker}"
    return {
        "protocol 0, without a mark": b"cos\nsystem\n(S'" + argument.encode() + b"'\ntR.",
        "protocol 0, Python 2's name": b"cposix\nsystem\n(S'" + argument.encode() + b"'\ntR.",
        "Python 2's name of subprocess": pickle.PROTO + b"\x02" + global_by_line("commands", "getoutput") + call,
        "INST": b"(S'" + argument.encode() + b"'\nios\nsystem\n.",
        "OBJ": b"(cos\nsystem\nS'" + argument.encode() + b"'\no.",
        "STACK_GLOBAL": proto + global_by_stack("os", "system") + call,
        "STACK_GLOBAL of the memo": proto + kept + pickle.BINGET + b"\0" + pickle.BINGET + b"\1" + b"\x93" + call,
        "STACK_GLOBAL of a number put twice": proto
        + short_text("os")
        + b"q\0q\0"
        + pickle.MEMOIZE  # place 1: one place is taken, not two
        + pickle.POP
        + short_text("system")
        + pickle.MEMOIZE
        + pickle.POP
        + b"h\1h\2\x93"
        + call,
        "NEWOBJ": proto + global_by_stack("subprocess", "Popen") + touching(marker) + pickle.NEWOBJ + pickle.STOP,
        "NEWOBJ_EX": proto + global_by_stack("subprocess", "Popen") + touching(marker) + b"}\x92.",
        "after the first pickle": harmless() + proto + system_by_line + call,
        "cut off after the call": (proto + system_by_line + call)[:-1],
        "broken after the call": (proto + system_by_line + call)[:-1] + b"\xff\xff",
        "attribute of an attribute": calling("sklearn.base", "warnings.sys.modules", marker),
        "attribute of an allowed module": calling("numpy", "f2py.os.system", marker),
        "extension code": proto + pickle.EXT1 + b"\x01" + call,
        "persistent id called": proto + short_text("x") + pickle.BINPERSID + call,
        "a call's result is called": proto
        + global_by_stack("_codecs", "encode")
        + touching(marker)
        + pickle.REDUCE
        + call,
        "an array's bytes that a plain reader runs": joblib_array(proto, system_by_line + call),
        "opcodes in a frame, behind an array": joblib_frame(proto, system_by_line + call),
        "opcodes in the bytes of an array's description made elsewhere": _wrapper_elsewhere(
            proto, system_by_line + call
        ),
    }


_WRAPPER = global_by_stack("joblib.numpy_pickle", "NumpyArrayWrapper")
_FLOAT64 = global_by_stack("numpy", "dtype") + short_text("f8") + pickle.TUPLE1 + pickle.REDUCE


def _description(values: int) -> bytes:
    shape = pickle.BININT1 + bytes([values]) + pickle.TUPLE1
    state = pickle.MARK + short_text("dtype") + _FLOAT64 + short_text("shape") + shape + pickle.SETITEMS
    return _WRAPPER + pickle.EMPTY_TUPLE + pickle.NEWOBJ + pickle.EMPTY_DICT + state + pickle.BUILD


def joblib_array(proto: bytes, payload: bytes) -> bytes:
    """What joblib takes for an array is what a plain unpickler runs."""
    values = -(-len(payload) // 8)
    return proto + _description(values) + payload.ljust(values * 8, b".") + pickle.STOP


def joblib_frame(proto: bytes, payload: bytes) -> bytes:
    """joblib reads the whole frame first, and the array from behind it."""
    values = -(-len(payload) // 8)
    body = _description(values) + payload.ljust(values * 8, b".")
    return proto + pickle.FRAME + struct.pack("<Q", len(body)) + body + b"\0" * values * 8 + pickle.STOP


def _wrapper_elsewhere(proto: bytes, payload: bytes) -> bytes:
    rebuild = global_by_stack("torch._tensor", "_rebuild_from_type_v2")
    hidden = pickle.BINBYTES + struct.pack("<I", len(payload)) + payload
    return proto + rebuild + pickle.MARK + _WRAPPER + pickle.TUPLE + pickle.REDUCE + hidden + pickle.STOP
