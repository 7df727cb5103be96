"""`checkout`: where a release's files came from, as far as this machine can tell: `evidence/checkout.json`.

The commit, whether the model's folder differs from it and in which files, tags, the remote without credentials; this
machine's Python, and the versions of the frameworks that are installed here. It differs from machine to machine and
from commit to commit, and is therefore evidence beside a release and no part of its digest.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

_FRAMEWORKS = (
    "catboost lightgbm mlflow numpy onnx onnxruntime pandas safetensors scikit-learn scipy skops tensorflow"
    " tensorflow-cpu torch transformers xgboost xgboost-cpu"
)
_COMMIT = ("rev-parse", "--verify", "HEAD")
_GIT_SECONDS = 30
_MAXIMUM_PATHS = 200
"""Of files that differ; how many there are is told as well."""


def checkout(folder: Path) -> bytes:
    """`checkout.json` of a model's folder.

    Args:
        folder: `models/NAME`; its own files decide whether it is clean, not those of the repository around it.
    """
    content = {
        "schema_version": 1,
        "git": _git(folder),
        "python": platform.python_version(),
        "implementation": sys.implementation.name,
        "platform": platform.platform(),
        "frameworks": _installed(),
    }
    return (json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()


def git_commit(folder: Path) -> str | None:
    """The commit that the folder's files are at; None outside a repository, or without git."""
    return _ask(folder, *_COMMIT)[0]


def _git(folder: Path) -> dict[str, Any]:
    """What git says; where it says nothing, why."""
    commit, why = _ask(folder, *_COMMIT)
    if commit is None:
        return {"available": False, "reason": why}
    status, _ = _ask(folder, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--", ".")
    differing = sorted(_paths(status or ""))
    remote, _ = _ask(folder, "remote", "get-url", "origin")
    tags, _ = _ask(folder, "tag", "--points-at", "HEAD")
    branch, _ = _ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD")
    return {
        "available": True,
        "commit": commit,
        "branch": branch,
        "tags": sorted((tags or "").split()),
        "clean": not differing,
        "differing": differing[:_MAXIMUM_PATHS],
        "differing_count": len(differing),
        "remote": None if remote is None else without_credentials(remote),
    }


def _ask(folder: Path, *words: str) -> tuple[str | None, str]:
    """Git's answer, or None and why there is none."""
    try:
        answer = subprocess.run(
            ["git", "--no-optional-locks", *words],
            cwd=folder,
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
            check=False,
            timeout=_GIT_SECONDS,
        )
    except FileNotFoundError:
        return None, "git is not installed on this machine"
    except (OSError, subprocess.TimeoutExpired) as error:
        return None, f"git did not answer: {type(error).__name__}"
    if answer.returncode != 0:
        told = (answer.stderr.strip().splitlines() or ["no answer"])[0]
        return None, told if "not a git repository" not in told else f"{folder.as_posix()} is in no git repository"
    return answer.stdout.strip("\n"), ""


def _paths(status: str) -> list[str]:
    """Files of `git status --porcelain -z`, relative to the repository; a renamed one by both names.

    https://git-scm.com/docs/git-status#_pathname_format_notes_and_z
    """
    paths, records = [], iter(status.split("\0"))
    for record in records:
        if not record:
            continue
        paths.append(record[3:])
        if "R" in record[:2] or "C" in record[:2]:
            paths.append(next(records, ""))
    return paths


def without_credentials(url: str) -> str:
    """A remote's URL without user, password or query; `git@host:path` keeps the user, which is no secret."""
    parts = urlsplit(url)
    if not parts.scheme or not parts.hostname:
        return url
    port = "" if parts.port is None else f":{parts.port}"
    user = f"{parts.username}@" if parts.scheme == "ssh" and parts.username else ""
    return urlunsplit((parts.scheme, f"{user}{parts.hostname}{port}", parts.path, "", ""))


def _installed() -> dict[str, str]:
    versions = {}
    for name in _FRAMEWORKS.split():
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return versions
