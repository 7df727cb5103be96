"""Names for resources that the program gives none, as the real providers name them.

A name is the logical name, a dash and seven hexadecimal digits; with `namePrefix` the prefix and twelve digits. The
digits come from the random seed that the engine gives with each check. A name once made is kept: the old inputs hold
it, and `__defaults` tells that it was made and not given.
https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

DEFAULTS_KEY = "__defaults"
SUFFIX_DIGITS = 7
PREFIXED_DIGITS = 12


@dataclass(frozen=True)
class AutoName:
    """How a type's unnamed resources are named.

    Attributes:
        property: the input that holds the name.
        longest: AWS's limit, in characters; the logical name is cut to fit.
        lower_case: whether AWS allows only lower case.
        before: what AWS wants before every such name, e.g. `alias/`.
        prefix_property: the input that holds a prefix in the name's place.
    """

    property: str = "name"
    longest: int = 255
    lower_case: bool = False
    before: str = ""
    prefix_property: str = "namePrefix"


def named(
    rule: AutoName, inputs: Mapping[str, Any], old_inputs: Mapping[str, Any], logical_name: str, random_seed: bytes
) -> dict[str, Any]:
    """The inputs with a name: the given one, else the one made before, else a new one."""
    if inputs.get(rule.property) is not None:
        return dict(inputs)
    prefix = inputs.get(rule.prefix_property)
    if rule.property in old_inputs.get(DEFAULTS_KEY, ()) and old_inputs.get(rule.prefix_property) == prefix:
        name = old_inputs[rule.property]
    elif isinstance(prefix, str):
        name = prefix + _digits(random_seed, PREFIXED_DIGITS)
    elif prefix is not None:
        return dict(inputs)  # a prefix that the preview does not know yet
    else:
        name = _from_logical_name(rule, logical_name, random_seed)
    return {**inputs, rule.property: name, DEFAULTS_KEY: [rule.property]}


def _from_logical_name(rule: AutoName, logical_name: str, random_seed: bytes) -> str:
    room = rule.longest - SUFFIX_DIGITS - 1 - len(rule.before)
    stem = rule.before + logical_name[:room]
    name = f"{stem}-{_digits(random_seed, SUFFIX_DIGITS)}"
    return name.lower() if rule.lower_case else name


def _digits(random_seed: bytes, count: int) -> str:
    seed = random_seed or secrets.token_bytes(16)
    return hashlib.sha256(seed).hexdigest()[:count]
