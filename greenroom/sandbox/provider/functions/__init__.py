"""The functions (invokes) that the sandbox answers.

Those of `aws`, and the few of `aws-native`'s own, are in tables; of `aws-native`'s `getX`, one beside every type `X`,
there are all whose type the sandbox has.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from greenroom.sandbox.provider.account_session import AccountSession
from greenroom.sandbox.provider.errors import UnsupportedFunctionError
from greenroom.sandbox.provider.functions import (
    found_by_name,
    identity,
    look_ups,
    names,
    native_get,
    native_index,
    network,
    objects,
)
from greenroom.sandbox.provider.functions.policy_document import get_policy_document

Function = Callable[[AccountSession, Mapping[str, Any]], dict[str, Any]]

FUNCTIONS: Mapping[str, Function] = {
    "aws:iam/getPolicyDocument:getPolicyDocument": get_policy_document,
    "aws:index/getAvailabilityZones:getAvailabilityZones": identity.get_availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": identity.get_caller_identity,
    "aws:index/getDefaultTags:getDefaultTags": identity.get_default_tags,
    "aws:index/getPartition:getPartition": identity.get_partition,
    "aws:index/getRegion:getRegion": identity.get_region,
    **found_by_name.FUNCTIONS,
    **look_ups.FUNCTIONS,
    **names.FUNCTIONS,
    **native_index.FUNCTIONS,
    **network.FUNCTIONS,
    **objects.FUNCTIONS,
}


def function_tokens() -> list[str]:
    """All functions, in alphabetical order."""
    return sorted([*FUNCTIONS, *native_get.tokens()])


def call_function(session: AccountSession, token: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What a function answers.

    Raises:
        UnsupportedFunctionError: the sandbox does not have it; the message lists those it has.
    """
    function = FUNCTIONS.get(token)
    if function is not None:
        return function(session, arguments)
    if token in native_get.tokens():
        return native_get.get_resource(session, token, arguments)
    raise UnsupportedFunctionError(token, function_tokens())
