"""The pin of a release in `environments/ENV.yaml`: the one line that a new release changes.

The file is people's: comments, order and quoting stay as they are. YAML's own marks say where the digest stands, and
only those characters are replaced.
"""

from __future__ import annotations

from pathlib import Path

import yaml

from greenroom.errors import ReleasePinError


def pin_release(environment_file: Path, model: str, digest: str) -> str | None:
    """Make an environment run a release; the file's other bytes stay.

    Args:
        environment_file: `environments/ENV.yaml`.
        model: the model's name.
        digest: `sha256:` and 64 hexadecimal digits.

    Returns:
        The digest that was pinned before; `None` where the model had none.

    Raises:
        ReleasePinError: the file has no place for it that could be written without rewriting the file.
    """
    text = environment_file.read_bytes().decode("utf-8")
    pinned = _digest_node(text, model)
    if pinned is None:
        _write(environment_file, _with_new_pin(text, model, digest, environment_file))
        return None
    if pinned.value != digest:
        start, end = pinned.start_mark.index, pinned.end_mark.index
        _write(environment_file, text[:start] + digest + text[end:])
    return str(pinned.value)


def _write(file: Path, text: str) -> None:
    """Replace the file at once, its line endings as they were: nobody reads half of it."""
    written = file.with_name(f".{file.name}.written")
    written.write_bytes(text.encode("utf-8"))
    written.replace(file)


def _child(node: yaml.Node | None, key: str) -> yaml.Node | None:
    if not isinstance(node, yaml.MappingNode):
        return None
    return next((value for name, value in node.value if name.value == key), None)


def _digest_node(text: str, model: str) -> yaml.ScalarNode | None:
    pin = _child(_child(yaml.compose(text, yaml.SafeLoader), "releases"), model)
    if isinstance(pin, yaml.MappingNode):
        pin = _child(pin, "digest")
    return pin if isinstance(pin, yaml.ScalarNode) else None


def _with_new_pin(text: str, model: str, digest: str, environment_file: Path) -> str:
    releases = _child(yaml.compose(text, yaml.SafeLoader), "releases")
    if releases is None:
        return f"{text.rstrip()}\n\nreleases:\n  {model}: {digest}\n"
    if isinstance(releases, yaml.MappingNode) and releases.value and not releases.flow_style:
        first = releases.value[0][0].start_mark
        indent = " " * first.column
        return f"{text[: first.index]}{model}: {digest}\n{indent}{text[first.index :]}"
    raise ReleasePinError(
        f"{environment_file}:{releases.start_mark.line + 1}: releases: there is no block to add {model} to.",
        fix=f"Write it by hand:\n    releases:\n      {model}: {digest}",
    )
