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
    sections = [INTRODUCTION]
    for service, members in groupby(kinds, key=_service):
        sections.append("\n".join(_section(service, list(members))))
    sections.append("\n".join(_functions()))
    sections.append("\n".join(_settings()))
    return "\n".join(sections)


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
        yield f"- Id: `{kind.id_format}`"
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


def _functions() -> Iterator[str]:
    yield "## Functions"
    yield ""
    for token in function_tokens():
        yield f"- `{token}`"
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
