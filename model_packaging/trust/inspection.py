"""A file looked into: what it is by its bytes, what is packed in it, and every pickle, however deep it lies.

A pickle is judged by the names that it imports (`known_globals`), and never unpickled. A file that is a pickle by its
first bytes or its name must be followed to its end; any other file is tried as one all the same, since pickles of the
old protocols have no mark, and is refused where it would import something dangerous before it breaks.
"""

from __future__ import annotations

import ast
import io
import re
import tempfile
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, BinaryIO, TypeAlias, cast

from model_packaging.errors import Violation
from model_packaging.trust.archives import BrokenArchiveError, Member, is_zip_at_its_end, tar_members, zip_members
from model_packaging.trust.file_kinds import (
    COMPRESSED,
    EXECUTABLE,
    HEAD_BYTES,
    PICKLE_SUFFIXES,
    UNREADABLE,
    kind_of,
    lie,
    name_unpacked,
)
from model_packaging.trust.known_globals import Verdict, is_name, judge
from model_packaging.trust.pickle_values import Walk
from model_packaging.trust.pickle_walk import walk_pickle
from model_packaging.trust.report import FORMAT_WITHOUT_CODE, ScannedPickle
from model_packaging.trust.streams import Budget, ByteReader, ExpandsTooFarError, unpacked
from model_packaging.trust.written_types import written_types

# dill puts its own types into the standard pickler when it is imported, by whoever imports it; joblib copies that one's
# when it is imported itself (https://github.com/uqfoundation/dill/blob/master/dill/_dill.py, `_extend`;
# https://github.com/joblib/joblib/blob/main/joblib/numpy_pickle.py, `NumpyPickler`).
WRITTEN_BESIDE_DILL = (
    "if the file is yours, its process had imported dill (Pulumi and Hugging Face's datasets do), which changes what"
    " joblib writes: write it anew in a process without dill, or with `dill.extend(use_dill=False)` before joblib is"
    " imported;"
    f" otherwise {FORMAT_WITHOUT_CODE}"
)
OF_NOBODY_KNOWN = f"do not use this file where you do not know who wrote it; {FORMAT_WITHOUT_CODE}"
MAXIMUM_DEPTH = 4
"""How often something may be packed in something else: a `.pt2` holds an archive that holds a pickle."""

TORCH_MAGIC_NUMBER = 0x1950A86A20F9469CFC6C
TORCH_PICKLES = 5
"""A file of torch before 1.6 is five pickles, the first its magic number, and then raw tensors
(https://github.com/pytorch/pytorch/blob/main/torch/serialization.py)."""

_MAXIMUM_NPY_HEADER_BYTES = 1024 * 1024
_SPOOL_BYTES = 16 * 1024 * 1024

Opener: TypeAlias = Callable[[], io.BufferedReader]


@dataclass(frozen=True)
class _Place:
    """Where something lies: a file, and the way to it through archives."""

    file: str
    release_path: str
    name: str
    """The name that says what it should be."""
    inner: tuple[str, ...] = ()

    def within(self, label: str, name: str) -> _Place:
        return _Place(self.file, self.release_path, name, (*self.inner, label))

    def __str__(self) -> str:
        return ": ".join((self.release_path, *self.inner))


