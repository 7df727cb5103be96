"""`scan_files`: every file of a release looked into before it goes into one; what may do harm is refused, all at once.

Looked for: pickles that import what a model does not need; secrets; links, devices and paths that lead out; archives
that unpack to more than they should; files that are not what their names say; native code; models whose headers claim
what is not there. Packaging has the copies looked into that the release is made of, so that nothing else gets into it,
whatever becomes of the files meanwhile. `package.yaml` allows what its owner knows better, by name:

```yaml
scan:
  allow_globals: [my_features.Ratio]         # names that a pickle may import
  allow_binaries: [model/libcustom_op.so]    # native code
  allow_secrets: [model/tokenizer.json]      # texts that only look like secrets
```
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Callable, Mapping
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TypeAlias

from model_packaging.errors import Violation
from model_packaging.release import ReleasePath, checked_path
from model_packaging.trust.allowed import AllowedFindings
from model_packaging.trust.file_kinds import HEAD_BYTES, is_text, kind_of, suffix_of
from model_packaging.trust.inspection import Inspector
from model_packaging.trust.model_headers import onnx_problems, safetensors_problem
from model_packaging.trust.report import RefusedFilesError, ScanReport
from model_packaging.trust.secrets import MAXIMUM_TEXT_BYTES, find_secrets
from model_packaging.trust.written_types import has_lambda_layer

RULES_VERSION = "1"
"""The version of what is looked for, told in the report."""

Copy: TypeAlias = Callable[[Mapping[ReleasePath, Path]], Mapping[ReleasePath, Path]]
"""Copies files, by their place in the release, and says where each copy lies."""


def scan_files(
    files: Mapping[ReleasePath, Path],
    *,
    allowed: AllowedFindings | None = None,
    root: Path | None = None,
    copy: Copy | None = None,
) -> ScanReport:
    """Looks into every file that a release is to have.

    Args:
        files: Place in the release to file.
        allowed: What package.yaml allows; nothing without it.
        root: The folder that no link may lead out of; without it, links are followed wherever they lead.
        copy: Makes the copies that are looked into, of the files that are ones and stay inside: what is done to a file
            afterwards is not in the release. Without it the files themselves are looked into.

    Raises:
        RefusedFilesError: every finding, with its file, where in it, and what to change.
        PackagingError: what looks for secrets is not installed; or what `copy` raises.
    """
    granted = AllowedFindings() if allowed is None else allowed
    inspector = Inspector(granted.allow_globals, granted.allow_binaries)
    inside = None if root is None else root.resolve()
    problems = {path: _place_problems(path, source, root, inside) for path, source in sorted(files.items())}
    findings = [one for told in problems.values() for one in told]
    sound = {path: files[path] for path, told in problems.items() if not told}
    not_searched: list[str] = []
    for path, looked_at in (sound if copy is None else copy(sound)).items():
        shown = files[path].as_posix()
        with looked_at.open("rb") as stream:
            size_bytes = os.fstat(stream.fileno()).st_size
            inspector.inspect(stream, size_bytes, shown, path)
            findings += _header_problems(stream, size_bytes, shown, path, files)
            if path in granted.allow_secrets:
                not_searched.append(path)
            else:
                findings += _secrets(stream, size_bytes, shown, path, not_searched)
    findings += inspector.findings
    if findings:
        raise RefusedFilesError(findings)
    return ScanReport(
        files=tuple(sorted(files)),
        pickles=tuple(sorted(inspector.pickles, key=lambda one: one.place)),
        allowed_by_name=tuple(sorted((*granted.allow_globals, *granted.allow_binaries))),
        not_searched_for_secrets=tuple(not_searched),
        tools=_tools(),
    )


@cache
def _tools() -> dict[str, str]:
    return {"detect-secrets": metadata.version("detect-secrets"), "greenroom-scan": RULES_VERSION}


def _place_problems(path: str, source: Path, root: Path | None, inside: Path | None) -> list[Violation]:
    """Where a file is to go, where it comes from, and whether it is one; `inside` is what `root` leads to."""
    shown = source.as_posix()
    problems = []
    try:
        checked_path(path)
    except ValueError as error:
        problems.append(Violation(shown, None, "", path, str(error), fix="give it a place inside the release"))
    try:
        mode = source.stat().st_mode
    except OSError as error:
        told = f"cannot be read: {error.strerror or error}"
        return [*problems, Violation(shown, None, "", None, told, fix="put the file there, or leave it out")]
    if not stat.S_ISREG(mode):
        told = f"is {_special(mode)}, not a file"
        problems.append(Violation(shown, None, "", None, told, fix="put the file itself there"))
    elif root is not None and inside is not None and not (leads_to := source.resolve()).is_relative_to(inside):
        told = f"is a link that leads out of {root.as_posix()}, to {leads_to}"
        problems.append(Violation(shown, None, "", None, told, fix="put the file itself there"))
    return problems


def _special(mode: int) -> str:
    kinds = (
        (stat.S_ISDIR, "a folder"),
        (stat.S_ISBLK, "a device"),
        (stat.S_ISCHR, "a device"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    )
    return next((name for test, name in kinds if test(mode)), "something else")


def _header_problems(
    stream: io.BufferedReader, size_bytes: int, shown: str, path: str, files: Mapping[ReleasePath, Path]
) -> list[Violation]:
    suffix = suffix_of(path)
    told: list[str] = []
    kind = kind_of(_head(stream), path)
    if kind and kind != "hdf5":
        return []  # a name that lies is told elsewhere
    if suffix == ".safetensors":
        problem = safetensors_problem(stream, size_bytes)
        told = [] if problem is None else [problem]
    elif suffix == ".onnx":
        told = list(onnx_problems(stream, size_bytes, path, files))
    elif (kind == "hdf5" or path.endswith("keras_metadata.pb")) and has_lambda_layer(stream, size_bytes):
        told = ["is a Keras model with a Lambda layer, which is bytecode that runs when the model is loaded"]
    return [Violation(shown, None, "", None, one, fix="export the model anew") for one in told]


def _head(stream: io.BufferedReader) -> bytes:
    """The file's first bytes; the stream stands before them."""
    stream.seek(0)
    return stream.peek(HEAD_BYTES)[:HEAD_BYTES]


def _secrets(
    stream: io.BufferedReader, size_bytes: int, shown: str, path: str, not_searched: list[str]
) -> list[Violation]:
    if not is_text(_head(stream)):
        return []
    if size_bytes > MAXIMUM_TEXT_BYTES:
        not_searched.append(path)
        return []
    found = list(find_secrets(stream, path))
    fix = (
        "take it out, and make a new one: it is known now; if it is no secret, mark the line with"
        f" `pragma: allowlist secret`, or the file in package.yaml: scan: {{allow_secrets: [{path}]}}"
    )
    return [
        Violation(shown, one.line, "", None, f"has what looks like a secret: {one.kind}, {one.shown}", fix=fix)
        for one in found
    ]
