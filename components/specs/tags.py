"""Tags: AWS's limits on them, and the ones we add.

https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import regex
from pydantic import AfterValidator

from components.specs.violations import Rule, broken, quote

MAX_TAGS = 50
OUR_PREFIX = "greenroom:"
OUR_TAGS = ("greenroom:environment", "greenroom:model", "greenroom:owner")
# SageMaker's TagKey and TagValue, the narrowest of the services we tag
# (https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Tag.html).
_CHARACTERS = regex.compile(r"[\p{L}\p{Z}\p{N}_.:/=+\-@]*")
_ALLOWED = "letters, digits, spaces and _ . : / = + - @"


def tag_rules(tags: Mapping[str, str], room: int) -> list[Rule]:
    """The rules that `tags` break, with `room` of them allowed."""
    rules = [rule for key, value in tags.items() for rule in (*_key_rules(key), *_value_rules(key, value))]
    if len(tags) > room:
        rules.append(Rule((), f"{len(tags)} tags, {len(tags) - room} too many", allowed=f"{room} beside our own"))
    return [*rules, *case_rules(tags)]


def case_rules(tags: Mapping[str, str]) -> list[Rule]:
    """Two keys that differ in case alone: IAM roles take only one of them.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
    """
    first: dict[str, str] = {}
    rules = []
    for key in tags:
        other = first.setdefault(key.lower(), key)
        if other != key:
            message = f"{quote(key)} and {quote(other)} differ in case alone"
            rules.append(Rule((key,), message, key, fix=f"write it {quote(other)}"))
    return rules


def value_is_allowed(value: str) -> bool:
    """Whether `value` may be a tag's value."""
    return len(value) <= 256 and _CHARACTERS.fullmatch(value) is not None


def _key_rules(key: str) -> list[Rule]:
    if not 1 <= len(key) <= 128:
        return [Rule((key,), f"a tag's key of {len(key)} characters", key, allowed="1 to 128 characters")]
    if _CHARACTERS.fullmatch(key) is None:
        return [Rule((key,), f"{quote(key)} is not a tag's key", key, allowed=_ALLOWED)]
    if key.lower().startswith("aws:"):
        return [Rule((key,), f"{quote(key)}: the prefix aws: is AWS's own", key, fix="take another prefix")]
    if key.lower().startswith(OUR_PREFIX):
        return [Rule((key,), f"{quote(key)}: the prefix {OUR_PREFIX} is set by us", key, fix="take another prefix")]
    return []


def _value_rules(key: str, value: str) -> list[Rule]:
    if value_is_allowed(value):
        return []
    return [Rule((key,), f"{quote(value)} is not a tag's value", value, allowed=f"up to 256 {_ALLOWED}")]


def _checked(tags: dict[str, str]) -> dict[str, str]:
    rules = tag_rules(tags, MAX_TAGS - len(OUR_TAGS))
    if rules:
        raise broken(rules)
    return tags


Tags = Annotated[dict[str, str], AfterValidator(_checked)]
