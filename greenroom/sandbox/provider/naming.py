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

from greenroom.sandbox.provider.errors import InvalidInputsError, Violation

DEFAULTS_KEY = "__defaults"
SUFFIX_DIGITS = 7
PREFIXED_DIGITS = 12
FIFO_ENDING = ".fifo"


@dataclass(frozen=True)
class AutoName:
    """How a type's unnamed resources are named.

    Attributes:
        property: the input that holds the name.
        longest: AWS's limit, in characters; the logical name is cut to fit.
        lower_case: whether AWS allows only lower case.
        before: what AWS wants before every such name, e.g. `alias/`.
        prefix_property: the input that holds a prefix in the name's place.
        fifo_property: the input that, when true, has the name end in `.fifo`, as SNS and SQS want it.
        digits: how many digits make it unique; with none the logical name is the name.
    """

    property: str = "name"
    longest: int = 255
    lower_case: bool = False
    before: str = ""
    prefix_property: str = "namePrefix"
    fifo_property: str = ""
    digits: int = SUFFIX_DIGITS


@dataclass(frozen=True)
class NativeName(AutoName):
    """How aws-native names: nothing is cut, a name that does not fit is refused, and one once held is kept.

    https://github.com/pulumi/pulumi-aws-native/blob/master/provider/pkg/autonaming/application.go

    Attributes:
        longest: CloudFormation's limit, 0 where its schema has none.
        shortest: the least characters; more random digits fill it up.
        suffix_if: an input and what follows the name when it is true, as `.fifo` does.
        unless: an input that makes a name needless.
    """

    shortest: int = 0
    suffix_if: tuple[str, str] = ("", "")
    unless: str = ""


def named(
    rule: AutoName, inputs: Mapping[str, Any], old_inputs: Mapping[str, Any], logical_name: str, random_seed: bytes
) -> dict[str, Any]:
    """The inputs with a name: the given one, else the one made before, else a new one."""
    if inputs.get(rule.property) is not None:
        return dict(inputs)
    if isinstance(rule, NativeName):
        return _named_by_native(rule, inputs, old_inputs, logical_name, random_seed)
    prefix = inputs.get(rule.prefix_property)
    if rule.property in old_inputs.get(DEFAULTS_KEY, ()) and old_inputs.get(rule.prefix_property) == prefix:
        name = old_inputs[rule.property]
    elif isinstance(prefix, str):
        name = prefix + _digits(random_seed, PREFIXED_DIGITS)
    elif prefix is not None:
        return dict(inputs)  # a prefix that the preview does not know yet
    else:
        name = _from_logical_name(rule, logical_name, random_seed)
    if inputs.get(rule.fifo_property) is True and not name.endswith(FIFO_ENDING):
        name += FIFO_ENDING
    return {**inputs, rule.property: name, DEFAULTS_KEY: [rule.property]}


def _named_by_native(
    rule: NativeName, inputs: Mapping[str, Any], old_inputs: Mapping[str, Any], logical_name: str, random_seed: bytes
) -> dict[str, Any]:
    if old_inputs.get(rule.property) is not None:
        return {**inputs, rule.property: old_inputs[rule.property]}
    if inputs.get(rule.unless) is not None:
        return dict(inputs)
    flag, suffix = rule.suffix_if
    suffix = suffix if inputs.get(flag) is True else ""
    stem = f"{logical_name}-"
    digits = max(SUFFIX_DIGITS, rule.shortest - len(stem) - len(suffix))
    room = rule.longest - len(stem) - len(suffix)
    if rule.longest and room <= 0:
        reason = (
            f"cannot be made from the logical name {logical_name!r}: {rule.longest} characters leave no room; give "
            f"a {rule.property} or shorten the logical name"
        )
        raise InvalidInputsError(logical_name, [Violation(rule.property, reason)])
    digits = min(digits, room) if rule.longest else digits
    return {**inputs, rule.property: f"{stem}{_digits(random_seed, digits)}{suffix}"}


def _from_logical_name(rule: AutoName, logical_name: str, random_seed: bytes) -> str:
    if not rule.digits:
        return logical_name
    room = rule.longest - rule.digits - 1 - len(rule.before)
    stem = rule.before + logical_name[:room]
    name = f"{stem}-{_digits(random_seed, rule.digits)}"
    return name.lower() if rule.lower_case else name


def _digits(random_seed: bytes, count: int) -> str:
    seed = random_seed or secrets.token_bytes(16)
    return hashlib.sha256(seed).hexdigest()[:count]