class Inspector:
    """Looks into files, and collects what it finds."""

    def __init__(self, allow_globals: Collection[str], allow_binaries: Collection[str]) -> None:
        """What `package.yaml` allows: names by `module.name`, native code by its place in the release."""
        self._allow_globals = frozenset(allow_globals)
        self._allow_binaries = frozenset(allow_binaries)
        self.findings: list[Violation] = []
        self.pickles: list[ScannedPickle] = []

    def inspect(self, file: io.BufferedReader, size_bytes: int, shown: str, release_path: str) -> None:
        """Looks into one file, which is open and `size_bytes` long."""
        place = _Place(shown, release_path, release_path)

        def opened() -> io.BufferedReader:
            file.seek(0)
            return file

        kind = self._look(opened, place, Budget(size_bytes), 0)
        file.seek(0)
        if kind != "zip" and is_zip_at_its_end(file):
            told = "begins as one file and ends as a zip archive: readers would not agree on what it is"
            self._find(place, told, fix="write it anew")

    # ------------------------------------------------------------------------------------------------------------------

    def _look(self, opened: Opener, place: _Place, budget: Budget, depth: int) -> str:
        try:
            head = opened().peek(HEAD_BYTES)[:HEAD_BYTES]
            kind = kind_of(head, place.name)
            self._check_name(place, kind)
            self._dispatch(kind, opened, place, budget, depth)
        except ExpandsTooFarError:
            self._find(
                place,
                f"unpacks to more than {budget.limit_bytes:,} bytes: a compression bomb",
                allowed="at most a hundredfold of its size",
                fix="take it out, or pack it less",
            )
            return ""
        except (ValueError, EOFError) as error:
            self._find(place, f"cannot be read: {error}", fix="write it anew")
            return ""
        return kind

    def _check_name(self, place: _Place, kind: str) -> None:
        if kind.startswith(EXECUTABLE):
            if place.release_path not in self._allow_binaries:
                self._find(
                    place,
                    f"is native code: {kind}",
                    allowed="models and Python source",
                    fix="take it out, or allow it by name in package.yaml: "
                    f"scan: {{allow_binaries: [{place.release_path}]}}",
                )
            return
        promised = lie(place.name, kind)
        if promised is not None:
            told = f"is {_a(kind)}" if kind else "is something else"
            self._find(place, f"{told}, and its name says otherwise", allowed=promised, fix="give it its right name")

    def _dispatch(self, kind: str, opened: Opener, place: _Place, budget: Budget, depth: int) -> None:
        if kind in UNREADABLE:
            self._find(place, f"is {UNREADABLE[kind]}, which cannot be looked into here", fix="unpack it")
        elif kind in (*COMPRESSED, "zip", "tar") and depth >= MAXIMUM_DEPTH:
            self._find(place, f"is packed more than {MAXIMUM_DEPTH} times", fix="unpack it")
        elif kind in COMPRESSED:
            inner = place.within(f"({kind})", name_unpacked(place.name))
            self._look(lambda: unpacked(cast("BinaryIO", opened()), kind, budget), inner, budget, depth + 1)
        elif kind in ("zip", "tar"):
            self._look_into_archive(kind, opened, place, budget, depth)
        elif kind == "npy":
            self._look_into_array(opened, place, budget)
        elif not kind.startswith(EXECUTABLE) and kind not in ("hdf5", "parquet"):
            strict = kind == "pickle" or place.name.endswith(PICKLE_SUFFIXES)
            self._judge_pickles(opened, place, budget, strict=strict)

    def _look_into_archive(self, kind: str, opened: Opener, place: _Place, budget: Budget, depth: int) -> None:
        stream = opened()
        with tempfile.SpooledTemporaryFile(max_size=_SPOOL_BYTES) as spool:
            file = cast("BinaryIO", stream)
            if not stream.seekable():
                while chunk := stream.read(1024 * 1024):
                    spool.write(chunk)
                spool.seek(0)
                file = cast("BinaryIO", spool)
            try:
                members = zip_members(file, budget) if kind == "zip" else tar_members(file)
                for member in members:
                    self._look_into_member(member, place.within(member.name, member.name), budget, depth)
            except BrokenArchiveError as error:
                self._find(place, str(error), fix="write it anew")

    def _look_into_member(self, member: Member, place: _Place, budget: Budget, depth: int) -> None:
        if member.problem is not None:
            self._find(place, member.problem, fix="write the archive anew without it")
            return
        self._look(member.open, place, budget, depth + 1)
        for told in written_types(member.name, member.open, self._allow_globals):
            self._find(
                place, told, fix=f"allow it by name in package.yaml (scan: allow_globals), or {FORMAT_WITHOUT_CODE}"
            )

    def _look_into_array(self, opened: Opener, place: _Place, budget: Budget) -> None:
        stream = opened()
        prefix = stream.read(8)
        if len(prefix) < 8:
            raise EOFError("it is cut off")
        length_bytes = 2 if prefix[6] == 1 else 4
        header_bytes = int.from_bytes(stream.read(length_bytes), "little")
        if header_bytes > _MAXIMUM_NPY_HEADER_BYTES:
            raise ValueError("its header is longer than any array's")
        try:
            header = ast.literal_eval(stream.read(header_bytes).decode("latin-1").strip())
            descr = header["descr"]
        except (SyntaxError, TypeError, ValueError, KeyError, MemoryError, RecursionError) as error:
            raise ValueError("its header is not an array's") from error
        if _has_objects(descr):
            self._judge_pickles(opened, place, budget, strict=True, start=8 + length_bytes + header_bytes)

    # ------------------------------------------------------------------------------------------------------------------

    def _judge_pickles(self, opened: Opener, place: _Place, budget: Budget, *, strict: bool, start: int = 0) -> None:
        """Every pickle of a file, one after another, and the first one as a reader that knows no arrays has it."""
        walks = _walk_all(opened, start)
        broken = next((walk for walk in walks if walk.error is not None), None)
        if any(walk.has_arrays for walk in walks):
            spent = budget.spent_bytes
            reader = ByteReader(opened())
            reader.skip(start)
            walks.append(walk_pickle(reader, skip_arrays=False))
            budget.spent_bytes = spent
        for walk in walks:
            self._judge_imports(walk, place, strict=strict)
        if strict and broken is not None:
            self._find(
                place,
                f"is a pickle that cannot be followed: {broken.error}",
                byte=broken.stopped_at,
                fix="write it anew; it may be cut off",
            )
        if strict or any(walk.imports for walk in walks if walk.error is None):
            names = {f"{one.module}.{one.name}" for walk in walks for one in walk.imports}
            self.pickles.append(ScannedPickle(str(place), tuple(sorted(names))))

    def _judge_imports(self, walk: Walk, place: _Place, *, strict: bool) -> None:
        """The names, and what is made up. What breaks off may be no pickle: then only dangerous calls count."""
        whole = walk.error is None
        if not strict and not whole and not walk.calls:
            return
        for imported, at in walk.imports.items():
            verdict = judge(imported.module, imported.name, self._allow_globals)
            believed = whole or is_name(imported.module, imported.name)
            if believed and (verdict is Verdict.DANGEROUS or (verdict is Verdict.UNKNOWN and (strict or whole))):
                self._find_import(place, f"{imported.module}.{imported.name}", verdict, at)
        if walk.computed and (strict or whole):
            told = "is a pickle that calls or imports what it makes up while it is read"
            self._find(place, told, byte=walk.computed[0], fix=FORMAT_WITHOUT_CODE)

    def _find_import(self, place: _Place, name: str, verdict: Verdict, at: int) -> None:
        if verdict is Verdict.DANGEROUS:
            self._find(
                place,
                f"is a pickle that imports {name}, which can run code or reach files: a dangerous global",
                byte=at,
                fix=WRITTEN_BESIDE_DILL if name.startswith("dill.") else OF_NOBODY_KNOWN,
            )
            return
        self._find(
            place,
            f"is a pickle that imports {name}: an unknown global",
            byte=at,
            fix=f"if the name is yours, allow it in package.yaml: scan: {{allow_globals: [{name}]}}; otherwise"
            f" {FORMAT_WITHOUT_CODE}",
        )

    def _find(self, place: _Place, message: str, *, byte: int | None = None, allowed: str = "", fix: str = "") -> None:
        where = ": ".join(place.inner)
        if byte is not None:
            where = f"{where} byte {byte}".strip()
        finding = Violation(place.file, None, where, None, message, allowed, fix)
        if finding not in self.findings:
            self.findings.append(finding)


def _walk_all(opened: Opener, start: int) -> list[Walk]:
    """One pickle after another, until the file's end or what is no pickle."""
    reader = ByteReader(opened())
    reader.skip(start)
    walks = [walk_pickle(reader, skip_arrays=True)]
    of_torch = walks[0].result == TORCH_MAGIC_NUMBER and walks[0].error is None
    while walks[-1].error is None and not reader.at_end():
        if of_torch and len(walks) == TORCH_PICKLES:
            break
        walk = walk_pickle(reader, skip_arrays=True)
        if walk.error is not None:
            walk.error = f"after its end there are bytes that are no pickle ({walk.error})"
        walks.append(walk)
    return walks


def _has_objects(descr: Any) -> bool:
    """Whether an array's element type holds Python objects (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html)."""
    if isinstance(descr, str):
        return re.search(r"O|object", descr) is not None
    if isinstance(descr, tuple):
        return any(_has_objects(one) for one in descr[:2] if not isinstance(one, int))
    if isinstance(descr, list):
        return any(_has_objects(field[1]) for field in descr if isinstance(field, tuple) and len(field) > 1)
    return True


def _a(kind: str) -> str:
    return f"{'an' if kind[0] in 'aeiou' else 'a'} {kind} file"
