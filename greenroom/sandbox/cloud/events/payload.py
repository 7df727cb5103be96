"""What a target gets of an event: all of it, a part, a constant, or a template filled from it.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-transform-target-input.html
"""

from __future__ import annotations

import json
import re
from typing import Any

_PLACEHOLDER = re.compile(r"<([\w.\-]+)>")
_STEP = re.compile(r"\.([\w-]+)|\['([^']+)'\]|\[(\d+)\]")
_MISSING = object()


def payload_of(target: dict[str, Any], event: dict[str, Any], rule_arn: str, rule_name: str) -> str:
    """The text that a target is sent.

    Args:
        target: As PutTargets took it: `Input`, `InputPath` and `InputTransformer` exclude one another.
        event: The whole event.
        rule_arn: Of the rule that matched, for `<aws.events.rule-arn>`.
        rule_name: Its name.
    """
    if "Input" in target:
        return str(target["Input"])
    if "InputPath" in target:
        part = at_path(event, target["InputPath"])
        return "null" if part is _MISSING else json.dumps(part)
    transformer = target.get("InputTransformer")
    if transformer is None:
        return json.dumps(event)
    values = {name: at_path(event, path) for name, path in (transformer.get("InputPathsMap") or {}).items()}
    values |= {
        "aws.events.rule-arn": rule_arn,
        "aws.events.rule-name": rule_name,
        "aws.events.event.ingestion-time": event["time"],
        "aws.events.event": {name: value for name, value in event.items() if name != "detail"},
        "aws.events.event.json": event,
    }
    return _fill(transformer["InputTemplate"], values)


def at_path(event: Any, path: str) -> Any:
    """What a JSON path such as `$.detail.variants[0].name` names; a private mark where there is nothing."""
    at = event
    for name, quoted, index in _STEP.findall(path.removeprefix("$")):
        try:
            at = at[int(index)] if index else at[name or quoted]
        except (KeyError, IndexError, TypeError):
            return _MISSING
    return at


def _fill(template: str, values: dict[str, Any]) -> str:
    """The template with every known placeholder filled.

    Inside quotes a value goes in as text; outside them as JSON, so that a text gets its quotes. What the event lacks
    is left out: empty in quotes, `""` outside (what AWS leaves there is not documented).
    """
    pieces, end = [], 0
    for found in _PLACEHOLDER.finditer(template):
        pieces.append(template[end : found.start()])
        end = found.end()
        if found[1] not in values:
            pieces.append(found[0])
            continue
        value = values[found[1]]
        is_quoted = len(re.findall(r'(?<!\\)"', template[: found.start()])) % 2 == 1
        pieces.append(_inside_quotes(value) if is_quoted else json.dumps("" if value is _MISSING else value))
    return "".join((*pieces, template[end:]))


def _inside_quotes(value: Any) -> str:
    if value is _MISSING:
        return ""
    return json.dumps(value if isinstance(value, str) else json.dumps(value))[1:-1]
