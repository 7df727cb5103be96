"""The reference page of what the sandbox has, made from the tables themselves.

`python -m greenroom.sandbox.provider.reference docs/reference/resource-types.md` writes it; a test sees to it that the
page in the repository is the one that the tables make.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

from greenroom.sandbox.provider.configuration import HONOURED, PASSED_OVER, REFUSED
from greenroom.sandbox.provider.functions import function_tokens
from greenroom.sandbox.provider.functions.look_up import function_arguments, result_properties
from greenroom.sandbox.provider.property_types import SDK_MODULES, split_token
from greenroom.sandbox.provider.resource_type import ResourceType
from greenroom.sandbox.provider.types import resource_types

INTRODUCTION = """\
# Resource types of the sandbox

Made from the provider's tables by `python -m greenroom.sandbox.provider.reference`; do not edit by hand.

The sandbox has these types of the official packages `aws` and `aws-native`, with all their inputs where it is not
said otherwise. Every request is checked against AWS's service model before it is sent, so that a preview refuses what
AWS would refuse. A program that uses another type is refused by name.
"""


def reference_page() -> str:
    """The whole page, in Markdown."""
    kinds = sorted(resource_types().values(), key=lambda kind: (_service(kind), kind.token))
    sections = [INTRODUCTION, "\n".join(_index(kinds))]
    for service, members in groupby(kinds, key=_service):
        sections.append("\n".join(_section(service, list(members))))
    sections.append("\n".join(_functions()))
    sections.append("\n".join(_settings()))
    return "\n".join(sections)


def _index(kinds: Iterable[ResourceType]) -> Iterator[str]:
    """A table of all types, a service a row, each with a link to its section."""
    yield "| service | `aws` | `aws-native` |"
    yield "|---|---|---|"
    for service, members in groupby(kinds, key=_service):
        rows = list(members)
        cells = [", ".join(_link(kind) for kind in rows if kind.package == package) for package in SDK_MODULES]
        yield f"| [{service}](#{service}) | {' | '.join(cells)} |"
    yield ""
    yield "Functions: [of `aws`](#functions-of-aws), [of `aws-native`](#functions-of-aws-native)."
    yield ""


def _link(kind: ResourceType) -> str:
    package, module, name = split_token(kind.token)
    anchor = f"{SDK_MODULES[package]}{module}{name}".lower()
    return f"[{name}](#{anchor})"


def _service(kind: ResourceType) -> str:
    return split_token(kind.token)[1]


def _section(service: str, kinds: Iterable[ResourceType]) -> Iterator[str]:
    yield f"## {service}"
    yield ""
    for kind in kinds:
        package, module, name = split_token(kind.token)
        yield f"### `{SDK_MODULES[package]}.{module}.{name}`"
        yield ""
        yield f"- Type: `{kind.token}`"
        yield f"- Id: `{kind.id_format}`{_import_form(kind)}"
        yield f"- Replaced by a change of: {_listed(kind.replacing)}"
        yield f"- Changed in place: {_listed(set(kind.structure.properties) - kind.replacing - kind.refused.keys())}"
        if kind.refused:
            yield f"- Not in the sandbox, refused with what to use instead: {_listed(kind.refused)}"
        if kind.autoname is not None:
            yield f"- Named `LOGICAL-NAME-1234567` when the program gives no `{kind.autoname.property}`"
        yield f"- Requests: {', '.join(f'`{operation}`' for operation in _operations(kind))}"
        yield ""


def _operations(kind: ResourceType) -> list[str]:
    return list(dict.fromkeys(op for op in (kind.create, kind.read, kind.update, kind.delete) if op is not None))


def _import_form(kind: ResourceType) -> str:
    """How an import names the resource, where it is not by the id."""
    form = getattr(kind, "import_form", "")
    return f"; imported by `{form}`" if form else ""


def _functions() -> Iterator[str]:
    """Each function with its arguments and its results, as its SDK declares them."""
    for package in SDK_MODULES:
        yield f"## Functions of `{package}`"
        yield ""
        if package == "aws-native":
            yield "Each `getX` takes the primary identifier of a resource of type `X` and answers its outputs."
            yield ""
        yield "| function | arguments | results |"
        yield "|---|---|---|"
        for token in function_tokens():
            if token.split(":", maxsplit=1)[0] == package:
                yield f"| `{token}` | {_listed(function_arguments(token))} | {_listed(result_properties(token))} |"
        yield ""


def _settings() -> Iterator[str]:
    yield "## Provider settings"
    yield ""
    yield f"- Honoured: {_listed(HONOURED - {'version', 'pluginDownloadURL'})}"
    yield f"- Passed over, since the local AWS needs no credentials and no tuning: {_listed(PASSED_OVER)}"
    yield f"- Refused: {_listed(REFUSED)}"
    yield ""
    yield "A provider acts as the account that it allows (`allowedAccountIds`) and that the local AWS answers as; a"
    yield "provider that allows another account only is refused."
    yield ""


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "nothing"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference_page(), encoding="utf-8")
