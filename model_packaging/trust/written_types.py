"""Types that a model writes down as text, for its library to import: skops' schema and Keras' configuration.

Neither is a pickle; both name what is imported and made when the model is loaded. A Keras `Lambda` layer carries
marshalled bytecode, and a configuration may name any module
(https://keras.io/api/models/model_saving_apis/model_saving_and_loading/#loadmodel-function, CVE-2025-1550).
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath
from typing import Any

from model_packaging.trust.known_globals import Verdict, judge

MAXIMUM_DOCUMENT_BYTES = 64 * 1024 * 1024
_DOCUMENTS = ("schema.json", "config.json")
_KERAS_MODULES = ("keras", "tensorflow.keras", "keras_hub", "keras_nlp", "keras_cv", "keras_tuner")
_BYTECODE = b'"class_name": "Lambda"'
_SKOPS_OWN = frozenset({"builtins.type", "builtins.slice", "builtins.NoneType"})
"""Types whose nodes skops makes itself and calls nothing for
(https://github.com/skops-dev/skops/blob/main/skops/io/_trusted_types.py)."""


def written_types(name: str, opened: Callable[[], io.BufferedReader], allowed: Collection[str]) -> Iterator[str]:
    """What is wrong with the types of an archive's member; nothing for a member that writes down none."""
    if PurePosixPath(name).name not in _DOCUMENTS or "/" in name:
        return
    data = opened().read(MAXIMUM_DOCUMENT_BYTES + 1)
    if len(data) > MAXIMUM_DOCUMENT_BYTES:
        yield f"is longer than any {name}, {MAXIMUM_DOCUMENT_BYTES:,} bytes"
        return
    try:
        content = json.loads(data)
    except (ValueError, RecursionError):
        yield "is not JSON, which it is read as"
        return
    problems = _skops_problems(content, allowed) if name == "schema.json" else _keras_problems(content, allowed)
    yield from sorted(set(problems))


def _nodes(content: Any) -> Iterator[dict[str, Any]]:
    waiting = [content]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield node
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)


def _skops_problems(content: Any, allowed: Collection[str]) -> Iterator[str]:
    for node in _nodes(content):
        module, name = node.get("__module__"), node.get("__class__")
        if not isinstance(module, str) or not isinstance(name, str) or f"{module}.{name}" in _SKOPS_OWN:
            continue
        verdict = judge(module, name, allowed)
        if verdict is not Verdict.ALLOWED:
            yield f"is a skops file with the {verdict.value} type {module}.{name}"


def _keras_problems(content: Any, allowed: Collection[str]) -> Iterator[str]:
    for node in _nodes(content):
        name, module = node.get("class_name"), node.get("module")
        if not isinstance(name, str):
            continue
        if name in ("Lambda", "__lambda__"):
            yield "is a Keras model with a Lambda layer, which is bytecode that runs when the model is loaded"
        elif isinstance(module, str) and not _is_keras(module) and f"{module}.{name}" not in allowed:
            yield f"is a Keras model that imports {module}.{name}"


def _is_keras(module: str) -> bool:
    return any(module == one or module.startswith(f"{one}.") for one in _KERAS_MODULES) or module == "builtins"


def has_lambda_layer(stream: io.BufferedReader, size_bytes: int) -> bool:
    """Whether an HDF5 or SavedModel file has a Keras `Lambda` layer in its configuration, which lies in it as text."""
    overlap, left = b"", size_bytes
    while left > 0:
        chunk = stream.read(min(left, 4 * 1024 * 1024))
        if not chunk:
            return False
        if _BYTECODE in overlap + chunk:
            return True
        overlap, left = chunk[-len(_BYTECODE) :], left - len(chunk)
    return False
